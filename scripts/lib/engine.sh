# Docker Engine: there, reachable, and the one that dockstage may use.

socket=/var/run/docker.sock
own_engine= # not empty where this run installed or started the engine

# Sets engine (ok, missing, denied, remote, context, stopped, other) and engine_text (version, address, or error).
look_at_engine() {
  case ${DOCKER_HOST:-} in
    "" | unix://*) ;;
    *) engine=remote engine_text=$DOCKER_HOST; return ;;
  esac
  command -v docker >/dev/null 2>&1 || { engine=missing engine_text=; return; }
  # The docker command follows its context; Pulumi's docker provider and dockstage's own do not.
  if [ -z "${DOCKER_HOST:-}" ]; then
    engine_text=$(limit 10 docker context inspect --format '{{.Name}} {{.Endpoints.docker.Host}}' 2>/dev/null)
    case $engine_text in
      "" | default\ * | *" unix://$socket" | *" unix:///run/docker.sock") ;;
      *) engine=context; return ;;
    esac
  fi
  if engine_text=$(limit 20 docker version --format '{{.Server.Version}}' 2>&1); then
    engine=ok
    return
  fi
  case $engine_text in
    *"permission denied"*) engine=denied ;;
    *"Cannot connect"* | *"onnection refused"* | *"no such file"* | *"daemon running"*) engine=stopped ;;
    *) engine=other ;;
  esac
}

# An engine that is there but may not be used: each case has its own message.
refuse_engine() {
  case $engine in
    remote)
      fail "Docker Engine: DOCKER_HOST=$engine_text is an engine on another machine" \
        "dockstage mounts folders of this machine and listens on its loopback, so it uses the engine of this machine only." \
        "Run \`unset DOCKER_HOST\`, and then setup again."
      ;;
    context)
      fail "Docker Engine: the docker context \"${engine_text%% *}\" is selected (${engine_text#* })" \
        "Only the docker command follows a context; dockstage and Pulumi's docker provider would use another engine." \
        "Run \`docker context use default\` (and \`unset DOCKER_CONTEXT\`)$(case $engine_text in *" unix://"*) echo ", or \`export DOCKER_HOST=${engine_text#* }\`" ;; esac), and then setup again."
      ;;
    denied)
      fail "Docker Engine: it runs, but $(id -un) may not use it (permission denied on ${DOCKER_HOST:-$socket})" \
        "Run \`sudo usermod -aG docker $(id -un)\`, log out and in again, and then setup again." \
        "Whoever is in that group can become root on this machine."
      ;;
    *)
      fail "Docker Engine: it does not answer: $(echo "$engine_text" | head -n 1 | cut -c1-200)" "Run \`docker version\` to see more; once that answers, run setup again."
      ;;
  esac
}

# On a system that setup does not install an engine on: what to install.
name_engine() {
  case $(uname -s) in
    Darwin) fail "Docker Engine: $1" "Install Docker Desktop (https://docs.docker.com/desktop/) or Colima, start it, and then run setup again." ;;
    *) fail "Docker Engine: $1" "Install and start it as https://docs.docker.com/engine/install/ says for your system, and then run setup again." ;;
  esac
}

install_engine() {
  is_debian || { name_engine "there is no docker command"; return; }
  only_checking "Docker Engine: there is no docker command" && return
  doing "Docker Engine (packages docker.io, iptables): runs every container"
  install_packages docker.io iptables
  own_engine=1
  # Newer releases keep the command and BuildKit's client in packages of their own; AppArmor needs its parser.
  more=$(available docker-cli docker-buildx)
  grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null && more="$more apparmor"
  # shellcheck disable=SC2086 # words
  [ -z "$more" ] || install_packages $more
}

start_engine() {
  only_checking "Docker Engine: it is installed, but does not run" && return
  own_engine=1
  if [ -d /run/systemd/system ]; then
    doing "starting the service docker"
    confirm
    become_root
    $root systemctl start docker || fail "Docker Engine: systemctl start docker failed" "Run \`journalctl -u docker\` to see why, and then setup again."
  elif command -v dockerd >/dev/null 2>&1; then
    mkdir -p "$dockstage_state"
    engine_log=$dockstage_state/dockerd.log
    doing "starting dockerd in the background, as there is no service manager; its log is $engine_log"
    confirm
    become_root
    # shellcheck disable=SC2016 # expanded by the inner shell
    $root sh -c 'setsid nohup dockerd >"$1" 2>&1 </dev/null & echo $! >"$2"' sh "$engine_log" "$dockstage_state/dockerd.pid"
  else
    name_engine "it does not run"
  fi
  tries=0
  while look_at_engine; [ "$engine" = stopped ] && [ "$tries" -lt 60 ]; do
    tries=$((tries + 1))
    # It ended: there is nothing to wait for.
    [ ! -f "${engine_log:-}" ] || $root kill -0 "$(cat "$dockstage_state/dockerd.pid")" 2>/dev/null || break
    sleep 1
  done
  if [ "$engine" = stopped ] && [ -f "${engine_log:-}" ]; then
    fail "Docker Engine: it does not come up; the end of its log:" "$(tail -n 5 "$engine_log" | cut -c1-300)" "All of it: $engine_log"
  fi
}

# For an engine that this run installed or started, and only then: the group counts from the next login on, the list on the
# socket at once.
grant_engine() {
  become_root
  doing "letting $(id -un) use the engine (group docker; whoever is in it can become root on this machine)"
  $root usermod -aG docker "$(id -un)" && $root setfacl -m "u:$(id -un):rw" "$socket"
  look_at_engine
}

step_engine() {
  look_at_engine
  [ "$engine" != missing ] || { install_engine; [ -n "$check" ] || look_at_engine; }
  [ "$engine" != stopped ] || start_engine
  [ "$engine" != denied ] || [ -z "$own_engine" ] || grant_engine
  case $engine in
    ok) have "Docker Engine $engine_text" ;;
    missing | stopped) [ -n "$check" ] || refuse_engine ;;
    *) refuse_engine ;;
  esac
}

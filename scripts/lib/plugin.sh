# The docker plugin: the official one, or the offline one where it cannot be had. Which one runs is always printed.

step_plugin() {
  dockstage_find_plugin
  [ "$dockstage_kind" = offline ] && ! offline && [ -z "$check" ] && was_offline=1
  if [ -n "$check" ]; then
    if [ -n "$dockstage_kind" ]; then have "docker plugin $dockstage_docker_version, $dockstage_kind"; else only_checking "docker plugin $dockstage_docker_version"; fi
    return
  fi
  if [ "$dockstage_kind" != official ] && ! offline && download_plugin; then
    [ -z "${was_offline:-}" ] || note "the official docker plugin replaces the offline one from now on; the stacks' state stays as it is"
  fi
  write_wrapper "$dockstage_home_offline/$dockstage_plugin" offline/docker/pulumi-resource-docker
  # Which stack is selected where: the same for both kinds.
  mkdir -p "$dockstage_cache/workspaces" "$dockstage_home_official"
  for home in "$dockstage_home_official" "$dockstage_home_offline"; do
    [ -e "$home/workspaces" ] || [ -L "$home/workspaces" ] || ln -s ../workspaces "$home/workspaces"
  done
  dockstage_find_plugin
  case $dockstage_kind in
    official) have "docker plugin $dockstage_docker_version, official" ;;
    *) have "docker plugin $dockstage_docker_version, offline (dockstage's own, in offline/docker)" ;;
  esac
}

download_plugin() {
  if ! reachable https://get.pulumi.com/; then
    note "get.pulumi.com cannot be reached, so the offline docker plugin is used"
    return 1
  fi
  doing "the official docker plugin $dockstage_docker_version: talks to the engine for Pulumi"
  if PULUMI_HOME=$dockstage_home_official PULUMI_SKIP_UPDATE_CHECK=true \
    logged official-plugin 120 "$dockstage_cli/pulumi" plugin install resource docker "v$dockstage_docker_version" --non-interactive &&
    [ -x "$dockstage_home_official/$dockstage_plugin" ]; then
    return 0
  fi
  rm -rf "$dockstage_home_official/plugins/resource-docker-v$dockstage_docker_version"
  note "the official docker plugin could not be downloaded, so the offline one is used ($log)"
  return 1
}

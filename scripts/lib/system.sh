# The system: which one it is, how to become root, system packages.

offline() { [ "${DOCKSTAGE_OFFLINE:-}" = 1 ]; }

# Debian, Ubuntu and what is made from them.
is_debian() {
  command -v apt-get >/dev/null 2>&1 && grep -Eq '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release 2>/dev/null
}

# Asks once, and only where a person is at the terminal.
confirmed=
confirm() {
  [ -z "$confirmed" ] || return 0
  confirmed=1
  if [ -t 0 ] && [ -t 1 ]; then
    printf '        Setup may install system packages (apt) and start the Docker service on this machine. Go on? [Y/n] '
    read -r answer || answer=n
    case $answer in
      "" | y | Y | yes | Yes) ;;
      *) fail "stopped as you wished; nothing was installed" "Install what \`sh scripts/setup --check\` names yourself, and run this again." ;;
    esac
  fi
}

# Sets root to the words that start a command as root. $root is used unquoted, and not a function, as `timeout` starts commands only.
root=
become_root() {
  [ "$(id -u)" != 0 ] && [ -z "$root" ] || return 0
  command -v sudo >/dev/null 2>&1 || fail "this step needs root, and there is no sudo" "Run \`sh scripts/setup\` as root once, or install sudo, and then setup again."
  # The password is asked for here, as a command with a time limit cannot read the terminal.
  if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi ||
    fail "this step needs root, and sudo did not let $(id -un) in" "Run \`sudo -v\` first, or \`sh scripts/setup\` as root once, and then setup again."
  root="sudo -n"
}

# install_packages PACKAGE...: from the system's own archive.
updated=
install_packages() {
  confirm
  become_root
  if [ -z "$updated" ]; then
    logged apt-update 300 $root apt-get -q -o DPkg::Lock::Timeout=120 update ||
      fail "apt-get update failed" "$(log_end)" "Check /etc/apt/sources.list and the way to the archive, and run setup again. All of it: $log"
    updated=1
  fi
  logged apt-install 900 $root env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=120 --no-install-recommends install "$@" ||
    fail "apt-get install $* failed" "$(log_end)" "Run it by hand to see more, and then setup again. All of it: $log"
}

# The packages of $@ that the archive has, for those that only some releases have.
available() {
  for package in "$@"; do
    apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [0-9]' && printf '%s ' "$package"
  done
}

step_node() {
  if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    fail "Node.js: node or npm is not on the PATH" "Install Node.js 20 or newer from your system or https://nodejs.org, and run setup again."
    [ -n "$check" ] && finish
  fi
  node_version=$(node --version)
  node_major=${node_version#v}
  node_major=${node_major%%.*}
  if [ "$node_major" -lt 20 ]; then
    fail "Node.js: $node_version is too old" "Install Node.js 20 or newer, and run setup again."
  else
    have "Node.js ${node_version#v}"
  fi
}

# setfacl opens a mounted source folder for the app's user; certificates are for every download.
step_system() {
  is_debian || return 0
  wanted=
  command -v setfacl >/dev/null 2>&1 || wanted="$wanted acl"
  [ -s /etc/ssl/certs/ca-certificates.crt ] || wanted="$wanted ca-certificates"
  [ -n "$wanted" ] || return 0
  only_checking "system packages:$wanted" && return
  doing "system packages$wanted: file permissions of mounted source, and certificates for downloads"
  # shellcheck disable=SC2086 # words
  install_packages $wanted
}

# Only for `npm test`: one of the end-to-end tests is a person with a browser.
step_browser() {
  [ "${DOCKSTAGE_TESTS:-}" = 1 ] || return 0
  for program in "${CHROMIUM:-chromium}" chromium-browser google-chrome; do
    if command -v "$program" >/dev/null 2>&1; then
      have "Chromium for the tests: $program"
      return
    fi
  done
  # Elsewhere the test itself fails and says what is missing.
  is_debian || return 0
  only_checking "system package: chromium" && return
  doing "system package chromium: the tests sign the guestbook with a real browser, which is not part of an environment"
  install_packages chromium
}

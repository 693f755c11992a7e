# Where things lie: read by scripts/setup and by scripts/env, so that both always agree. Sets variables, does nothing.
# Needs DOCKSTAGE_HOME, the folder that this package is in.

dockstage_cli_version=3.245.0    # the SDK's version in package.json; a test keeps the two equal
dockstage_docker_version=5.2.0   # @pulumi/docker's version in package.json
dockstage_launcher_version=3.265.0 # npm's package `pulumi`, which downloads the official CLI of any version

# Can be made again at any time; shared by every checkout of this user.
dockstage_cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockstage
# Must not be lost: the state of the stacks, and with it LIVE's passwords.
dockstage_data=${DOCKSTAGE_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/dockstage}
# Logs and process ids.
dockstage_state=${XDG_STATE_HOME:-$HOME/.local/state}/dockstage

dockstage_cli_official=$dockstage_cache/official/versions/$dockstage_cli_version/bin
dockstage_cli_built=$dockstage_cache/pulumi-$dockstage_cli_version/bin

# Two plugin folders, so that the offline docker plugin and the official one never stand in each other's way.
dockstage_home_official=$dockstage_cache/pulumi-home
dockstage_home_offline=$dockstage_cache/pulumi-home-offline
dockstage_plugin=plugins/resource-docker-v$dockstage_docker_version/pulumi-resource-docker

# Whether the CLI at $1 can be used: the same major version, at least ours, and the Node language host beside it (the
# npm launcher has none, and would start to download). Prints its version.
dockstage_cli_fits() {
  dockstage_real=$(readlink -f "$1" 2>/dev/null) || dockstage_real=$1
  [ -x "${dockstage_real%/*}/pulumi-language-nodejs" ] || return 1
  dockstage_found=$("$1" version 2>/dev/null </dev/null) || return 1
  case $dockstage_found in v3.*) ;; *) return 1 ;; esac
  dockstage_found=${dockstage_found#v}
  dockstage_minor=${dockstage_found#*.}
  dockstage_minor=${dockstage_minor%%.*}
  dockstage_least=${dockstage_cli_version#*.}
  [ "$dockstage_minor" -ge "${dockstage_least%%.*}" ] 2>/dev/null || return 1
  echo "$dockstage_found"
}

# Sets dockstage_cli to the folder of the CLI to use, "" where there is none yet.
dockstage_find_cli() {
  dockstage_cli=
  if command -v pulumi >/dev/null 2>&1 && dockstage_cli_fits "$(command -v pulumi)" >/dev/null; then
    dockstage_cli=$(command -v pulumi)
    dockstage_cli=${dockstage_cli%/*}
  elif [ -x "$dockstage_cli_official/pulumi" ]; then
    dockstage_cli=$dockstage_cli_official
  elif [ -x "$dockstage_cli_built/pulumi" ]; then
    dockstage_cli=$dockstage_cli_built
  fi
}

# Sets dockstage_kind (official, offline or "") and dockstage_pulumi_home to what this machine has. DOCKSTAGE_OFFLINE=1
# chooses the offline plugin also where the official one is there: the tests run the same everywhere.
dockstage_find_plugin() {
  dockstage_kind=
  dockstage_pulumi_home=$dockstage_home_offline
  if [ "${DOCKSTAGE_OFFLINE:-}" != 1 ] && [ -x "$dockstage_home_official/$dockstage_plugin" ]; then
    dockstage_kind=official
    dockstage_pulumi_home=$dockstage_home_official
  elif [ -x "$dockstage_home_offline/$dockstage_plugin" ]; then
    dockstage_kind=offline
  fi
}

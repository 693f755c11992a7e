# The Pulumi CLI: one on the PATH that fits, else the official one, else built from its Go module.

# The first Go that fetches the newer one that the module asks for.
go_least=21

step_pulumi() {
  dockstage_find_cli
  if [ -n "$dockstage_cli" ]; then
    [ "$dockstage_cli" != "$dockstage_cli_built" ] || write_language_host
    have "Pulumi CLI $("$dockstage_cli/pulumi" version | sed 's/^v//')$(case $dockstage_cli in "$dockstage_cli_built") echo ", built here, with the offline language host" ;; esac)"
    return
  fi
  only_checking "Pulumi CLI $dockstage_cli_version" && return
  offline || download_cli || true
  [ -x "$dockstage_cli_official/pulumi" ] || build_cli
  dockstage_find_cli
}

# reachable URL: whether it answers within 8 seconds.
reachable() {
  node -e 'fetch(process.argv[1], { method: "HEAD", signal: AbortSignal.timeout(8000) }).then((r) => process.exit(r.status < 500 ? 0 : 1), () => process.exit(1))' "$1"
}

download_cli() {
  if ! reachable https://get.pulumi.com/install.sh; then
    note "get.pulumi.com cannot be reached, so the Pulumi CLI is built here"
    return 1
  fi
  doing "the official Pulumi CLI $dockstage_cli_version through npm's package pulumi: runs the program"
  command -v curl >/dev/null 2>&1 || ! is_debian || install_packages curl
  if PULUMI_HOME=$dockstage_cache/official PULUMI_VERSION=$dockstage_cli_version \
    logged official-cli 300 npm exec --yes --ignore-scripts --package="pulumi@$dockstage_launcher_version" -- pulumi version &&
    dockstage_cli_fits "$dockstage_cli_official/pulumi" >/dev/null; then
    return 0
  fi
  rm -rf "$dockstage_cache/official"
  note "the official Pulumi CLI could not be downloaded, so it is built here ($log)"
  return 1
}

# Sets go to a Go that can build the CLI.
find_go() {
  go=$(command -v go) || {
    is_debian || fail "Pulumi CLI: there is no Go to build it with, and its download site is not used or not reachable" \
      "Install the Pulumi CLI $dockstage_cli_version (https://www.pulumi.com/docs/install/) or Go 1.$go_least or newer, and run setup again."
    doing "Go (package golang-go): builds the Pulumi CLI"
    install_packages golang-go
    go=$(command -v go) || fail "Pulumi CLI: the package golang-go brought no go command" "Install Go 1.$go_least or newer, and run setup again."
  }
  go_minor=$("$go" version | sed -n 's/.* go1\.\([0-9]*\).*/\1/p')
  [ "${go_minor:-0}" -lt "$go_least" ] || return 0
  # An old Go cannot switch to a newer one, but can fetch it as the module that it is (checked against the checksum
  # database); only the execute bits are missing then, as modules have none.
  go_wanted=$(sed -n 's/^go //p' "$DOCKSTAGE_HOME/offline/cli/go.mod")
  go_module=golang.org/toolchain@v0.0.1-go$go_wanted.$("$go" env GOOS)-$("$go" env GOARCH)
  doing "Go $go_wanted from the Go module proxy: the CLI needs it, and this Go is 1.$go_minor"
  go_scratch=$(mktemp -d)
  # Outside of any module: this Go cannot read the go.mod here.
  cd "$go_scratch" || exit 1
  GO111MODULE=on GOFLAGS='' logged toolchain 600 "$go" mod download "$go_module" || {
    rm -rf "$go_scratch"
    fail "Go $go_wanted could not be fetched" "$(log_end)" "Check the way to the Go module proxy (GOPROXY), and run setup again. All of it: $log"
  }
  cd "$DOCKSTAGE_HOME" || exit 1
  rm -rf "$go_scratch"
  go_root=$("$go" env GOMODCACHE)/$go_module
  find "$go_root/bin" "$go_root/pkg/tool" -type f -exec chmod +x {} +
  go=$go_root/bin/go
}

build_cli() {
  find_go
  doing "the Pulumi CLI $dockstage_cli_version from its Go module: runs the program; about 5 minutes on two cores, once per version"
  mkdir -p "$dockstage_cli_built"
  # A name of its own, then a rename: who is interrupted, or builds at the same time, breaks nothing.
  building=$dockstage_cli_built/.pulumi.$$
  cd "$DOCKSTAGE_HOME/offline/cli" || exit 1
  CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS=-mod=readonly GOWORK=off logged build 2400 "$go" build -v -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$dockstage_cli_version" \
    -o "$building" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi || {
    rm -f "$building"
    fail "the Pulumi CLI could not be built" "$(log_end 5)" "Check the way to the Go module proxy (GOPROXY) and the free disk (4 GB), and run setup again. All of it: $log"
  }
  cd "$DOCKSTAGE_HOME" || exit 1
  write_language_host
  mv -f "$building" "$dockstage_cli_built/pulumi"
  [ "$("$dockstage_cli_built/pulumi" version)" = "v$dockstage_cli_version" ] || fail "the Pulumi CLI that was built does not run" "Remove $dockstage_cli_built and run setup again."
}

# The CLI looks for its language host beside itself. The host of the checkout that is in use runs, so that a checkout that
# moves or goes breaks no other one.
write_language_host() { write_wrapper "$dockstage_cli_built/pulumi-language-nodejs" offline/language/pulumi-language-nodejs; }

# write_wrapper FILE PATH-IN-PACKAGE
write_wrapper() {
  wrapper="#!/bin/sh
# Written by dockstage's setup; DOCKSTAGE_HOME comes from scripts/env.
exec node \"\${DOCKSTAGE_HOME:?run . scripts/env first}/$2\" \"\$@\""
  [ "$(cat "$1" 2>/dev/null)" != "$wrapper" ] || [ ! -x "$1" ] || return 0
  mkdir -p "${1%/*}"
  printf '%s\n' "$wrapper" >"$1.$$"
  chmod 755 "$1.$$"
  mv -f "$1.$$" "$1"
}

# Base images: pulled where a registry is reachable, else made from the Debian archive.

suites="bullseye bookworm trixie"
mirror=http://deb.debian.org/debian
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

step_images() {
  if [ "$engine" != ok ]; then
    only_checking "base images: there is no engine to look into" || true
    return
  fi
  absent=
  for suite in $suites; do
    docker image inspect "debian:$suite-slim" >/dev/null 2>&1 || absent="$absent $suite"
  done
  if [ -z "$absent" ]; then
    have "base images debian:{bullseye,bookworm,trixie}-slim"
    return
  fi
  only_checking "base images:$absent" && return
  pull=1
  offline && pull=
  for suite in $absent; do
    image=debian:$suite-slim
    if [ -n "$pull" ]; then
      doing "pulling the base image $image: every image is built on a Debian base"
      logged pull 90 docker pull -q "$image" && continue
      note "Docker Hub could not be used: $(log_end 1)"
      pull=
    fi
    bootstrap_image
  done
}

# A root file system is kept for 30 days, so that a second engine is fast and security updates still come in.
bootstrap_image() {
  rootfs=$dockstage_cache/rootfs/debian-$suite-$(dpkg --print-architecture 2>/dev/null || uname -m).tar.gz
  if [ -z "$(find "$rootfs" -mtime -30 2>/dev/null)" ]; then
    bootstrap_rootfs
  else
    doing "the base image $image from $rootfs: every image is built on a Debian base"
  fi
  logged import 300 docker import --change 'CMD ["bash"]' --message "made from the Debian archive by dockstage's setup" "$rootfs" "$image" ||
    fail "docker import of $image failed" "$(log_end)" "Check the engine's free disk, remove $rootfs, and run setup again."
}

bootstrap_rootfs() {
  is_debian || fail "base image $image: it cannot be pulled, and can be made from the Debian archive on Debian and Ubuntu only" \
    "Make \`docker pull $image\` work (a registry mirror will do), or \`docker load\` the image, and run setup again."
  if ! command -v debootstrap >/dev/null 2>&1 || [ ! -f "$keyring" ]; then
    doing "packages debootstrap and debian-archive-keyring: make base images, checked against the archive's signatures"
    install_packages debootstrap debian-archive-keyring
  fi
  doing "the base image $image from the Debian archive, signatures checked; about half a minute"
  confirm
  become_root
  mkdir -p "${rootfs%/*}"
  tree=$(mktemp -d "${TMPDIR:-/var/tmp}/dockstage-$suite.XXXXXX")
  # An older debootstrap does not know the newest releases by name; they are all made like sid.
  script=/usr/share/debootstrap/scripts/$suite
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
  if logged debootstrap 900 $root debootstrap --variant=minbase --force-check-gpg --keyring="$keyring" "$suite" "$tree" "$mirror" "$script" &&
    $root sh "$DOCKSTAGE_HOME/scripts/lib/slim" "$tree" "$suite" "$mirror" &&
    $root tar -C "$tree" --numeric-owner -I 'gzip -1' -c . >"$rootfs.$$"; then
    mv -f "$rootfs.$$" "$rootfs"
    $root rm -rf "$tree"
  else
    $root rm -rf "$tree"
    rm -f "$rootfs.$$"
    fail "base image $image: debootstrap failed" "$(log_end)" "Check the way to $mirror, and run setup again. All of it: $log"
  fi
}

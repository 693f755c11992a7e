# The place of the stacks' state, and the private passphrase of their secrets (the example's is public: scripts/env): in the user's data folder, readable by nobody else.

step_backend() {
  if [ -d "$dockstage_data/state" ] && [ -s "$dockstage_data/private-passphrase" ]; then
    have "state and private passphrase in $dockstage_data"
    return
  fi
  only_checking "state folder and private passphrase in $dockstage_data" && return
  doing "state folder and private passphrase in $dockstage_data (used unless you have logged in to a backend, or set a passphrase)"
  (
    umask 077
    mkdir -p "$dockstage_data/state" && chmod 700 "$dockstage_data" &&
      { [ -s "$dockstage_data/private-passphrase" ] ||
        node -e 'console.log(require("node:crypto").randomBytes(24).toString("hex"))' >"$dockstage_data/private-passphrase"; }
  ) || fail "$dockstage_data cannot be written" "Check the owner of that folder, or set DOCKSTAGE_DATA to another one, and run setup again."
}

# What setup prints, and how it runs a command that may take long.

missing=0
started=$(date +%s)

have() { echo "  have  $1"; }
note() { echo "  note  $1"; }
# Before a step: what it does, and why.
doing() { echo "  do    $1"; }

# A step that cannot be done: what is wrong, then what to do. With --check it is one more thing that is missing.
fail() {
  if [ -n "$check" ]; then
    echo "  miss  $1"
    missing=$((missing + 1))
  else
    echo "  fail  $1" >&2
  fi
  shift
  for line in "$@"; do echo "        $line" >&2; done
  [ -n "$check" ] || exit 1
}

# With --check, reports $1 as missing and returns 0, so that the caller goes no further.
only_checking() {
  [ -n "$check" ] || return 1
  echo "  miss  $1"
  missing=$((missing + 1))
}

# limit SECONDS COMMAND...: ended when it takes longer, where the system has `timeout`.
limit() {
  limit_seconds=$1
  shift
  if command -v timeout >/dev/null 2>&1; then timeout -k 5 "$limit_seconds" "$@"; else "$@"; fi
}

# logged NAME SECONDS COMMAND...: output goes to a log; a line of progress every 30 s, from progress_NAME where that is a function.
logged() {
  log=$dockstage_state/$1.log
  logged_name=$1
  logged_limit=$2
  shift 2
  mkdir -p "$dockstage_state"
  limit "$logged_limit" "$@" >"$log" 2>&1 </dev/null &
  child=$!
  # Without job control a background process ignores Ctrl-C.
  trap 'kill "$child" 2>/dev/null; exit 130' INT TERM
  waited=0
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    waited=$((waited + 1))
    if [ $((waited % 30)) = 0 ]; then
      case $logged_name in
        build) echo "        $waited s: $(grep -c 'go: downloading' "$log") modules downloaded, $(grep -vc 'go: ' "$log") packages compiled" ;;
        *) echo "        $waited s" ;;
      esac
    fi
  done
  trap - INT TERM
  wait "$child"
}

# The last lines of the log of `logged`, as arguments for `fail`.
log_end() { tail -n "${1:-3}" "$log" | cut -c1-200; }

finish() {
  if [ "$missing" -gt 0 ]; then
    echo "dockstage: $missing missing; \`sh scripts/setup\` sets them up"
    exit 1
  fi
  echo "dockstage: ready after $(($(date +%s) - started)) s"
}

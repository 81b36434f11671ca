# shellcheck shell=bash
# What the user sees: steps, results, failures. Everything else goes to the log.
#
# Standard output and error are the log; descriptor 3 is what the user types and 4 the user's screen. Every command
# is in the log, marked "+ ".

step_title='' step_hint='' step_begin=0 reason=''
began=no succeeded=no interrupted=no
results=() figures=()

refuse() {
  printf 'quickstart: %s\n' "$*" >&2
  exit 1
}

as_user() {
  if (( EUID == 0 )) && [[ $user != root ]]; then
    runuser -u "$user" -- env HOME="$(getent passwd "$user" | cut -d: -f6)" "$@"
  else
    "$@"
  fi
}

start_log() {
  as_user mkdir -p "$(dirname "$log")"
  as_user tee "$log" >/dev/null <<<"utilities/quickstart $* at $(date --iso-8601=seconds)"
  exec 3<&0 4>&1 </dev/null >>"$log" 2>&1
  PS4='+ ${FUNCNAME[0]:-main}: '
  set -x
}

say() { { set +x; } 2>/dev/null; printf '%s\n' "$@" | tee -a "$log" >&4; set -x; }

# Indented output of a command, cut to the width of a screen.
show() { cut -c 1-150 | sed 's/^/     /' | tee -a "$log" >&4; }

# step TITLE HINT: what happens from here on, and what to do should it fail.
step() {
  { set +x; } 2>/dev/null
  end_step
  step_title=$1 step_hint=$2 step_begin=$SECONDS
  say "== $step_title"
}

end_step() {
  { set +x; } 2>/dev/null
  local took=$((SECONDS - step_begin))
  if [[ -n $step_title ]] && (( took >= 2 )); then
    say "   done after $took s"
  fi
  step_title=''
  set -x
}

# fail REASON: ends the run; finish() says the rest.
fail() {
  reason=$*
  exit 1
}

# pass CLAIM: a line of the summary.
pass() {
  results+=("PASS  $*")
  say "   PASS  $*"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  { set +x; } 2>/dev/null
  until "$@" >/dev/null 2>&1; do
    (( SECONDS < deadline )) || fail "waited in vain for $what"
    sleep 0.1
  done
  set -x
}

# ninja's "[12/240] ...", at every tenth.
show_build_progress() {
  tee -a "$log" | awk '
    match($0, /^\[[0-9]+\/[0-9]+\]/) {
      split(substr($0, 2, RLENGTH - 2), part, "/")
      tenth = int(10 * part[1] / part[2])
      if (part[2] >= 20 && tenth > shown) { printf "   %3d%%  (%d of %d)\n", 10 * tenth, part[1], part[2]; fflush() }
      shown = tenth
    }' >&4
}

# What the log's lines since the step began say, without the commands.
last_words() {
  tac "$log" | sed '/^== /q' | tac | grep -vE '^\++ |^== |^\[[0-9]+/[0-9]+\] |^ *$' | tail -n 12 | cut -c 1-150
}

# On any way out: what happened, then tidy up.
finish() {
  local status=$1
  { set +x; } 2>/dev/null
  trap '' INT TERM HUP
  set +e
  if [[ $succeeded == yes && $keep == yes ]]; then
    remember_kept
    print_summary
    return
  fi
  if [[ $succeeded == no ]]; then
    report_failure "$status"
  fi
  if [[ $began == yes ]]; then
    say "== Take everything down"
    take_down
    check_nothing_left || status=1
  fi
  if [[ $succeeded == yes ]]; then
    print_summary
  fi
  exit "$status"
}

report_failure() {
  if [[ $interrupted == yes ]]; then
    say "quickstart: interrupted during: $step_title"
    return
  fi
  {
    echo
    echo "quickstart: FAILED at: ${step_title:-the start}"
    echo "  why:        ${reason:-a command ended with status $1; its last words:}"
    [[ -n $reason ]] || last_words | sed 's/^/              /'
    echo "  what to do: $step_hint"
    echo "  log:        $log"
  } >&4
  append_logs_of_processes
}

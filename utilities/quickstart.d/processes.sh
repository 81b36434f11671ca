# shellcheck shell=bash
# Processes that the quickstart started, and only those: each is remembered by its id and start time, so that an id
# that was given to somebody else meanwhile is left alone.

# One quickstart at a time, and never over one that was kept.
be_alone() {
  mkdir -p "$run"
  exec 9>"$run/lock"
  if ! flock --nonblock 9; then
    reason="another quickstart is running"
  elif [[ -e $run/processes ]] || has_namespaces; then
    reason="an earlier one is still up; end it with: sudo utilities/quickstart --down"
  else
    : >"$run/processes"
    began=yes
    return
  fi
  printf 'quickstart: %s\n' "$reason" >&4
  trap - EXIT
  exit 1
}

has_namespaces() { compgen -G "/run/netns/$prefix-*" >/dev/null; }

# The 22nd field of stat, counted behind the name, which may hold blanks and parentheses.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

remember() { echo "$1 $(start_time "$1") $2" >>"$run/processes"; }

# in_background NAME COMMAND...: output goes to $run/NAME.log. The lock and the screen are not for it.
in_background() {
  local name=$1
  shift
  "$@" >"$run/$name.log" 2>&1 3<&- 4>&- 9>&- &
  remember "$!" "$name"
}

# Is the process NAME still there?
is_running() {
  local pid started name
  while read -r pid started name; do
    if [[ $name == "$1" && $(start_time "$pid") == "$started" ]]; then
      return 0
    fi
  done <"$run/processes"
  return 1
}

end_processes() {
  local pid started name
  tac "$run/processes" 2>/dev/null | while read -r pid started name; do
    end_process "$pid" "$started" "$name"
  done
}

# end_named NAME: a process that has done its work.
end_named() {
  local pid started name
  while read -r pid started name; do
    [[ $name != "$1" ]] || end_process "$pid" "$started" "$name"
  done <"$run/processes"
}

# Asks first; kills after five seconds. It may end by itself in any moment between, iperf3 does: no failure.
end_process() {
  local pid=$1 started=$2 name=$3 tries
  for (( tries = 0; tries < 50; ++tries )); do
    if [[ -z $started || $(start_time "$pid") != "$started" ]] || grep -qs '^State:.*Z' "/proc/$pid/status"; then
      return
    fi
    (( tries > 0 )) || kill "$pid" 2>/dev/null || true
    sleep 0.1
  done
  echo "killing $name, process $pid: it did not end within five seconds"
  kill -KILL "$pid" 2>/dev/null || true
}

append_logs_of_processes() {
  local file
  for file in "$run"/*.log "$run"/*/weft-vswitchd.log; do
    if [[ -s $file ]]; then
      echo "---- the end of $file"
      tail -n 40 "$file"
    fi
  done >>"$log" 2>/dev/null
}

# Namespaces take their devices with them.
take_down() {
  local name
  end_processes
  for name in $(ip netns list 2>/dev/null | awk -v prefix="$prefix-" 'index($1, prefix) == 1 { print $1 }'); do
    ip netns del "$name"
  done
  rm -rf "$run"
}

check_nothing_left() {
  if has_namespaces || [[ -e $run ]]; then
    say "quickstart: something was left: $run, or namespaces $prefix-...; try: sudo utilities/quickstart --down"
    return 1
  fi
}

remember_kept() { date --iso-8601=seconds >"$run/kept"; }

take_down_kept() {
  (( EUID == 0 )) || refuse "needs root: sudo utilities/quickstart --down"
  if [[ ! -e $run ]] && ! has_namespaces; then
    echo "quickstart: nothing is up"
    return
  fi
  mkdir -p "$run"
  exec 9>"$run/lock"
  flock --nonblock 9 || refuse "a quickstart is running; interrupt that one instead"
  take_down
  echo "quickstart: taken down"
}

# Completion for bash of weft-ofctl, weft-vsctl, weft-appctl and weft-vswitchd.
#
#     source weft.bash          or: a copy in /usr/share/bash-completion/completions under each program's name
#
# What can be typed is asked of the programs themselves (--help, list-commands, list-fields, list-actions), names of
# bridges and ports of the running switch (weft-vsctl), so nothing is said twice here. An option --rundir that stands
# on the line is followed.

_weft_asks() { # PROGRAM ARGUMENT...: its answer, from the switch that the line is about, and no complaint
  local program=$1 rundir=() i
  shift
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --rundir) [[ ${COMP_WORDS[i + 1]} == = ]] && rundir=("--rundir=${COMP_WORDS[i + 2]}") ||
        rundir=("--rundir=${COMP_WORDS[i + 1]}") ;;
      --rundir=*) rundir=("${COMP_WORDS[i]}") ;;
    esac
  done
  "$program" "${rundir[@]}" "$@" 2>/dev/null
}

_weft_options() { "$1" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u; }

# The first word of each line of a list of commands.
_weft_commands() {
  case $1 in
    weft-vsctl) weft-vsctl --help 2>/dev/null | sed -n '/^Commands/,/^$/s/^  \(\[[^]]*\] \)*\([a-z][a-z-]*\).*/\2/p' ;;
    *) _weft_asks "$1" list-commands | sed -n 's/^  \([a-z][a-z/-]*\).*/\1/p' ;;
  esac
}

# What the Nth argument of a command is called in its usage: BRIDGE, FLOW, FILE|- ...
_weft_argument_name() { # PROGRAM COMMAND N
  local usage
  case $1 in
    weft-vsctl) usage=$(weft-vsctl --help 2>/dev/null | sed -n "s/^  \(\[[^]]*\] \)*$2 \(.*\)/\2/p" | sed 's/  .*//') ;;
    *) usage=$(_weft_asks "$1" list-commands | sed -n "s|^  $2 *\(.*\)|\1|p" | sed 's/  .*//') ;;
  esac
  local words
  read -ra words <<<"${usage//[\[\]]/}"
  echo "${words[$3]}"
}

_weft_tables() { weft-vsctl --help 2>/dev/null | sed -n 's/^TABLE is one of //; T; s/[,.]//g; p'; }

_weft_bridges() { _weft_asks weft-vsctl list-br; }
_weft_ports() { # BRIDGE, or of all; a bridge is a port of its own
  local bridge
  for bridge in ${1:-$(_weft_bridges)}; do
    echo "$bridge"
    _weft_asks weft-vsctl list-ports "$bridge"
  done
}

# One word of a flow: fields and properties before "actions=", actions behind it, ports where one is meant.
_weft_flow_words() { # BRIDGE TEXT-BEFORE-THE-WORD WORD
  case $3 in
    in_port=* | output:* | out_port=*)
      local separator=${3//[^=:]/}
      _weft_ports "$1" | sed "s/^/${3%%[=:]*}${separator:0:1}/"
      ;;
    *)
      if [[ $2$3 == *actions=* ]]; then
        local names
        names=$(weft-ofctl list-actions 2>/dev/null; _weft_ports "$1")
        [[ $3 == actions=* ]] && names=$(sed 's/^/actions=/' <<<"$names")
        echo "$names"
      else
        weft-ofctl list-fields 2>/dev/null | sed -n '2,$s/ .*//p' | sed 's/$/=/'
        printf '%s\n' ip ipv6 tcp udp sctp icmp icmp6 tcp6 udp6 arp mpls table= priority= cookie= idle_timeout= hard_timeout= \
          importance= actions=
      fi
      ;;
  esac
}

_weft_complete_flow() { # BRIDGE WORD: only the part behind the last comma is completed
  local head='' part=$2
  [[ $2 == *,* ]] && head="${2%,*}," part=${2##*,}
  mapfile -t COMPREPLY < <(compgen -W "$(_weft_flow_words "$1" "$head" "$part")" -- "$part")
  COMPREPLY=("${COMPREPLY[@]/#/$head}")
  compopt -o nospace 2>/dev/null
}

# bash splits words at "=" and ":", which are parts of ours: WORD is what was typed since the last blank, and what
# bash believes to be the word is cut off the answers again.
_weft_typed_word() {
  local line=${COMP_LINE:0:COMP_POINT}
  local word=${line##*[[:space:]]}
  word=${word#[\'\"]}
  echo "$word"
}
_weft_trim_answers() { # WORD
  local seen=${COMP_WORDS[COMP_CWORD]}
  seen=${seen#[\'\"]}
  [[ $seen == [=:] ]] && seen=''
  local surplus=$((${#1} - ${#seen})) i
  ((surplus > 0)) || return 0
  for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]:surplus}; done
}

_weft() {
  local program=${COMP_WORDS[0]##*/} word words=() one
  word=$(_weft_typed_word)
  local line=${COMP_LINE:0:COMP_POINT}
  line=${line%"$word"}
  line=${line%[\'\"]}
  COMPREPLY=()
  # Arguments so far: what is no option.
  for one in $line; do [[ $one == -* ]] || words+=("${one#[\'\"]}"); done
  local count=$((${#words[@]} - 1)) # behind the program's name
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_weft_options "$program")" -- "$word")
  elif [[ $program == weft-vswitchd ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  elif ((count == 0)); then
    mapfile -t COMPREPLY < <(compgen -W "$(_weft_commands "$program")" -- "$word")
  else
    case $(_weft_argument_name "$program" "${words[1]}" $((count - 1))) in
      SWITCH* | BRIDGE*) mapfile -t COMPREPLY < <(compgen -W "$(_weft_bridges)" -- "$word") ;;
      PORT* | INTERFACE* | IN_PORT) mapfile -t COMPREPLY < <(compgen -W "$(_weft_ports "${words[2]}")" -- "$word") ;;
      SEGMENT*) mapfile -t COMPREPLY < <(compgen -W "$(_weft_asks weft-vsctl list-segments)" -- "$word") ;;
      FLOW*) _weft_complete_flow "${words[2]}" "$word" ;;
      TABLE*) mapfile -t COMPREPLY < <(compgen -W "$(_weft_tables)" -- "$word") ;;
      FILE* | SOURCE*) mapfile -t COMPREPLY < <(compgen -f -W "$(_weft_bridges)" -- "$word") ;;
    esac
  fi
  _weft_trim_answers "$word"
}

complete -F _weft weft-ofctl weft-vsctl weft-appctl weft-vswitchd

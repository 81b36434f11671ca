# shellcheck shell=bash
# Hosts, router and cables, made of network namespaces and veth pairs.

# inside PLACE COMMAND...: runs it in a namespace.
inside() {
  local place=$1
  shift
  ip netns exec "$prefix-$place" "$@"
}

make_place() {
  ip netns add "$prefix-$1"
  inside "$1" ip link set lo up
  # A new namespace may inherit this from the machine; only the router is to forward.
  inside "$1" sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
}

# cable PLACE DEVICE PLACE DEVICE MTU
cable() {
  ip link add name "$2" mtu "$5" netns "$prefix-$1" type veth peer name "$4" mtu "$5" netns "$prefix-$3"
  inside "$1" ip link set "$2" up
  inside "$3" ip link set "$4" up
}

make_underlay() {
  local host
  make_place router
  inside router sysctl -q -w net.ipv4.ip_forward=1
  for host in "${hosts[@]}"; do
    make_place "$host"
    cable "$host" uplink router "to-$host" "$underlay_mtu"
    inside "$host" ip address add "${vtep[$host]}/24" dev uplink
    inside router ip address add "${gateway[$host]}/24" dev "to-$host"
    inside "$host" ip route add default via "${gateway[$host]}"
  done
  make_place controller
  cable controller uplink router to-controller "$underlay_mtu"
  inside controller ip address add "$controller_address/24" dev uplink
  inside router ip address add "$controller_gateway/24" dev to-controller
  inside controller ip route add default via "$controller_gateway"
  wait_for 10 "the route between the hosts" inside h1 ping -c 1 -W 1 "${vtep[h2]}"
}

# The tools for one host's switch.
vsctl() { "$bin/weft-vsctl" --rundir "$run/$1" --timeout 20 "${@:2}"; }
ofctl() { "$bin/weft-ofctl" --rundir "$run/$1" -O OpenFlow13 "${@:2}"; }
appctl() { "$bin/weft-appctl" --rundir "$run/$1" --timeout 20 "${@:2}"; }

start_switches() {
  local host
  for host in "${hosts[@]}"; do
    mkdir -p "$run/$host"
    inside "$host" "$bin/weft-vswitchd" --rundir "$run/$host" --state "$run/$host/state" --detach \
      --log-file "$run/$host/weft-vswitchd.log" 3<&- 4>&- 9>&-
    remember "$(cat "$run/$host/weft-vswitchd.pid")" "weft-vswitchd-$host"
    vsctl "$host" add-br br0 \
      -- set bridge br0 "other-config:datapath-id=000000000000000${host:1}" fail-mode=secure
    vsctl "$host" add-port br0 vx0 \
      -- set interface vx0 type=vxlan options:remote_ip=flow options:key=flow
    check_port "$host" vx0
  done
}

# weft-vsctl reports a port that cannot be set up on standard error, and in the port's record.
check_port() {
  [[ $(vsctl "$1" get interface "$2" ofport) -gt 0 ]] ||
    fail "port $2 of $1: $(vsctl "$1" get interface "$2" error)"
}

# Real virtual machines or network namespaces; the switch sees a network device either way.
start_guests() {
  local guest
  for guest in "${guests[@]}"; do
    if [[ $with_machines == yes ]]; then
      start_machine "$guest"
    else
      make_place "$guest"
      cable "$(host_of "$guest")" "$guest" "$guest" eth0 "$guest_mtu"
      inside "$guest" ip link set eth0 address "$(mac_of "$guest")"
      inside "$guest" ip address add "$(address_of "$guest")/24" dev eth0
    fi
  done
}

attach_guests() {
  local guest
  for guest in "${guests[@]}"; do
    vsctl "$(host_of "$guest")" add-port br0 "$guest"
    check_port "$(host_of "$guest")" "$guest"
  done
  if [[ $with_machines == yes ]]; then
    wait_for_machines
  fi
}

# on GUEST COMMAND...: runs a command in a virtual machine.
on() {
  if [[ $with_machines == yes ]]; then
    tell_machine "$@"
  else
    inside "$@"
  fi
}

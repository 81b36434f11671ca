# shellcheck shell=bash
# What decides where packets go: four flows on each host, or a controller.

# Out: what the machine sends gets its network's VNI and goes to the other host. In: the VNI says which machine.
add_flows() {
  local guest host
  for guest in "${guests[@]}"; do
    host=$(host_of "$guest")
    ofctl "$host" add-flow br0 \
      "in_port=$guest,actions=set_field:$(vni_of "$guest")->tun_id,set_field:${vtep[${other_host[$host]}]}->tun_dst,output:vx0"
    ofctl "$host" add-flow br0 "in_port=vx0,tun_id=$(vni_of "$guest"),actions=output:$guest"
  done
}

# The controller is told what an administrator would know: which host is where, and which port is in which network.
describe_network() {
  local host guest separator='' inner
  printf '{'
  for host in "${hosts[@]}"; do
    printf '%s"%s": {"vtep": "%s", "tunnel": "vx0", "ports": {' "$separator" "${host:1}" "${vtep[$host]}"
    inner=''
    for guest in "${guests[@]}"; do
      if [[ $(host_of "$guest") == "$host" ]]; then
        printf '%s"%s": %s' "$inner" "$guest" "$(vni_of "$guest")"
        inner=', '
      fi
    done
    printf '}}'
    separator=', '
  done
  printf '}\n'
}

start_controller() {
  local host
  describe_network >"$run/network.json"
  in_background controller ip netns exec "$prefix-controller" env PYTHONDONTWRITEBYTECODE=1 \
    WEFT_NETWORK="$run/network.json" \
    osken-manager --ofp-listen-host "$controller_address" --ofp-tcp-listen-port 6653 "$pieces/overlay_controller.py"
  wait_for 30 "the controller to listen" controller_listens
  for host in "${hosts[@]}"; do
    vsctl "$host" set-controller br0 "tcp:$controller_address:6653"
  done
  for host in "${hosts[@]}"; do
    wait_for 30 "the controller's flows on $host" has_controller_flows "$host"
  done
  pass "both switches are connected to the controller; its flows replaced ours"
}

controller_listens() {
  is_running controller || fail "the controller ended at once; its messages are at the end of the log"
  inside controller ss -Hltn 'sport = :6653' | grep -q LISTEN
}

# The last thing that the controller adds is the broadcast flow of each network.
has_controller_flows() { [[ $(ofctl "$1" dump-flows br0 | grep -c 'ff:ff:ff:ff:ff:ff') -ge 2 ]]; }

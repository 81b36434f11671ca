# shellcheck shell=bash
# The proofs: reachability, isolation, throughput, and what the switches know of it.

# check_network WHO: the same proofs whoever programmed the flows.
check_network() {
  step "Ping, with $1" "Ask the switch: weft-appctl ofproto/trace br0 in_port=vm1a (utilities/quickstart --keep)"
  check_ping "$1"
  step "Isolation, with $1" "A capture for each machine is in $run while --keep leaves it up."
  check_isolation "$1"
  step "TCP throughput, with $1" "iperf3's messages are in the log."
  measure_throughput "$1"
}

# The controller learns an address from its first packet; that ping may take a while, so it is not measured.
check_ping() {
  local network from summary
  for network in a b; do
    from=vm1$network
    wait_for 20 "an answer to $from from vm2$network" on "$from" ping -c 1 -W 1 10.0.0.2
    summary=$(on "$from" ping -c 5 -i 0.2 -W 2 10.0.0.2 | tail -n 2)
    grep -q '5 \(packets \)\?received' <<<"$summary" || fail "pings from $from to vm2$network were lost: $summary"
    pass "vm1$network pings vm2$network in VNI ${vni[$network]} ($1)"
  done
  figures+=("ping, VNI ${vni[b]}: $(tail -n 1 <<<"$summary" | sed 's/.*= //') (min/avg/max; $1)")
}

# Each network's pings carry a pattern of their own. What reaches a machine is captured where it leaves the switch.
check_isolation() {
  local network
  for network in a b; do
    capture_for "vm2$network"
  done
  on vm1a ping -c 10 -i 0.2 -W 2 -p aa 10.0.0.2
  on vm1b ping -c 10 -i 0.2 -W 2 -p bb 10.0.0.2
  for network in a b; do
    wait_for 10 "the capture for vm2$network" saw_pattern "vm2$network" "$network$network"
    end_named "capture-vm2$network"
  done
  expect_frames vm2a aa 10
  expect_frames vm2a bb 0
  expect_frames vm2b bb 10
  expect_frames vm2b aa 0
  pass "vm2a got 10 of vm1a's pings and 0 of vm1b's; vm2b the other way round (same MACs, same IPs)"
  check_the_silence
}

# With its own peer gone, nobody answers vm1a, though a machine with that very address is up in the other network.
check_the_silence() {
  set_link vm2a down
  if on vm1a ping -c 3 -i 0.2 -W 1 10.0.0.2; then
    fail "vm2a is down, but vm1a got an answer"
  fi
  on vm1b ping -c 1 -W 2 10.0.0.2 || fail "vm2a is down, and vm1b gets no answer any more"
  set_link vm2a up
  wait_for 20 "vm2a to come back" on vm1a ping -c 1 -W 1 10.0.0.2
  pass "with vm2a's link down vm1a gets no answer, while vm1b still reaches the same address"
}

set_link() { on "$1" ip link set eth0 "$2"; }

# What the switch sends to a machine passes the device on the host.
capture_for() {
  local guest=$1
  rm -f "$run/$guest.pcapng"
  in_background "capture-$guest" ip netns exec "$prefix-$(host_of "$guest")" \
    tshark -q -i "$guest" -w "$run/$guest.pcapng" -f 'icmp[icmptype] == icmp-echo'
  wait_for 20 "the capture for $guest" capture_has_begun "$run/$guest.pcapng" "capture-$guest"
}

# tshark makes its file when it has opened the device.
capture_has_begun() { [[ -s $1 ]] && grep -q 'Capturing on' "$run/$2.log"; }

# frames_with GUEST PATTERN: how many captured requests carry it.
frames_with() {
  tshark -r "$run/$1.pcapng" -Y "icmp.type == 8 && data.data contains $2:$2:$2:$2:$2:$2:$2:$2" 2>/dev/null | wc -l
}

saw_pattern() { (( $(frames_with "$1" "$2") >= 10 )); }

expect_frames() {
  local found
  found=$(frames_with "$1" "$2")
  (( found == $3 )) || fail "$1 received $found pings with the pattern $2; $3 were expected"
}

measure_throughput() {
  local rate
  if [[ $with_machines == yes ]]; then
    rate=$(transfer_between_machines)
  else
    in_background iperf3 ip netns exec "$prefix-vm2a" iperf3 --server --one-off
    wait_for 10 "iperf3 to listen" iperf_listens
    rate=$(inside vm1a iperf3 --client 10.0.0.2 --time "$throughput_seconds" --format g | tee -a "$log" |
      awk '/receiver/ { print $7 " " $8 }')
    end_named iperf3
  fi
  [[ $rate =~ ^[0-9] ]] || fail "TCP from vm1a to vm2a carried nothing"
  figures+=("TCP, one stream, vm1a to vm2a over VXLAN: $rate ($1)")
  say "   $rate"
}

iperf_listens() { inside vm2a ss -Hltn 'sport = :5201' | grep -q LISTEN; }

show_tables() {
  local host
  end_step
  for host in "${hosts[@]}"; do
    say "   flow table of $host, with counters (weft-ofctl dump-flows br0):"
    show_flows "$host"
  done
  say "   megaflows of h1 (weft-appctl dpctl/dump-flows):"
  on vm1a ping -c 1 -W 2 10.0.0.2
  appctl h1 dpctl/dump-flows | head -n 12 | show
}

# Without what says nothing here, so that a flow is a line.
show_flows() {
  ofctl "$1" dump-flows br0 | grep n_packets | sed -E 's/^ *cookie=[^,]*, *duration=[^,]*, *//' | show
}

show_controller_tables() {
  end_step
  say "   flow table of h1 as the controller made it:"
  show_flows h1
}

# A full capture is the wire's view: what the host's VXLAN looks like to the routed network.
show_one_packet() {
  rm -f "$run/router.pcapng"
  in_background capture-router ip netns exec "$prefix-router" \
    tshark -q -i to-h1 -c 1 -w "$run/router.pcapng" -f 'udp port 4789 and src host 192.0.2.1'
  wait_for 20 "the capture on the router" capture_has_begun "$run/router.pcapng" capture-router
  on vm1a ping -c 3 -i 0.2 -W 2 10.0.0.2
  wait_for 10 "a packet in the capture" packet_was_captured
  end_named capture-router
  grep -q "VXLAN Network Identifier (VNI): ${vni[a]}" "$run/decoded" ||
    fail "tshark does not see VNI ${vni[a]} in what h1 sent"
  # One line for each header, and the VNI; the lines below them and the bytes are in the log.
  cat "$run/decoded"
  grep -E '^(Ethernet|Internet|User|Virtual)|Network Identifier' "$run/decoded" | show
  pass "tshark decodes it: VXLAN, VNI ${vni[a]}, inside it vm1a's ICMP"
}

packet_was_captured() { tshark -r "$run/router.pcapng" -V 2>/dev/null >"$run/decoded" && grep -q ICMP "$run/decoded"; }

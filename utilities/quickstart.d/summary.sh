# shellcheck shell=bash
# The last screen.

print_summary() {
  say "" "$(picture)" ""
  say "${results[@]}" "" "${figures[@]}" ""
  if [[ $keep == yes ]]; then
    what_to_try
  else
    what_to_type_next
  fi
}

picture() {
  cat <<PICTURE
  vm1a 10.0.0.1     vm1b 10.0.0.1                       vm2a 10.0.0.2     vm2b 10.0.0.2
     VNI ${vni[a]} \\    / VNI ${vni[b]}                            VNI ${vni[a]} \\    / VNI ${vni[b]}
          +----------------+                                 +----------------+
          |  weft, host h1 |                                 |  weft, host h2 |
          +----------------+                                 +----------------+
         ${vtep[h1]} |            +----------+                    | ${vtep[h2]}
                   +------------|  router  |--------------------+
                                +----------+     VXLAN, MTU $underlay_mtu; the machines have $guest_mtu
                                     | $controller_address  OpenFlow controller
PICTURE
}

what_to_type_next() {
  say "Next:  sudo utilities/quickstart --keep    look around in it" \
    "       sudo utilities/quickstart --vm      with real virtual machines" \
    "       sudo tests/run                      every test" \
    "Log:   $log"
}

what_to_try() {
  local ping_line="sudo ip netns exec $prefix-vm1a ping 10.0.0.2"
  if [[ $with_machines == yes ]]; then
    ping_line="sudo sh -c 'echo ping -c 3 10.0.0.2 >$run/vm1a.in; timeout 5 cat $run/vm1a.out'"
  fi
  say "It is still up. Try (in a root shell):" \
    "  export PATH=$bin:\$PATH WEFT_RUNDIR=$run/h1" \
    "  weft-vsctl show" \
    "  weft-ofctl -O OpenFlow13 dump-flows br0" \
    "  weft-appctl dpctl/dump-flows" \
    "  weft-appctl ofproto/trace br0 in_port=vm1a,icmp,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02" \
    "  $ping_line" \
    "Take it down:  sudo utilities/quickstart --down" \
    "Log:  $log"
}

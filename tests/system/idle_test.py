"""At rest the switch rests: two connected hosts with ports, VXLAN and a controller use next to no processor time.

The figure over a minute is printed by tests/bench/side_by_side; this is a short look, so that it cannot rot.
"""

import time

from harness import SystemTest, until

REQUIRED_TOOLS = ["ip", "ping", "ss", "ovs-testcontroller"]
SECONDS = 10
ALLOWED = 0.030  # a minute's 60 ms would be 10 ms; a busy machine makes each wake dearer


class IdleTest(SystemTest):
    def test_no_traffic_no_work(self):
        hosts = self.two_hosts()[:2]
        switches = []
        for index, host in enumerate(hosts, 1):
            switch = self.switch(host)
            self.vxlan(switch)
            for port in ("p1", "p2"):
                self.guest(switch, port, f"10.0.0.{index}")
            self.stock_controller(host)
            switch.vsctl("set-controller", "br0", "tcp:127.0.0.1:6653")
            until(lambda switch=switch: "true" in switch.vsctl("--columns=is_connected", "list", "controller").stdout,
                  "the controller is connected")
            switches.append(switch)
        time.sleep(3)  # let what starting up has begun come to its end
        before = [switch.processor_nanoseconds() for switch in switches]
        time.sleep(SECONDS)
        for switch, begin in zip(switches, before):
            used = (switch.processor_nanoseconds() - begin) / 1e9
            print(f"{switch.place.name}: {1000 * used:.1f} ms of processor time in {SECONDS} s", flush=True)
            self.assertLess(used, ALLOWED)

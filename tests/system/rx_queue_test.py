"""Ports with several receive queues, shared by workers."""

import re

from harness import SystemTest
from harness.network import run
from harness.testcase import Guest

REQUIRED_TOOLS = ["ip", "ping", "iperf3"]


class RxQueueTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host, "--workers", "2", secure=False)

    def queues(self, port):
        """{queue: (worker, packets)} as the switch shows them."""
        found, worker = {}, None
        for line in self.sw.appctl("dpif/rxq-show").stdout.splitlines():
            if line.startswith("worker"):
                worker = int(line.split()[1].rstrip(":"))
            entry = re.match(rf" +port: {port} +queue-id: +(\d+) +packets: +(\d+)", line)
            if entry:
                found[int(entry.group(1))] = (worker, int(entry.group(2)))
        return found

    def check(self, one, two, port):
        self.assert_pings(one, two.address)
        self.assert_tcp(one, two, "--parallel", "8")
        self.assert_tcp(two, one, "--parallel", "8")
        queues = self.queues(port)
        self.assertEqual(sorted(queues), [0, 1, 2])
        self.assertEqual({worker for worker, _ in queues.values()}, {0, 1}, "both workers read")
        self.assertGreater(sum(packets > 0 for _, packets in queues.values()), 1, "flows are spread")

    def test_system_port(self):
        one = self.guest(self.sw, "p1", "10.0.0.1", options=["--", "set", "interface", "p1", "options:n_rxq=3"])
        two = self.guest(self.sw, "p2", "10.0.0.2")
        self.check(one, two, "p1")

    def test_tap(self):
        guests = []
        for number, queues in ((1, 3), (2, 1)):
            place = self.place(f"guest{number}")
            self.sw.vsctl("add-port", "br0", f"t{number}", "--", "set", "interface", f"t{number}", "type=tap",
                          f"options:n_rxq={queues}")
            self.assertGreater(self.sw.ofport(f"t{number}"), 0)
            run(["ip", "-n", self.host.full_name, "link", "set", f"t{number}", "netns", place.full_name])
            place.run(f"ip link set t{number} up")
            place.address(f"t{number}", f"10.0.0.{number}/24")
            guests.append(Guest(place, f"10.0.0.{number}"))
        self.check(*guests, "t1")

    def test_a_number_that_is_none(self):
        failed = self.sw.vsctl("add-port", "br0", "t1", "--", "set", "interface", "t1", "type=tap", "options:n_rxq=many")
        self.assertIn("a number from 1 to 64 is needed", failed.stderr)


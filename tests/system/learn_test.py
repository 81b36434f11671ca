"""The learn action with real ports: a learning switch made of flows, as stock ovs-ofctl writes it."""

import re

from harness import SystemTest, until
from harness.stock_ofctl import StockOfctl

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ovs-ofctl"]
# Table 0 notes where a source is, table 1 knows the way to a destination, or floods.
LEARN = ("table=0,actions=learn(table=1,{more}priority=10,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
         "output:NXM_OF_IN_PORT[]),resubmit(,1)")
MAC_A, MAC_B, MAC_C = (f"02:00:00:00:01:0{i}" for i in (1, 2, 3))


class LearnTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1", mac=MAC_A)
        self.b = self.guest(self.sw, "p2", "10.0.0.2", mac=MAC_B)
        self.c = self.guest(self.sw, "p3", "10.0.0.3", mac=MAC_C)
        self.tool = StockOfctl(self.sw, "10")

    def make_learning_switch(self, more=""):
        self.tool.run("add-flow", LEARN.format(more=more))
        self.tool.run("add-flow", "table=1,priority=0,actions=FLOOD")

    def learned(self):
        """{MAC: port}"""
        return {mac: int(port) for mac, port in
                re.findall(r"dl_dst=([0-9a-f:]+) actions=output:(\d+)", "\n".join(self.tool.flows("table=1")))}

    def test_guests_reach_each_other_and_a_third_is_left_in_peace(self):
        self.make_learning_switch()
        self.assert_pings(self.a, "10.0.0.2")
        self.assertEqual((self.learned()[MAC_A], self.learned()[MAC_B]), (1, 2))
        before = self.c.place.counter("eth0", "rx_bytes")
        self.assert_tcp(self.a, self.b)
        self.assertLess(self.c.place.counter("eth0", "rx_bytes") - before, 10000, "the stream is not flooded")
        self.assert_pings(self.c, "10.0.0.1")
        self.assertEqual(self.learned()[MAC_C], 3)

    def test_a_guest_that_moves_is_learned_anew(self):
        self.make_learning_switch()
        self.assert_pings(self.a, "10.0.0.2")
        self.b.run("ip link set eth0 down")
        self.c.run(f"ip link set eth0 address {MAC_B}")
        self.c.place.address("eth0", "10.0.0.2/24")
        self.assert_pings(self.c, "10.0.0.1", 5, "-I", "10.0.0.2")
        self.assertEqual(self.learned()[MAC_B], 3)
        self.assert_pings(self.a, "10.0.0.2")

    def test_what_is_not_used_is_forgotten(self):
        self.make_learning_switch("idle_timeout=2,")
        self.assert_pings(self.a, "10.0.0.2")
        self.assertIn(MAC_B, self.learned())
        for guest in (self.a, self.b, self.c):
            guest.run("ip link set eth0 down")
        until(lambda: not self.learned(), "the learned flows expire", 20)
        for guest in (self.a, self.b):
            guest.run("ip link set eth0 up")
        self.assert_pings(self.a, "10.0.0.2")

    def test_what_is_used_is_kept(self):
        self.make_learning_switch("idle_timeout=2,")
        self.assert_pings(self.a, "10.0.0.2")
        self.assertEqual(self.pings(self.a, "10.0.0.2", 60, "-i", "0.1"), 60)
        self.assertLessEqual({MAC_A, MAC_B}, set(self.learned()))

    def test_at_most_as_many_as_it_may(self):
        """What has the same cookie counts, so that is one which no other flow of the table has."""
        self.make_learning_switch("limit=1,cookie=7,")
        self.assert_pings(self.a, "10.0.0.2")
        self.assert_pings(self.c, "10.0.0.2")
        self.assertEqual(len(self.learned()), 1)

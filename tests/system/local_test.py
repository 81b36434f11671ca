"""Two guests on one host, with their default offloads: ping, TCP, VLANs, a guest's own VXLAN, taps."""

from harness import SystemTest, until
from harness.network import cable

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ethtool"]


class LocalTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")

    def two_guests(self, switch, options=()):
        return (self.guest(switch, "p1", "10.0.0.1", options=options),
                self.guest(switch, "p2", "10.0.0.2", options=options))

    def test_flows_carry_ping_and_tcp(self):
        switch = self.switch(self.host)
        a, b = self.two_guests(switch)
        switch.add_flow("in_port=p1,actions=output:p2")
        switch.add_flow("in_port=p2,actions=output:p1")
        self.assert_pings(a, "10.0.0.2")
        self.assert_pings(a, "10.0.0.2", 5, "-s", "1472", "-M", "do")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")

    def test_a_bridge_without_controller_learns(self):
        switch = self.switch(self.host, secure=False)
        a, b = self.two_guests(switch)
        self.assert_pings(a, "10.0.0.2")
        self.assert_tcp(a, b)
        learned = switch.appctl("fdb/show", "br0").stdout
        self.assertIn(a.place.mac("eth0"), learned)
        self.assertIn(b.place.mac("eth0"), learned)

    def test_udp_arrives_whole(self):
        switch = self.switch(self.host, secure=False)
        a, b = self.two_guests(switch)
        self.assert_reaches(a, "10.0.0.2")
        # Datagrams longer than the MTU travel in fragments.
        self.assert_pings(a, "10.0.0.2", 5, "-s", "8000")

    def test_guests_of_two_vlans_are_apart(self):
        switch = self.switch(self.host, secure=False)
        a = self.guest(switch, "p1", "10.0.0.1", options=["tag=10"])
        b = self.guest(switch, "p2", "10.0.0.2", options=["tag=10"])
        c = self.guest(switch, "p3", "10.0.0.3", options=["tag=20"])
        self.assert_pings(a, "10.0.0.2")
        self.assert_tcp(a, b)
        self.assertEqual(self.pings(a, "10.0.0.3", 3, "-W", "1"), 0)
        self.assertEqual(self.pings(c, "10.0.0.1", 3, "-W", "1"), 0)

    def test_a_trunk_carries_tags(self):
        """A second switch behind the trunk port, so frames carry their tags, and large ones are cut with them."""
        switch = self.switch(self.host, secure=False)
        a = self.guest(switch, "p1", "10.0.0.1", options=["tag=10"])
        c = self.guest(switch, "p3", "10.0.0.3", options=["tag=20"])
        behind = self.place("behind")
        cable(self.host, "trunk", behind, "trunk")
        other = self.switch(behind, secure=False)
        for each in (switch, other):
            each.vsctl("add-port", "br0", "trunk", "trunks=10,20")
        b = self.guest(other, "p1", "10.0.0.2", options=["tag=10"])
        self.assert_pings(a, "10.0.0.2")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")
        self.assertEqual(self.pings(c, "10.0.0.2", 3, "-W", "1"), 0)

    def test_tcp_in_a_guests_own_vxlan(self):
        """What the kernel hands over then is a frame whose checksum and segments lie behind two headers more."""
        switch = self.switch(self.host, secure=False)
        a, b = self.two_guests(switch)
        for guest, peer, inner in ((a, b, "10.9.0.1"), (b, a, "10.9.0.2")):
            guest.run(["ip", "link", "add", "own", "type", "vxlan", "id", "77", "local", guest.address,
                       "remote", peer.address, "dstport", "4789", "dev", "eth0"])
            guest.run("ip link set own mtu 1450 up")
            guest.place.address("own", f"{inner}/24")
        self.assert_pings(a, "10.9.0.2")
        self.assert_tcp(a, b, address="10.9.0.2")
        self.assert_tcp(a, b, "--reverse", address="10.9.0.2")

    def test_the_hosts_own_interface_takes_part(self):
        switch = self.switch(self.host, secure=False)
        a = self.guest(switch, "p1", "10.0.0.1")
        self.host.run("ip link set br0 up")
        self.host.address("br0", "10.0.0.9/24")
        self.assert_pings(a, "10.0.0.9")
        host = type(a)(self.host, "10.0.0.9")
        self.assert_tcp(a, host)
        self.assert_tcp(a, host, "--reverse")

    def test_a_tap_of_the_switch_is_a_guests_device(self):
        switch = self.switch(self.host, secure=False)
        a = self.guest(switch, "p1", "10.0.0.1")
        switch.vsctl("add-port", "br0", "tap1", "--", "set", "interface", "tap1", "type=tap")
        self.assertGreater(switch.ofport("tap1"), 0)
        other = self.place("other")
        self.host.run(["ip", "link", "set", "tap1", "netns", other.full_name])
        other.run("ip link set tap1 up")
        other.address("tap1", "10.0.0.2/24")
        b = type(a)(other, "10.0.0.2")
        self.assert_pings(a, "10.0.0.2")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")

    def test_two_bridges_joined_by_patch_ports(self):
        switch = self.switch(self.host, secure=False)
        switch.vsctl("add-br", "br1")
        a = self.guest(switch, "p1", "10.0.0.1")
        b = self.guest(switch, "p2", "10.0.0.2", bridge="br1")
        switch.vsctl("add-port", "br0", "to1", "--", "set", "interface", "to1", "type=patch", "options:peer=to0",
                     "--", "add-port", "br1", "to0", "--", "set", "interface", "to0", "type=patch", "options:peer=to1")
        self.assert_pings(a, "10.0.0.2")
        self.assert_tcp(a, b)

    def test_numbers_add_up_after_traffic(self):
        switch = self.switch(self.host)
        a, b = self.two_guests(switch)
        switch.add_flow("in_port=p1,actions=output:p2")
        switch.add_flow("in_port=p2,actions=output:p1")
        self.assert_tcp(a, b)
        until(lambda: switch.ofctl("dump-flows", "br0").stdout.count("n_packets") >= 2, "flows are listed")
        self.assert_balance(switch)
        sent_by_guest = a.place.counter("eth0", "tx_packets")
        ports = switch.stock_ofctl("dump-ports", "p1").stdout
        self.assertIn(f"rx pkts={sent_by_guest}", ports)

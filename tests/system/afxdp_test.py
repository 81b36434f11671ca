"""Ports of type afxdp on veth pairs: what guests with their default offloads see, and what is left of them."""

import json
import signal

from harness import SystemTest, until
from harness.network import cable, run

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ethtool", "tcpdump"]


class AfXdpTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host, secure=False)

    def add(self, port, address, *options, kind="afxdp"):
        return self.guest(self.sw, port, address,
                          options=["--", "set", "interface", port, f"type={kind}", *options])

    def get(self, interface, column):
        return self.sw.vsctl("get", "interface", interface, column).stdout.strip()

    def xdp_on(self, device):
        return "xdp" in self.host.run(["ip", "link", "show", "dev", device]).stdout

    def filters_on(self, device):
        return self.host.run(["tc", "filter", "show", "dev", device, "ingress"]).stdout

    def test_guests_with_their_default_offloads(self):
        """Unfinished checksums come without a mark: ping, UDP and TCP both ways, and to a port of another type."""
        one, two = self.add("p1", "10.0.0.1"), self.add("p2", "10.0.0.2")
        three = self.add("p3", "10.0.0.3", kind="system")
        for guest in (one, two, three):
            self.assertIn("tx-checksumming: on", guest.run("ethtool -k eth0").stdout)
        self.assert_pings(one, "10.0.0.2")
        self.assertEqual(self.pings(one, "10.0.0.2", 3, "-s", "1472", "-M", "do"), 3, "full-sized frames")
        for client, server in ((one, two), (one, three), (three, one)):
            self.assert_tcp(client, server)
            self.assert_tcp(client, server, "--udp", "--bitrate", "20M", "--length", "100")
        self.assertEqual(self.get("p1", "error"), "[]")

    def test_ipv6(self):
        guests = []
        for number in (1, 2):
            place = self.place(f"six{number}", ipv6=True)
            cable(self.host, f"p{number}", place, "eth0")
            place.run(["ip", "address", "add", f"fd00::{number}/64", "dev", "eth0", "nodad"])
            self.sw.vsctl("add-port", "br0", f"p{number}", "--", "set", "interface", f"p{number}", "type=afxdp")
            guests.append(place)
        until(lambda: guests[0].run("ping -c 1 -W 1 fd00::2", check=False).returncode == 0, "ping")
        listener = guests[1].start("iperf3 --server --one-off")
        until(lambda: guests[1].listens(5201), "iperf3 listens")
        report = json.loads(guests[0].run("iperf3 --client fd00::2 --json --time 1").stdout)
        listener.wait()
        self.assertGreater(report["end"]["sum_received"]["bits_per_second"], 5e6)

    def test_vlans(self):
        """Two bridges with a trunk between them, all of it AF_XDP; guests are access ports."""
        self.sw.vsctl("add-br", "br1")
        cable(self.host, "t1", self.host, "t2")
        for bridge, trunk in (("br0", "t1"), ("br1", "t2")):
            self.sw.vsctl("add-port", bridge, trunk, "trunks=7", "--", "set", "interface", trunk, "type=afxdp")
        one = self.add("p1", "10.0.0.1")
        two = self.guest(self.sw, "p2", "10.0.0.2", bridge="br1",
                         options=["tag=7", "--", "set", "interface", "p2", "type=afxdp"])
        self.assertEqual(self.pings(one, "10.0.0.2", 2, "-W", "1"), 0, "VLAN 0 does not reach VLAN 7")
        self.sw.vsctl("set", "port", "p1", "tag=7")
        self.assert_pings(one, "10.0.0.2")
        self.assertEqual(self.pings(one, "10.0.0.2", 3, "-s", "1472", "-M", "do"), 3, "full-sized frames")
        self.assert_tcp(one, two)
        self.assert_tcp(two, one)

    def test_generic_mode_takes_frames_longer_than_a_chunk(self):
        """The peer's TSO stays on in generic mode, so frames of 64 KB come."""
        one, two = (self.add(f"p{n}", f"10.0.0.{n}", "options:xdp-mode=generic") for n in (1, 2))
        self.assertIn("xdp-mode-in-use=generic", self.get("p1", "status"))
        self.assert_pings(one, "10.0.0.2")
        self.assert_tcp(one, two)

    def test_what_it_costs_is_said(self):
        place = self.place("guest")
        cable(self.host, "p1", place, "eth0")
        added = self.sw.vsctl("add-port", "br0", "p1", "--", "set", "interface", "p1", "type=afxdp")
        self.assertIn("TCP is several times slower", added.stderr)
        self.assertIn("TCP is several times slower", self.sw.vsctl("show").stdout)
        self.assertNotIn("VLAN", added.stderr, "a veth tells of its tags")
        self.assertIn("xdp-mode-in-use=native", self.get("p1", "status"))
        self.assertEqual(self.sw.vsctl("set", "interface", "p1", "external-ids:a=b").stderr, "", "once")

    def test_wrong_options(self):
        place = self.place("guest")
        cable(self.host, "p1", place, "eth0")
        for option, answer in (("xdp-mode=fast", "best-effort, native-with-zerocopy, native or generic is needed"),
                               ("xdp-mode=native-with-zerocopy", "p1 has no xdp-mode native-with-zerocopy"),
                               ("n_rxq=0", "a number from 1 to 64 is needed"),
                               ("n_rxq=2", "the device has 1 receive queue"),
                               ("use-need-wakeup=maybe", '"true" or "false" is needed'),
                               ("xdp_mode=native", 'unknown afxdp option "xdp_mode", did you mean "xdp-mode"?')):
            failed = self.sw.vsctl("add-port", "br0", "p1", "--", "set", "interface", "p1", "type=afxdp",
                                   f"options:{option}")
            self.assertIn(answer, failed.stderr, option)
            self.assertEqual(self.sw.ofport("p1"), -1, option)
            self.assertFalse(self.xdp_on("p1"), option)
            self.assertEqual(self.filters_on("p1"), "", option)
            self.sw.vsctl("del-port", "p1")
        absent = self.sw.vsctl("add-port", "br0", "nothing", "--", "set", "interface", "nothing", "type=afxdp")
        self.assertIn("no network device named nothing", absent.stderr)

    def test_a_device_that_another_switch_has(self):
        place = self.place("guest")
        cable(self.host, "p1", place, "eth0")
        other = self.switch(self.host, bridge="br1", secure=False)
        other.vsctl("add-port", "br1", "p1", "--", "set", "interface", "p1", "type=afxdp")
        failed = self.sw.vsctl("add-port", "br0", "p1", "--", "set", "interface", "p1", "type=afxdp")
        self.assertIn("p1 is in use by another XDP program", failed.stderr)
        self.assertGreater(other.ofport("p1"), 0)

    def test_several_queues(self):
        """Each queue has its socket; a wrong number of them is refused (above)."""
        place = self.place("guest")
        run(["ip", "link", "add", "name", "p1", "numrxqueues", "2", "numtxqueues", "2", "netns", self.host.full_name,
             "type", "veth", "peer", "name", "eth0", "numrxqueues", "2", "numtxqueues", "2", "netns",
             place.full_name])
        self.host.run("ip link set p1 up")
        place.run("ip link set eth0 up")
        place.address("eth0", "10.0.0.1/24")
        self.sw.vsctl("add-port", "br0", "p1", "--", "set", "interface", "p1", "type=afxdp", "options:n_rxq=2")
        self.assertGreater(self.sw.ofport("p1"), 0)
        two = self.add("p2", "10.0.0.2")
        self.assert_pings(two, "10.0.0.1")
        self.assertIn("n_rxq", self.sw.vsctl("get", "interface", "p1", "options").stdout)

    def test_everything_is_undone(self):
        self.host.run("sysctl -q -w net.ipv6.conf.all.disable_ipv6=0")
        self.host.run("sysctl -q -w net.ipv6.conf.default.disable_ipv6=0")
        guest = self.add("p1", "10.0.0.1")
        self.assertTrue(self.xdp_on("p1"))
        self.assertIn("weft_guard", self.filters_on("p1"))
        self.assertIn("tcp-segmentation-offload: off", guest.run("ethtool -k eth0").stdout)
        self.sw.vsctl("del-port", "p1")
        self.assertFalse(self.xdp_on("p1"))
        self.assertEqual(self.filters_on("p1"), "")
        self.assertIn("tcp-segmentation-offload: on", guest.run("ethtool -k eth0").stdout)
        self.assertNotIn("PROMISC", self.host.run("ip -d link show p1").stdout.split("promiscuity")[0])

    def test_from_one_type_to_the_other(self):
        one, two = self.add("p1", "10.0.0.1"), self.add("p2", "10.0.0.2")
        number = self.sw.ofport("p1")
        self.assert_pings(one, "10.0.0.2")
        for kind in ("system", "afxdp"):
            self.sw.vsctl("set", "interface", "p1", f"type={kind}")
            self.assertEqual((self.xdp_on("p1"), self.sw.ofport("p1")), (kind == "afxdp", number))
            self.assert_pings(one, "10.0.0.2")

    def test_a_device_that_goes_down_and_vanishes(self):
        one, two = self.add("p1", "10.0.0.1"), self.add("p2", "10.0.0.2")
        number = self.sw.ofport("p2")
        self.assert_pings(one, "10.0.0.2")
        self.host.run("ip link set p2 down")
        self.assertEqual(self.pings(one, "10.0.0.2", 2, "-W", "1"), 0)
        self.assertGreater(self.sw.drops().get("port_down", 0), 0)
        self.host.run("ip link set p2 up")
        self.assert_pings(one, "10.0.0.2")
        run(["ip", "-n", self.host.full_name, "link", "del", "p2"])
        until(lambda: self.get("p2", "error") != "[]", "the switch says that p2 is gone")
        self.assertEqual(self.pings(one, "10.0.0.2", 2, "-W", "1"), 0)
        cable(self.host, "p2", two.place, "eth0")
        two.place.address("eth0", "10.0.0.2/24")
        one.run("ip neigh flush all")
        until(lambda: self.get("p2", "error") == "[]", "p2 is back")
        self.assertEqual(self.sw.ofport("p2"), number)
        self.assert_pings(one, "10.0.0.2")
        self.assert_tcp(one, two)

    def test_a_killed_switch_leaves_the_port_closed_and_the_device_alive(self):
        one, two = self.add("p1", "10.0.0.1"), self.add("p2", "10.0.0.2")
        self.assert_pings(one, "10.0.0.2")
        self.host.address("lo", "10.0.0.254/32")
        self.host.run("ip route replace 10.0.0.1/32 dev p1 src 10.0.0.254")
        self.sw.process.send_signal(signal.SIGKILL)
        self.sw.process.wait()
        self.assertFalse(self.xdp_on("p1"), "no program swallows its frames")
        self.assertIn("weft_guard", self.filters_on("p1"))
        self.assertEqual(self.pings(one, "10.0.0.254", 2, "-W", "1"), 0, "the host is not reached")
        self.host.run("ip route del 10.0.0.1/32 dev p1")
        self.host.run("ip address del 10.0.0.254/32 dev lo")
        self.sw.start()
        until(lambda: self.sw.ofport("p1") > 0, "the port is back")
        self.assert_pings(one, "10.0.0.2")
        self.assert_tcp(one, two)
        # And a port of another type finds nothing in its way.
        self.sw.kill()
        self.sw.start()
        self.sw.vsctl("set", "interface", "p1", "type=system")
        self.assert_pings(one, "10.0.0.2")
        self.sw.vsctl("del-port", "p1")
        self.assertEqual(self.filters_on("p1"), "")

    def test_counters_are_those_of_the_guests(self):
        one, two = self.add("p1", "10.0.0.1"), self.add("p2", "10.0.0.2")
        self.assert_pings(one, "10.0.0.2")
        until(lambda: one.place.counter("eth0", "tx_packets") ==
              json.loads(self.statistics("p1"))["rx_packets"], "all that the guest sent is counted")
        until(lambda: two.place.counter("eth0", "rx_packets") ==
              json.loads(self.statistics("p2"))["tx_packets"], "all that was sent the guest has")

    def statistics(self, port):
        text = self.get(port, "statistics").strip("{}")
        return json.dumps({key: int(value) for key, value in (pair.split("=") for pair in text.split(", "))})

"""Guests with an MTU of 1500 over an underlay that has no more: they are told what fits, and use it."""

import re
import socket

from harness import SystemTest, until

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss"]
VNI = 5001
IP_MTU_DISCOVER = 10
IP_PMTUDISC_PROBE = 3
INNER_MTU = 1450  # 1500 less IPv4, UDP, VXLAN and Ethernet headers
ANSWERS = "too_big_answers"


class MtuTest(SystemTest):
    underlay_mtu = 1500

    def setUp(self):
        self.h1, self.h2, self.router = self.two_hosts(mtu=self.underlay_mtu)
        self.switches = [self.switch(host) for host in (self.h1, self.h2)]

    def two_guests(self, *options):
        """Guests a and b, with addresses of both families; every one has the kernel's defaults."""
        guests = []
        for number, (switch, remote) in enumerate(zip(self.switches, (self.h2, self.h1)), 1):
            self.vxlan(switch, options=options)
            guest = self.guest(switch, "p1", f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}")
            self.add_ipv6(guest, f"fd00::{number}")
            self.overlay_flows(switch, "p1", VNI, remote.vtep)
            guests.append(guest)
        self.assert_reaches(guests[0], "10.0.0.2")
        return guests

    def add_ipv6(self, guest, address):
        guest.place.sysctl("net.ipv6.conf.all.disable_ipv6", 0)
        guest.place.run(["ip", "address", "add", f"{address}/64", "dev", "eth0", "nodad"])

    def statistic(self, name, switch=0, port="vx0"):
        found = re.search(rf"\b{name}=(\d+)", self.switches[switch].vsctl("get", "interface", port, "statistics").stdout)
        return int(found.group(1)) if found else 0

    def route_mtu(self, guest, address):
        found = re.search(r"\bmtu (\d+)", guest.run(["ip", "route", "get", address]).stdout)
        return int(found.group(1)) if found else None

    def ping(self, guest, address, size, count=1):
        return guest.run(["ping", "-c", count, "-i", "0.2", "-W", "1", "-M", "do", "-s", size, address],
                         check=False).stdout

    def assert_told(self, guest, address, size, mtu):
        """At the latest when the path's own MTU has become known."""
        words = f"mtu ?= ?{mtu}"
        until(lambda: re.search(words, self.ping(guest, address, size)), f"ping says {words}")
        self.assertEqual(self.route_mtu(guest, address), mtu)


class Ipv4UnderlayTest(MtuTest):
    def test_a_ping_that_does_not_fit_is_told_what_does(self):
        a, _ = self.two_guests()
        text = self.ping(a, "10.0.0.2", 1472)
        self.assertIn(f"Frag needed and DF set (mtu = {INNER_MTU})", text)
        self.assertIn("From 10.0.0.2", text)  # as if it came from the other guest
        self.assertEqual(self.route_mtu(a, "10.0.0.2"), INNER_MTU)
        self.assert_pings(a, "10.0.0.2", 3, "-M", "do", "-s", INNER_MTU - 28)
        text = self.ping(a, "fd00::2", 1452)
        self.assertRegex(text, f"From fd00::2.*Packet too big: mtu={INNER_MTU}")
        self.assertEqual(self.route_mtu(a, "fd00::2"), INNER_MTU)
        self.assert_pings(a, "fd00::2", 3, "-M", "do", "-s", INNER_MTU - 48)
        self.assertEqual(self.switches[0].drops()["tunnel_mtu_exceeded"], 2)
        until(lambda: self.statistic(ANSWERS) == 2, "both answers are counted")
        for switch in self.switches:
            self.assert_balance(switch)

    def test_tcp_finds_out_and_goes_on_at_full_speed(self):
        a, b = self.two_guests()
        for address in (None, "fd00::2"):
            self.assert_tcp(a, b, seconds=2, address=address)
            self.assert_tcp(a, b, "--reverse", seconds=2, address=address)
        self.assertEqual(self.route_mtu(a, "10.0.0.2"), INNER_MTU)
        self.assertEqual(self.route_mtu(a, "fd00::2"), INNER_MTU)
        for switch in self.switches:
            self.assertLess(switch.drops().get("tunnel_mtu_exceeded", 0), 100)  # for a beginning, not for good

    def test_answers_can_be_switched_off(self):
        a, _ = self.two_guests("too_big_rate=0")
        before = self.switches[0].drops().get("tunnel_mtu_exceeded", 0)
        self.assertNotIn("mtu", self.ping(a, "10.0.0.2", 1472, 3))
        self.assertEqual(self.switches[0].drops()["tunnel_mtu_exceeded"], before + 3)
        self.assertEqual(self.statistic(ANSWERS), 0)

    def test_answers_are_limited_and_what_is_not_answered_is_counted(self):
        a, _ = self.two_guests("too_big_rate=2")
        with a.place.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)  # believes no answer
            for _ in range(50):
                sender.sendto(bytes(1472), ("10.0.0.2", 9))
        until(lambda: self.switches[0].drops().get("tunnel_mtu_exceeded") == 50, "all are dropped")
        until(lambda: self.statistic(ANSWERS) + self.statistic("too_big_unanswered") == 50, "all are counted")
        self.assertGreaterEqual(self.statistic(ANSWERS), 2)
        self.assertLess(self.statistic(ANSWERS), 10)
        self.assert_balance(self.switches[0])

    def test_tcp_agrees_on_what_fits_where_no_answer_comes(self):
        """One switch clamps, for both directions; a guest that is told nothing would stand still."""
        a, b = self.two_guests("too_big_rate=0")
        self.switches[0].vsctl("set", "interface", "vx0", "options:mss_clamp=true")
        for address in (None, "fd00::2"):
            self.assert_tcp(a, b, address=address)
            self.assert_tcp(a, b, "--reverse", address=address)
        for switch in self.switches:
            self.assertNotIn("tunnel_mtu_exceeded", switch.drops())

    def test_a_router_on_the_way_takes_less(self):
        """The underlay's own path MTU discovery finds out; what the guest is told follows from it."""
        a, b = self.two_guests()
        for place, device in ((self.router, "to-h2"), (self.h2, "uplink")):
            place.run(["ip", "link", "set", device, "mtu", "1400"])
        self.assert_told(a, "10.0.0.2", 1422, 1350)
        self.assert_told(a, "fd00::2", 1402, 1350)
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")

    def test_outer_fragments_where_the_user_prefers_them(self):
        a, b = self.two_guests("df_default=false")
        self.assert_pings(a, "10.0.0.2", 3, "-M", "do", "-s", "1472")
        self.assert_tcp(a, b)
        self.assertNotIn("tunnel_mtu_exceeded", self.switches[0].drops())
        self.assertEqual(self.statistic(ANSWERS), 0)


class OtherTunnelsTest(MtuTest):
    """Each type with its own overhead, and each learns the underlay's path MTU by sockets of its own kind."""

    def check(self, kind, overhead):
        guests = []
        for number, (switch, remote) in enumerate(zip(self.switches, (self.h2, self.h1)), 1):
            self.tunnel(switch, kind, "tun0", f"remote_ip={remote.vtep}", f"key={VNI}")
            guests.append(self.guest(switch, "p1", f"10.0.0.{number}"))
            switch.add_flow("in_port=p1,actions=output:tun0")
            switch.add_flow("in_port=tun0,actions=output:p1")
        a, b = guests
        self.assert_reaches(a, "10.0.0.2")
        self.assert_told(a, "10.0.0.2", 1472, 1500 - overhead)
        self.assert_tcp(a, b)
        for place, device in ((self.router, "to-h2"), (self.h2, "uplink")):
            place.run(["ip", "link", "set", device, "mtu", "1400"])
        self.assert_told(a, "10.0.0.2", 1500 - overhead - 28, 1400 - overhead)
        self.assert_tcp(a, b)

    def test_geneve(self):
        self.check("geneve", 50)

    def test_gre_with_a_key(self):
        self.check("gre", 42)

    def test_nvgre(self):
        self.check("nvgre", 42)


class SttTest(MtuTest):
    def test_it_needs_no_change(self):
        """Its segments are cut to the underlay's MTU, whatever the guest's: nobody is told anything."""
        guests = []
        for number, (switch, remote) in enumerate(zip(self.switches, (self.h2, self.h1)), 1):
            self.tunnel(switch, "stt", "tun0", f"remote_ip={remote.vtep}", f"key={VNI}")
            guests.append(self.guest(switch, "p1", f"10.0.0.{number}"))
            switch.add_flow("in_port=p1,actions=output:tun0")
            switch.add_flow("in_port=tun0,actions=output:p1")
        a, b = guests
        self.assert_pings(a, "10.0.0.2", 5, "-M", "do", "-s", "1472")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")
        self.assertIsNone(self.route_mtu(a, "10.0.0.2"))
        for switch in self.switches:
            self.assertNotIn("tunnel_mtu_exceeded", switch.drops())


class NormalTest(MtuTest):
    """No flow but NORMAL; the guests are in VLAN 10, which is a tag in the tunnel."""

    def test_answers_take_the_way_of_remote_traffic(self):
        guests = []
        for number, (switch, remote) in enumerate(zip(self.switches, (self.h2, self.h1)), 1):
            self.vxlan(switch, remote.vtep, VNI)
            switch.add_flow("actions=normal")
            guests.append(self.guest(switch, "p1", f"10.0.0.{number}", options=["tag=10"]))
        a, b = guests
        self.assert_reaches(a, "10.0.0.2")
        text = self.ping(a, "10.0.0.2", 1472)
        self.assertIn(f"Frag needed and DF set (mtu = {INNER_MTU - 4})", text)
        self.assertEqual(self.route_mtu(a, "10.0.0.2"), INNER_MTU - 4)
        self.assert_tcp(a, b)


class Ipv6UnderlayTest(MtuTest):
    def test_the_overhead_is_twenty_bytes_more(self):
        for number, host in ((1, self.h1), (2, self.h2)):
            for place, device, ending in ((host, "uplink", 1), (self.router, f"to-h{number}", 254)):
                place.sysctl("net.ipv6.conf.all.disable_ipv6", 0)
                place.run(["ip", "address", "add", f"fd0{number}::{ending}/64", "dev", device, "nodad"])
            host.run(f"ip -6 route add default via fd0{number}::254")
            host.vtep = f"fd0{number}::1"
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        guests = []
        for number, (switch, remote) in enumerate(zip(self.switches, (self.h2, self.h1)), 1):
            self.vxlan(switch, remote.vtep, VNI)
            guests.append(self.guest(switch, "p1", f"10.0.0.{number}"))
            switch.add_flow("in_port=p1,actions=output:vx0")
            switch.add_flow("in_port=vx0,actions=output:p1")
        a, b = guests
        self.assert_reaches(a, "10.0.0.2")
        self.assert_told(a, "10.0.0.2", 1472, INNER_MTU - 20)
        self.assert_tcp(a, b)
        for place, device in ((self.router, "to-h2"), (self.h2, "uplink")):
            place.run(["ip", "link", "set", device, "mtu", "1400"])
        self.assert_told(a, "10.0.0.2", 1402, 1330)

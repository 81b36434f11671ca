"""Guests that lie and guests that storm: they harm nobody else, and what they lose is counted."""

import socket
import time

from harness import SystemTest, until
from harness.frames import burst, frames_of

REQUIRED_TOOLS = ["ip", "ping", "iperf3"]
VNI = 5001
LIMIT = 100


class GuestLimitsTest(SystemTest):
    underlay_mtu = 1600

    def setUp(self):
        self.h1, self.h2, _ = self.two_hosts(mtu=self.underlay_mtu)
        self.switches = [self.switch(host, secure=False) for host in (self.h1, self.h2)]

    def segment(self, name, vni, *options):
        for switch, other in zip(self.switches, (self.h2, self.h1)):
            switch.vsctl("add-segment", name, "--vni", str(vni), "--vtep", other.vtep, *options)

    def guest_in(self, host, port, number, segment="red"):
        return self.guest(self.switches[host], port, f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}",
                          options=("--", "set-port-segment", port, segment))

    def drops(self, reason, host=0):
        return self.switches[host].drops().get(reason, 0)


class PortSecurityTest(GuestLimitsTest):
    def setUp(self):
        super().setUp()
        self.segment("red", VNI)
        self.a, self.b = self.guest_in(0, "p1", 1), self.guest_in(1, "p1", 2)
        for number, guest in enumerate((self.a, self.b), 1):
            guest.place.sysctl("net.ipv6.conf.all.disable_ipv6", 0)
            guest.place.sysctl("net.ipv6.conf.eth0.addr_gen_mode", 0)
            guest.run(f"ip -6 address add fd00::{number}/64 dev eth0 nodad")
        self.switches[0].vsctl("set-port-security", "p1", "02:00:00:00:00:01 10.0.0.1 fd00::1")

    def test_a_guest_that_is_itself_notices_nothing(self):
        self.assert_pings(self.a, "10.0.0.2")
        self.assert_pings(self.a, "fd00::2")
        self.assert_pings(self.b, "10.0.0.1", 3, "-s", "4000")  # its answers are fragments
        self.assert_tcp(self.a, self.b)
        self.assertEqual(self.drops("spoofed_address"), 0)
        self.assert_balance(self.switches[0])

    def test_a_guest_that_takes_another_address_is_heard_by_nobody(self):
        self.a.run("ip address add 10.0.0.66/24 dev eth0")
        self.a.run("ip -6 address add fd00::66/64 dev eth0 nodad")
        for address, own in (("10.0.0.2", "10.0.0.66"), ("fd00::2", "fd00::66")):
            before = self.drops("spoofed_address")
            self.assertEqual(self.pings(self.a, address, 3, "-W", "1", "-I", own), 0)
            self.assertGreater(self.drops("spoofed_address"), before)
        before = self.drops("spoofed_address")
        own, taken = bytes.fromhex("020000000001"), socket.inet_aton("10.0.0.66")
        announcement = b"\xff" * 6 + own + bytes.fromhex("08060001080006040001") + own + taken + bytes(6) + taken
        with self.a.place.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind(("eth0", 0))
            sender.send(announcement)
        until(lambda: self.drops("spoofed_address") > before, "the announcement is dropped")
        self.assertNotIn("10.0.0.66", self.b.run("ip neighbour").stdout)
        self.assert_pings(self.a, "10.0.0.2")

    def test_a_guest_with_another_ethernet_address_is_heard_by_nobody(self):
        self.assert_pings(self.a, "10.0.0.2")
        self.a.run("ip link set eth0 address 02:00:00:00:00:99")
        self.assertEqual(self.pings(self.a, "10.0.0.2", 2, "-W", "1"), 0)
        self.assertNotIn("02:00:00:00:00:99", self.switches[0].appctl("fdb/show", "br0").stdout)
        self.switches[0].vsctl("set-port-security", "p1")
        self.assert_pings(self.a, "10.0.0.2")

    def test_it_is_in_force_after_a_restart(self):
        self.switches[0].kill()
        self.switches[0].start()
        self.assert_pings(self.a, "10.0.0.2")
        self.a.run("ip address add 10.0.0.66/24 dev eth0")
        self.assertEqual(self.pings(self.a, "10.0.0.2", 2, "-W", "1", "-I", "10.0.0.66"), 0)


class StormLimitTest(GuestLimitsTest):
    def test_a_storm_is_held_to_the_limit_and_known_addresses_to_none(self):
        self.segment("red", VNI, "--storm-limit", str(LIMIT))
        storm, victim = self.guest_in(0, "p1", 1), self.guest_in(1, "p1", 2)
        self.assert_pings(storm, "10.0.0.2")
        begin = time.monotonic()
        came, _ = burst(storm, victim, frames_of(range(1000, 1000 + 10 * LIMIT)))
        elapsed = time.monotonic() - begin
        until(lambda: self.drops("storm_limit") + len(came) >= 10 * LIMIT, "every frame has its end")
        self.assertLessEqual(len(came), LIMIT + LIMIT * elapsed + 1)
        self.assertEqual(self.drops("storm_limit"), 10 * LIMIT - len(came))
        # The bucket is empty now, and nobody is asked for an address that is known.
        burst(storm, victim, frames_of(range(1000, 1000 + 10 * LIMIT)), seconds=0.01)
        self.assertEqual(self.pings(storm, "10.0.0.2", 20), 20)
        self.assertEqual(self.drops("storm_limit", 1), 0)
        for switch in self.switches:
            self.assert_balance(switch)
        self.assertIn("100 frames/s", self.switches[0].vsctl("show-segment", "red").stdout)
        self.assertEqual(self.switches[0].ofctl("dump-meters", "br0").stdout.count("meter="), 0)


class MssClampTest(GuestLimitsTest):
    """Guests with an MTU of 1500 over an underlay that has no more, which nobody tells."""

    underlay_mtu = 1500

    def test_the_segment_that_asks_for_it_has_it(self):
        self.segment("red", VNI)
        self.segment("blue", VNI + 1)
        for switch in self.switches:
            switch.vsctl("set", "interface", "vxlan0", "options:too_big_rate=0")
        red = [self.guest_in(host, "r1", host + 1) for host in (0, 1)]
        blue = [self.guest_in(host, "b1", host + 1, "blue") for host in (0, 1)]
        self.switches[0].vsctl("set", "segment", "red", "mss_clamp=true")  # for both directions
        self.assert_tcp(*red)
        self.assert_tcp(*red, "--reverse")
        for host in (0, 1):
            self.assertEqual(self.drops("tunnel_mtu_exceeded", host), 0)
        listener = blue[1].place.start("iperf3 --server --one-off")
        until(lambda: blue[1].place.listens(5201), "iperf3 listens")
        client = blue[0].place.start(["iperf3", "--client", "10.0.0.2", "--time", "1"])
        until(lambda: self.drops("tunnel_mtu_exceeded") > 0, "what does not fit is dropped")
        for process in (client, listener):
            process.terminate()
            process.wait()

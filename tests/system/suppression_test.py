"""ARP and neighbour discovery suppressed in a segment: kernels as guests, and a look at what crosses the underlay."""

import os
import re
import socket
import threading

from harness import SystemTest, until
from harness.network import run

REQUIRED_TOOLS = ["ip", "ping", "tcpdump", "tshark"]
EVERY_PROTOCOL = 3
OUTER_HEADERS = 14 + 20 + 8 + 8  # Ethernet, IPv4, UDP, VXLAN


class Underlay:
    """What guests ask everybody, as a router between the hosts sees it pass."""

    def __init__(self, place, device):
        self.questions = []
        self.frames = 0
        self.socket = place.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
        self.socket.bind((device, EVERY_PROTOCOL))
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while True:
            frame = self.socket.recv(2000)
            if frame[12:14] == b"\x99\x99":
                return
            if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_UDP or frame[36:38] != b"\x12\xb5":
                continue
            inner = frame[OUTER_HEADERS:]
            self.frames += 1
            # From nobody's address: whether that is taken, of link-local ones at any time.
            is_solicitation = inner[12:14] == b"\x86\xdd" and inner[20] == socket.IPPROTO_ICMPV6 and \
                inner[54] == 135 and inner[22:38] != bytes(16)
            if inner[0] & 1 and (inner[12:14] == b"\x08\x06" or is_solicitation):
                self.questions.append(inner.hex())

    def close(self, place, device):
        """A frame of our own says that all before it have been seen."""
        marker = place.socket(socket.AF_PACKET, socket.SOCK_RAW)
        marker.bind((device, 0))
        marker.send(bytes(12) + b"\x99\x99" + bytes(46))
        marker.close()
        self.thread.join()
        self.socket.close()


class SuppressionTest(SystemTest):
    def setUp(self):
        self.h1, self.h2, self.router = self.two_hosts()
        self.switches = [self.switch(host, secure=False) for host in (self.h1, self.h2)]
        for switch, other in zip(self.switches, (self.h2, self.h1)):
            switch.vsctl("add-segment", "red", "--vni", "5001", "--vtep", other.vtep, "--suppress-arp")
        self.a, self.b = [self.guest_in(switch, number) for number, switch in enumerate(self.switches, 1)]

    def guest_in(self, switch, number):
        guest = self.guest(switch, "p1", f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}",
                           options=("--", "set-port-segment", "p1", "red"))
        for device in ("all", "default", "eth0"):
            guest.place.sysctl(f"net.ipv6.conf.{device}.disable_ipv6", 0)
        guest.run(["ip", "address", "add", f"fd00::{number}/64", "dev", "eth0", "nodad"])
        guest.address6 = f"fd00::{number}"
        return guest

    def meet(self):
        """Each guest has asked for the other once, by both families.

        Who was asked knows the other by the question, and has to forget that before it asks itself.
        """
        for guest, other in ((self.a, self.b), (self.b, self.a)):
            self.assert_reaches(guest, other.address6)
            guest.run("ip neighbour flush dev eth0")
            self.assert_pings(guest, other.address, 1)
            self.assert_pings(guest, other.address6, 1)
        for switch, other in zip(self.switches, (self.b, self.a)):
            for address in (other.address, other.address6):
                until(lambda switch=switch, address=address:
                      re.search(rf"{address} +02:", switch.appctl("neighbour/show", "br0", "red").stdout),
                      f"{address} is known")

    def watched(self, action):
        """What all were asked on the underlay while something is done."""
        underlay = Underlay(self.router, "to-h1")
        action()
        underlay.close(self.h1, "uplink")
        self.assertGreater(underlay.frames, 0, "nothing was watched")
        return underlay.questions

    def ask_anew(self):
        for guest, other in ((self.a, self.b), (self.b, self.a)):
            for address in (other.address, other.address6):
                guest.run("ip neighbour flush dev eth0")
                self.assertEqual(self.pings(guest, address, 3), 3)
                shown = guest.run(["ip", "neighbour", "show", address, "dev", "eth0"]).stdout
                self.assertIn(other.place.run("cat /sys/class/net/eth0/address").stdout.strip(), shown)

    def test_what_is_known_is_asked_on_the_own_host(self):
        self.meet()
        path = f"/tmp/{self.a.place.full_name}.pcapng"
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        capture = self.a.place.start(["tcpdump", "--immediate-mode", "-U", "-i", "eth0", "-w", path, "arp or icmp6"])
        until(lambda: os.path.exists(path) and os.path.getsize(path) > 0, "tcpdump captures")

        self.assertEqual(self.watched(self.ask_anew), [])

        capture.terminate()
        capture.wait(10)
        for switch in self.switches:
            shown = switch.vsctl("show-segment", "red").stdout
            self.assertRegex(shown, r"suppressed: +ARP and ND")
            self.assertGreaterEqual(int(re.search(r"(\d+) requests answered", shown).group(1)), 2, shown)
            self.assert_balance(switch)
        self.check_answers(path)

    def check_answers(self, path):
        def tshark(*words):
            return run(["tshark", "-r", path, *words], timeout=120).stdout

        self.assertEqual(tshark("-Y", "_ws.malformed || _ws.expert.severity >= 0x600000 || icmpv6.checksum.status == 0"), "")
        self.assertIn("02:00:00:00:00:02", tshark("-Y", "arp.opcode == 2 && arp.src.proto_ipv4 == 10.0.0.2"))
        # Those of the switch do not override; the guest's own would.
        self.assertNotEqual(tshark("-Y", "icmpv6.type == 136 && icmpv6.nd.na.target_address == fd00::2"
                                   " && icmpv6.nd.na.flag.s == 1 && icmpv6.nd.na.flag.o == 0"
                                   " && icmpv6.checksum.status == 1"), "")

    def test_without_it_everybody_is_asked(self):
        self.meet()
        for switch in self.switches:
            switch.vsctl("set", "segment", "red", "suppress_arp=false")
            self.assertNotIn("02:00", switch.appctl("neighbour/show", "br0", "red").stdout)
        self.assertGreaterEqual(len(self.watched(self.ask_anew)), 4)

    def test_a_router_stays_one(self):
        self.b.place.sysctl("net.ipv6.conf.eth0.forwarding", 1)
        self.meet()
        self.assertIn("router", self.switches[0].appctl("neighbour/show", "br0", "red").stdout)
        self.a.run("ip neighbour flush dev eth0")
        self.assertEqual(self.pings(self.a, self.b.address6, 1), 1)
        self.assertIn("router", self.a.run("ip neighbour show fd00::2 dev eth0").stdout)

    def test_an_address_that_is_taken_is_found_to_be(self):
        self.meet()
        self.a.run("ip address add fd00::2/64 dev eth0")
        until(lambda: "dadfailed" in self.a.run("ip address show dev eth0").stdout, "the owner has spoken")

    def test_a_guest_with_another_mac_is_found_again(self):
        self.meet()
        self.b.place.sysctl("net.ipv4.conf.eth0.arp_notify", 1)
        self.b.run("ip link set eth0 down")
        self.b.run("ip link set eth0 address 02:00:00:00:00:09")
        self.b.run("ip link set eth0 up")
        until(lambda: "02:00:00:00:00:09" in self.switches[0].appctl("neighbour/show", "br0", "red").stdout,
              "the announcement came")
        self.a.run("ip neighbour flush dev eth0")
        self.assert_pings(self.a, "10.0.0.2", 1)
        self.assertIn("02:00:00:00:00:09", self.a.run("ip neighbour show 10.0.0.2 dev eth0").stdout)

    def test_a_central_controller_tells_addresses(self):
        """Nothing is flooded between the hosts, and guests need no entries of their own."""
        for switch, guest, other, host in ((self.switches[0], self.a, self.b, self.h2),
                                           (self.switches[1], self.b, self.a, self.h1)):
            switch.vsctl("set", "segment", "red", "vteps=[]", "mode=controller")
            mac = other.place.run("cat /sys/class/net/eth0/address").stdout.strip()
            switch.appctl("fdb/add", "br0", "vxlan0", "red", mac, host.vtep)
            switch.appctl("neighbour/add", "br0", "red", other.address, mac)
            switch.appctl("neighbour/add", "br0", "red", other.address6, mac)
            guest.run("ip neighbour flush dev eth0")
        self.assertEqual(self.watched(self.ask_anew), [])
        self.switches[0].appctl("neighbour/del", "br0", "red", self.b.address)
        self.a.run("ip neighbour flush dev eth0")
        self.assertEqual(self.pings(self.a, self.b.address, 1, "-W", "1"), 0)

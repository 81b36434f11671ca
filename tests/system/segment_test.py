"""Segments: layer-2 networks over a routed underlay, without flows and without a controller."""

import socket
import threading
import time

from harness import Guest, SystemTest, until
from harness.network import cable
from harness.testcase import UNDERLAY_MTU

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "bridge"]
VNI = 5001


class SegmentTest(SystemTest):
    """Hosts in subnets of their own, with a router between them."""

    def hosts(self, count):
        router = self.place("router")
        router.sysctl("net.ipv4.ip_forward", 1)
        hosts = []
        for number in range(1, count + 1):
            host = self.place(f"h{number}")
            cable(host, "uplink", router, f"to-h{number}", UNDERLAY_MTU)
            host.vtep = f"192.0.{number}.1"
            host.address("uplink", f"{host.vtep}/24")
            router.address(f"to-h{number}", f"192.0.{number}.254/24")
            host.run(f"ip route add default via 192.0.{number}.254")
            hosts.append(host)
        until(lambda: all(hosts[0].run(["ping", "-c", 1, "-W", 1, other.vtep], check=False).returncode == 0
                          for other in hosts[1:]), "the underlay routes")
        return hosts

    def segment(self, switch, *vteps, name="red", vni=VNI):
        switch.vsctl("add-segment", name, "--vni", str(vni), "--vtep", ",".join(vteps))

    def guest_in(self, switch, port, number, segment="red"):
        guest = self.guest(switch, port, f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}",
                           options=("--", "set-port-segment", port, segment))
        guest.run("sysctl -q -w net.ipv4.conf.eth0.arp_notify=1")
        return guest


class ThreeHostsTest(SegmentTest):
    def setUp(self):
        self.places = self.hosts(3)
        self.switches = [self.switch(host, secure=False) for host in self.places]
        for host, switch in zip(self.places, self.switches):
            self.segment(switch, *(other.vtep for other in self.places if other is not host))

    def test_guests_on_three_hosts_are_in_one_network(self):
        guests = [self.guest_in(switch, "p1", number) for number, switch in enumerate(self.switches, 1)]
        for guest in guests:
            for other in guests:
                if other is not guest:
                    self.assert_pings(guest, other.address, 2)
        self.assert_pings(guests[0], "10.0.0.3", 3, "-s", "1472", "-M", "do")
        self.assert_tcp(guests[0], guests[2])
        fdb = self.switches[0].appctl("fdb/show", "br0").stdout
        self.assertRegex(fdb, rf"red  02:00:00:00:00:03 +\d+  {self.places[2].vtep}")
        for switch in self.switches:
            self.assert_balance(switch)

    def test_equal_addresses_in_two_segments_do_not_meet(self):
        for host, switch in zip(self.places, self.switches):
            self.segment(switch, *(other.vtep for other in self.places if other is not host), name="blue", vni=5002)
        red = [self.guest_in(self.switches[0], "r1", 1), self.guest_in(self.switches[1], "r2", 2)]
        blue = [self.guest_in(self.switches[0], "b1", 1, "blue"), self.guest_in(self.switches[2], "b2", 2, "blue")]
        self.assert_pings(red[0], "10.0.0.2")
        self.assert_pings(blue[0], "10.0.0.2")
        for guest in (red[1], blue[1]):
            until(lambda guest=guest: guest.place.counter("eth0", "rx_packets") >= 5, "answers came")
        self.switches[1].vsctl("del-port", "r2")
        self.assertEqual(self.pings(red[0], "10.0.0.2", 2, "-W", "1"), 0)
        self.assert_pings(blue[0], "10.0.0.2")

    def test_show_segment_tells_what_there_is(self):
        guests = [self.guest_in(switch, "p1", number) for number, switch in enumerate(self.switches[:2], 1)]
        self.assert_pings(guests[0], "10.0.0.2")
        shown = self.switches[0].vsctl("show-segment", "red").stdout
        for expected in (r"vni: +5001", r"ports: +p1", r"tunnel port: +vxlan0", r"addresses: +2 \(1 here, 1 behind",
                         r"remote 192\.0\.2\.1: inner MTU 1550 \(route MTU 1600, overhead 50\), 1 addresses",
                         r"remote 192\.0\.3\.1: inner MTU 1550 .*, 0 addresses"):
            self.assertRegex(shown, expected)

    def test_a_central_controller_owns_addresses(self):
        a, b = self.guest_in(self.switches[0], "p1", 1), self.guest_in(self.switches[1], "p1", 2)
        for switch in self.switches[:2]:
            switch.vsctl("set", "segment", "red", "vteps=[]", "mode=controller")
        # Nobody hears a broadcast; with entries on both sides and ARP entries in the guests nobody needs one.
        self.assertEqual(self.pings(a, "10.0.0.2", 1, "-W", "1"), 0)
        self.switches[0].appctl("fdb/add", "br0", "vxlan0", "red", "02:00:00:00:00:02", self.places[1].vtep)
        self.switches[1].appctl("fdb/add", "br0", "vxlan0", "red", "02:00:00:00:00:01", self.places[0].vtep)
        a.run("ip neighbour replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev eth0")
        b.run("ip neighbour replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth0")
        self.assert_pings(a, "10.0.0.2")
        self.assertIn("static", self.switches[0].appctl("fdb/show", "br0").stdout)
        self.switches[0].appctl("fdb/del", "br0", "red", "02:00:00:00:00:02")
        self.assertNotIn("static", self.switches[0].appctl("fdb/show", "br0").stdout)

    def test_a_guest_moves_to_another_host_under_a_transfer(self):
        """Its device is taken from one host and given to another while it sends; the connection survives."""
        a, b = self.guest_in(self.switches[0], "p1", 1), self.guest_in(self.switches[1], "mover", 2)
        self.assert_pings(b, "10.0.0.1")
        arrivals = []
        listener = a.place.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("10.0.0.1", 9000))
        listener.listen()
        sender = b.place.socket(socket.AF_INET, socket.SOCK_STREAM)
        sender.connect(("10.0.0.1", 9000))
        receiver, _ = listener.accept()
        is_over = threading.Event()

        def send():
            while not is_over.is_set():
                sender.send(bytes(1000))
                is_over.wait(0.001)

        def receive():
            while receiver.recv(65536):
                arrivals.append(time.monotonic())

        threads = [threading.Thread(target=work) for work in (send, receive)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: len(arrivals) > 100, "the transfer runs")
            self.switches[1].vsctl("del-port", "mover")
            left = time.monotonic()
            self.places[1].run(["ip", "link", "set", "mover", "netns", self.places[2].full_name])
            self.places[2].run("ip link set mover up")
            self.switches[2].vsctl("add-port", "br0", "mover", "--", "set-port-segment", "mover", "red")
            until(lambda: arrivals[-1] > left + 0.5, "the transfer goes on")
            seen = len(arrivals)
            until(lambda: len(arrivals) > seen + 100, "the transfer runs again")
        finally:
            is_over.set()
            threads[0].join()
            sender.close()
            threads[1].join()
            receiver.close()
            listener.close()
        gap = max(later - earlier for earlier, later in zip(arrivals, arrivals[1:]))
        print(f"{self.id()}: {gap * 1000:.0f} ms without traffic", flush=True)
        fdb = self.switches[0].appctl("fdb/show", "br0").stdout
        self.assertRegex(fdb, rf"02:00:00:00:00:02 +\d+  {self.places[2].vtep}")

    def test_segments_are_there_again_after_a_restart(self):
        a = self.guest_in(self.switches[0], "p1", 1)
        self.guest_in(self.switches[1], "p1", 2)
        self.assert_pings(a, "10.0.0.2")
        self.switches[0].kill()
        self.switches[0].start()
        self.assert_pings(a, "10.0.0.2")


class TrustTest(SegmentTest):
    """Who is heard, and what may be learned. All hosts have the same list, which names themselves, too."""

    def setUp(self):
        self.places = self.hosts(3)
        self.switches = [self.switch(host, secure=False) for host in self.places]

    def test_a_host_is_heard_from_when_it_is_in_the_list(self):
        h1, h2, h3 = self.places
        for switch in self.switches[:2]:
            self.segment(switch, h1.vtep, h2.vtep)
        self.segment(self.switches[2], h1.vtep, h2.vtep, h3.vtep)
        a, b, stranger = [self.guest_in(switch, "p1", number) for number, switch in enumerate(self.switches, 1)]
        self.assert_pings(a, "10.0.0.2")
        self.assertEqual(self.pings(stranger, "10.0.0.1", 2, "-W", "1"), 0)
        first = self.switches[0]
        until(lambda: first.drops().get("unknown_vtep", 0) > 0, "what the stranger sends is dropped")
        self.assertNotIn("02:00:00:00:00:03", first.appctl("fdb/show", "br0").stdout)
        self.assert_pings(b, "10.0.0.1")

        for switch in self.switches[:2]:
            switch.vsctl("add-segment-vtep", "red", h3.vtep)
        self.assert_pings(stranger, "10.0.0.1")
        self.assert_pings(b, "10.0.0.3")
        self.assertRegex(first.vsctl("show-segment", "red").stdout, rf"remote {h1.vtep}: this host itself, 0 addresses")
        for switch in self.switches:
            self.assertNotIn("tunnel_own_address", switch.drops())
            self.assert_balance(switch)

        # An address that comes while it runs is soon known to be its own.
        h1.address("uplink", "192.0.1.7/24")
        first.vsctl("add-segment-vtep", "red", "192.0.1.7")

        def sends_itself_nothing():
            before = first.drops().get("tunnel_own_address", 0)
            a.run("ping -b -c 3 -i 0.05 -W 1 10.0.0.255", check=False)
            return first.drops().get("tunnel_own_address", 0) == before

        until(sends_itself_nothing, "the new address is passed over", 30)

    def test_a_guest_with_more_addresses_than_its_port_may_have(self):
        h1, h2, _ = self.places
        for switch in self.switches[:2]:
            self.segment(switch, h1.vtep, h2.vtep)
        switch = self.switches[0]
        a, b = [self.guest_in(each, "p1", number) for number, each in enumerate(self.switches[:2], 1)]
        self.assert_pings(a, "10.0.0.2")
        switch.vsctl("set", "port", "p1", "mac_limit=1", "mac_limit_policy=drop")
        self.assert_pings(a, "10.0.0.2")
        a.run("ip link set eth0 address 02:00:00:00:01:01")
        self.assertEqual(self.pings(a, "10.0.0.2", 2, "-W", "1"), 0)
        self.assertGreater(switch.drops()["mac_limit"], 0)
        self.assertRegex(switch.appctl("fdb/stats-show", "br0").stdout, r"port p1: limit 1 \(drop\), 1 now, \d+ refused")
        switch.vsctl("set", "port", "p1", "mac_limit_policy=evict")
        self.assert_pings(a, "10.0.0.2")
        self.assertNotIn("02:00:00:00:00:01", switch.appctl("fdb/show", "br0").stdout)
        self.assert_pings(b, "10.0.0.1")

    def test_a_second_bridge_is_told_what_it_lacks(self):
        switch = self.switches[0]
        self.segment(switch, self.places[1].vtep)
        switch.vsctl("add-br", "br1")
        refused = switch.vsctl("add-segment", "blue", "--vni", "7", "--bridge", "br1", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("port vxlan0 of bridge br0 takes all such packets", refused.stderr)
        self.assertEqual(switch.vsctl("list-ports", "br1").stdout, "")
        self.assertEqual(switch.vsctl("list-segments").stdout, "red\n")


class EncapsulationTest(SegmentTest):
    """A segment of each encapsulation, all of them on the same two hosts at once."""

    ENCAPS = ("vxlan", "geneve", "nvgre", "stt")

    def test_each_carries_a_segment(self):
        h1, h2 = self.hosts(2)
        switches = [self.switch(host, secure=False) for host in (h1, h2)]
        for vni, encap in enumerate(self.ENCAPS, VNI):
            for switch, other in zip(switches, (h2, h1)):
                switch.vsctl("add-segment", encap, "--vni", str(vni), "--encap", encap, "--vtep", other.vtep)
                self.assertEqual(switch.vsctl("get", "segment", encap, "error").stdout.strip(), "[]")
            a, b = [self.guest_in(switch, f"p-{encap}", number, encap) for number, switch in enumerate(switches, 1)]
            with self.subTest(encap):
                self.assert_pings(a, "10.0.0.2")
                self.assert_pings(b, "10.0.0.1", 3, "-s", "1472", "-M", "do")
                self.assert_tcp(a, b)
                shown = switches[0].vsctl("show-segment", encap).stdout
                self.assertRegex(shown, rf"tunnel port: +{encap}0")
                fits = {"nvgre": "inner MTU 1558 ", "stt": "any inner MTU "}
                self.assertRegex(shown, fits.get(encap, "inner MTU 1550 "))

    def test_a_host_that_has_two_joins_hosts_of_either(self):
        """Two segments of one bridge, of two encapsulations, with a pair of patch ports between them."""
        h1, h2, h3 = self.hosts(3)
        switches = [self.switch(host, secure=False) for host in (h1, h2, h3)]
        switches[0].vsctl("add-segment", "red", "--vni", str(VNI), "--encap", "vxlan", "--vtep", h2.vtep)
        switches[2].vsctl("add-segment", "red", "--vni", str(VNI + 1), "--encap", "nvgre", "--vtep", h2.vtep)
        middle = switches[1]
        middle.vsctl("add-segment", "red", "--vni", str(VNI), "--encap", "vxlan", "--vtep", h1.vtep)
        middle.vsctl("add-segment", "red-nvgre", "--vni", str(VNI + 1), "--encap", "nvgre", "--vtep", h3.vtep)
        for port, peer, segment in (("join", "join-nvgre", "red"), ("join-nvgre", "join", "red-nvgre")):
            middle.vsctl("add-port", "br0", port, "--", "set", "interface", port, "type=patch", f"options:peer={peer}",
                         "--", "set-port-segment", port, segment)
        guests = [self.guest_in(switch, "p1", number) for number, switch in enumerate(switches, 1)]
        self.assert_pings(guests[0], "10.0.0.3")
        self.assert_pings(guests[2], "10.0.0.2")
        self.assert_pings(guests[1], "10.0.0.1")
        self.assert_tcp(guests[0], guests[2])


class KernelVtepTest(SegmentTest):
    """One of the hosts of a replicated segment has the kernel's vxlan device instead of weft."""

    def test_the_kernel_is_one_of_the_hosts(self):
        h1, h2, h3 = self.hosts(3)
        switches = [self.switch(host, secure=False) for host in (h1, h2)]
        self.segment(switches[0], h2.vtep, h3.vtep)
        self.segment(switches[1], h1.vtep, h3.vtep)
        h3.run(["ip", "link", "add", "kernel0", "type", "vxlan", "id", VNI, "local", h3.vtep, "dstport", "4789",
                "dev", "uplink", "udpcsum"])
        h3.run("ip link set kernel0 mtu 1500 up")
        h3.address("kernel0", "10.0.0.3/24")
        for host in (h1, h2):
            h3.run(["bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "kernel0", "dst", host.vtep])
        kernel = Guest(h3, "10.0.0.3")
        guests = [self.guest_in(switch, "p1", number) for number, switch in enumerate(switches, 1)]
        self.assert_pings(guests[0], "10.0.0.3")
        self.assert_pings(kernel, "10.0.0.2")
        self.assert_pings(guests[0], "10.0.0.2")
        self.assert_tcp(guests[0], kernel)
        self.assert_tcp(kernel, guests[1])


class MulticastTest(SegmentTest):
    """Hosts in one subnet, where multicast needs no router."""

    GROUP = "239.1.1.1"

    def setUp(self):
        self.net = self.place("net")
        self.net.run("ip link add wire type bridge mcast_snooping 0")
        self.net.run(f"ip link set wire mtu {UNDERLAY_MTU} up")
        self.hosts_here = []
        for number in (1, 2, 3):
            host = self.place(f"h{number}")
            cable(host, "uplink", self.net, f"to-h{number}", UNDERLAY_MTU)
            self.net.run(f"ip link set to-h{number} master wire")
            host.vtep = f"192.0.2.{number}"
            host.address("uplink", f"{host.vtep}/24")
            host.run("ip route add 224.0.0.0/4 dev uplink")
            self.hosts_here.append(host)

    def multicast_segment(self, switch, name="red", vni=VNI, group=GROUP):
        switch.vsctl("add-segment", name, "--vni", str(vni), "--group", group)

    def groups(self, host):
        return host.run("ip maddress show dev uplink").stdout

    def kernel(self, host, vni=VNI, address="10.0.0.3", device="kernel0"):
        host.run(["ip", "link", "add", device, "type", "vxlan", "id", vni, "group", self.GROUP, "local", host.vtep,
                  "dstport", "4789", "dev", "uplink", "udpcsum"])
        host.run(f"ip link set {device} mtu 1500 up")
        host.address(device, f"{address}/24")
        return Guest(host, address)

    def test_hosts_find_each_other_by_a_group(self):
        """Two hosts with weft and one with the kernel's vxlan; each learns from floods of the others."""
        h1, h2, h3 = self.hosts_here
        switches = [self.switch(host, secure=False) for host in (h1, h2)]
        for switch in switches:
            self.multicast_segment(switch)
        kernel = self.kernel(h3)
        a, b = [self.guest_in(switch, "p1", number) for number, switch in enumerate(switches, 1)]
        self.assert_pings(a, "10.0.0.2")
        self.assert_pings(a, "10.0.0.3")
        self.assert_pings(kernel, "10.0.0.2")
        self.assert_tcp(b, kernel)
        self.assertRegex(switches[0].appctl("fdb/show", "br0").stdout, r"02:00:00:00:00:02 +\d+  192\.0\.2\.2")
        # Once known, unicast goes straight: the group hears nothing of it.
        before = h3.counter("uplink", "rx_packets")
        self.assert_pings(a, "10.0.0.2", 20)
        self.assertLess(h3.counter("uplink", "rx_packets") - before, 20)

    def test_a_flooded_copy_comes_once(self):
        h1, h2, _ = self.hosts_here
        switches = [self.switch(host, secure=False) for host in (h1, h2)]
        for switch in switches:
            self.multicast_segment(switch)
            self.multicast_segment(switch, "blue", 5002)
            switch.vsctl("add-port", "br0", "vx8472", "--", "set", "interface", "vx8472", "type=vxlan",
                         "options:remote_ip=flow", "options:key=flow", "options:dst_port=8472")
        a, b = [self.guest_in(switch, "p1", number) for number, switch in enumerate(switches, 1)]
        self.guest_in(switches[1], "b1", 3, "blue")
        self.assert_pings(a, "10.0.0.2")
        before = b.place.counter("eth0", "rx_packets")
        a.run("ping -b -c 10 -i 0.05 -W 1 10.0.0.255", check=False)
        until(lambda: b.place.counter("eth0", "rx_packets") >= before + 10, "the broadcasts came")
        self.assertLessEqual(b.place.counter("eth0", "rx_packets") - before, 12)

    def test_the_group_is_joined_with_the_first_port_and_left_with_the_last(self):
        h1 = self.hosts_here[0]
        switch = self.switch(h1, secure=False)
        every_protocol = 3
        igmp = self.net.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(every_protocol))
        igmp.bind(("to-h1", every_protocol))
        igmp.settimeout(5)

        def report(record_type):
            """Waits for an IGMPv3 report (RFC 3376 section 4.2) with such a record for the group."""
            while True:
                frame = igmp.recv(2000)
                header = 14 + 4 * (frame[14] & 15)
                is_igmp = frame[12:14] == b"\x08\x00" and frame[23] == 2
                if is_igmp and frame[header] == 0x22 and frame[header + 8] == record_type and \
                        frame[header + 12:header + 16] == bytes([239, 1, 1, 1]):
                    return

        self.multicast_segment(switch)
        self.multicast_segment(switch, "blue", 5002)
        self.assertNotIn(self.GROUP, self.groups(h1))
        self.guest_in(switch, "p1", 1)
        report(4)  # CHANGE_TO_EXCLUDE_MODE: joined
        self.assertIn(self.GROUP, self.groups(h1))
        self.guest_in(switch, "p2", 2, "blue")
        h1.run("ip link set p1 down")
        switch.vsctl("del-port", "p1")
        self.assertIn(self.GROUP, self.groups(h1))
        h1.run("ip link set p2 down")
        until(lambda: self.GROUP not in self.groups(h1), "the group is left when the last port goes down")
        report(3)  # CHANGE_TO_INCLUDE_MODE of no source: left
        igmp.close()
        h1.run("ip link set p2 up")
        until(lambda: self.GROUP in self.groups(h1), "the group is joined when it comes up")
        switch.vsctl("del-segment", "--force", "blue")
        until(lambda: self.GROUP not in self.groups(h1), "the group is left with its last segment")

    def test_what_cannot_be_joined_is_said_and_tried_again(self):
        h1 = self.hosts_here[0]
        h1.run("ip route del 224.0.0.0/4")
        h1.run("ip link set uplink down")
        switch = self.switch(h1, secure=False)
        self.multicast_segment(switch)
        self.guest_in(switch, "p1", 1)
        self.assertIn("239.1.1.1", switch.vsctl("get", "segment", "red", "error").stdout)
        h1.run("ip link set uplink up")
        h1.run("ip route add 224.0.0.0/4 dev uplink")
        h1.run("ip link set p1 down")
        h1.run("ip link set p1 up")
        until(lambda: self.GROUP in self.groups(h1), "the group is joined when there is a way")
        self.assertEqual(switch.vsctl("get", "segment", "red", "error").stdout.strip(), "[]")


    def test_a_group_follows_its_route(self):
        """No device says anything when a route comes; one that is deleted takes the membership along."""
        h1 = self.hosts_here[0]
        h1.run("ip route del 224.0.0.0/4")
        switch = self.switch(h1, secure=False)
        self.multicast_segment(switch)
        self.guest_in(switch, "p1", 1)
        self.assertIn("no route", switch.vsctl("get", "segment", "red", "error").stdout)
        h1.run("ip route add 224.0.0.0/4 dev uplink")
        until(lambda: self.GROUP in self.groups(h1), "the group is joined when a route comes")
        self.assertEqual(switch.vsctl("get", "segment", "red", "error").stdout.strip(), "[]")
        h1.run("ip link del uplink")
        cable(h1, "uplink", self.net, "to-h1", UNDERLAY_MTU)
        h1.address("uplink", f"{h1.vtep}/24")
        h1.run("ip route add 224.0.0.0/4 dev uplink")
        until(lambda: self.GROUP in self.groups(h1), "the group is joined on the new device")
        cable(h1, "uplink2", self.net, "to-h1-2", UNDERLAY_MTU)
        h1.run("ip route replace 224.0.0.0/4 dev uplink2")
        until(lambda: self.GROUP in h1.run("ip maddress show dev uplink2").stdout, "the group follows its route")
        until(lambda: self.GROUP not in self.groups(h1), "the other device is left")


class GatewayTest(SegmentTest):
    """A VLAN of an old network and a segment are one network. The old network is a weft that knows of VLANs only."""

    def setUp(self):
        self.h1, self.h2 = self.hosts(2)
        self.switches = [self.switch(host, secure=False) for host in (self.h1, self.h2)]
        for switch, other in zip(self.switches, (self.h2, self.h1)):
            self.segment(switch, other.vtep)
            self.segment(switch, other.vtep, name="blue", vni=5002)
        self.lan = self.switch(self.place("lan"), secure=False)

    def old_host(self, name, vlan, address):
        return self.guest(self.lan, name, address, options=("--", "set", "port", name, f"tag={vlan}"))

    def trunk(self, switch, port, *options):
        cable(switch.place, port, self.lan.place, f"to-{port}")
        self.lan.vsctl("add-port", "br0", f"to-{port}", "trunks=10,20")
        switch.vsctl("add-port", "br0", port, "--", "set", "port", port, "segment_vlans=10=red,20=blue", *options)

    def test_old_hosts_and_guests_reach_each_other(self):
        self.trunk(self.switches[0], "trunk")
        ten, twenty = self.old_host("ten", 10, "10.0.0.10"), self.old_host("twenty", 20, "10.0.0.20")
        near, far = self.guest_in(self.switches[0], "p1", 1), self.guest_in(self.switches[1], "p1", 2)
        blue = self.guest_in(self.switches[1], "b1", 3, "blue")
        for guest in (near, far):
            self.assert_pings(guest, "10.0.0.10")
            self.assert_pings(ten, guest.address)
        self.assert_pings(blue, "10.0.0.20")
        self.assert_tcp(far, ten)
        self.assert_tcp(ten, far)
        # VLAN 10 is red alone.
        self.assertEqual(self.pings(far, "10.0.0.20", 2, "-W", "1"), 0)
        self.assertEqual(self.pings(ten, "10.0.0.3", 2, "-W", "1"), 0)

    def test_two_gateways_make_no_loop_when_one_is_on_standby(self):
        """Both are between the same VLAN and segment; the other takes over when told to."""
        self.trunk(self.switches[0], "trunk0")
        self.trunk(self.switches[1], "trunk1", "other_config:segment-gateway=standby")
        ten = self.old_host("ten", 10, "10.0.0.10")
        guest = self.guest_in(self.switches[0], "p1", 1)
        self.assert_pings(guest, "10.0.0.10")
        before = guest.place.counter("eth0", "rx_packets")
        ten.run("ping -b -c 5 -i 0.05 -W 1 10.0.0.255", check=False)
        until(lambda: guest.place.counter("eth0", "rx_packets") >= before + 5, "the broadcasts came")
        self.assertLessEqual(guest.place.counter("eth0", "rx_packets") - before, 8)
        self.switches[0].vsctl("set", "port", "trunk0", "other_config:segment-gateway=standby")
        self.assertEqual(self.pings(guest, "10.0.0.10", 1, "-W", "1"), 0)
        self.switches[1].vsctl("set", "port", "trunk1", "other_config:segment-gateway=active")
        self.assert_pings(guest, "10.0.0.10")

"""VXLAN between hosts: weft with the Linux kernel's vxlan device as peer, and weft with weft."""

import socket

from harness import Guest, SystemTest, until

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ethtool"]
VNI = 5001
SOL_UDP = 17
UDP_SEGMENT = 103


class KernelPeerTest(SystemTest):
    """Host h1 has weft and a guest; h2 has the kernel's vxlan device, which is a guest's address itself."""

    def setUp(self):
        self.h1, self.h2, self.router = self.two_hosts()
        self.switch_1 = self.switch(self.h1)
        self.vxlan(self.switch_1)
        self.a = self.guest(self.switch_1, "p1", "10.0.0.1")
        self.overlay_flows(self.switch_1, "p1", VNI, self.h2.vtep)

    def kernel_peer(self, *options):
        self.h2.run(["ip", "link", "add", "kernel0", "type", "vxlan", "id", VNI, "remote", self.h1.vtep,
                     "local", self.h2.vtep, "dstport", "4789", "dev", "uplink", *options])
        self.h2.run("ip link set kernel0 mtu 1500 up")
        self.h2.address("kernel0", "10.0.0.2/24")
        return Guest(self.h2, "10.0.0.2")

    def check(self, b):
        self.assert_pings(self.a, "10.0.0.2")
        self.assert_pings(b, "10.0.0.1")
        # Full-size frames, without fragments.
        self.assert_pings(self.a, "10.0.0.2", 5, "-s", "1472", "-M", "do")
        self.assert_pings(b, "10.0.0.1", 5, "-s", "1472", "-M", "do")
        self.assert_tcp(self.a, b)
        self.assert_tcp(self.a, b, "--reverse")

    def test_ping_and_tcp_both_ways(self):
        self.check(self.kernel_peer("udpcsum"))

    def test_ping_and_tcp_without_outer_checksums(self):
        self.check(self.kernel_peer("noudpcsum"))

    def test_large_frames_stay_large_inside(self):
        """The guest's 64 KB frames go through the switch whole: far more bytes than packets times the MTU."""
        b = self.kernel_peer("udpcsum")
        self.assert_reaches(self.a, "10.0.0.2")
        self.tcp(self.a, b)
        packets, size = self.flow_counters("in_port=p1")
        self.assertGreater(size / packets, 10_000)

    def flow_counters(self, match):
        for line in self.switch_1.ofctl("dump-flows", "br0", match).stdout.splitlines():
            if "n_packets=" in line:
                fields = dict(word.split("=", 1) for word in line.replace(",", " ").split() if "=" in word)
                return int(fields["n_packets"]), int(fields["n_bytes"])
        raise AssertionError(f"no flow for {match}")

    def test_datagrams_that_are_cut_late_arrive_both_ways(self):
        """One send of 20 datagrams: over veth the kernel's vxlan hands it over whole, as one that is to be cut."""
        b = self.kernel_peer("udpcsum")
        self.assert_reaches(self.a, "10.0.0.2")
        for sender, receiver, address in ((b, self.a, "10.0.0.1"), (self.a, b, "10.0.0.2")):
            with receiver.place.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink, \
                    sender.place.socket(socket.AF_INET, socket.SOCK_DGRAM) as source:
                sink.bind((address, 9000))
                sink.settimeout(5)
                source.connect((address, 9000))
                source.setsockopt(SOL_UDP, UDP_SEGMENT, 1000)
                sent = b"".join(bytes([number]) * 1000 for number in range(20))
                source.send(sent)
                self.assertEqual(b"".join(sink.recv(2000) for _ in range(20)), sent)

    def test_no_packet_is_dropped_unexplained(self):
        b = self.kernel_peer("udpcsum")
        self.check(b)
        unexpected = {reason: count for reason, count in self.switch_1.drops().items()
                      if reason.startswith("tunnel_") or reason.startswith("bad_") or reason == "gso_unsupported"}
        self.assertEqual(unexpected, {})


class TwoSwitchesTest(SystemTest):
    """weft on both hosts."""

    def setUp(self):
        self.h1, self.h2, self.router = self.two_hosts()
        self.switches = [self.switch(host) for host in (self.h1, self.h2)]
        for switch in self.switches:
            self.vxlan(switch)

    def two_guests(self, port, vni, number=1):
        guests = []
        for index, (switch, remote) in enumerate(zip(self.switches, (self.h2, self.h1)), 1):
            guests.append(self.guest(switch, port, f"10.0.0.{index}", mac=f"02:00:00:00:00:0{index}"))
            self.overlay_flows(switch, port, vni, remote.vtep)
        return guests

    def test_ping_and_tcp(self):
        a, b = self.two_guests("p1", VNI)
        self.assert_pings(a, "10.0.0.2")
        self.assert_pings(a, "10.0.0.2", 5, "-s", "1472", "-M", "do")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")

    def test_a_port_with_fixed_remote_and_key(self):
        for switch, remote in zip(self.switches, (self.h2, self.h1)):
            switch.vsctl("del-port", "vx0")
            self.vxlan(switch, remote=remote.vtep, key=VNI)
        guests = []
        for index, switch in enumerate(self.switches, 1):
            guests.append(self.guest(switch, "p1", f"10.0.0.{index}"))
            switch.add_flow("in_port=p1,actions=output:vx0")
            switch.add_flow("in_port=vx0,actions=output:p1")
        self.assert_pings(guests[0], "10.0.0.2")
        self.assert_tcp(*guests)

    def test_what_exceeds_the_route_is_counted(self):
        a, _ = self.two_guests("p1", VNI)
        self.assert_pings(a, "10.0.0.2")
        for host in (self.h1, self.h2):
            host.run("ip link set uplink mtu 1400")
        before = self.switches[0].drops().get("tunnel_mtu_exceeded", 0)
        self.assertEqual(self.pings(a, "10.0.0.2", 3, "-s", "1472", "-M", "do", "-W", "1"), 0)
        until(lambda: self.switches[0].drops().get("tunnel_mtu_exceeded", 0) > before,
              "the first is dropped; then its sender knows")
        # What fits goes on as before.
        self.assert_pings(a, "10.0.0.2", 3, "-s", "1000")

    def test_source_ports_spread_flows(self):
        """So that the routers between can use all their paths."""
        a, b = self.two_guests("p1", VNI)
        self.assert_reaches(a, "10.0.0.2")
        listener = self.router.socket(17, 3, 0x0300)  # every frame
        listener.bind(("to-h1", 0))
        listener.settimeout(0.5)
        receiver = b.place.start("iperf3 --server --one-off")
        until(lambda: b.place.listens(5201), "iperf3 listens")
        a.run("iperf3 --client 10.0.0.2 --udp --parallel 20 --bitrate 100k --length 200 --time 1")
        receiver.wait(10)
        ports = set()
        try:
            while True:
                frame = listener.recv(65535)
                if frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[26:30] == bytes([192, 0, 2, 1]):
                    ports.add(frame[34:36])
        except TimeoutError:
            pass
        listener.close()
        self.assertGreater(len(ports), 10)

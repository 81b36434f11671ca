"""Geneve, GRE and NVGRE between two switches, and how ports share what is received."""

import struct

from harness import SystemTest, until

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ethtool"]
KEY = 5001


class TunnelsTest(SystemTest):
    def begin(self, **options):
        self.h1, self.h2, _ = self.two_hosts(**options)
        self.switches = [self.switch(host) for host in (self.h1, self.h2)]

    def connect(self, kind, *options, key="flow", remotes=None):
        """A guest on each switch, and the tunnel between them."""
        remotes = remotes or (self.h2.vtep, self.h1.vtep)
        guests = []
        for index, (switch, remote) in enumerate(zip(self.switches, remotes), 1):
            self.tunnel(switch, kind, "tun0", f"remote_ip={remote}", f"key={key}", *options)
            guests.append(self.guest(switch, "p1", f"10.0.0.{index}"))
            set_key = f"set_field:{KEY}->tun_id," if key == "flow" else ""
            switch.add_flow(f"in_port=p1,actions={set_key}output:tun0")
            switch.add_flow(f"in_port=tun0{',tun_id=%d' % KEY if key == 'flow' else ''},actions=output:p1")
        return guests

    def check(self, a, b):
        self.assert_pings(a, "10.0.0.2")
        self.assert_pings(a, "10.0.0.2", 5, "-s", "1472", "-M", "do")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")
        for switch in self.switches:
            bad = {reason: count for reason, count in switch.drops().items() if reason.startswith("tunnel_bad")}
            self.assertEqual(bad, {})


class OverIpv4Test(TunnelsTest):
    def setUp(self):
        self.begin()

    def test_geneve(self):
        self.check(*self.connect("geneve"))

    def test_gre_with_a_key(self):
        self.check(*self.connect("gre"))

    def test_gre_without_a_key(self):
        self.check(*self.connect("gre", key="0"))

    def test_gre_with_a_checksum(self):
        self.check(*self.connect("gre", "csum=true"))

    def test_nvgre(self):
        self.check(*self.connect("nvgre"))

    def test_vxlan_on_another_port(self):
        self.check(*self.connect("vxlan", "dst_port=8472"))


class OverIpv6Test(TunnelsTest):
    def setUp(self):
        self.begin(ipv6=True)

    def check_over_ipv6(self, kind):
        a, b = self.connect(kind, remotes=(self.h2.vtep6, self.h1.vtep6))
        self.check(a, b)

    def test_vxlan(self):
        self.check_over_ipv6("vxlan")

    def test_vxlan_without_checksums(self):
        self.check(*self.connect("vxlan", "csum=false", remotes=(self.h2.vtep6, self.h1.vtep6)))

    def test_geneve(self):
        self.check_over_ipv6("geneve")

    def test_gre(self):
        self.check_over_ipv6("gre")

    def test_nvgre(self):
        self.check_over_ipv6("nvgre")


class DemultiplexTest(SystemTest):
    """Which port takes a packet, seen by what each port has received."""

    def setUp(self):
        self.h1, self.h2, _ = self.two_hosts()
        self.sw = self.switch(self.h1)
        self.raw = self.h2.socket(2, 3, 47)
        self.addCleanup(self.raw.close)

    def received(self, port):
        return int(self.sw.vsctl("get", "interface", port, "statistics:rx_packets").stdout)

    def send_gre(self, key, low=0):
        inner = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + bytes(50)
        header = struct.pack("!HH", 0, 0x6558) if key is None else struct.pack("!HHI", 0x2000, 0x6558, key)
        self.raw.sendto(header + inner, (self.h1.vtep, 0))

    def test_gre_and_nvgre_ports_share_the_host(self):
        """A VSID that an nvgre port takes is its; every other key is gre's, as is what has none."""
        self.tunnel(self.sw, "nvgre", "nv0", "remote_ip=flow", f"key={KEY}")
        self.tunnel(self.sw, "gre", "gre0", "remote_ip=flow", "key=flow")
        self.tunnel(self.sw, "gre", "gre1", f"remote_ip={self.h2.vtep}", "key=0")
        for key, port in ((KEY << 8 | 7, "nv0"), (KEY, "gre0"), (0, "gre1"), (None, "gre1")):
            with self.subTest(key=key):
                before = {name: self.received(name) for name in ("nv0", "gre0", "gre1")}
                self.send_gre(key)
                until(lambda: self.received(port) == before[port] + 1, f"{port} has received it")
                for other in before.keys() - {port}:
                    self.assertEqual(self.received(other), before[other])

    def test_each_fault_has_its_reason(self):
        self.tunnel(self.sw, "gre", "gre0", "remote_ip=flow", f"key={KEY}")
        inner = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + bytes(50)
        for reason, data in (("tunnel_unknown_vni", struct.pack("!HHI", 0x2000, 0x6558, 4242) + inner),
                             ("tunnel_bad_flags", struct.pack("!HHI", 0x6000, 0x6558, KEY) + inner),
                             ("tunnel_bad_header", struct.pack("!HHI", 0x2000, 0x0800, KEY) + inner),
                             ("tunnel_bad_checksum", struct.pack("!HHII", 0xa000, 0x6558, 1 << 16, KEY) + inner)):
            before = self.sw.drops().get(reason, 0)
            self.raw.sendto(data, (self.h1.vtep, 0))
            until(lambda: self.sw.drops().get(reason, 0) == before + 1, f"a drop as {reason}")

    def test_two_types_on_one_udp_port_are_refused_by_name(self):
        self.tunnel(self.sw, "vxlan", "vx0", "remote_ip=flow", "key=flow")
        self.sw.vsctl("add-port", "br0", "gnv0", "--", "set", "interface", "gnv0", "type=geneve", "options:remote_ip=flow",
                      "options:dst_port=4789", check=False)
        self.assertIn("in use by a VXLAN port", self.sw.vsctl("get", "interface", "gnv0", "error").stdout)

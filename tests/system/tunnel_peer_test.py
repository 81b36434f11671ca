"""Tunnels to switches that weft did not write: stock Open vSwitch in user space, and what the kernel has."""

import struct

from harness import Guest, SystemTest, until
from harness.network import cable
from harness.stock_switch import StockDaemons

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ethtool", "ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ovs-ofctl"]
KEY = 5001
UNDERLAY_MTU = 1600


class PeerTest(SystemTest):
    """Host h1 has weft and guest a, host h2 the peer and guest b; a router is between them."""

    def setUp(self):
        self.h1, self.h2, self.router = self.two_hosts(ipv6=True)
        self.sw = self.switch(self.h1)

    def weft_guest(self, kind, *options):
        self.tunnel(self.sw, kind, "tun0", f"key={KEY}", *options)
        a = self.guest(self.sw, "p1", "10.0.0.1")
        self.sw.add_flow("in_port=p1,actions=output:tun0")
        self.sw.add_flow("in_port=tun0,actions=output:p1")
        return a

    def check(self, a, b):
        self.assert_pings(a, "10.0.0.2")
        self.assert_pings(b, "10.0.0.1")
        self.assert_pings(a, "10.0.0.2", 5, "-s", "1472", "-M", "do")
        self.assert_pings(b, "10.0.0.1", 5, "-s", "1472", "-M", "do")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")
        unexpected = {reason: count for reason, count in self.sw.drops().items() if reason.startswith("tunnel_")}
        self.assertEqual(unexpected, {})


class StockTest(PeerTest):
    def setUp(self):
        super().setUp()
        self.stock = StockDaemons(self.h2)
        self.addCleanup(self.stock.close)

    def stock_guest(self, kind, *options):
        """Its tunnels want the uplink on a bridge, which takes over the host's addresses.

        A cable of the kernel's hands over unfinished checksums, and whole sends to be cut, that this peer takes for
        wrong ones: nothing may leave them open, as on a real wire.
        """
        self.h1.run("ethtool -K uplink tx-udp-segmentation off tx-checksum-ip-generic off")
        self.stock.vsctl("--timeout=20", "add-br", "brphy", "--", "set", "bridge", "brphy", "datapath_type=netdev",
                         "--", "add-port", "brphy", "uplink")
        self.h2.run("ip address flush dev uplink scope global")
        self.h2.run("ethtool -K uplink tx off")
        self.h2.run(f"ip link set brphy mtu {UNDERLAY_MTU} up")
        self.h2.address("brphy", f"{self.h2.vtep}/24")
        self.h2.run("ip route replace default via 198.51.100.254")
        self.h2.run(["ip", "address", "add", f"{self.h2.vtep6}/64", "dev", "brphy", "nodad"])
        self.h2.run("ip -6 route replace default via 2001:db8:2::fe")
        until(lambda: self.h1.run(["ping", "-c", "1", "-W", "1", self.h2.vtep], check=False).returncode == 0,
              "the peer's host is there")

        place = self.place("h2-p1")
        cable(self.h2, "p1", place, "eth0", 1500)
        place.run("ethtool -K eth0 tx off")
        place.address("eth0", "10.0.0.2/24")
        self.stock.vsctl("--timeout=20", "add-port", "br0", "p1", "--", "set", "interface", "p1", "ofport_request=1",
                         "--", "add-port", "br0", "tun0", "--", "set", "interface", "tun0", f"type={kind}",
                         "ofport_request=100", f"options:key={KEY}", *(f"options:{option}" for option in options))
        self.stock.add_flow("in_port=1,actions=output:100")
        self.stock.add_flow("in_port=100,actions=output:1")
        return Guest(place, "10.0.0.2")

    def both(self, kind, *options, ipv6=False):
        here, there = (self.h1.vtep6, self.h2.vtep6) if ipv6 else (self.h1.vtep, self.h2.vtep)
        b = self.stock_guest(kind, f"remote_ip={here}", *options)
        self.check(self.weft_guest(kind, f"remote_ip={there}", *options), b)

    def test_vxlan(self):
        self.both("vxlan", "csum=true")

    def test_vxlan_over_ipv6(self):
        self.both("vxlan", "csum=true", ipv6=True)

    def test_vxlan_on_port_8472(self):
        self.both("vxlan", "csum=true", "dst_port=8472")

    def test_geneve(self):
        self.both("geneve", "csum=true")

    def test_geneve_over_ipv6(self):
        self.both("geneve", "csum=true", ipv6=True)

    def test_gre_with_a_key(self):
        self.both("gre")

    def test_gre_with_a_key_and_a_checksum(self):
        self.both("gre", "csum=true")

    def test_without_outer_checksums(self):
        b = self.stock_guest("vxlan", f"remote_ip={self.h1.vtep}", "csum=false")
        self.check(self.weft_guest("vxlan", f"remote_ip={self.h2.vtep}"), b)


class KernelTest(PeerTest):
    def kernel_guest(self, *options, device="uplink", ipv6=False):
        here, there = (self.h2.vtep6, self.h1.vtep6) if ipv6 else (self.h2.vtep, self.h1.vtep)
        self.h2.run(["ip", "link", "add", "kernel0", "type", "vxlan", "id", KEY, "remote", there, "local", here, "dev",
                     device, *options])
        self.h2.run("ip link set kernel0 mtu 1500 up")
        self.h2.address("kernel0", "10.0.0.2/24")
        return Guest(self.h2, "10.0.0.2")

    def test_vxlan_over_ipv6(self):
        b = self.kernel_guest("dstport", "4789", "udp6zerocsumrx", ipv6=True)
        self.check(self.weft_guest("vxlan", f"remote_ip={self.h2.vtep6}"), b)

    def test_vxlan_over_ipv6_without_outer_checksums(self):
        b = self.kernel_guest("dstport", "4789", "udp6zerocsumtx", "udp6zerocsumrx", ipv6=True)
        self.check(self.weft_guest("vxlan", f"remote_ip={self.h2.vtep6}", "csum=false"), b)

    def test_vxlan_on_port_8472(self):
        b = self.kernel_guest("dstport", "8472")
        self.check(self.weft_guest("vxlan", f"remote_ip={self.h2.vtep}", "dst_port=8472"), b)

    def test_what_zero_outer_checksums_cost(self):
        """The kernel joins only datagrams with a checksum; the others come one by one, which is what the figures show."""
        for place, device in ((self.h1, "uplink"), (self.router, "to-h1"), (self.router, "to-h2"), (self.h2, "uplink")):
            place.run(["ethtool", "-K", device, "gro", "on", "tx-udp_tnl-segmentation", "off",
                       "tx-udp_tnl-csum-segmentation", "off", "tx-checksum-ip-generic", "off"])  # as a wire has it
        a = self.weft_guest("vxlan", f"remote_ip={self.h2.vtep}")
        for option in ("udpcsum", "noudpcsum"):
            b = self.kernel_guest("dstport", "4789", option)
            self.assert_reaches(a, "10.0.0.2")
            before = self.sw.processor_seconds()
            rate = self.tcp(a, b, "--reverse", seconds=2)
            used = (self.sw.processor_seconds() - before) / (2 * rate / 8000)
            print(f"{self.id()}: {option}: {rate:.0f} Mbit/s, {used:.1f} s of a processor for each GB", flush=True)
            self.h2.run("ip link del kernel0")
            a.run("ip neighbour flush dev eth0")  # the next device has an address of its own

    def test_group_policy(self):
        """The kernel takes a group from the packet's mark, and gives the packet one: iptables is not needed to see it."""
        b = self.kernel_guest("dstport", "4789", "gbp")
        a = self.weft_guest("vxlan", f"remote_ip={self.h2.vtep}", "exts=gbp")
        self.check(a, b)
        self.sw.ofctl("del-flows", "br0")
        self.sw.add_flow("in_port=p1,actions=set_field:77->tun_gbp_id,output:tun0")
        self.sw.add_flow("in_port=tun0,actions=output:p1")
        watcher = self.router.socket(17, 3, 0x0300)
        self.addCleanup(watcher.close)
        watcher.bind(("to-h1", 0))
        watcher.settimeout(5)
        self.assert_pings(a, "10.0.0.2", 3)
        while True:
            frame = watcher.recv(65535)
            if frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[26:30] == bytes([192, 0, 2, 1]):
                break
        flags, group = struct.unpack_from("!B1xH", frame, 42)
        self.assertEqual((flags, group), (0x88, 77))  # the G and I flags



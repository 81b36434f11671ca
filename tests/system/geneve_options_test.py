"""Geneve options as tun_metadata fields, between weft and Open vSwitch in user space: one option, the same bytes on both sides."""

from harness import Guest, SystemTest, until
from harness.network import cable, run
from harness.stock_switch import StockDaemons
from harness.testcase import UNDERLAY_MTU

REQUIRED_TOOLS = ["ip", "ping", "ethtool", "ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ovs-ofctl"]
KEY = 5001
CRITICAL = "{class=0x102,type=0x80,len=4}->tun_metadata0"


class StockHost(StockDaemons):
    """Its uplink is on a bridge of its own, which has the host's address."""

    def __init__(self, host):
        super().__init__(host)
        host.run("ip address flush dev uplink")
        self.vsctl("--timeout=20", "add-br", "brphy", "--", "set", "bridge", "brphy", "datapath_type=netdev",
                   "--", "add-port", "brphy", "uplink")
        host.run(f"ip link set brphy mtu {UNDERLAY_MTU} up")
        host.run("ethtool -K uplink tx off")
        host.address("brphy", f"{host.vtep}/24")
        host.run(f"ip route add default via {host.vtep.rsplit('.', 1)[0]}.254")

    def ofctl(self, command, *words, **options):
        return run(["ovs-ofctl", "-O", "OpenFlow13", command, f"{self.at}/br0.mgmt", *words], env=self.environment,
                   **options)


class GeneveOptionsTest(SystemTest):
    def setUp(self):
        h1, h2, router = self.two_hosts()
        router.run("ethtool -K to-h2 tx off")  # the peer takes no unfinished checksum
        self.sw = self.switch(h1)
        self.peer = StockHost(h2)
        self.addCleanup(self.peer.close)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.tunnel(self.sw, "geneve", "gn0", f"remote_ip={h2.vtep}", f"key={KEY}")
        b = self.place("h2-p1")
        cable(h2, "p1", b, "eth0")
        b.run("ethtool -K eth0 tx off")
        b.address("eth0", "10.0.0.2/24")
        self.b = Guest(b, "10.0.0.2")
        self.peer.vsctl("--timeout=20", "add-port", "br0", "p1", "--", "set", "interface", "p1", "ofport_request=1")
        self.peer.vsctl("--timeout=20", "add-port", "br0", "gn0", "--", "set", "interface", "gn0", "type=geneve",
                        f"options:remote_ip={h1.vtep}", f"options:key={KEY}", "ofport_request=100")
        self.sw.stock_ofctl("add-tlv-map", CRITICAL)
        self.peer.ofctl("add-tlv-map", CRITICAL)
        # Names are each side's own.
        self.sw.stock_ofctl("add-tlv-map", "{class=0x103,type=1,len=4}->tun_metadata1")
        self.peer.ofctl("add-tlv-map", "{class=0x103,type=1,len=4}->tun_metadata5")

    def flows(self, ours_sets, ours_asks, theirs_sets, theirs_asks):
        """What each side sets towards the other, and asks of what comes from there."""
        self.sw.stock_ofctl("del-flows")
        self.peer.ofctl("del-flows")
        self.sw.add_flow(f"in_port=p1,actions={ours_sets},output:gn0")
        self.sw.stock_ofctl("add-flow", f"in_port={self.sw.ofport('gn0')},{ours_asks},actions=output:1")
        self.peer.ofctl("add-flow", f"in_port=1,actions={theirs_sets},output:100")
        self.peer.ofctl("add-flow", f"in_port=100,{theirs_asks},actions=output:1")

    def assert_silent(self):
        self.assertEqual(self.pings(self.a, "10.0.0.2", 3, "-W", "1"), 0)

    def drops(self, reason):
        return self.sw.drops().get(reason, 0)

    def test_a_value_set_on_one_side_is_matched_on_the_other(self):
        self.flows("set_field:0x12345678->tun_metadata0,set_field:0->tun_metadata1",
                   "tun_metadata0=0x5600/0xff00,tun_metadata1=9",
                   "set_field:0x5678->tun_metadata0,set_field:9->tun_metadata5",
                   "tun_metadata0=0x12345678,tun_metadata5=0")
        self.assert_pings(self.a, "10.0.0.2")
        self.assertEqual(self.pings(self.a, "10.0.0.2", 3, "-s", "1400", "-M", "do"), 3)
        self.assertIn("tun_metadata0=0x5600/0xff00,tun_metadata1=0x9",
                      self.sw.stock_ofctl("dump-flows", "--names").stdout)
        # Another value is another packet, on either side.
        missed = self.drops("table_miss")
        self.peer.ofctl("mod-flows", "in_port=1,actions=set_field:0x5578->tun_metadata0,set_field:9->tun_metadata5,output:100")
        self.assert_silent()
        self.assertGreater(self.drops("table_miss"), missed)
        self.peer.ofctl("mod-flows", "in_port=1,actions=set_field:0x5678->tun_metadata0,output:100")
        self.assert_silent()

    def test_oam_crosses(self):
        self.flows("set_field:oam->tun_flags", "tun_flags=-oam", "set_field:0->tun_metadata0", "tun_flags=+oam")
        self.assert_pings(self.a, "10.0.0.2")
        self.flows("set_field:oam->tun_flags", "tun_flags=oam", "set_field:1/1->tun_flags", "tun_flags=+oam")
        self.assert_pings(self.a, "10.0.0.2")

    def test_an_unknown_option_is_passed_over_unless_it_is_critical(self):
        self.peer.ofctl("add-tlv-map", "{class=0x104,type=0x7f,len=8}->tun_metadata6")
        self.peer.ofctl("add-tlv-map", "{class=0x104,type=0x80,len=8}->tun_metadata7")
        self.flows("set_field:1->tun_metadata0", "tun_metadata0=1", "set_field:1->tun_metadata0,set_field:5->tun_metadata6",
                   "tun_metadata0=1")
        self.assert_pings(self.a, "10.0.0.2")
        self.assertEqual(self.drops("tunnel_critical_option"), 0)
        self.peer.ofctl("mod-flows", "in_port=1,actions=set_field:1->tun_metadata0,set_field:5->tun_metadata7,output:100")
        self.assert_silent()
        self.assertGreaterEqual(self.drops("tunnel_critical_option"), 3)

        # The other way, the peer drops ours.
        self.peer.ofctl("mod-flows", "in_port=1,actions=set_field:1->tun_metadata0,output:100")
        self.assert_pings(self.a, "10.0.0.2")
        self.sw.stock_ofctl("add-tlv-map", "{class=0x105,type=0x80,len=4}->tun_metadata8")
        self.sw.add_flow("in_port=p1,actions=set_field:1->tun_metadata0,set_field:2->tun_metadata8,output:gn0")
        self.assert_silent()

    def test_an_option_of_another_length_is_counted(self):
        self.peer.ofctl("del-flows")
        self.peer.ofctl("del-tlv-map")
        self.peer.ofctl("add-tlv-map", "{class=0x103,type=1,len=8}->tun_metadata5")
        self.flows("set_field:1->tun_metadata0", "tun_metadata1=1", "set_field:1->tun_metadata5", "tun_id=5001")
        self.pings(self.b, "10.0.0.1", 3, "-W", "1")
        until(lambda: self.drops("tunnel_bad_header") > 0, "a drop as tunnel_bad_header")

    def test_what_cannot_be_is_said(self):
        refused = lambda *words: self.sw.stock_ofctl(*words, check=False).stderr  # noqa: E731
        self.assertIn("NXFMFC_INVALID_TLV_FIELD", refused("add-flow", "tun_metadata9=1,actions=drop"))
        self.assertIn("NXFMFC_INVALID_TLV_FIELD", refused("add-flow", "actions=set_field:1->tun_metadata9"))
        self.assertIn("NXTTMFC_BAD_OPT_LEN", refused("add-tlv-map", "{class=0x103,type=2,len=8}->tun_metadata2"))
        self.sw.stock_ofctl("add-flow", "tun_metadata0,actions=drop")
        self.assertIn("NXTTMFC_INVALID_TLV_DEL", refused("del-tlv-map"))
        self.assertIn("tun_metadata0", self.sw.stock_ofctl("dump-tlv-map").stdout)
        self.sw.stock_ofctl("del-flows")
        self.sw.stock_ofctl("del-tlv-map")
        self.assertNotIn("tun_metadata0", self.sw.stock_ofctl("dump-tlv-map").stdout)

"""Meters, as stock ovs-ofctl writes and reads them and as a controller uses them: what passes is counted, not timed."""

import os
import re

from harness import SystemTest, until
from harness.frames import burst

REQUIRED_TOOLS = ["ip", "ss", "ovs-ofctl", "osken-manager"]
PORT = 6653
RATE_LIMIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "osken", "rate_limit.py")
ETHERTYPE = 0x88b5
FRAME = bytes.fromhex("0200000000ee" "0200000000aa" "88b5") + b"metered".ljust(86, b".")


class MeterTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def stock(self, command, *words, **options):
        return self.sw.stock_ofctl(command, *words, **options).stdout

    def refusal(self, command, *words):
        done = self.sw.stock_ofctl(command, *words, check=False)
        return done.stdout + done.stderr

    def burst(self, count):
        came, seconds = burst(self.a, self.b, [FRAME] * count)
        return len(came), seconds

    def counted(self, meter=1):
        stats = self.stock("meter-stats", f"meter={meter}")
        packets = int(re.search(r"packet_in_count:(\d+)", stats).group(1))
        dropped = int(re.search(r"0: packet_count:(\d+)", stats).group(1))
        return packets, dropped

    def test_stock_tool_adds_shows_changes_and_deletes(self):
        self.stock("add-meter", "meter=1,kbps,burst,stats,band=type=drop,rate=1000,burst_size=100")
        self.stock("add-meter", "meter=2,pktps,band=type=drop,rate=5")
        shown = self.stock("dump-meters")
        self.assertIn("meter=1 kbps burst stats bands=", shown)
        self.assertIn("type=drop rate=1000 burst_size=100", shown)
        self.assertIn("meter=2 pktps bands=", shown)
        self.assertNotIn("meter=1", self.stock("dump-meter", "meter=2"))
        self.stock("mod-meter", "meter=2,pktps,band=type=drop,rate=7")
        self.assertIn("rate=7", self.stock("dump-meter", "meter=2"))
        self.stock("add-flow", "in_port=1,actions=meter:2,output:2")
        self.assertIn("flow_count:1", self.stock("meter-stats", "meter=2"))
        self.stock("del-meter", "meter=2")
        self.assertNotIn("meter=2", self.stock("dump-meters"))
        self.assertNotIn("actions=meter", self.stock("dump-flows"), "flows that use a deleted meter go with it")
        self.stock("del-meters")
        self.assertNotIn("meter=", self.stock("dump-meters"))

    def test_a_meter_among_the_actions(self):
        """1.5 has it at its place: what is shown is read again. 1.3 says that the flow is metered, not where."""
        def ofctl(*words, version="15", check=True):
            return self.sw.ofctl("-O", f"OpenFlow{version}", *words, check=check)

        for meter in (1, 2):
            self.stock("add-meter", f"meter={meter},pktps,burst,band=type=drop,rate=1,burst_size=1")
        flow = " in_port=1 actions=meter:1,output:1,meter:2,output:2\n"
        ofctl("add-flow", "br0", flow)
        self.assertEqual(ofctl("--no-stats", "dump-flows", "br0").stdout, flow)
        self.assertIn(flow.strip(), self.sw.stock_ofctl("dump-flows", "-O", "OpenFlow15").stdout)
        ofctl("add-flow", "br0", "in_port=2,actions=output:1,meter:2")
        self.assertIn("in_port=2 actions=meter:2,output:1", ofctl("dump-flows", "br0", version="13").stdout)

        refused = ofctl("add-flow", "br0", "in_port=2,actions=output:1,meter:2", version="13", check=False)
        self.assertIn("OpenFlow13 cannot say meter:2 but as the first action of a flow", refused.stderr)
        packet_out = f"in_port=1,packet={FRAME.hex()},actions=meter:2,output:2"
        refused = ofctl("packet-out", "br0", packet_out, version="13", check=False)
        self.assertIn("OpenFlow13 cannot say meter:2", refused.stderr)
        before = self.counted(2)[0]
        ofctl("packet-out", "br0", packet_out)
        until(lambda: self.counted(2)[0] == before + 1, "the packet is metered")

    def test_features_are_those_that_users_know(self):
        features = self.stock("meter-features")
        self.assertIn("max_meter:262144 max_bands:8", features)
        self.assertIn("drop", features)
        self.assertIn("kbps pktps burst stats", features)

    def test_what_cannot_be_is_refused(self):
        self.stock("add-meter", "meter=1,kbps,band=type=drop,rate=1000")
        self.assertIn("OFPMMFC_METER_EXISTS", self.refusal("add-meter", "meter=1,kbps,band=type=drop,rate=1000"))
        self.assertIn("OFPMMFC_UNKNOWN_METER", self.refusal("mod-meter", "meter=9,kbps,band=type=drop,rate=1000"))
        self.assertIn("OFPMMFC_UNKNOWN_METER", self.refusal("meter-stats", "meter=9"))
        self.assertIn("OFPMMFC_INVALID_METER", self.refusal("add-flow", "in_port=1,actions=meter:9,output:2"))

    def test_packets_over_the_rate_are_dropped_and_counted(self):
        self.stock("add-meter", "meter=1,pktps,burst,band=type=drop,rate=10,burst_size=20")
        self.stock("add-flow", f"in_port=1,dl_type={ETHERTYPE:#x},actions=meter:1,output:2")
        came, seconds = self.burst(200)
        self.assertGreaterEqual(came, 20)
        self.assertLessEqual(came, 20 + 10 * seconds + 1)
        self.assertEqual(self.counted(), (200, 200 - came))
        self.assertEqual(self.sw.drops().get("meter_exceeded"), 200 - came)

    def test_packet_ins_have_a_meter_of_their_own(self):
        self.stock("add-meter", "meter=controller,pktps,burst,band=type=drop,rate=1,burst_size=5")
        self.stock("add-flow", f"in_port=1,dl_type={ETHERTYPE:#x},actions=controller,output:2")
        came, _ = self.burst(50)
        self.assertEqual(came, 50, "what a controller is not told of is forwarded all the same")
        packets, dropped = self.counted("controller")
        self.assertEqual(packets, 50)
        self.assertGreaterEqual(dropped, 40)

    def test_a_controllers_rate_limit(self):
        controller = self.host.start(
            ["osken-manager", "--ofp-listen-host", "127.0.0.1", "--ofp-tcp-listen-port", PORT, RATE_LIMIT],
            env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        until(lambda: self.host.listens(PORT), "the controller listens", 30)
        self.sw.vsctl("set-controller", "br0", f"tcp:127.0.0.1:{PORT}")
        until(lambda: "meter:1" in self.stock("dump-flows"), "its flows are there", 30)
        came, seconds = self.burst(200)
        self.assertGreaterEqual(came, 20)
        self.assertLessEqual(came, 20 + 10 * seconds + 5)
        packets, dropped = self.counted()
        self.assertLessEqual(abs(packets - dropped - came), 5, "the guest may send frames of its own")
        controller.terminate()

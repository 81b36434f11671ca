"""Bundles, captures and composed packets of weft-ofctl, beside stock ovs-ofctl where it can do the same."""

import os
import re

from harness import SystemTest, until
from harness.network import run
from harness.stock_ofctl import StockOfctl
from harness.switch import program

REQUIRED_TOOLS = ["ip", "ping", "ovs-ofctl", "tcpdump", "ethtool"]

CHANGES = """\
# Both tools read these lines.
flow add table=1,priority=5,ip,actions=output:1
flow table=1,priority=6,ip,actions=output:2
group add group_id=7,type=all,bucket=output:2
group group_id=8,type=all,bucket=output:1
group add_or_mod group_id=8,type=all,bucket=output:1,bucket=output:2

flow modify table=1,ip,actions=group:7   # both of them
flow delete_strict table=1,priority=5,ip
packet-out in_port=1,packet=ffffffffffff02000000000108060001,actions=output:2
"""

# Of these both tools make the same frame, byte for byte.
SAME_FRAMES = """\
tcp
tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,nw_tos=8,nw_ecn=1,tcp_src=4000,tcp_dst=80,tcp_flags=0x18
tcp,tcp_flags=0x12
tcp6,ipv6_src=fe80::1,ipv6_dst=fe80::2,ipv6_label=0x12345,tcp_dst=443
udp,dl_vlan=5,dl_vlan_pcp=3,udp_src=53
udp,vlan_tci=0x1005
udp6,ipv6_src=fe80::1,nw_tos=0xb8,nw_ecn=2,nw_ttl=9
udp,nw_frag=first
ip,nw_frag=later
icmp,icmp_type=8
icmp,icmp_type=3,icmp_code=1
icmp6,icmpv6_type=128
icmp6,icmpv6_type=1
icmp6,icmpv6_type=135,icmpv6_code=0,nd_target=fe80::1,nd_sll=00:00:00:00:00:05
icmp6,icmpv6_type=136,icmpv6_code=0,nd_target=fe80::1,nd_tll=00:00:00:00:00:05
arp,arp_op=1,arp_spa=1.1.1.1,arp_tpa=1.1.1.2,arp_sha=00:00:00:00:00:05,arp_tha=00:00:00:00:00:06
rarp,arp_op=3
mpls,mpls_label=5,mpls_bos=1,mpls_tc=3,mpls_ttl=9
ip,nw_proto=47,nw_tos=8,nw_ecn=1
ipv6,nw_proto=47
dl_type=0x88cc,dl_src=02:00:00:00:00:01,dl_dst=01:80:c2:00:00:0e
dl_vlan=5,dl_type=0x88cc
tun_id=5,in_port=3,tcp
""".splitlines()
# Where they differ, why: what ovs-ofctl makes is not read again as what was asked.
OTHER_FRAMES = {
    "sctp,sctp_dst=7": "ovs-ofctl leaves the CRC32c at zero",
    "mpls,mpls_label=5": "ovs-ofctl adds a second label that is not the bottom of the stack either",
    "udp6,nw_frag=first": "ovs-ofctl adds no fragment header",
    "dl_type=0x05ff": "the length of an 802.3 frame does not count its header; ovs-ofctl's does",
}


def frame_of(shown):
    """The bytes of "00000010  01 02 ..." lines."""
    return "".join(re.sub(r"[^0-9a-f]", "", line[8:]) for line in shown.splitlines() if re.match("[0-9a-f]{8}  ", line))


def our_ofctl(*words, **options):
    return run([program("weft-ofctl"), *words], **options)


class OfctlFilesTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def file(self, name, text):
        path = f"{self.sw.rundir}/{name}"
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def state(self):
        stock = StockOfctl(self.sw, "15")
        return stock.rules(), stock.printed("dump-groups")

    def test_a_bundle_does_what_that_of_the_stock_tool_does(self):
        path = self.file("changes", CHANGES)
        states = []
        for version in ("13", "14", "15"):
            for bundle in (lambda: StockOfctl(self.sw, version).run("bundle", path),
                           lambda: self.sw.ofctl("-O", f"OpenFlow{version}", "bundle", "br0", path)):
                received = self.b.place.counter("eth0", "rx_packets")
                bundle()
                until(lambda: self.b.place.counter("eth0", "rx_packets") > received, "the packet arrives")
                states.append(self.state())
                self.sw.ofctl("del-flows", "br0")
                self.sw.ofctl("del-groups", "br0")
        self.assertEqual(states, [states[0]] * 6)
        self.assertIn("actions=group:7", states[0][0][0])

    def test_a_bundle_with_one_refused_change_does_nothing(self):
        before = self.state()
        path = self.file("changes", CHANGES + "port p1 no-flood\nflow table=2,actions=group:99\n")
        sent = self.b.place.counter("eth0", "rx_packets")
        done = our_ofctl("--rundir", self.sw.rundir, "bundle", "br0", path, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "OFPBAC_BAD_OUT_GROUP.*\n  flow table=2,actions=group:99\n")
        self.assertEqual(self.state(), before)
        self.assertNotIn("NO_FLOOD", self.sw.ofctl("dump-ports-desc", "br0").stdout)
        self.assertEqual(self.b.place.counter("eth0", "rx_packets"), sent)

    def test_ports_and_buckets_change_in_a_bundle(self):
        self.sw.ofctl("add-group", "br0", "group_id=1,type=select,bucket=bucket_id:1,output:1")
        our_ofctl("--rundir", self.sw.rundir, "bundle", "br0", self.file(
            "changes", "port p1 no-flood\ngroup insert_bucket group_id=1,command_bucket_id=last,bucket=bucket_id:2,output:2\n"))
        self.assertIn("NO_FLOOD", self.sw.ofctl("dump-ports-desc", "br0", "p1").stdout)
        self.assertIn("bucket_id:2", StockOfctl(self.sw, "15").printed("dump-groups"))

    def test_fields_of_a_packet_out_are_matched(self):
        self.sw.add_flow("tun_id=5,reg3=7,actions=output:2")
        packet = "ffffffffffff02000000000108060001"
        received = self.b.place.counter("eth0", "rx_packets")
        words = ("packet-out", "br0", f"in_port=1,tun_id=5,reg3=7,packet={packet},actions=table")
        refused = self.sw.ofctl(*words, check=False)
        self.assertIn("OpenFlow13 cannot say fields of a packet-out", refused.stderr)
        self.sw.ofctl("-O", "OpenFlow15", *words)
        until(lambda: self.b.place.counter("eth0", "rx_packets") > received, "the packet arrives")

    def capture(self, device):
        path, log = f"{self.sw.rundir}/{device}.pcap", f"{self.sw.rundir}/{device}.log"
        with open(log, "w", encoding="utf-8") as file:
            process = self.host.start(["tcpdump", "--immediate-mode", "-U", "-B", "65536", "-i", device, "-w", path, "tcp"], stderr=file)

        def listening():
            with open(log, encoding="utf-8") as file:
                return "listening on" in file.read()

        until(listening, "tcpdump captures")
        return path, process

    def finish(self, path, capture, message, count):
        """Ends it when so many of these messages are in the file."""
        until(lambda: our_ofctl("ofp-parse-pcap", path, "16653", check=False).stdout.count(message) == count,
              "the last message is in the capture")
        capture.terminate()
        capture.wait(10)

    def test_a_capture_of_any_device_is_read(self):
        self.sw.vsctl("set-controller", "br0", "ptcp:16653:127.0.0.1")
        until(lambda: self.host.listens(16653), "the bridge listens")
        path, capture = self.capture("any")
        self.host.run("ovs-ofctl -O OpenFlow13 add-flow tcp:127.0.0.1:16653 tcp,tp_dst=80,actions=output:1")
        self.host.run("ovs-ofctl ping tcp:127.0.0.1:16653 777")
        self.finish(path, capture, "777 bytes of payload", 20)
        shown = our_ofctl("ofp-parse-pcap", path, "16653").stdout
        self.assertRegex(shown, r"OFPT_FLOW_MOD \(OF1.3\) \(xid=0x\w+\): ADD tcp,tp_dst=80 actions=output:1\n")

    def assert_begin(self, ours, stock):
        """Each of our streams begins as the stock tool's. Without a comparison of texts, which for long lists takes minutes."""
        for stream, messages in stock.items():
            self.assertIn(stream, ours)
            first = next((i for i, (a, b) in enumerate(zip(ours[stream], messages)) if a != b), None)
            self.assertIsNone(first, f"{stream} differs in message {first}")
            self.assertGreaterEqual(len(ours[stream]), len(messages), stream)

    def test_a_capture_is_read_as_the_stock_tool_reads_it(self):
        self.sw.vsctl("set-controller", "br0", "ptcp:16653:127.0.0.1")
        until(lambda: self.host.listens(16653), "the bridge listens")
        # The stock tool reads no packet of more than 64 KB, which the loopback device passes on uncut.
        self.host.run("ip link set lo mtu 1500")
        self.host.run("ethtool -K lo tso off gso off gro off")
        flow_count = 300
        path, capture = self.capture("lo")
        flows = self.file("flows", "".join(f"priority={i},tcp,tp_dst={i},actions=output:1\n" for i in range(1, flow_count + 1)))
        for version in ("10", "13", "15"):
            for words in (["add-flows", "tcp:127.0.0.1:16653", flows], ["dump-flows", "tcp:127.0.0.1:16653"]):
                self.host.run(["ovs-ofctl", "--no-names", "-O", f"OpenFlow{version}", *words])
        self.host.run("ovs-ofctl ping tcp:127.0.0.1:16653 2000")
        self.host.run("ovs-ofctl ping tcp:127.0.0.1:16653 777")
        self.finish(path, capture, "777 bytes of payload", 20)
        # What the stock tool calls a message, and from whom to whom it went, in each direction in its order.
        title = re.compile(r"^(127\S+ > \S+:)\n((?:OFP|NX)\S+(?: reply| request)?)(?: \(OF\S+\))?(?: \(xid=\S+\))?", re.M)

        def directions(text):
            streams = {}
            for stream, message in title.findall(text):
                streams.setdefault(stream, []).append(message)
            return streams

        # Of some captures the stock tool ends in the middle with a broken heap.
        stock = directions(run(["ovs-ofctl", "ofp-parse-pcap", path, "16653"], check=False).stdout)
        ours = our_ofctl("ofp-parse-pcap", path, "16653").stdout
        self.assertGreater(sum(map(len, stock.values())), flow_count)
        self.assertEqual(ours.count("FLOW_MOD"), 3 * flow_count)
        self.assert_begin(directions(ours), stock)
        self.assertNotIn("(", re.sub(r"\((xid|OF|via|unbuf)[^)]*\)", "", "\n".join(
            line for line in ours.splitlines() if line.startswith("("))), "nothing is missing or unreadable")
        self.assertEqual(our_ofctl("ofp-parse-pcap", path).stdout, "")
        self.assertRegex(our_ofctl("--timestamp", "ofp-parse-pcap", path, "16653").stdout,
                         r"(?m)^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d\d: 127")

    def test_a_capture_that_ends_early_is_read_as_far_as_it_goes(self):
        self.sw.vsctl("set-controller", "br0", "ptcp:16653:127.0.0.1")
        until(lambda: self.host.listens(16653), "the bridge listens")
        path, capture = self.capture("lo")
        self.host.run("ovs-ofctl -O OpenFlow13 ping tcp:127.0.0.1:16653 20000")
        until(lambda: os.path.getsize(path) > 20 * 20000, "the capture is written")
        capture.terminate()
        capture.wait(10)
        os.truncate(path, os.path.getsize(path) - 30000)
        done = our_ofctl("ofp-parse-pcap", path, "16653", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot read", done.stderr)
        self.assertIn("OFPT_ECHO_REQUEST (OF1.3)", done.stdout)

    def test_composed_packets_are_those_of_the_stock_tool(self):
        for text in SAME_FRAMES + list(OTHER_FRAMES):
            # Both end with 1 where the frame cannot say all; the stock tool also where it cannot read its own frame.
            stock = frame_of(run(["ovs-ofctl", "compose-packet", text], check=False).stdout)
            done = our_ofctl("compose-packet", text, check=False)
            ours = frame_of(done.stdout)
            self.assertEqual(done.returncode, 1 if "tun_id" in text else 0, text)
            self.assertGreaterEqual(len(ours), 28, text)
            if text in OTHER_FRAMES:
                self.assertNotEqual(ours, stock, f"{text}: is it still so that {OTHER_FRAMES[text]}?")
            else:
                self.assertEqual(ours, stock, text)
            self.assertEqual(our_ofctl("--bare", "compose-packet", text, check=False).stdout, ours + "\n")

    def test_a_composed_packet_arrives_and_is_what_its_flow_says(self):
        flow = "udp,dl_dst=02:00:00:00:00:09,nw_src=10.0.0.7,nw_dst=10.0.0.2,nw_ttl=64,udp_src=5,udp_dst=4000"
        self.sw.add_flow(f"{flow},actions=output:2")
        frame = our_ofctl("--bare", "compose-packet", flow, "68690a").stdout.strip()
        received = self.b.place.counter("eth0", "rx_packets")
        self.sw.ofctl("packet-out", "br0", f"in_port=1,packet={frame},actions=table")
        until(lambda: self.b.place.counter("eth0", "rx_packets") > received, "the packet arrives")
        self.assertIn("n_packets=1,", self.sw.ofctl("dump-flows", "br0").stdout)
        self.assertIn("udp_dst=4000", self.sw.appctl("ofproto/trace", "br0", "in_port=1", frame).stdout.replace("tp_dst", "udp_dst"))

    def test_what_a_frame_cannot_say_is_named(self):
        done = our_ofctl("compose-packet", "tun_id=5,in_port=3,tcp", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "weft-ofctl: the frame does not say tun_id=0x5,in_port=3\n")

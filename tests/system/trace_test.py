"""ofproto/trace by the tools: a flow, a packet in hexadecimal, the packets of a capture."""

import struct

from harness import SystemTest

REQUIRED_TOOLS = ["ip"]

ETHERNET = 1
RAW_IP = 101


def udp_frame(port):
    ip = bytes.fromhex("45000020000040004011") + bytes(2) + bytes([10, 0, 0, 1, 10, 0, 0, 2])
    return bytes.fromhex("0200000000020200000000010800") + ip + struct.pack("!HHHH", 4000, port, 12, 0) + b"weft"


def capture(frames, link_type=ETHERNET):
    file = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    for frame in frames:
        file += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    return file


class TraceTest(SystemTest):
    def setUp(self):
        self.sw = self.switch(self.place("host"))
        self.sw.ofctl("add-flow", "br0", "priority=9,udp,tp_dst=53,actions=LOCAL")
        self.sw.ofctl("add-flow", "br0", "priority=1,actions=drop")

    def trace(self, *words, check=True):
        return self.sw.appctl("ofproto/trace", "br0", *words, check=check)

    def write(self, content):
        path = f"{self.sw.rundir}/trouble.pcap"
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_packet_in_hexadecimal(self):
        text = self.trace("in_port=LOCAL", udp_frame(53).hex(":")).stdout
        self.assertIn("tp_src=4000,tp_dst=53", text)
        self.assertIn(" 0. udp,tp_dst=53, priority 9", text)

    def test_each_packet_of_a_capture(self):
        path = self.write(capture([udp_frame(54), udp_frame(53)]))
        text = self.trace("in_port=LOCAL", f"--pcap={path}", "--why").stdout
        first, second = text.split("Packet 2, 46 bytes:")
        self.assertIn("Packet 1, 46 bytes:", first)
        self.assertIn("not priority=9,udp,tp_dst=53: udp_dst is 54, not 53", first)
        self.assertNotIn("not priority", second)
        self.assertNotIn("Packet 1", self.trace("in_port=LOCAL", f"--pcap={path}", "--packet=2").stdout)

    def test_wrong_captures(self):
        for content, words, said in (
                (b"no capture at all", [], "cannot read"),
                (capture([udp_frame(53)])[:-3], [], "truncated"),
                (capture([], RAW_IP), [], "not of Ethernet"),
                (capture([]), [], "holds no packet"),
                (capture([udp_frame(53)]), ["--packet=2"], "there is no number 2"),
                (capture([udp_frame(53)]), ["--packet=0"], "counted from 1")):
            done = self.trace("in_port=LOCAL", f"--pcap={self.write(content)}", *words, check=False)
            self.assertEqual(done.returncode, 1, said)
            self.assertIn(said, done.stderr)

    def test_packet_out(self):
        text = self.sw.appctl("ofproto/trace-packet-out", "br0", "in_port=CONTROLLER,udp,tp_dst=9", "LOCAL").stdout
        self.assertIn("Datapath actions: output:br0", text)

    def test_generate_is_refused_with_the_reason(self):
        done = self.trace("in_port=LOCAL", "-generate", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a trace sends no packet", done.stderr)

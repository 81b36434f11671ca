#!/usr/bin/python3
"""What traffic.py makes is what it says: frames are whole, flows differ, an explosion reaches its masks."""

import os
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

try:
    import numpy  # noqa: F401  (whether it is there)
except ImportError:
    print("needs python3-numpy (utilities/packages tests)")
    sys.exit(77)

import traffic  # noqa: E402  (numpy comes first)


def first_difference(value, target, width):
    return width - (value ^ target).bit_length()


class TrafficTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.maker = traffic.Maker(self.directory.name)

    def packets(self, workload):
        """(protocol, source, destination, source port, destination port) of each, when the file and it are whole."""
        with open(workload.pcap, "rb") as file:
            data = file.read()
        self.assertEqual(struct.unpack("<IHH", data[:8]), (0xa1b2c3d4, 2, 4))
        self.assertEqual(len(data), 24 + workload.packet_count * (16 + traffic.FRAME))
        found = []
        for at in range(24, len(data), 16 + traffic.FRAME):
            self.assertEqual(struct.unpack("<II", data[at + 8:at + 16]), (traffic.FRAME, traffic.FRAME))
            frame = data[at + 16:at + 16 + traffic.FRAME]
            self.assertEqual(frame[12:16], b"\x08\x00\x45\x00")
            self.assertEqual(struct.unpack("!H", frame[16:18])[0], traffic.FRAME - 14)
            total = sum(struct.unpack("!10H", frame[14:34]))
            self.assertEqual((total & 0xffff) + (total >> 16), 0xffff)
            if frame[23] == traffic.UDP:
                self.assertEqual(struct.unpack("!H", frame[38:40])[0], traffic.FRAME - 34)
            found.append((frame[23], *struct.unpack("!IIHH", frame[26:38])))
        return found

    def test_flows_differ(self):
        for workload in (self.maker.one_rule(1000), self.maker.acl(1000), self.maker.acl(10000), self.maker.fresh(1000)):
            self.assertEqual(len(set(self.packets(workload))), workload.packet_count, workload.name)

    def test_every_rule_of_the_list_has_flows(self):
        packets = self.packets(self.maker.acl(1000))
        with open(os.path.join(self.directory.name, "acl-1000.flows"), encoding="ascii") as file:
            self.assertEqual(len(file.readlines()), 22)
        masks = set()
        for rule in traffic.acl_rules():
            def matches(packet, rule=rule):
                return (packet[0] == rule.protocol
                        and packet[1] & traffic.prefix_mask(rule.source[1]) == rule.source[0]
                        and packet[2] & traffic.prefix_mask(rule.destination[1]) == rule.destination[0]
                        and rule.source_port in (0, packet[3]) and rule.destination_port in (0, packet[4]))
            self.assertGreater(sum(map(matches, packets)), 10, rule)
            masks.add((rule.source[1], rule.destination[1], rule.source_port > 0, rule.destination_port > 0))
        self.assertEqual(len(masks), 21)

    def explosion(self, percent, count, repeated):
        """Legitimate packets and attack packets of one."""
        packets = self.packets(self.maker.explosion(percent, count, repeated))
        is_legitimate = [packet[4] == 80 or packet[1] == 0x0a000001 or packet[3] == 12345 for packet in packets]
        attack = [packet for packet, passes in zip(packets, is_legitimate) if not passes]
        self.assertEqual(len(attack), count * percent // 100)
        legitimate = {packet for packet, passes in zip(packets, is_legitimate) if passes}
        self.assertLessEqual(len(legitimate), traffic.LEGITIMATE_FLOWS)
        return attack

    def test_attack_packets_reach_every_mask(self):
        attack = self.explosion(50, 2 * traffic.MASKS, False)
        masks = {(first_difference(packet[1], 0x0a000001, 32), first_difference(packet[3], 12345, 16),
                  first_difference(packet[4], 80, 16)) for packet in attack}
        self.assertEqual(len(masks), traffic.MASKS)

    def test_attack_packets_repeat_or_do_not(self):
        self.assertEqual(len(set(self.explosion(50, 40000, True))), traffic.MASKS)
        self.assertEqual(len(set(self.explosion(50, 40000, False))), 20000)
        self.assertEqual(self.explosion(0, 1000, True), [])

    def test_one_seed_one_capture(self):
        again = traffic.Maker(self.directory.name, prefix="again-")
        self.assertEqual(self.packets(self.maker.acl(1000)), self.packets(again.acl(1000)))


if __name__ == "__main__":
    unittest.main()

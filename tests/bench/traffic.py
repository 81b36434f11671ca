"""Packets and flow tables for the replay benchmark: what is offered to a switch that no device limits.

Every packet is an Ethernet frame of 60 bytes (without FCS) with IPv4 and UDP or TCP. A *flow* is one 5-tuple. A
workload is a capture, which a peer replays from memory over and over, and the flow table to go with it. Ports: "in" is
number 1, "out" number 2. Everything comes from one seed, so that all peers see the same bytes.

    one_rule      whatever comes in goes out
    acl           21 rules as an access list has them (prefixes of many lengths, with and without ports) and a last one
                  that lets the rest through; flows are spread evenly over the rules
    explosion     three rules that let packets through, by destination port, by source address, by source port, and one
                  that drops the rest. A dropped packet has been compared with all three: which bits told it apart
                  depends on the packet, and 16 * 32 * 16 = 8,192 masks can be reached ("tuple space explosion", Csikor
                  et al., CoNEXT 2019). Legitimate packets pass and leave at "out"; attack packets never do.
"""

import os
import struct
from dataclasses import dataclass

import numpy

FRAME = 60
UDP, TCP = 17, 6
LEGITIMATE_FLOWS = 1000
MASKS = 16 * 32 * 16


@dataclass
class Workload:
    name: str
    pcap: str
    flows: str
    packet_count: int
    also_pcap: str = ""  # for a second port, offered at a rate of its own


@dataclass
class AclRule:
    protocol: int
    source: tuple  # (address, prefix length)
    destination: tuple
    source_port: int = 0  # 0: any
    destination_port: int = 0

    def text(self, priority, actions):
        words = [f"priority={priority}", {UDP: "udp", TCP: "tcp"}[self.protocol]]
        words += [f"{name}={dotted(address)}/{length}"
                  for name, (address, length) in (("nw_src", self.source), ("nw_dst", self.destination)) if length]
        words += [f"{name}={port}"
                  for name, port in (("tp_src", self.source_port), ("tp_dst", self.destination_port)) if port]
        return ",".join(words) + f",actions={actions}"


def dotted(address):
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def acl_rules():
    """Each has another combination of prefix lengths, protocol and ports, so each needs a mask of its own."""
    lengths = ((0, 24), (16, 24), (24, 24), (0, 16), (12, 20), (24, 32), (0, 32),
               (0, 23), (18, 24), (22, 24), (0, 18), (14, 20), (26, 32), (0, 30),
               (0, 21), (17, 23), (23, 25), (0, 20), (13, 22), (20, 30), (28, 28))
    rules = []
    for number, (source, destination) in enumerate(lengths):
        rules.append(AclRule(
            protocol=TCP if number % 3 == 0 else UDP,
            source=((10 << 24 | (number + 1) * 8 << 16) & prefix_mask(source), source),
            destination=((172 << 24 | (number + 16) << 16 | number << 8 | number) & prefix_mask(destination),
                         destination),
            source_port=500 + number if number % 5 == 4 else 0,
            destination_port=80 + number if number % 2 or number > 12 else 0))
    return rules


def prefix_mask(length):
    return 0xffffffff << (32 - length) & 0xffffffff


class Tuples:
    """The 5-tuples of many packets, a column each."""

    def __init__(self, count):
        self.protocol = numpy.full(count, UDP, numpy.uint8)
        self.source, self.destination = (numpy.zeros(count, numpy.uint32) for _ in range(2))
        self.source_port, self.destination_port = (numpy.zeros(count, numpy.uint16) for _ in range(2))

    def columns(self):
        return ("protocol", "source", "destination", "source_port", "destination_port")

    def take(self, order):
        taken = Tuples(0)
        for column in self.columns():
            setattr(taken, column, getattr(self, column)[order])
        return taken

    def put(self, places, others):
        for column in self.columns():
            getattr(self, column)[places] = getattr(others, column)

    def __len__(self):
        return len(self.source)


def frames(tuples):
    """One row of 60 bytes each; lengths and IPv4 header checksums are right, UDP goes without a checksum."""
    rows = numpy.zeros((len(tuples), FRAME), numpy.uint8)
    rows[:, 0:14] = numpy.frombuffer(bytes.fromhex("0200000000020200000000010800"), numpy.uint8)
    rows[:, 14:24] = numpy.frombuffer(struct.pack("!BBHHHBB", 0x45, 0, FRAME - 14, 0, 0x4000, 64, 0), numpy.uint8)
    rows[:, 23] = tuples.protocol
    put_big_endian(rows, 26, tuples.source, 4)
    put_big_endian(rows, 30, tuples.destination, 4)
    put_big_endian(rows, 34, tuples.source_port, 2)
    put_big_endian(rows, 36, tuples.destination_port, 2)
    words = rows[:, 14:34].astype(numpy.uint32)
    total = (words[:, 0::2] << 8 | words[:, 1::2]).sum(axis=1)
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    put_big_endian(rows, 24, ~total & 0xffff, 2)
    udp, tcp = tuples.protocol == UDP, tuples.protocol == TCP
    rows[udp, 39] = FRAME - 34
    rows[tcp, 46] = 5 << 4
    rows[tcp, 47] = 0x10  # ACK
    return rows


def put_big_endian(rows, at, values, size):
    for i in range(size):
        rows[:, at + i] = values >> 8 * (size - 1 - i) & 0xff


def write_pcap(path, tuples):
    records = numpy.zeros((len(tuples), 16 + FRAME), numpy.uint8)
    records[:, 0:16] = numpy.frombuffer(struct.pack("<IIII", 0, 0, FRAME, FRAME), numpy.uint8)
    records[:, 16:] = frames(tuples)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        file.write(records.tobytes())


class Maker:
    """Writes workloads into a directory. `actions` is what the flows do with a packet that passes; `prefix` begins the
    names of files."""

    def __init__(self, directory, actions="output:2", seed=1, prefix=""):
        self.directory, self.actions, self.seed, self.prefix = directory, actions, seed, prefix

    def one_rule(self, flow_count):
        random = self._random()
        tuples = Tuples(flow_count)
        tuples.source[:] = 10 << 24 | random.permutation(flow_count)
        tuples.destination[:] = 192 << 24 | 168 << 16 | 1
        tuples.source_port[:], tuples.destination_port[:] = 4000, 5000
        return self._write(f"one-rule-{flow_count}", tuples, [f"in_port=1,actions={self.actions}"])

    def acl(self, flow_count):
        random, rules = self._random(), acl_rules()
        lines = [rule.text(1000 - 10 * number, self.actions) for number, rule in enumerate(rules)]
        lines.append(f"priority=1,actions={self.actions}")
        # A rule that fixes many bits may not have flows enough of its own; drawn anew until all are different.
        tuples = self._acl_tuples(random, rules, flow_count * 2)
        keys = numpy.stack([getattr(tuples, column).astype(numpy.uint32) for column in tuples.columns()], axis=1)
        _, first = numpy.unique(keys, axis=0, return_index=True)
        chosen = random.permutation(first)[:flow_count]
        assert len(chosen) == flow_count
        return self._write(f"acl-{flow_count}", tuples.take(chosen), lines)

    @staticmethod
    def _acl_tuples(random, rules, count):
        tuples = Tuples(count)
        # Sources that differ from all prefixes of the list in the first bit: which bits tell a packet of a rule without
        # a source from the others does not depend on the packet then, and there are as many masks as rules.
        tuples.source[:] = 192 << 24 | 168 << 16 | random.integers(0, 1 << 16, count)
        tuples.destination[:] = 192 << 24 | random.integers(0, 1 << 24, count)
        tuples.source_port[:] = random.integers(1024, 65536, count)
        tuples.destination_port[:] = random.integers(1024, 65536, count)
        chosen = random.integers(0, len(rules) + 1, count)  # the last: no rule of the list
        for number, rule in enumerate(rules):
            here = chosen == number
            tuples.protocol[here] = rule.protocol
            for column, (address, length) in (("source", rule.source), ("destination", rule.destination)):
                if length:
                    values = getattr(tuples, column)
                    values[here] = address | values[here] & (0xffffffff ^ prefix_mask(length))
            if rule.source_port:
                tuples.source_port[here] = rule.source_port
            if rule.destination_port:
                tuples.destination_port[here] = rule.destination_port
        return tuples

    def explosion(self, attack_percent, packet_count, repeated):
        """Attack packets between packets of LEGITIMATE_FLOWS flows. Repeated: one packet for each mask, over and over;
        else all attack packets of the capture differ."""
        random = self._random()
        legitimate = self._legitimate(random).take(random.integers(0, LEGITIMATE_FLOWS, packet_count))
        attacks = numpy.flatnonzero(random.permutation(packet_count) < packet_count * attack_percent // 100)
        attack = self._attack(random, len(attacks))
        if repeated:
            few = self._attack(random, MASKS)
            attack = few.take(numpy.arange(len(attacks)) % MASKS)
        legitimate.put(attacks, attack)
        how = "repeated" if repeated else "never-repeated"
        return self._write(f"explosion-{attack_percent}-{how}-{packet_count}", legitimate, [
            f"priority=300,udp,tp_dst=80,actions={self.actions}",
            f"priority=200,udp,nw_src=10.0.0.1,actions={self.actions}",
            f"priority=100,udp,tp_src=12345,actions={self.actions}",
            "priority=1,actions=drop"])

    def fresh(self, packet_count):
        """Packets that are each the first of a flow, for a port of their own (number 4, sent on at number 3) beside an
        explosion: multipath looks at the whole 5-tuple, so that each needs a megaflow of its own."""
        random = self._random()
        tuples = Tuples(packet_count)
        tuples.source[:] = 10 << 24 | random.permutation(packet_count)
        tuples.destination[:] = 192 << 24 | 168 << 16 | random.integers(0, 1 << 16, packet_count)
        tuples.source_port[:] = random.integers(1024, 65536, packet_count)
        tuples.destination_port[:] = 443
        return self._write("fresh", tuples, [
            "priority=500,udp,in_port=4,actions=multipath(symmetric_l4,1024,modulo_n,1,0,NXM_NX_REG0[]),output:3"])

    def with_fresh(self, workload):
        fresh = self.fresh(1_000_000)
        with open(workload.flows, "a", encoding="ascii") as flows, open(fresh.flows, encoding="ascii") as more:
            flows.write(more.read())
        workload.also_pcap = fresh.pcap
        return workload

    @staticmethod
    def _legitimate(random):
        tuples = Tuples(LEGITIMATE_FLOWS)
        tuples.source[:] = 10 << 24 | random.integers(2, 1 << 24, LEGITIMATE_FLOWS)
        tuples.destination[:] = 192 << 24 | 168 << 16 | random.permutation(1 << 16)[:LEGITIMATE_FLOWS]
        tuples.source_port[:] = random.integers(20000, 60000, LEGITIMATE_FLOWS)
        tuples.destination_port[:] = random.integers(20000, 60000, LEGITIMATE_FLOWS)
        by = numpy.arange(LEGITIMATE_FLOWS) % 3
        tuples.destination_port[by == 0] = 80
        tuples.source[by == 1] = 10 << 24 | 1
        tuples.source_port[by == 2] = 12345
        return tuples

    @staticmethod
    def _attack(random, count):
        """Packet n differs from each of the three rules first in a bit of its own, so every MASKS packets reach all
        masks; what follows that bit, and the destination address, is random."""
        tuples = Tuples(count)
        which = random.permutation(count) % MASKS
        tuples.destination_port[:] = first_differs(random, 80, 16, which % 16)
        tuples.source_port[:] = first_differs(random, 12345, 16, which // 16 % 16)
        tuples.source[:] = first_differs(random, 10 << 24 | 1, 32, which // 256)
        tuples.destination[:] = random.integers(0, 1 << 32, count)
        return tuples

    def _random(self):
        return numpy.random.default_rng(self.seed)

    def _write(self, name, tuples, lines):
        name = self.prefix + name
        workload = Workload(name, os.path.join(self.directory, f"{name}.pcap"),
                            os.path.join(self.directory, f"{name}.flows"), len(tuples))
        write_pcap(workload.pcap, tuples)
        with open(workload.flows, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        return workload


def first_differs(random, value, width, bit):
    """Values whose first bit (counted from the most significant) that is not the same as in `value` is `bit`."""
    flipped = numpy.uint64(1) << (width - 1 - bit).astype(numpy.uint64)
    below = random.integers(0, 1 << width, len(bit)).astype(numpy.uint64) & (flipped - numpy.uint64(1))
    return (numpy.uint64(value) & ~(flipped * numpy.uint64(2) - numpy.uint64(1)) |
            (numpy.uint64(value) & flipped) ^ flipped | below).astype(numpy.uint32)

"""A barrier's reply means that no packet meets the old state: change, barrier, one packet, ten thousand times."""

import time

from harness import SystemTest
from harness.openflow import Connection, apply_output, flow_mod, match_in_port

REQUIRED_TOOLS = ["ip", "ss"]
ROUNDS = 10_000
EVERY_FRAME = 0x0300
ETHER_TYPE = b"\x88\xb5"  # for local experiments


class BarrierTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.guests = [self.guest(self.sw, f"p{number}") for number in (1, 2, 3)]
        self.sockets = [self.packet_socket(guest) for guest in self.guests]
        self.numbers = [self.sw.ofport(f"p{number}") for number in (1, 2, 3)]
        self.openflow = Connection(self.sw.management())
        self.addCleanup(self.openflow.close)

    def packet_socket(self, guest):
        packet_socket = guest.place.socket(17, 3, EVERY_FRAME)
        packet_socket.bind(("eth0", 0))
        packet_socket.settimeout(5)
        self.addCleanup(packet_socket.close)
        return packet_socket

    def test_no_packet_meets_the_old_state(self):
        begin = time.monotonic()
        sender, receivers = self.sockets[0], self.sockets[1:]
        match = match_in_port(self.numbers[0])
        for i in range(ROUNDS):
            side = i % 2
            self.openflow.send(flow_mod(match, apply_output(self.numbers[1 + side]), xid=i))
            self.openflow.barrier(i)
            sender.send(frame(i))
            self.assertEqual(self.next_number(receivers[side]), i)
        took = time.monotonic() - begin
        print(f"{ROUNDS} rounds in {took:.1f} s, {1e6 * took / ROUNDS:.0f} us each", flush=True)
        # Each got its own half and nothing besides.
        for receiver in receivers:
            receiver.settimeout(0.2)
            self.assertIsNone(self.next_number(receiver))

    def next_number(self, receiver):
        """The number in the next of our frames."""
        while True:
            try:
                data, address = receiver.recvfrom(2000)
            except TimeoutError:
                return None
            if data[12:14] == ETHER_TYPE and address[2] != 4:  # not what it sent itself
                return int.from_bytes(data[14:18], "big")


def frame(number):
    return bytes.fromhex("020000000002020000000001") + ETHER_TYPE + number.to_bytes(4, "big") + bytes(46)

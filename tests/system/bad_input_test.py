"""Garbage on every socket: an error or a counted drop, the others are served on, and nothing crashes."""

import os
import random
import socket
import struct

from harness import SystemTest, until
from harness.openflow import ERROR, HELLO, Connection, message

REQUIRED_TOOLS = ["ip", "ping", "ss"]
INNER = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + bytes(50)


class ManagementGarbageTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host, secure=False)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def still_serves(self):
        self.assertIn("p1", self.sw.vsctl("list-ports", "br0").stdout)
        self.assertIn("actions", self.sw.ofctl("dump-flows", "br0").stdout)
        self.assert_pings(self.a, "10.0.0.2", 2)

    def throw(self, path, data):
        """Sends, then reads until the switch has had enough or is silent."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(0.3)
            connection.connect(path)
            try:
                connection.sendall(data)
                while connection.recv(65536):
                    pass
            except (TimeoutError, BrokenPipeError, ConnectionResetError):
                pass

    def test_noise_on_every_socket(self):
        noise = random.Random(1)
        paths = [os.path.join(self.sw.rundir, name) for name in ("weft.sock", "br0.mgmt", "br0.snoop")]
        for path in paths:
            if not os.path.exists(path):
                continue
            for size in (1, 7, 8, 64, 5000):
                self.throw(path, noise.randbytes(size))
            self.throw(path, b"\xff" * 4 + b"\xff" * 100)  # a length of four thousand million
            self.throw(path, bytes(4))
            self.throw(path, bytes(1000))
        self.still_serves()

    def test_openflow_with_lying_headers(self):
        hello = message(HELLO)
        bad = [struct.pack("!BBHI", 4, 14, 8, 1),           # a flow-mod without a body
               struct.pack("!BBHI", 4, 14, 7, 1),           # shorter than its header
               struct.pack("!BBHI", 4, 14, 0, 1),
               struct.pack("!BBHI", 4, 99, 8, 1),           # no such type
               struct.pack("!BBHI", 9, 5, 8, 1),            # no such version
               struct.pack("!BBHI", 4, 18, 12, 1) + b"\xff\xff\xff\xff",
               struct.pack("!BBHI", 4, 14, 56, 1) + b"\xff" * 48]
        for data in bad:
            self.throw(self.sw.management(), hello + data)
        self.throw(self.sw.management(), struct.pack("!BBHI", 4, 5, 8, 1))  # no hello first
        self.still_serves()

    def test_an_unknown_type_is_answered_with_bad_type(self):
        connection = Connection(self.sw.management())
        connection.send(message(99, xid=7))
        kind, xid, body = connection.receive()
        self.assertEqual((kind, xid, body[:4]), (ERROR, 7, struct.pack("!HH", 1, 1)))
        connection.close()

    def test_half_a_message_then_silence_disturbs_nobody(self):
        slow = Connection(self.sw.management())
        slow.send(struct.pack("!BBHI", 4, 14, 200, 1) + bytes(20))
        silent = socket.socket(socket.AF_UNIX)
        silent.connect(os.path.join(self.sw.rundir, "weft.sock"))
        silent.sendall(b"\x00")
        self.still_serves()
        silent.close()
        slow.close()


class TunnelGarbageTest(SystemTest):
    """Datagrams on the VXLAN port that are not VXLAN, or not for us."""

    def setUp(self):
        self.h1, self.h2, _ = self.two_hosts()
        self.sw = self.switch(self.h1)
        self.vxlan(self.sw)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.overlay_flows(self.sw, "p1", 5001, self.h2.vtep)
        self.sender = self.h2.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.sender.close)

    def send(self, data):
        self.sender.sendto(data, (self.h1.vtep, 4789))

    def assert_counted(self, reason, data, count=3):
        before = self.sw.drops().get(reason, 0)
        for _ in range(count):
            self.send(data)
        until(lambda: self.sw.drops().get(reason, 0) >= before + count, f"{count} drops as {reason}")

    def test_each_fault_has_its_reason(self):
        self.assert_counted("tunnel_bad_flags", struct.pack("!II", 0, 5001 << 8) + INNER)
        self.assert_counted("tunnel_bad_header", struct.pack("!I", 0x08000000))
        self.assert_counted("tunnel_bad_header", struct.pack("!II", 0x08000000, 5001 << 8) + b"short")

    def test_a_vni_that_nobody_takes(self):
        frame = struct.pack("!II", 0x08000000, 4242 << 8) + INNER
        received = self.a.place.counter("eth0", "rx_packets")
        before = sum(self.sw.drops().values())
        for _ in range(3):
            self.send(frame)
        until(lambda: sum(self.sw.drops().values()) >= before + 3, "three drops are counted")
        self.assertEqual(self.a.place.counter("eth0", "rx_packets"), received)

    def test_noise(self):
        noise = random.Random(2)
        for size in list(range(0, 120)) + [1000, 1500, 9000, 60000]:
            self.send(noise.randbytes(size))
            self.send(struct.pack("!II", 0x08000000, 5001 << 8) + noise.randbytes(size))
        # What is sent last from one socket is received last: a frame of a network that no flow is for.
        self.assert_counted("table_miss", struct.pack("!II", 0x08000000, 4242 << 8) + INNER, 1)
        self.assert_balance(self.sw)
        self.assertIn("vx0", self.sw.vsctl("list-ports", "br0").stdout)  # it still works

    def test_noise_from_a_guest(self):
        noise = random.Random(3)
        guest = self.a.place.socket(17, 3, 0)
        guest.bind(("eth0", 0))
        headers = [b"\x08\x00\x45", b"\x86\xdd\x60", b"\x81\x00\x00\x05\x08\x00\x45", b"\x08\x06", b"\x88\x47", b"\x88\xe7"]
        for i in range(2000):
            frame = bytes.fromhex("020000000002020000000001") + headers[i % len(headers)]
            guest.send(frame + noise.randbytes(noise.randrange(4, 1400)))
        guest.close()
        self.assertIn("p1", self.sw.vsctl("list-ports", "br0").stdout)

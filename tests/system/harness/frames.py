"""Frames by hand, from one guest to another."""

import socket
import struct
import time

ALL_PROTOCOLS = 3
SOURCE = bytes.fromhex("0200000000aa")


def frames_of(ports, tos=0):
    """UDP packets from these ports, which are flows of their own."""
    return [_frame(port, tos) for port in ports]


def _frame(port, tos):
    udp = struct.pack("!HHHH", port, 53, 8 + 32, 0) + b"a flow".ljust(32, b".")
    addresses = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2")
    header = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(udp), 0, 0, 64, 17, 0) + addresses
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xffff) + (total >> 16)
    checksum = ~((total & 0xffff) + (total >> 16)) & 0xffff
    return (bytes.fromhex("0200000000ee") + SOURCE + b"\x08\x00" + header[:10] + struct.pack("!H", checksum) +
            header[12:] + udp)


class Capture:
    """What comes to a guest's device, with the tag that the kernel takes out of a frame put back."""

    AUXILIARY = (263, 8)  # SOL_PACKET, PACKET_AUXDATA
    VLAN_VALID = 1 << 4

    def __init__(self, guest):
        self.socket = guest.place.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setsockopt(*self.AUXILIARY, 1)
        self.socket.bind(("eth0", ALL_PROTOCOLS))

    def frames(self, source, seconds=0.2):
        """Those of a sender, until none came for a while."""
        self.socket.settimeout(seconds)
        came = []
        try:
            while True:
                data, beside, _, address = self.socket.recvmsg(2000, 256)
                if address[2] != socket.PACKET_OUTGOING and data[6:12] == source:
                    came.append(self._with_tag(data, beside))
        except TimeoutError:
            return came

    def _with_tag(self, data, beside):
        status, tci, tpid = next(struct.unpack("I12xHH", content) for level, kind, content in beside
                                 if (level, kind) == self.AUXILIARY)
        return data[:12] + struct.pack("!HH", tpid, tci) + data[12:] if status & self.VLAN_VALID else data

    def close(self):
        self.socket.close()


def tag_count(frame):
    """How many tags stand behind its addresses."""
    count = 0
    while frame[12 + 4 * count:14 + 4 * count] in (b"\x81\x00", b"\x88\xa8"):
        count += 1
    return count


def burst(sender, receiver, frames, seconds=0.5):
    """Sends frames as fast as they go: those that came, until none did for `seconds`, and how long sending took."""
    into = sender.place.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out_of = receiver.place.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    into.bind(("eth0", 0))
    out_of.bind(("eth0", ALL_PROTOCOLS))
    out_of.settimeout(seconds)
    begin = time.monotonic()
    for frame in frames:
        into.send(frame)
    came = []
    try:
        while True:
            data = out_of.recv(2000)
            if data[6:12] == SOURCE:
                came.append(data)
    except TimeoutError:
        pass
    into.close()
    out_of.close()
    return came, time.monotonic() - begin

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

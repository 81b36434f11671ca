#!/usr/bin/env python3
"""Records what a Linux kernel's vxlan device hands to a UDP socket on the same machine.

    sudo tests/datapath/tunnel/recorded/record.py

Two network namespaces, a veth pair and a vxlan device between them. Frames as a guest's stack would give them to the
device (virtio_net_hdr, checksums unfinished, TCP up to 60 KB) go in at one end; the UDP payloads that a plain socket
with UDP_GRO receives at the other end are written beside this script, one file a frame. Nothing is changed: inner
checksums still hold the pseudo-header sum alone, and 60 KB arrive as one datagram without a mark.
"""

import ctypes
import os
import socket
import struct
import subprocess
import sys

SOL_PACKET, PACKET_VNET_HDR = 263, 15
UDP_GRO = 104
NEEDS_CSUM, GSO_TCPV4, GSO_TCPV6 = 1, 1, 4
LIBC = ctypes.CDLL(None)
HERE = os.path.dirname(os.path.abspath(__file__))
SENDER, RECEIVER = "wp-rec-a", "wp-rec-b"


def run(command):
    subprocess.run(command, shell=True, check=True)


def enter(name):
    with open(f"/run/netns/{name}") as space:
        if LIBC.setns(space.fileno(), 0) != 0:
            raise OSError(f"cannot enter {name}")


def words_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def ethernet(ether_type):
    return bytes.fromhex("020000000002" "020000000001") + struct.pack("!H", ether_type)


def ipv4(protocol, l4_size):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + l4_size, 7, 0x4000, 64, protocol, 0,
                         socket.inet_aton("10.0.0.1"), socket.inet_aton("10.0.0.2"))
    return header[:10] + struct.pack("!H", 0xFFFF - words_sum(header)) + header[12:]


def ipv6(protocol, l4_size):
    return struct.pack("!IHBB", 6 << 28, l4_size, protocol, 64) + \
        socket.inet_pton(socket.AF_INET6, "fd00::1") + socket.inet_pton(socket.AF_INET6, "fd00::2")


def pseudo_sum(ip, protocol, l4_size):
    addresses = ip[12:20] if ip[0] >> 4 == 4 else ip[8:40]
    return words_sum(addresses + struct.pack("!IHH", l4_size, 0, protocol))


def payload(size):
    return bytes(i * 7 % 251 for i in range(size))


def tcp_frame(make_ip, ether_type, size):
    ip = make_ip(6, 20 + size)
    header = struct.pack("!HHIIBBHHH", 4000, 80, 1000, 2000, 0x50, 0x18, 500, pseudo_sum(ip, 6, 20 + size), 0)
    return ethernet(ether_type) + ip + header + payload(size)


def udp_frame(size):
    ip = ipv4(17, 8 + size)
    return ethernet(0x0800) + ip + struct.pack("!HHHH", 4000, 53, 8 + size, pseudo_sum(ip, 17, 8 + size)) + payload(size)


def vnet(gso_type, gso_size, csum_start, csum_offset):
    return struct.pack("=BBHHHH", NEEDS_CSUM, gso_type, csum_start + 20, gso_size, csum_start, csum_offset)


FRAMES = {
    "tcp4_60000": (vnet(GSO_TCPV4, 1398, 34, 16), tcp_frame(ipv4, 0x0800, 60000)),
    "tcp4_100": (vnet(0, 0, 34, 16), tcp_frame(ipv4, 0x0800, 100)),
    "tcp6_30000": (vnet(GSO_TCPV6, 1378, 54, 16), tcp_frame(ipv6, 0x86DD, 30000)),
    "udp4_100": (vnet(0, 0, 34, 6), udp_frame(100)),
}


def build():
    for name in (SENDER, RECEIVER):
        run(f"ip netns add {name}")
        run(f"ip netns exec {name} sysctl -qw net.ipv6.conf.default.disable_ipv6=1")
    run(f"ip -n {SENDER} link add u type veth peer name u netns {RECEIVER}")
    for name, address in ((SENDER, "192.0.2.1"), (RECEIVER, "192.0.2.2")):
        run(f"ip -n {name} link set u up && ip -n {name} addr add {address}/24 dev u")
    run(f"ip -n {SENDER} link add vx mtu 1450 type vxlan id 5001 dstport 4789 remote 192.0.2.2 local 192.0.2.1 udpcsum")
    run(f"ip -n {SENDER} link set vx up")
    run(f"for i in $(seq 50); do ip netns exec {SENDER} ping -qc1 -W1 192.0.2.2 && break; done >/dev/null")


def record():
    enter(RECEIVER)
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
    receiver.bind(("", 4789))
    receiver.settimeout(2)
    enter(SENDER)
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sender.bind(("vx", 0))
    for name, (header, frame) in FRAMES.items():
        sender.send(header + frame)
        data, control, _, _ = receiver.recvmsg(65536, 64)
        print(f"{name}: {len(data)} bytes, {len(control)} control messages")
        with open(f"{HERE}/{name}.bin", "wb") as out:
            out.write(data)


def main():
    try:
        build()
        record()
    finally:
        for name in (SENDER, RECEIVER):
            subprocess.run(f"ip netns del {name}", shell=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())

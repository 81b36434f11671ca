#!/usr/bin/env python3
"""Records what stock ovs-ofctl makes of flow texts, as data for flow_corpus_test.

usage: record_flows.py TEXTS > flow_corpus.txt

Each line of TEXTS is a flow. ovs-ofctl -O OpenFlow13 add-flow sends it to a small switch played here, which answers
just enough; what arrives is written down with the line that dump-flows prints for it. A text that ovs-ofctl refuses
is recorded as refused, and so is one whose bytes it would refuse as a switch. The test itself needs no ovs-ofctl.
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

ERROR, ECHO, FEATURES, FLOW_MOD, MULTIPART, BARRIER = 1, 2, 5, 14, 18, 20
PORT_DESC, TABLE_FEATURES = 13, 12


def message(kind, xid, body=b""):
    return struct.pack("!BBHI", 4, kind, 8 + len(body), xid) + body


def port(number, name):
    return struct.pack("!I4x6s2x16s8I", number, bytes([0xAA] * 6), name, 0, 4, 0, 0, 0, 0, 0, 0)


def multipart(kind, xid, body):
    return message(MULTIPART + 1, xid, struct.pack("!HH4x", kind, 0) + body)


def answer(kind, xid, body):
    if kind == FEATURES:
        return message(FEATURES + 1, xid, struct.pack("!QIBB2xII", 1, 0, 254, 0, 0x4F, 0))
    if kind == BARRIER:
        return message(BARRIER + 1, xid)
    if kind == ECHO:
        return message(ECHO + 1, xid, body)
    if kind == MULTIPART and body[:2] == struct.pack("!H", PORT_DESC):
        return multipart(PORT_DESC, xid, port(1, b"p1") + port(2, b"p2") + port(0xFFFFFFFE, b"br0"))
    if kind == MULTIPART and body[:2] == struct.pack("!H", TABLE_FEATURES):
        properties = b"".join(struct.pack("!HH4x", t, 4) for t in range(0, 16, 2))
        table = struct.pack("!HB5x32sQQII", 64 + len(properties), 0, b"table0", 2**64 - 1, 2**64 - 1, 0, 1000)
        return multipart(TABLE_FEATURES, xid, table + properties)
    return b""


def serve(listener, flow_mods):
    while True:
        peer, _ = listener.accept()
        peer.sendall(message(0, 1))
        data = b""
        while True:
            received = peer.recv(65536)
            if not received:
                break
            data += received
            while len(data) >= 8 and len(data) >= struct.unpack("!H", data[2:4])[0]:
                _, kind, length, xid = struct.unpack("!BBHI", data[:8])
                one, data = data[:length], data[length:]
                if kind == FLOW_MOD:
                    flow_mods.append(one)
                peer.sendall(answer(kind, xid, one[8:]))


def printed(flow_mod):
    """What dump-flows would print for this rule."""
    cookie, _, table, _, idle, hard, priority = struct.unpack("!QQBBHHH", flow_mod[8:32])
    flags = struct.unpack("!H", flow_mod[44:46])[0]
    rest = flow_mod[48:]
    entry = struct.pack("!HBxIIHHHH4xQQQ", 48 + len(rest), table, 0, 0, priority, idle, hard, flags, cookie, 0, 0)
    reply = multipart(1, 1, entry + rest)
    run = subprocess.run(["ovs-ofctl", "ofp-print", reply.hex()], capture_output=True, text=True)
    return run.stdout.split("\n")[1].strip()


def main():
    flow_mods = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "switch")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        threading.Thread(target=serve, args=(listener, flow_mods), daemon=True).start()
        for text in open(sys.argv[1]):
            text = text.rstrip("\n")
            if not text or text.startswith("#"):
                continue
            flow_mods.clear()
            run = subprocess.run(["ovs-ofctl", "-O", "OpenFlow13", "add-flow", "unix:" + path, text],
                                 capture_output=True, text=True)
            print("flow " + text)
            line = printed(flow_mods[0]) if run.returncode == 0 and flow_mods else ""
            if not line.startswith("cookie="):
                print("refused")
                continue
            # xid is not part of what is compared.
            wire = flow_mods[0][:4] + b"\0\0\0\0" + flow_mods[0][8:]
            print("wire " + wire.hex())
            print("line " + line)


main()

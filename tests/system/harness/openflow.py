"""OpenFlow 1.3 by hand: just enough bytes to be a peer that owes nothing to any library."""

import socket
import struct

VERSION = 4
HELLO, ERROR, ECHO_REQUEST, ECHO_REPLY, FEATURES_REQUEST, FEATURES_REPLY = 0, 1, 2, 3, 5, 6
PACKET_IN, PORT_STATUS, FLOW_MOD, BARRIER_REQUEST, BARRIER_REPLY = 10, 12, 14, 20, 21
ROLE_REQUEST, ROLE_REPLY = 24, 25
EQUAL, PRIMARY, SECONDARY = 1, 2, 3
ADD, DELETE = 0, 3
ANY = 0xFFFFFFFF


def message(kind, body=b"", xid=1):
    return struct.pack("!BBHI", VERSION, kind, 8 + len(body), xid) + body


def match_in_port(port):
    """An OXM match on in_port, padded to eight bytes."""
    field = struct.pack("!HBBI", 0x8000, 0 << 1, 4, port)
    return struct.pack("!HH", 1, 4 + len(field)) + field + bytes(4)


def apply_output(port):
    action = struct.pack("!HHIH6x", 0, 16, port, 0)
    return struct.pack("!HH4x", 4, 8 + len(action)) + action


def flow_mod(match, instructions, command=ADD, priority=10, xid=1):
    body = struct.pack("!QQBBHHHIIIH2x", 0, 0, 0, command, 0, 0, priority, ANY, ANY, ANY, 0)
    return message(FLOW_MOD, body + match + instructions, xid)


class Connection:
    """A connection past the hellos: to a bridge's management socket, or over a socket that is connected already."""

    def __init__(self, where, timeout=5):
        self.socket = socket.socket(socket.AF_UNIX) if isinstance(where, str) else where
        self.socket.settimeout(timeout)
        if isinstance(where, str):
            self.socket.connect(where)
        self.buffer = b""
        self.send(message(HELLO))
        kind, _, _ = self.receive()
        assert kind == HELLO, f"the first message is of type {kind}"

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """(type, xid, body) of the next message; echo requests are answered on the way."""
        while True:
            header = self._take(8)
            version, kind, length, xid = struct.unpack("!BBHI", header)
            body = self._take(length - 8)
            assert version == VERSION or kind == HELLO, f"version {version}"
            if kind == ECHO_REQUEST:
                self.send(message(ECHO_REPLY, body, xid))
            else:
                return kind, xid, body

    def wait_for(self, wanted, xid):
        """The reply with this number; an error on the way is a failure."""
        while True:
            kind, its_xid, body = self.receive()
            assert kind != ERROR, f"error {body[:4].hex()}"
            if kind == wanted and its_xid == xid:
                return body

    def role(self, role, generation, xid=1):
        """The role that the switch says it has now, or (error type, code)."""
        self.send(message(ROLE_REQUEST, struct.pack("!I4xQ", role, generation), xid))
        while True:
            kind, its_xid, body = self.receive()
            if its_xid == xid and kind == ROLE_REPLY:
                return struct.unpack("!I", body[:4])[0]
            if its_xid == xid and kind == ERROR:
                return struct.unpack("!HH", body[:4])

    def barrier(self, xid):
        self.send(message(BARRIER_REQUEST, xid=xid))
        self.wait_for(BARRIER_REPLY, xid)

    def close(self):
        self.socket.close()

    def _take(self, count):
        while len(self.buffer) < count:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the switch closed the connection")
            self.buffer += data
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

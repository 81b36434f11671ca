"""controller(pause): a packet waits at a controller and goes on where it left off, over real connections."""

import socket
import struct

from harness import SystemTest, until
from harness.frames import burst, frames_of
from harness.openflow import ERROR, Connection, message
from harness.stock_ofctl import StockOfctl

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ovs-ofctl"]
EXPERIMENTER, NICIRA = 4, 0x00002320
SET_PACKET_IN_FORMAT, RESUME, PACKET_IN2 = 16, 28, 30
FORMAT_PACKET_IN2 = 2
SET_CONFIG = 9
VERSIONS = ("10", "13", "14", "15")


def nicira(subtype, body=b"", xid=1):
    return message(EXPERIMENTER, struct.pack("!II", NICIRA, subtype) + body, xid)


class Client(Connection):
    """A controller that is told of paused packets."""

    def __init__(self, place):
        super().__init__(place)
        self.send(nicira(SET_PACKET_IN_FORMAT, struct.pack("!I", FORMAT_PACKET_IN2)))
        self.send(message(SET_CONFIG, struct.pack("!HH", 0, 0xffff)))
        self.barrier(2)

    def paused(self):
        """The properties of the next packet-in: what NXT_RESUME has, too."""
        while True:
            kind, _, body = self.receive()
            if kind == EXPERIMENTER and struct.unpack("!II", body[:8]) == (NICIRA, PACKET_IN2):
                return body[8:]

    def resume(self, properties, xid=3):
        self.send(nicira(RESUME, properties, xid))
        self.barrier(xid + 1)

    def refusal(self, properties, xid=3):
        self.send(nicira(RESUME, properties, xid))
        while True:
            kind, its_xid, body = self.receive()
            if kind == ERROR and its_xid == xid:
                return body


class PauseTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")
        self.c = self.guest(self.sw, "p3", "10.0.0.3")

    def client(self):
        client = Client(self.sw.management())
        self.addCleanup(client.close)
        return client

    def test_stock_monitor_lets_guests_speak_in_each_version(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                tool = StockOfctl(self.sw, version)
                tool.run("del-flows")
                tool.run("add-flow", "in_port=1,actions=controller(pause),output:2")
                tool.run("add-flow", "in_port=2,actions=resubmit(,1),output:1")
                tool.run("add-flow", "table=1,actions=controller(pause)")
                self.assertEqual(self.pings(self.a, "10.0.0.2", 1, "-W", "1"), 0, "nobody resumes")
                monitor = tool.start("monitor", "65535", "resume", "-P", "nxt_packet_in2")
                self.assert_pings(self.a, "10.0.0.2")
                self.assertIn("send: NXT_RESUME", monitor.text())
                monitor.end()

    def test_a_packet_waits_and_goes_on_with_what_the_controller_has_changed(self):
        self.sw.add_flow("in_port=p1,actions=set_field:1->reg0,controller(pause),goto_table:1")
        self.sw.add_flow("table=1,reg0=1,actions=output:p2")
        client = self.client()
        frame, = frames_of([5000])
        self.assertEqual(burst(self.a, self.b, [frame])[0], [], "it waits")
        properties = self.next_of(client, frame)
        changed = frame.replace(b"a flow", b"A FLOW")
        came = self.arrivals(self.b, lambda: client.resume(properties.replace(frame, changed)))
        self.assertEqual(came, [changed])
        came = self.arrivals(self.b, lambda: client.resume(properties))
        self.assertEqual(came, [frame], "it may go on twice")

    def test_a_packet_goes_on_in_a_switch_that_has_been_started_again(self):
        self.sw.add_flow("in_port=p1,actions=controller(pause),output:p2")
        client = self.client()
        frame, = frames_of([5000])
        burst(self.a, self.b, [frame])
        properties = self.next_of(client, frame)
        client.close()
        self.sw.stop()
        self.sw.start()
        again = self.client()
        self.assertEqual(self.arrivals(self.b, lambda: again.resume(properties)), [frame])

    def test_a_continuation_that_is_not_one_is_refused(self):
        self.sw.add_flow("in_port=p1,actions=controller(pause),output:p2")
        client = self.client()
        frame, = frames_of([5000])
        burst(self.a, self.b, [frame])
        properties = self.next_of(client, frame)
        for length in (8, len(properties) // 2, len(properties) - 8):
            self.assertTrue(client.refusal(properties[:length]))
        self.assertEqual(self.arrivals(self.b, lambda: client.resume(properties)), [frame])

    def next_of(self, client, frame):
        """The guest may send packets of its own, which are paused as well."""
        while True:
            properties = client.paused()
            if frame in properties:
                return properties

    def arrivals(self, guest, cause):
        """What comes from our hand after `cause`."""
        receiver = guest.place.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.addCleanup(receiver.close)
        receiver.bind(("eth0", 3))
        receiver.settimeout(0.5)
        cause()
        came = []

        def has_come():
            try:
                data = receiver.recv(2000)
            except TimeoutError:
                return bool(came)
            if data[6:12] == frames_of([0])[0][6:12]:
                came.append(data)
            return False

        until(has_come, "the packet goes on")
        return came

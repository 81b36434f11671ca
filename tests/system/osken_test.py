"""Applications of os-ken for OpenFlow 1.3: router, firewall, rate limits and groups, set up over HTTP.

Debian's os-ken comes without the applications that its authors give as examples (rest_router, rest_firewall, rest_qos) and
without the web framework they need, so osken/ has small ones that send the same messages.
"""

import http.client
import json
import os
import socket

from harness import SystemTest, until
from harness.frames import burst, frames_of

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "osken-manager"]
OPENFLOW_PORT = 6653
HTTP_PORT = 8080
APPLICATIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "osken")
ETHERTYPE = 0x88b5


class OsKenTest(SystemTest):
    APPLICATION = "rest.py"

    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.host.start(["osken-manager", "--ofp-listen-host", "127.0.0.1", "--ofp-tcp-listen-port", OPENFLOW_PORT,
                         os.path.join(APPLICATIONS, self.APPLICATION)],
                        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=APPLICATIONS))
        self.connect_guests()
        self.sw.vsctl("set-controller", "br0", f"tcp:127.0.0.1:{OPENFLOW_PORT}")
        until(lambda: self.host.listens(HTTP_PORT), "the application listens", 30)
        until(lambda: self.ask("ready"), "the switch is connected", 30)

    def connect_guests(self):
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def ask(self, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=20)
        connection.sock = self.host.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.sock.settimeout(20)
        connection.sock.connect(("127.0.0.1", HTTP_PORT))
        connection.request("POST" if body else "GET", f"/{path}", json.dumps(body) if body else None)
        response = connection.getresponse()
        answer = json.loads(response.read()) if response.status == 200 else f"status {response.status}"
        connection.close()
        return answer

    def set(self, path, **body):
        self.assertEqual(self.ask(path, body), [], f"{path} {body}")

    def flow(self, priority, match, *actions, command="add"):
        self.set(f"flow/{command}", priority=priority, match=match, actions=list(actions))


def output(port):
    return {"type": "OUTPUT", "port": port}


class RouterTest(OsKenTest):
    APPLICATION = "router.py"

    def connect_guests(self):
        self.a = self.guest(self.sw, "p1", "10.0.1.2")
        self.b = self.guest(self.sw, "p2", "10.0.2.2")
        self.a.run("ip route add default via 10.0.1.1")
        self.b.run("ip route add default via 10.0.2.1")

    def setUp(self):
        super().setUp()
        self.set("address", port=1, address="10.0.1.1/24")
        self.set("address", port=2, address="10.0.2.1/24")

    def test_two_subnets_reach_each_other(self):
        self.assert_pings(self.a, "10.0.1.1", 3)
        self.assert_pings(self.a, "10.0.2.2")
        self.assert_pings(self.b, "10.0.1.2")
        self.assert_tcp(self.a, self.b)
        self.assertIn("ttl=63 ", self.a.run("ping -c 1 10.0.2.2").stdout)

    def test_a_packet_whose_ttl_runs_out_is_told_of(self):
        self.assert_reaches(self.a, "10.0.2.2")
        said = self.a.run("ping -c 1 -W 5 -t 1 10.0.2.2", check=False).stdout
        self.assertRegex(said, r"From 10\.0\.1\.1 .*Time to live exceeded")


class FirewallTest(OsKenTest):
    ICMP = {"eth_type": 0x0800, "ip_proto": 1}

    def setUp(self):
        super().setUp()
        self.flow(0, {})
        self.flow(65534, {"eth_type": 0x0806}, output("NORMAL"))

    def allow(self, match):
        self.flow(10, {**match, "ipv4_src": "10.0.0.1", "ipv4_dst": "10.0.0.2"}, output("NORMAL"))
        self.flow(10, {**match, "ipv4_src": "10.0.0.2", "ipv4_dst": "10.0.0.1"}, output("NORMAL"))

    def test_nothing_passes_before_a_rule_allows_it(self):
        self.assertEqual(self.pings(self.a, "10.0.0.2", 3, "-W", "1"), 0)
        self.allow(self.ICMP)
        self.assert_pings(self.a, "10.0.0.2")
        listener = self.b.place.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("10.0.0.2", 80))
        listener.listen()
        self.assertFalse(self.connects(), "pings are allowed, TCP is not")
        self.allow({"eth_type": 0x0800, "ip_proto": 6})
        self.assertTrue(self.connects())
        listener.close()

    def connects(self):
        client = self.a.place.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.settimeout(2)
        try:
            client.connect(("10.0.0.2", 80))
            return True
        except TimeoutError:
            return False
        finally:
            client.close()

    def test_a_rule_that_denies_comes_first(self):
        self.allow(self.ICMP)
        self.assert_pings(self.a, "10.0.0.2")
        self.flow(20, {**self.ICMP, "ipv4_src": "10.0.0.1/32"})
        self.assertEqual(self.pings(self.a, "10.0.0.2", 3, "-W", "1"), 0)
        denied = next(flow for flow in self.ask("flow") if flow["priority"] == 20)
        self.assertEqual((denied["packet_count"], denied["actions"]), (3, []))
        self.flow(20, {**self.ICMP, "ipv4_src": "10.0.0.1/32"}, command="delete_strict")
        self.assert_pings(self.a, "10.0.0.2")


class RateLimitTest(OsKenTest):
    FRAME = bytes.fromhex("0200000000ee" "0200000000aa" "88b5") + b"metered".ljust(86, b".")

    def meter(self, band, command="add"):
        self.set(f"meter/{command}", meter_id=1, flags=["PKTPS", "BURST", "STATS"],
                 bands=[{"rate": 10, "burst_size": 20, **band}])

    def test_a_meter_drops_what_exceeds_its_rate(self):
        self.meter({"type": "DROP"})
        self.flow(10, {"in_port": 1, "eth_type": ETHERTYPE}, {"type": "METER", "meter_id": 1}, output(2))
        came, seconds = burst(self.a, self.b, [self.FRAME] * 200)
        self.assertGreaterEqual(len(came), 20)
        self.assertLessEqual(len(came), 20 + 10 * seconds + 1)
        meter, = self.ask("meter")
        self.assertEqual((meter["packet_in_count"], meter["flow_count"]), (200, 1))
        self.assertEqual(meter["band_stats"][0]["packet_band_count"], 200 - len(came))

    def test_a_meter_marks_what_exceeds_its_rate(self):
        self.meter({"type": "DSCP_REMARK", "prec_level": 1})
        self.flow(10, {"in_port": 1, "eth_type": 0x0800}, {"type": "METER", "meter_id": 1}, output(2))
        frame, = frames_of([5000], tos=10 << 2)  # AF11
        came, _ = burst(self.a, self.b, [frame] * 200)
        self.assertEqual(len(came), 200)
        marks = [data[15] >> 2 for data in came]
        meter, = self.ask("meter")
        self.assertEqual(marks.count(12), meter["band_stats"][0]["packet_band_count"], "AF11 becomes AF12")
        self.assertEqual(marks.count(10) + marks.count(12), 200)
        self.assertGreaterEqual(marks.count(10), 20)

    def test_a_meter_that_is_not_there_is_refused(self):
        errors = self.ask("flow/add", {"match": {}, "actions": [{"type": "METER", "meter_id": 7}]})
        self.assertEqual(errors, [{"type": 12, "code": 2}])  # OFPET_METER_MOD_FAILED, OFPMMFC_INVALID_METER


class GroupTest(OsKenTest):
    def connect_guests(self):
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")
        self.c = self.guest(self.sw, "p3", "10.0.0.3")

    def group(self, kind, *buckets, command="add"):
        self.set(f"group/{command}", group_id=1, type=kind, buckets=list(buckets))

    def through_group(self):
        self.flow(10, {"in_port": 1}, {"type": "GROUP", "group_id": 1})

    def test_select_spreads_flows_and_keeps_each_on_its_way(self):
        self.group("SELECT", {"weight": 1, "actions": [output(2)]}, {"weight": 1, "actions": [output(3)]})
        self.through_group()
        frames = frames_of(range(5000, 5064))
        first_b = set(burst(self.a, self.b, frames)[0])
        first_c = set(frames) - first_b
        self.assertGreater(len(first_b), 10)
        self.assertGreater(len(first_c), 10)
        self.assertEqual(set(burst(self.a, self.c, frames)[0]), first_c, "each flow keeps its bucket, none is lost")
        group, = self.ask("group")
        self.assertEqual(group["packet_count"], 128)
        self.assertEqual(sum(bucket["packet_count"] for bucket in group["bucket_stats"]), 128)

    def test_fast_failover_takes_the_next_port_that_is_up(self):
        self.group("FF", {"watch_port": 2, "actions": [output(2)]}, {"watch_port": 3, "actions": [output(3)]})
        self.through_group()
        frames = frames_of(range(5000, 5010))
        self.assertEqual(burst(self.a, self.b, frames)[0], frames)
        self.b.run("ip link set eth0 down")
        until(lambda: burst(self.a, self.c, frames)[0] == frames, "the other port takes over")
        self.b.run("ip link set eth0 up")
        until(lambda: burst(self.a, self.b, frames)[0] == frames, "the first one takes over again")

    def test_all_sends_to_each(self):
        self.group("ALL", {"actions": [output(2)]}, {"actions": [output(3)]})
        self.through_group()
        frames = frames_of([5000])
        self.assertEqual(burst(self.a, self.b, frames)[0], frames)
        self.group("ALL", {"actions": [output(3)]}, command="modify")
        self.assertEqual(burst(self.a, self.c, frames)[0], frames)
        self.assertEqual(burst(self.a, self.b, frames)[0], [])

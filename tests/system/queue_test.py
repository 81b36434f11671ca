"""Queues: limits of what a port sends, set with weft-vsctl and read with stock ovs-ofctl in every version."""

import re

from harness import SystemTest, until
from harness.frames import burst
from harness.stock_ofctl import StockOfctl

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ovs-ofctl"]
ETHERTYPE = 0x88b5
FRAME = bytes.fromhex("0200000000ee" "0200000000aa" "88b5") + b"queued".ljust(86, b".")  # 100 bytes
VERSIONS = ("10", "13", "14", "15")


class QueueTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def limit(self, rate, size, whole=None):
        """Gives p2 a queue 1; its record."""
        made = self.sw.vsctl("set", "port", "p2", "qos=@qos", "--",
                             "--id=@qos", "create", "qos", "type=egress-policer", "queues:1=@queue",
                             *([f"other_config:max-rate={whole}"] if whole else []), "--",
                             "--id=@queue", "create", "queue", f"other_config:max-rate={rate}",
                             f"other_config:burst={size}")
        return made.stdout.split()[1]

    def counted(self, queue=1, version="13"):
        """Bytes, packets, errors and seconds of a queue of p2, from one answer."""
        text = StockOfctl(self.sw, version).printed("queue-stats", "2", str(queue))
        found = re.search(rf"port 2 queue {queue}: bytes=(\d+), pkts=(\d+), errors=(\d+), duration=(\S+)", text)
        self.assertIsNotNone(found, text)
        seconds = found.group(4)
        return (int(found.group(1)), int(found.group(2)), int(found.group(3)),
                None if seconds == "?" else float(seconds.rstrip("s")))

    def burst(self, count):
        came, seconds = burst(self.a, self.b, [FRAME] * count)
        return len(came), seconds

    def rate_of(self, queue, seconds):
        """Mbit/s that the queue lets pass, by its own counters and its own clock, while more than that comes."""
        begin = self.counted(queue)
        until(lambda: self.counted(queue)[2] > begin[2], "the queue is full")
        begin = self.counted(queue)
        until(lambda: self.counted(queue)[3] >= begin[3] + seconds, "time has passed")
        end = self.counted(queue)
        self.assertGreater(end[2], begin[2])
        return (end[0] - begin[0]) * 8 / (end[3] - begin[3]) / 1e6

    def flood(self, seconds):
        """UDP at 40 Mbit/s from a to b: both ends, to be ended."""
        server = self.b.place.start("iperf3 --server")
        until(lambda: self.b.place.listens(5201), "iperf3 listens")
        client = self.a.place.start(["iperf3", "--client", "10.0.0.2", "--udp", "--bitrate", "40M", "--length", "1000",
                                     "--time", str(seconds)])
        return server, client

    def test_what_exceeds_the_rate_is_dropped_and_counted_in_each_version(self):
        self.limit(800, 20 * 800)  # 20 frames at once, and one a second
        for version in VERSIONS:
            with self.subTest(version=version):
                stock = StockOfctl(self.sw, version)
                flow = "enqueue:2:1" if version == "10" else "set_queue:1,output:2"
                stock.run("del-flows")
                stock.run("add-flow", f"in_port=1,dl_type={ETHERTYPE:#x},actions={flow}")
                before = self.counted(1, version)
                came, _ = self.burst(200)
                after = self.counted(1, version)
                self.assertEqual(after[1] - before[1], came)
                self.assertEqual(after[0] - before[0], came * len(FRAME))
                self.assertEqual(after[2] - before[2], 200 - came)
                self.assertGreaterEqual(came, 20 if version == "10" else 0)
                self.assertEqual(version == "10", after[3] is None, "1.0 has no word for it")
        self.assertEqual(self.sw.drops()["queue_rate_exceeded"], self.counted()[2])
        self.assertEqual(self.counted(0)[1], 0, "queue 0 is there as well")

    def test_each_version_shows_the_queues(self):
        self.limit(10_000_000, 1_000_000)
        for version in VERSIONS:
            with self.subTest(version=version):
                stock = StockOfctl(self.sw, version)
                self.assertIn("2 queues", stock.printed("queue-stats"))
                self.assertIn("2 queues", stock.printed("queue-stats", "2"))
                self.assertIn("0 queues", stock.printed("queue-stats", "1"))
                self.assertRegex(stock.printed("queue-get-config", "2"), r"queue 0:(.|\n)*queue 1:")
                self.assertIn("BAD_QUEUE", stock.refusal("queue-stats", "2", "7"))
                self.assertIn("BAD_PORT", stock.refusal("queue-stats", "9"))
                ours = self.sw.ofctl("-O", f"OpenFlow{version}", "queue-get-config", "br0", "2").stdout
                self.assertRegex(ours, r"queue 0:(.|\n)*queue 1:")
        self.assertIn("QUEUE_STATS", StockOfctl(self.sw, "13").printed("show"))
        self.sw.add_flow("in_port=1,actions=set_queue:1,output:2")
        told = self.sw.appctl("ofproto/trace", "br0", "in_port=1,udp").stdout
        self.assertIn("queue 1 of port p2: max-rate 10000000 bit/s", told)
        self.assertIn("Datapath actions: enqueue:p2:1", told)

    def test_the_rate_is_kept_and_may_be_changed_while_packets_flow(self):
        queue = self.limit(8_000_000, 4_000_000)
        self.sw.add_flow("priority=2,in_port=1,udp,actions=set_queue:1,output:2")
        self.sw.add_flow("priority=1,actions=normal")
        server, client = self.flood(60)
        self.assertAlmostEqual(self.rate_of(1, 2), 8, delta=8 * 0.15)
        self.sw.vsctl("set", "queue", queue, "other_config:max-rate=16000000")
        before = self.counted()
        self.assertAlmostEqual(self.rate_of(1, 2), 16, delta=16 * 0.15)
        self.sw.vsctl("set", "qos", "p2", "other_config:max-rate=4000000", "other_config:burst=400000")
        self.assertAlmostEqual(self.rate_of(1, 2), 4, delta=4 * 0.15)
        self.assertGreater(self.counted()[1], before[1], "counters go on")
        client.terminate()
        server.terminate()

    def test_queues_outlast_the_switch_and_end_with_their_records(self):
        self.limit(800, 20 * 800)
        self.sw.add_flow("in_port=1,actions=set_queue:1,output:2")
        self.sw.stop()
        self.sw.start()
        self.sw.add_flow("in_port=1,actions=set_queue:1,output:2")
        came, seconds = self.burst(200)
        self.assertLessEqual(came, 20 + seconds + 1)
        self.sw.vsctl("clear", "port", "p2", "qos")
        self.assertEqual(self.burst(200)[0], 200)
        stock = StockOfctl(self.sw, "13")
        self.assertIn("0 queues", stock.printed("queue-stats"))
        self.assertIn("BAD_QUEUE", stock.refusal("queue-stats", "2", "1"))
        self.assertNotEqual(self.sw.vsctl("list", "qos").stdout, "", "records stay until they are destroyed")
        self.sw.vsctl("--all", "destroy", "qos", "--", "--all", "destroy", "queue")
        self.assertEqual(self.sw.vsctl("list", "qos").stdout + self.sw.vsctl("list", "queue").stdout, "")

    def test_what_is_not_done_is_refused(self):
        for words in (["create", "queue", "other_config:priority=1"], ["create", "qos", "type=linux-hfsc"],
                      ["create", "queue", "other_config:max-rate=10M"], ["create", "qos", "other_config:cir=1000"]):
            refused = self.sw.vsctl(*words, check=False)
            self.assertNotEqual(refused.returncode, 0, words)
            self.assertRegex(refused.stderr, "not supported|not one of the allowed|is needed")

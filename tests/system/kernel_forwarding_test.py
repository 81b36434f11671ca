"""Busy megaflows between system ports, which the kernel forwards by itself: counted, in order, and ended in time."""

import json
import re
import socket
import struct
import subprocess
import time

from harness import SystemTest, until
from harness.frames import Capture, burst, frames_of, tag_count
from harness.network import end

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss"]


class KernelForwardingTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")

    def two_guests(self, *options, secure=True, ports=()):
        self.sw = self.switch(self.host, *options, secure=secure)
        guests = [self.guest(self.sw, port, f"10.0.0.{number}", options=ports)
                  for number, port in ((1, "p1"), (2, "p2"))]
        if secure:
            self.join_ports()
        # Resolved for good: what is cut off for a while is then not waiting for an answer to ARP.
        for one, other in (guests, reversed(guests)):
            one.run(["ip", "neigh", "replace", other.address, "lladdr", other.place.mac("eth0"), "dev", "eth0"])
        return guests

    def join_ports(self):
        self.sw.add_flow("in_port=p1,actions=output:p2")
        self.sw.add_flow("in_port=p2,actions=output:p1")

    def megaflows(self, port):
        """Those of packets that came by the port."""
        lines = self.sw.appctl("dpctl/dump-flows").stdout.splitlines()
        return [line for line in lines if re.search(rf"in_port=\"?{port}\b", line)]

    def kernel_has(self, port):
        return any("offloaded:yes" in line for line in self.megaflows(port))

    def until_kernel_has(self, *ports):
        until(lambda: all(self.kernel_has(port) for port in ports), f"the kernel forwards what comes by {ports}")

    def stream(self, guest, address, *options, interval="0.001"):
        """Pings in the background: some hundred packets each way in a second."""
        return guest.place.start(["ping", "-q", "-i", interval, *options, address])

    def offload(self, one, other):
        """Both directions are in the kernel when it comes back, and nothing is on the way."""
        pings = self.stream(one, other.address)
        self.until_kernel_has("p1", "p2")
        end(pings)

    def flow_packets(self, flow):
        return int(re.search(r"n_packets=(\d+)", self.sw.ofctl("dump-flows", "br0", flow).stdout).group(1))

    def port_packets(self, port):
        """(received, sent)"""
        shown = self.sw.ofctl("dump-ports", "br0", port).stdout
        return tuple(int(count) for count in re.findall(r"[rt]x pkts=(\d+)", shown))

    def received_in_user_space(self):
        return self.sw.balance()[0]

    # --- there and back

    def test_ping_and_tcp_move_into_the_kernel(self):
        a, b = self.two_guests()
        self.offload(a, b)
        self.assertEqual(self.pings(a, b.address), 5)
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")
        self.until_kernel_has("p1", "p2")
        self.assert_balance_without_drops()

    def assert_balance_without_drops(self):
        self.assertEqual(sum(self.sw.drops().values()), 0, self.sw.drops())

    def test_a_learning_switch_forwards_in_the_kernel(self):
        a, b = self.two_guests(secure=False)
        self.offload(a, b)
        self.assert_tcp(a, b)

    def test_nobody_else_gets_it(self):
        a, b = self.two_guests()
        c = self.guest(self.sw, "p3", "10.0.0.3")
        self.offload(a, b)
        before = c.place.counter("eth0", "rx_packets")
        self.assert_tcp(a, b)
        self.assertEqual(c.place.counter("eth0", "rx_packets"), before)

    def test_counters_have_what_the_kernel_forwards(self):
        a, b = self.two_guests()
        self.offload(a, b)
        flows = [self.flow_packets(f"in_port={port}") for port in ("p1", "p2")]
        ports = [self.port_packets(port) for port in ("p1", "p2")]
        in_user_space = self.received_in_user_space()
        self.assertEqual(self.pings_at_once(a, b.address, 2000), 2000)
        for port, before in zip(("p1", "p2"), flows):
            self.assertEqual(self.flow_packets(f"in_port={port}") - before, 2000)
        for port, (received, sent) in zip(("p1", "p2"), ports):
            self.assertEqual(self.port_packets(port), (received + 2000, sent + 2000))
        self.assertLess(self.received_in_user_space() - in_user_space, 100, "or it was not the kernel that did it")

    def pings_at_once(self, guest, address, count):
        done = guest.run(["ping", "-f", "-q", "-c", count, address]).stdout
        return int(re.search(r"(\d+) received", done).group(1))

    def test_bytes_are_counted_as_user_space_does(self):
        a, b = self.two_guests()
        self.offload(a, b)
        counted = {}
        for kernel in ("true", "false"):
            self.sw.vsctl("set", "Open_vSwitch", ".", f"other_config:kernel-forwarding={kernel}")
            before = self.flow_bytes("in_port=p1")
            self.pings_at_once(a, b.address, 50)
            counted[kernel] = self.flow_bytes("in_port=p1") - before
        self.assertEqual(counted, {"true": 50 * 98, "false": 50 * 98})

    def flow_bytes(self, flow):
        return int(re.search(r"n_bytes=(\d+)", self.sw.ofctl("dump-flows", "br0", flow).stdout).group(1))

    def test_packets_in_the_kernel_keep_a_flow_from_idling_out(self):
        a, b = self.two_guests()
        self.sw.add_flow("priority=40000,icmp,in_port=p1,idle_timeout=2,actions=output:p2")
        pings = self.stream(a, b.address, interval="0.01")
        self.until_kernel_has("p1", "p2")
        begin = time.monotonic()
        while time.monotonic() - begin < 5:
            self.assertTrue(self.has_idle_flow(), "it is in use")
            time.sleep(0.25)  # to look again; for the whole time nothing must happen
        self.assertTrue(self.kernel_has("p1"))
        end(pings)
        until(lambda: not self.has_idle_flow(), "without packets it goes")

    def has_idle_flow(self):
        return "idle_timeout=2" in self.sw.ofctl("dump-flows", "br0").stdout

    # --- what is told is in force

    def test_a_flow_mod_ends_it_at_once(self):
        a, b = self.two_guests()
        self.offload(a, b)
        frames = frames_of(range(1000, 1200))
        for _ in range(10):
            self.sw.add_flow("in_port=p1,actions=drop")
            self.assertEqual(len(burst(a, b, frames, seconds=0.1)[0]), 0)
            self.sw.add_flow("in_port=p1,actions=output:p2")
            self.assertEqual(len(burst(a, b, frames, seconds=0.1)[0]), len(frames))
            self.offload(a, b)

    def test_deleted_flows_end_it_at_once(self):
        a, b = self.two_guests()
        self.offload(a, b)
        self.sw.ofctl("del-flows", "br0")
        self.assertEqual(len(burst(a, b, frames_of(range(1000, 1200)))[0]), 0)
        self.join_ports()
        self.offload(a, b)
        self.assert_pings(a, b.address)

    def test_a_guest_is_turned_to_another(self):
        a, b = self.two_guests()
        c = self.guest(self.sw, "p3", "10.0.0.3")
        self.offload(a, b)
        frames = frames_of(range(1000, 1200))
        self.sw.add_flow("in_port=p1,actions=output:p3")
        self.assertEqual(len(burst(a, c, frames, seconds=0.1)[0]), len(frames))
        self.assertEqual(len(burst(a, b, frames, seconds=0.1)[0]), 0)

    def test_it_can_be_switched_off_and_on(self):
        a, b = self.two_guests()
        self.stream(a, b.address, "-f")
        self.until_kernel_has("p1", "p2")
        for _ in range(3):
            self.sw.vsctl("set", "Open_vSwitch", ".", "other_config:kernel-forwarding=false")
            self.assertNotIn("offloaded", self.sw.appctl("dpctl/dump-flows").stdout)
            before = self.received_in_user_space()
            self.assertEqual(self.pings_at_once(a, b.address, 100), 100)
            self.assertGreaterEqual(self.received_in_user_space() - before, 200)
            self.assertNotIn("offloaded", self.sw.appctl("dpctl/dump-flows").stdout)
            self.sw.vsctl("set", "Open_vSwitch", ".", "other_config:kernel-forwarding=true")
            self.until_kernel_has("p1", "p2")

    def test_a_port_of_openflow_that_is_down(self):
        a, b = self.two_guests()
        self.offload(a, b)
        self.sw.ofctl("mod-port", "br0", "p2", "down")
        self.assertEqual(len(burst(a, b, frames_of(range(1000, 1200)))[0]), 0)
        self.sw.ofctl("mod-port", "br0", "p2", "up")
        self.offload(a, b)

    # --- devices

    def test_a_frame_that_the_far_device_cannot_send(self):
        a, b = self.two_guests()
        self.offload(a, b)
        self.host.run("ip link set p2 mtu 1000")
        long = ["-s", "1200", "-W", "0.2"]

        def is_told():
            self.assertEqual(self.pings(a, b.address, 1, *long), 0)
            return self.sw.drops().get("tx_error", 0) > 0

        until(is_told, "the switch counts what does not fit")
        self.offload(a, b)
        before, by_device = self.sw.drops()["tx_error"], self.host.counter("p2", "tx_dropped")
        self.assertEqual(self.pings(a, b.address, 10, *long), 0)
        self.assertEqual(self.sw.drops()["tx_error"], before + 10, "and counts each")
        self.assertEqual(self.host.counter("p2", "tx_dropped"), by_device, "the kernel has sent none")
        self.assertTrue(self.kernel_has("p1"), "what fits is still the kernel's")
        self.host.run("ip link set p2 mtu 1500")
        until(lambda: self.pings(a, b.address, 1, *long), "it fits again")

    def test_what_is_sent_to_a_device_that_is_down_is_counted(self):
        a, b = self.two_guests()
        self.offload(a, b)
        self.host.run("ip link set p2 down")
        lost = ["-W", "0.1"]
        until(lambda: self.pings(a, b.address, 1, *lost) == 0 and self.sw.drops().get("port_down", 0) > 0,
              "the switch counts what goes nowhere")
        before = self.sw.drops()["port_down"]
        self.assertEqual(self.pings(a, b.address, 20, *lost), 0)
        self.assertEqual(self.sw.drops()["port_down"], before + 20, "each of them")
        self.host.run("ip link set p2 up")
        self.assert_reaches(a, b.address)
        self.offload(a, b)

    def test_ports_come_and_go_under_traffic(self):
        a, b = self.two_guests()
        for port in ("p2", "p1", "p2"):
            pings = self.stream(a, b.address)
            self.until_kernel_has("p1", "p2")
            self.sw.vsctl("del-port", port)
            self.assertEqual(self.pings(a, b.address, 2, "-W", "0.2"), 0)
            self.sw.vsctl("add-port", "br0", port)
            self.sw.ofctl("del-flows", "br0")
            self.join_ports()
            self.assert_pings(a, b.address)
            self.until_kernel_has("p1", "p2")
            end(pings)

    def test_a_port_that_is_made_anew_in_one_step(self):
        a, b = self.two_guests(secure=False)
        self.stream(a, b.address)
        self.until_kernel_has("p1", "p2")
        for _ in range(3):
            self.sw.vsctl("del-port", "p1", "--", "add-port", "br0", "p1")
            self.assert_pings(a, b.address)
            self.until_kernel_has("p1", "p2")

    def test_a_killed_switch_leaves_guests_cut_off_and_the_next_one_takes_over(self):
        a, b = self.two_guests(secure=False)
        self.stream(a, b.address)
        self.until_kernel_has("p1", "p2")
        self.sw.kill()
        self.assertEqual(self.pings(a, b.address, 5, "-W", "0.2"), 0)
        self.sw.start()
        self.assert_pings(a, b.address)
        self.until_kernel_has("p1", "p2")

    # --- tags

    def pass_tagged(self, sender, receiver, tags):
        """Sends frames with these (tpid, tci) in front of an IPv4 packet: the tags that they arrive with."""
        plain = [self.macs_of(sender) + frame[12:] for frame in frames_of(range(1000, 1200))]
        head = b"".join(struct.pack("!HH", *tag) for tag in tags)
        frames = [frame[:12] + head + frame[12:] for frame in plain]
        capture = Capture(receiver)
        into = sender.place.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        into.bind(("eth0", 0))
        for frame in frames:
            into.send(frame)
        came = capture.frames(self.macs_of(sender)[6:])
        for each in (capture, into):
            each.close()
        self.assertEqual(len(came), len(frames))
        self.assertEqual({data[-32:] for data in came}, {frames[0][-32:]})
        return {tuple(struct.unpack("!HH", data[at:at + 4]) for at in range(12, 12 + 4 * tag_count(data), 4))
                for data in came}

    def macs_of(self, sender):
        """Of frames between the two: destination and source."""
        macs = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
        return b"".join(macs if sender.place.name.endswith("p2") else reversed(macs))

    def in_user_space(self, pass_frames):
        """How many come there meanwhile."""
        before = self.received_in_user_space()
        pass_frames()
        return self.received_in_user_space() - before

    def test_tagged_frames_keep_their_tag(self):
        a, b = self.two_guests()
        self.sw.add_flow("priority=40000,in_port=p1,dl_vlan=10,actions=output:p2")
        for tag in ((0x8100, 0x600a), (0x8100, 0x000b), (0x8100, 0)):
            self.until_kernel_passes(a, b, [tag], [tag])

    def test_other_tags_pass_by_user_space(self):
        a, b = self.two_guests()
        self.offload(a, b)
        for tags in ([(0x88a8, 10)], [(0x8100, 10), (0x8100, 20)], [(0x88a8, 10), (0x8100, 20)]):
            for _ in range(3):
                before = self.received_in_user_space()
                self.assertEqual(self.pass_tagged(a, b, tags), {tuple(tags)})
                self.assertGreaterEqual(self.received_in_user_space() - before, 200, tags)

    def until_kernel_passes(self, sender, receiver, tags, expected):
        """Frames with these tags arrive with those, and next to none of them comes to user space."""
        def check():
            return self.in_user_space(
                lambda: self.assertEqual(self.pass_tagged(sender, receiver, tags), {tuple(expected)})) < 100
        until(check, f"the kernel passes {tags} as {expected}")

    def test_tags_are_taken_off_and_put_on(self):
        """From an access port to a trunk port and back, and from one VLAN to another."""
        self.sw = self.switch(self.host, secure=False)
        a = self.guest(self.sw, "p1", options=["tag=10"])
        b = self.guest(self.sw, "p2", options=["trunks=10,20"])
        self.pass_tagged(b, a, [(0x8100, 10)])  # so that the switch knows where it is
        before = self.sw.drops()
        self.until_kernel_passes(a, b, [], [(0x8100, 10)])
        self.until_kernel_passes(b, a, [(0x8100, 10)], [])
        self.assertEqual(self.sw.drops(), before)
        self.sw.add_flow("in_port=p2,dl_vlan=20,actions=pop_vlan,push_vlan:0x8100,set_field:4107->vlan_vid,output:p1")
        self.until_kernel_passes(b, a, [(0x8100, 20)], [(0x8100, 11)])

    def test_bytes_of_a_tag_are_counted(self):
        a, b = self.two_guests()
        self.sw.add_flow("priority=40000,in_port=p1,vlan_tci=0,actions=push_vlan:0x8100,set_field:4106->vlan_vid,output:p2")
        self.sw.add_flow("priority=40000,in_port=p2,dl_vlan=10,actions=pop_vlan,output:p1")
        for sender, receiver, tags, expected, come in ((a, b, [], [(0x8100, 10)], "p1"),
                                                       (b, a, [(0x8100, 10)], [], "p2")):
            self.until_kernel_passes(sender, receiver, tags, expected)
            leave = "p2" if come == "p1" else "p1"
            before = self.port_bytes(come)[0], self.port_bytes(leave)[1]
            self.pass_tagged(sender, receiver, tags)
            after = self.port_bytes(come)[0], self.port_bytes(leave)[1]
            self.assertEqual((after[0] - before[0], after[1] - before[1]),
                             (200 * (74 + 4 * len(tags)), 200 * (74 + 4 * len(expected))))

    def port_bytes(self, port):
        """(received, sent)"""
        shown = self.sw.ofctl("dump-ports", "br0", port).stdout
        return tuple(int(count) for count in re.findall(r"bytes=(\d+)", shown))

    # --- several queues and workers

    def test_several_queues_and_workers(self):
        a, b = self.two_guests("--workers", "2", ports=["--", "set", "interface", "{port}", "options:n_rxq=2"])
        self.offload(a, b)
        self.assert_tcp(a, b, "--parallel", "8")
        self.assert_tcp(a, b, "--parallel", "8", "--reverse")
        self.until_kernel_has("p1", "p2")
        self.sw.add_flow("in_port=p1,actions=drop")
        self.assertEqual(len(burst(a, b, frames_of(range(1000, 1200)))[0]), 0)

    def guest(self, switch, port, address=None, mac=None, mtu=1500, options=(), bridge="br0"):
        return super().guest(switch, port, address, mac, mtu, [option.format(port=port) for option in options], bridge)

    # --- order

    def flip(self, process):
        """From user space to the kernel and back, again and again, until the process ends: how often each was seen."""
        seen = {True: 0, False: 0}
        while process.poll() is None:
            self.sw.vsctl("set", "Open_vSwitch", ".", "other_config:kernel-forwarding=false")
            seen[self.kernel_has("p1")] += 1
            self.sw.vsctl("set", "Open_vSwitch", ".", "other_config:kernel-forwarding=true")
            until(lambda: self.kernel_has("p1") or process.poll() is not None, "it is the kernel's turn")
            seen[self.kernel_has("p1")] += 1
            self.sw.ofctl("mod-flows", "br0", f"in_port=p1,actions=set_field:{seen[True]}->reg0,output:p2")
        return seen

    def test_datagrams_keep_their_order_on_every_way(self):
        a, b = self.two_guests()
        self.check_order(a, b)

    def test_with_several_workers_too(self):
        a, b = self.two_guests("--workers", "2", ports=["--", "set", "interface", "{port}", "options:n_rxq=2"])
        self.check_order(a, b)

    def check_order(self, a, b):
        begin = self.frames_on_the_way(a, b)
        listener = b.place.start("iperf3 --server --one-off --json", stdout=subprocess.PIPE)
        until(lambda: b.place.listens(5201), "iperf3 listens")
        client = a.place.start(["iperf3", "--client", b.address, "--udp", "--bitrate", "0", "--length", "64",
                                "--time", "6"])
        seen = self.flip(client)
        stream = json.loads(listener.communicate(timeout=30)[0])["end"]["streams"][0]["udp"]
        print(f"{self.id()}: {stream['packets']} datagrams, {stream['lost_packets']} lost, seen {seen}", flush=True)
        self.assertEqual(stream["out_of_order"], 0, stream)
        self.assertGreater(stream["packets"], 10_000)
        self.assertGreater(min(seen.values()), 3, "or it went one way only")
        self.assert_balance(self.sw)
        came, received, sent, arrived = (end - start for start, end in zip(begin, self.frames_on_the_way(a, b)))
        self.assertEqual(came, received, "each that came is counted as received, or as dropped")
        self.assertEqual(sent, arrived, "each that is counted as sent has arrived")
        self.assertEqual(received - sent, sum(self.sw.drops().values()))

    def frames_on_the_way(self, a, b):
        """From one guest to the other: at the device, received or dropped there by the switch, sent, arrived."""
        received, dropped = self.port_packets("p1")[0], self.port_drops("p1")
        return (self.host.counter("p1", "rx_packets"), received + dropped, self.port_packets("p2")[1],
                b.place.counter("eth0", "rx_packets"))

    def port_drops(self, port):
        """At reception."""
        return int(re.search(r"rx pkts.*?drop=(\d+)", self.sw.ofctl("dump-ports", "br0", port).stdout).group(1))

"""STT between two switches: what crosses, what it looks like on the wire, loss on the way, firewalls that drop it."""

import os

from harness import SystemTest, until
from harness.network import run

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ethtool", "tc", "tcpdump", "tshark", "nft"]
CONTEXT = 0x123456789ABCDEF0


class SttTest(SystemTest):
    def begin(self, guest_mtu=1500, **options):
        self.h1, self.h2, self.router = self.two_hosts(**options)
        remotes = [(host.vtep6 if options.get("ipv6") else host.vtep) for host in (self.h2, self.h1)]
        self.switches = [self.switch(host) for host in (self.h1, self.h2)]
        self.guests = []
        for index, (switch, remote) in enumerate(zip(self.switches, remotes), 1):
            self.tunnel(switch, "stt", "stt0", "remote_ip=flow", "key=flow")
            self.guests.append(self.guest(switch, "p1", f"10.0.0.{index}", mtu=guest_mtu))
            destination = f"set_field:{remote}->{'tun_ipv6_dst' if options.get('ipv6') else 'tun_dst'}"
            switch.add_flow(f"in_port=p1,actions=set_field:{CONTEXT:#x}->tun_id,{destination},output:stt0")
            switch.add_flow(f"in_port=stt0,tun_id={CONTEXT:#x},actions=output:p1")

    def unexpected_drops(self):
        return [{reason: count for reason, count in switch.drops().items()
                 if reason.startswith(("tunnel_", "stt_", "bad_", "gso"))} for switch in self.switches]

    def check(self):
        a, b = self.guests
        self.assert_pings(a, "10.0.0.2")
        self.assert_pings(a, "10.0.0.2", 5, "-s", "1472", "-M", "do")
        self.assert_tcp(a, b)
        self.assert_tcp(a, b, "--reverse")
        self.assertEqual(self.unexpected_drops(), [{}, {}])

    def mean_frame(self, switch, match):
        for line in switch.ofctl("dump-flows", "br0", match).stdout.splitlines():
            if "n_packets=" in line:
                fields = dict(word.split("=", 1) for word in line.replace(",", " ").split() if "=" in word)
                return int(fields["n_bytes"]) / int(fields["n_packets"])
        raise AssertionError(f"no flow for {match}")


class CrossingTest(SttTest):
    def test_ping_and_tcp(self):
        self.begin()
        self.check()
        # Neither end cuts: what the second switch hands to its guest is as large as what the first one's sent.
        self.assertGreater(self.mean_frame(self.switches[1], "in_port=stt0"), 5_000)

    def test_over_ipv6(self):
        self.begin(ipv6=True)
        self.check()

    def test_guests_with_jumbo_frames_need_no_other_mtu(self):
        """Frames of 9,000 bytes over an underlay of 1,600."""
        self.begin(guest_mtu=9000)
        self.assert_pings(self.guests[0], "10.0.0.2", 5, "-s", "8972", "-M", "do")
        self.check()

    def test_where_segments_are_cut(self):
        """Without offloads on the way every segment arrives by itself."""
        self.begin()
        for place, device in ((self.h1, "uplink"), (self.h2, "uplink")):
            place.run(f"ethtool -K {device} tso off gso off gro off")
        for device in ("to-h1", "to-h2"):
            self.router.run(f"ethtool -K {device} tso off gso off gro off")
        self.check()


class WireTest(SttTest):
    def capture(self, device, filter_text):
        path = f"/tmp/{self.router.full_name}-stt.pcapng"
        log = f"{path}.log"
        for file in (path, log):
            self.addCleanup(lambda file=file: os.path.exists(file) and os.unlink(file))
        with open(log, "w", encoding="utf-8") as out:
            process = self.router.start(["tcpdump", "--immediate-mode", "-U", "-i", device, "-s", "0", "-B", "65536", "-w", path,
                                         filter_text], stderr=out)

        def listening():
            with open(log, encoding="utf-8") as out:
                return "listening on" in out.read()

        until(listening, "tcpdump captures")
        return path, process

    def tshark(self, path, *words):
        return run(["tshark", "-r", path, "-o", "ip.try_heuristic_first:TRUE", "-o", "stt.reassemble:TRUE",
                    "-d", "tcp.port==5201,data", *words], timeout=120).stdout

    def test_tshark_has_nothing_to_say_and_nobody_answers_with_reset(self):
        self.begin()
        # The capture is to hold what a network card would have sent.
        for host in (self.h1, self.h2):
            host.run("ethtool -K uplink tso off tx-checksum-ip-generic off")
        path, process = self.capture("to-h1", "tcp port 7471")
        a, b = self.guests
        self.assert_pings(a, "10.0.0.2", 5, "-s", "4000")
        listener = b.place.start("iperf3 --server")
        until(lambda: b.place.listens(5201), "iperf3 listens")
        for options in (["--bytes", "2M"], ["--bytes", "2M", "--reverse"]):
            a.run(["iperf3", "--client", "10.0.0.2", *options])
        listener.terminate()
        process.terminate()
        process.wait(10)

        total = len(self.tshark(path).splitlines())
        self.assertGreater(total, 1000)
        self.assertEqual(len(self.tshark(path, "-Y", "stt").splitlines()), total)
        frames = self.tshark(path, "-Y", "stt.context_id", "-T", "fields", "-e", "stt.context_id").split()
        self.assertEqual(set(frames), {f"{CONTEXT:#x}"})
        self.assertGreater(total, len(frames) + 500, "frames were to be cut")
        for fault in ("_ws.malformed", "stt.data_offset_bad.expert", "stt.version_unknown.expert",
                      "stt.l4offset_bad.expert", "stt.mss_bad.expert", "stt.segment.error", "stt.segment.overlap",
                      "stt.segment.toolongfragment", "stt.tcp.flags.rst == 1"):
            self.assertEqual(self.tshark(path, "-Y", fault), "", fault)
        # Its STT dissector calls every right checksum wrong ("should be 0x0000"); TCP's is asked instead.
        as_tcp = ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "--disable-heuristic", "stt_ip", "-Y"]
        self.assertEqual(run([*as_tcp, "tcp.checksum.status == 0"]).stdout, "")
        self.assertEqual(len(run([*as_tcp, "tcp.checksum.status == 1"]).stdout.splitlines()), total)
        longest = max(int(size) for size in self.tshark(path, "-T", "fields", "-e", "frame.len").split())
        self.assertLessEqual(longest, 1600 + 14)


class TroubleTest(SttTest):
    def test_tcp_lives_with_an_underlay_that_loses_segments(self):
        """A shaper with a short queue drops what exceeds it, segment by segment."""
        self.begin()
        self.router.run("tc qdisc add dev to-h2 root tbf rate 300mbit burst 20kb limit 100kb")
        a, b = self.guests
        self.assert_reaches(a, "10.0.0.2")
        self.assertGreater(self.tcp(a, b, seconds=3), 10)
        self.assert_pings(a, "10.0.0.2")
        until(lambda: self.switches[1].drops().get("stt_timeout", 0) > 0, "frames that lack a segment are given up")
        for switch in self.switches:
            self.assert_balance(switch)

    def test_a_firewall_that_drops_what_is_invalid(self):
        self.begin()
        a, b = self.guests
        self.assert_reaches(a, "10.0.0.2")
        status = self.switches[1].vsctl("get", "interface", "stt0", "status").stdout
        self.assertNotIn("notrack", status)
        self.h2.sysctl("net.netfilter.nf_conntrack_tcp_loose", 0)
        for words in ("add table inet guard", "add chain inet guard in { type filter hook input priority 0 ; }",
                      "add rule inet guard in ct state invalid counter drop"):
            self.h2.run(["nft", *words.split()])
        self.assertEqual(self.pings(a, "10.0.0.2", 2), 0)
        until(lambda: "notrack" in self.switches[1].vsctl("get", "interface", "stt0", "status").stdout,
              "the port warns")
        # What the man page says to do about it.
        for words in ("add table inet stt", "add chain inet stt pre { type filter hook prerouting priority raw ; }",
                      "add rule inet stt pre tcp dport 7471 notrack"):
            self.h2.run(["nft", *words.split()])
        self.assert_pings(a, "10.0.0.2")
        self.assert_tcp(a, b)

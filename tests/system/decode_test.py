"""tshark understands every tunnel's and OpenFlow message, and finds no checksum wrong."""

import os
import socket
import threading

from harness import SystemTest, until
from harness.network import run

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "ethtool", "tshark", "ovs-ofctl", "ovs-testcontroller"]

# Faults of the dissector, not of the packets: the text of the expert item -> why it is wrong.
DISSECTOR_FAULTS = {}

# For what was captured as it would be on a wire; on the loopback device the kernel leaves them open.
CHECKSUMS = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]

# What iperf3 carries is random bytes from a random port. Left to guess, one of tshark's many dissectors now and then takes
# them for a broken message of its own protocol.
OPAQUE = ["-d", "tcp.port==5201,data", "-d", "udp.port==5201,data"]


def tshark(*words):
    return run(["tshark", *words], timeout=120).stdout


def complaints(path, *words):
    """Malformed packets and expert items of severity warning and above, but not what TCP's own course is about.

    A retransmission or a duplicate acknowledged twice (D-SACK) is a sender's timer that a busy machine let run out.
    """
    shown = tshark("-r", path, *words, "-Y",
                   "(_ws.malformed || _ws.expert.severity >= 0x600000) && !tcp.analysis.flags && !tcp.options.sack.dsack"
                   " && !(tcp.flags.reset == 1)",
                   "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message", "-e", "_ws.malformed")
    return [line for line in shown.splitlines() if not any(fault in line for fault in DISSECTOR_FAULTS)]


class Relay:
    """Lets a Unix socket be reached by TCP inside a namespace, where a capture can watch."""

    def __init__(self, place, port, path):
        self.path = path
        self.listener = place.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.path)
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    @staticmethod
    def _copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class DecodeTest(SystemTest):
    def capture(self, place, device, name, filter_text):
        path = f"/tmp/{place.full_name}-{name}.pcapng"
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        log = f"{path}.log"
        with open(log, "w", encoding="utf-8") as file:
            process = place.start(["tcpdump", "--immediate-mode", "-U", "-i", device, "-s", "0", "-B", "65536", "-w", path, filter_text],
                                  stderr=file)
        self.addCleanup(lambda: os.path.exists(log) and os.unlink(log))

        def listening():
            with open(log, encoding="utf-8") as file:
                return "listening on" in file.read()

        until(listening, "tcpdump captures")
        return path, process

    def finish(self, process):
        process.terminate()
        process.wait(10)

    def test_vxlan_on_the_wire(self):
        self.check_tunnel("vxlan", "udp port 4789", "vxlan.vni == 5001 && vxlan.flag_i == 1")

    def test_geneve_on_the_wire(self):
        self.check_tunnel("geneve", "udp port 6081", "geneve.vni == 5001 && geneve.version == 0")

    def test_gre_on_the_wire(self):
        self.check_tunnel("gre", "ip proto 47", "gre.key == 5001 && gre.proto == 0x6558")

    def test_nvgre_on_the_wire(self):
        """The key is the VSID, and a FlowID behind it."""
        self.check_tunnel("nvgre", "ip proto 47", "gre.key >= 0x138900 && gre.key <= 0x1389ff && gre.proto == 0x6558")

    def check_tunnel(self, kind, captured, decoded):
        h1, h2, router = self.two_hosts()
        # The kernel would leave both to a network card; the capture is to hold what the card would have sent.
        for host in (h1, h2):
            host.run("ethtool -K uplink tx-udp-segmentation off tx-checksum-ip-generic off")
        switches = [self.switch(host) for host in (h1, h2)]
        guests = []
        for index, (switch, remote) in enumerate(zip(switches, (h2, h1)), 1):
            self.tunnel(switch, kind, "vx0", "remote_ip=flow", "key=flow")
            guests.append(self.guest(switch, "p1", f"10.0.0.{index}"))
            self.overlay_flows(switch, "p1", 5001, remote.vtep)
        a, b = guests
        path, capture = self.capture(router, "to-h1", kind, captured)
        self.assert_pings(a, "10.0.0.2", 5, "-s", "1472", "-M", "do")
        self.assert_pings(a, "10.0.0.2", 2, "-s", "4000")
        listener = b.place.start("iperf3 --server")
        until(lambda: b.place.listens(5201), "iperf3 listens")
        for options in (["--bytes", "2M"], ["--bytes", "2M", "--reverse"], ["--udp", "--bytes", "1M", "--bitrate", "50M"]):
            a.run(["iperf3", "--client", "10.0.0.2", *options])
        listener.terminate()
        self.finish(capture)

        self.assertEqual(complaints(path, *OPAQUE, *CHECKSUMS), [])
        total = len(tshark("-r", path).splitlines())
        self.assertGreater(total, 1000)
        self.assertEqual(len(tshark("-r", path, "-Y", decoded).splitlines()), total)
        for layer in ("ip", "udp", "tcp"):
            self.assertEqual(tshark("-r", path, *CHECKSUMS, "-Y", f"{layer}.checksum.status == 0"), "", f"bad {layer} checksums")
        longest = max(int(size) for size in tshark("-r", path, "-T", "fields", "-e", "frame.len").split())
        self.assertLessEqual(longest, 1600 + 14)

    def test_openflow_on_the_wire(self):
        host = self.place("host")
        switch = self.switch(host)
        a = self.guest(switch, "p1", "10.0.0.1")
        self.guest(switch, "p2", "10.0.0.2")
        path, capture = self.capture(host, "lo", "openflow", "tcp port 6653 or tcp port 6654")
        self.stock_controller(host)
        switch.vsctl("set-controller", "br0", "tcp:127.0.0.1:6653")
        self.assert_pings(a, "10.0.0.2")
        # What goes over the management socket is seen on its way to it.
        relay = Relay(host, 6654, switch.management())
        self.addCleanup(relay.close)
        for words in (["show"], ["add-group", "group_id=3,type=all,bucket=output:1,bucket=output:2"],
                      ["add-flow", "table=3,priority=5,tcp,tp_dst=80,actions=set_field:10.0.0.9->ip_dst,group:3"],
                      ["add-flow", "table=3,idle_timeout=1,send_flow_rem,icmp6,actions=push_vlan:0x8100,output:2"],
                      ["dump-flows"], ["dump-groups"], ["dump-group-stats"], ["dump-group-features"], ["dump-ports"],
                      ["dump-ports-desc"], ["dump-tables"], ["dump-table-features"], ["dump-aggregate"], ["dump-desc"],
                      ["packet-out", "in_port=CONTROLLER packet=" + "02" * 12 + "88b5" + "00" * 50 + " actions=output:1"],
                      ["del-flows"], ["add-flow", "actions=group:99"]):
            host.run(["ovs-ofctl", "-O", "OpenFlow13", words[0], "tcp:127.0.0.1:6654", *words[1:]], check=False)
        host.run("ip link set p2 down")
        host.run("ip link set p2 up")
        self.finish(capture)

        as_openflow = ["-d", "tcp.port==6653,openflow", "-d", "tcp.port==6654,openflow"]
        self.assertEqual(complaints(path, *as_openflow), [])
        types = set(tshark("-r", path, *as_openflow, "-Y", "openflow_v4.type", "-T", "fields", "-E", "separator=,",
                           "-e", "openflow_v4.type").replace(",", "\n").split())
        for wanted in (0, 1, 5, 6, 10, 13, 14, 15, 18, 19):
            self.assertIn(str(wanted), types, "this type of message was to be seen")

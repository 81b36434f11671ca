"""Open vSwitch with DPDK from Debian's packages (utilities/packages compare), as a peer for packets from memory.

The daemon runs in a namespace of the test with databases of its own; it finds no device of the host (--no-pci). One PMD
thread on processor 1, everything else of it on processor 0. Huge pages are taken for the time of a `with HugePages()`
block and given back. Settings otherwise are its defaults: exact-match cache of 8,192 entries, an entry inserted for one
of 100 packets that miss it.
"""

import os
import re
import time

from peers import StockSwitch
from harness.network import run
from harness.waiting import until

PROGRAM = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
PMD_PROCESSOR = 1
# Packet buffers of one MTU that it takes at most; a capture stays in such buffers, beside the queues' own.
MOST_PACKETS = 250_000


def is_installed():
    return os.path.exists(PROGRAM)


class HugePages:
    """At least so many of 2 MB."""

    path = "/proc/sys/vm/nr_hugepages"

    def __init__(self, count=700):
        self.count = count

    def __enter__(self):
        self.before = self._read()
        if self.before < self.count:
            self._write(self.count)
        if self._read() < self.count:
            self._write(self.before)
            raise AssertionError(f"the kernel has no {self.count} huge pages of 2 MB: memory is scarce or in pieces")
        return self

    def __exit__(self, *_):
        self._write(self.before)

    def _read(self):
        with open(self.path, encoding="ascii") as file:
            return int(file.read())

    def _write(self, count):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(str(count))


class DpdkSwitch(StockSwitch):
    name = "OVS-DPDK"
    program = PROGRAM
    settings = ("dpdk-init=true", "dpdk-extra=--no-pci", f"pmd-cpu-mask={1 << PMD_PROCESSOR:#x}", "dpdk-lcore-mask=0x1")

    def replay(self, pcap, flows):
        """Packets of the capture come in at port 1 over and over; what goes out at port 2 is freed."""
        self._add_device("out", 2, "net_null0,no-rx=1")
        run(["ovs-ofctl", "-O", "OpenFlow13", "add-flows", f"{self.at}/br0.mgmt", flows], env=self.environment)
        self._add_device("in", 1, f"net_pcap0,rx_pcap={pcap},infinite_rx=1")

    def _add_device(self, name, number, arguments):
        self.vsctl("--timeout=60", "add-port", "br0", name, "--", "set", "interface", name, "type=dpdk",
                   f"options:dpdk-devargs=\"{arguments}\"", f"ofport_request={number}")
        error = self.vsctl("get", "interface", name, "error").strip()
        assert error == "[]", error

    def reading(self):
        return Reading(time.monotonic(), self._pmd_seconds(), self._port_packets(1, "rx"), self._port_packets(2, "tx"))

    def _port_packets(self, number, direction):
        text = run(["ovs-ofctl", "-O", "OpenFlow13", "dump-ports", f"{self.at}/br0.mgmt", str(number)],
                   env=self.environment).stdout
        return int(re.search(direction + r" pkts=(\d+)", text)[1])

    def _pmd_seconds(self):
        """Processor time of the PMD thread so far."""
        tasks = f"/proc/{self.daemons[-1].pid}/task"
        for thread in os.listdir(tasks):
            with open(f"{tasks}/{thread}/comm", encoding="ascii") as file:
                if not file.read().startswith("pmd-"):
                    continue
            with open(f"{tasks}/{thread}/schedstat", encoding="ascii") as file:
                return int(file.read().split()[0]) / 1e9
        raise AssertionError("there is no PMD thread")

    def appctl(self, *words):
        return run(["ovs-appctl", "-t", f"{self.at}/ctl", *words], env=self.environment).stdout

    def mask_count(self):
        """Masks of the PMD thread's megaflows."""
        shown = self.appctl("dpctl/dump-flows", "-m", "netdev@ovs-netdev")
        masks = set()
        for line in shown.splitlines():
            match = line.split(", packets:")[0]
            masks.add(re.sub(r"=[^,/()]+(/[^,()]+)?", lambda found: found[1] or "=", match.split("),", 2)[-1]))
        return len(masks)


class Reading:
    """What had been counted at one moment."""

    def __init__(self, at, busy, received, sent):
        self.at, self.busy, self.received, self.sent = at, busy, received, sent

    def since(self, before):
        """Millions a second of processor time (a PMD thread that nothing disturbs is always busy), and per second."""
        busy, took = self.busy - before.busy, self.at - before.at
        received, sent = self.received - before.received, self.sent - before.sent
        return {"mpps": received / busy / 1e6, "sent": sent / busy / 1e6, "wall": received / took / 1e6}


def measure(host, workload, seconds, warmup):
    switch = DpdkSwitch(host)
    try:
        switch.replay(workload.pcap, workload.flows)
        until(lambda: switch.reading().received > 0, "packets come in")
        time.sleep(warmup)
        before = switch.reading()
        time.sleep(seconds)
        return switch.reading().since(before)
    finally:
        switch.close()

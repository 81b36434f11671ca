"""SystemTest: makes places, switches and guests, and takes them away again."""

import json
import re
import tempfile
import unittest

from harness.network import Place, cable
from harness.switch import Switch
from harness.waiting import until

UNDERLAY_MTU = 1600
TRICKLE = 5  # Mbit/s


class Guest:
    """A virtual machine as the switch sees one: something behind a network device."""

    def __init__(self, place, address):
        self.place = place
        self.address = address

    def run(self, command, **options):
        return self.place.run(command, **options)


class SystemTest(unittest.TestCase):
    def place(self, name, **options):
        place = Place(name, **options)
        self.addCleanup(place.close)
        return place

    def switch(self, place, *options, bridge="br0", secure=True):
        """A switch with one bridge that forwards nothing until it is told to, unless it is to be a learning one."""
        switch = Switch(place, *options)
        self.addCleanup(switch.close)
        self.addCleanup(self._show_log_of_failure, switch)
        if bridge:
            switch.vsctl("add-br", bridge, *(["--", "set-fail-mode", bridge, "secure"] if secure else []))
        return switch

    def _show_log_of_failure(self, switch):
        outcome = self._outcome
        errors = outcome.result.failures + outcome.result.errors
        if any(test is self for test, _ in errors):
            print(f"---- log of the switch in {switch.place.name}\n{switch.log_text()}", flush=True)

    def guest(self, switch, port, address=None, mac=None, mtu=1500, options=(), bridge="br0"):
        """A namespace with a veth pair, whose other end becomes a port of the switch."""
        place = self.place(f"{switch.place.name}-{port}")
        cable(switch.place, port, place, "eth0", mtu)
        if mac:
            place.run(["ip", "link", "set", "eth0", "address", mac])
        if address:
            place.address("eth0", f"{address}/24")
        switch.vsctl("add-port", bridge, port, *options)
        self.assertGreater(switch.ofport(port), 0)
        return Guest(place, address)

    def two_hosts(self, ipv6=False, mtu=UNDERLAY_MTU):
        """Hosts h1 and h2 in two subnets with a router between them, as a data centre has it.

        With `ipv6` they also have addresses of that family, `vtep6`.
        """
        router = self.place("router", ipv6=ipv6)
        router.sysctl("net.ipv4.ip_forward", 1)
        hosts = []
        for number, subnet in ((1, "192.0.2"), (2, "198.51.100")):
            host = self.place(f"h{number}", ipv6=ipv6)
            cable(host, "uplink", router, f"to-h{number}", mtu)
            host.address("uplink", f"{subnet}.1/24")
            router.address(f"to-h{number}", f"{subnet}.254/24")
            host.run(f"ip route add default via {subnet}.254")
            host.vtep = f"{subnet}.1"
            hosts.append(host)
            if ipv6:
                self._add_ipv6(host, router, number)
        until(lambda: hosts[0].run("ping -c 1 -W 1 198.51.100.1", check=False).returncode == 0, "the underlay routes")
        return hosts[0], hosts[1], router

    def _add_ipv6(self, host, router, number):
        router.sysctl("net.ipv6.conf.all.forwarding", 1)
        for place, device, last in ((router, f"to-h{number}", "fe"), (host, "uplink", "1")):
            place.run(["ip", "address", "add", f"2001:db8:{number}::{last}/64", "dev", device, "nodad"])
        host.run(f"ip -6 route add default via 2001:db8:{number}::fe")
        host.vtep6 = f"2001:db8:{number}::1"

    def vxlan(self, switch, remote="flow", key="flow", name="vx0", options=()):
        self.tunnel(switch, "vxlan", name, f"remote_ip={remote}", f"key={key}", *options)

    def tunnel(self, switch, kind, name, *options):
        switch.vsctl("add-port", "br0", name, "--", "set", "interface", name, f"type={kind}",
                     *(f"options:{option}" for option in options))
        self.assertGreater(switch.ofport(name), 0)

    def overlay_flows(self, switch, port, vni, remote):
        """Everything from the port goes to the other host with the VNI, and back."""
        switch.add_flow(f"in_port={port},actions=set_field:{vni}->tun_id,set_field:{remote}->tun_dst,output:vx0")
        switch.add_flow(f"in_port=vx0,tun_id={vni},actions=output:{port}")

    def stock_controller(self, host, *options, version="13"):
        """Open vSwitch's controller for tests, listening on the host's port 6653."""
        directory = tempfile.TemporaryDirectory(prefix="weft-")
        self.addCleanup(directory.cleanup)
        process = host.start(["ovs-testcontroller", "-O", f"OpenFlow{version}", f"--unixctl={directory.name}/ctl",
                              *options, "ptcp:6653:127.0.0.1"])
        until(lambda: host.listens(6653), "the controller listens")
        return process

    def assert_balance(self, switch):
        """Every packet is accounted for. That holds at rest only: waits until two looks see the same."""
        seen = []

        def rests():
            seen.append(switch.balance())
            return len(seen) > 1 and seen[-2] == seen[-1]

        until(rests, "the switch is at rest")
        received, originated, sent, dropped, absorbed = seen[-1]
        self.assertEqual(received + originated, sent + dropped + absorbed, seen[-1])

    def pings(self, guest, address, count=5, *options):
        """How many of them are answered."""
        done = guest.run(["ping", "-c", count, "-i", "0.05", "-W", "2", *options, address], check=False)
        found = re.search(r"(\d+) received", done.stdout)
        return int(found.group(1)) if found else 0

    def assert_reaches(self, guest, address):
        """The first packet may wait for learning, or for a controller."""
        until(lambda: self.pings(guest, address, 1), f"{guest.place.name} reaches {address}")

    def assert_pings(self, guest, address, count=5, *options):
        self.assert_reaches(guest, address)
        self.assertEqual(self.pings(guest, address, count, *options), count)

    def tcp(self, client, server, *options, seconds=1, address=None):
        """One TCP stream; Mbit/s as the receiver saw it. Guests keep their default offloads."""
        listener = server.place.start("iperf3 --server --one-off")
        until(lambda: server.place.listens(5201), "iperf3 listens")
        done = client.run(["iperf3", "--client", address or server.address, "--json", "--connect-timeout", "5000",
                           "--time", seconds, *options], check=False, timeout=seconds + 30)
        listener.terminate()
        listener.wait()
        report = json.loads(done.stdout)
        self.assertNotIn("error", report, done.stdout[-500:])
        return report["end"]["sum_received"]["bits_per_second"] / 1e6

    def assert_tcp(self, client, server, *options, **more):
        """More than a trickle: a broken offload leaves a TCP connection waiting for its retransmission timer.

        The rate is printed, not judged: what else runs on the machine is not the switch's doing.
        """
        rate = self.tcp(client, server, *options, **more)
        print(f"{self.id()}: {rate:.0f} Mbit/s", flush=True)
        self.assertGreater(rate, TRICKLE)

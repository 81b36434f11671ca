"""Switches to be measured side by side, the topologies that they are measured in, and what is measured there.

A switch is named by its class: weft, the kernel's own bridge (and vxlan device), Open vSwitch in user space. All see
the same veth pairs, MTUs and processors. Open vSwitch's daemons run from Debian's packages, started here in the
namespaces of the test with databases of their own (datapath_type=netdev, its defaults otherwise); a system service is
neither used nor touched. Its guests have tx checksum offload (and so TSO) off: its userspace datapath forwards the
unfinished checksums and TCP hangs. Its uplink is a port of a bridge brphy, as its userspace tunnels want it, with tx
checksum offload off for the same reason. Guests of the others keep their default offloads.

Each class offers: connect(guest, port), join_guests() for one host whose ports are p1 and p2, overlay(tunnel, address,
gateway, remote) for a host whose guest is p1 and whose device towards the router is "uplink", processes(), close().
"""

import json
import os
import re
import sys
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests", "system"))

from harness import switch as weft  # noqa: E402  (the path comes first)
from harness.network import Place, cable, run  # noqa: E402
from harness.stock_switch import StockDaemons  # noqa: E402
from harness.waiting import until  # noqa: E402

GUEST_MTU, UNDERLAY_MTU, VNI = 1500, 1600, 5001
TUNNELS = {"vxlan": "VXLAN", "geneve": "Geneve", "gre": "GRE", "nvgre": "NVGRE", "stt": "STT"}


class Peer:
    """A switch of one host, in that host's namespace."""

    guests_offload = True
    topologies = ("local", "vxlan")  # one host, and tunnels

    def __init__(self, host):
        self.host = host

    def connect(self, guest, port):
        """Gives the guest a device eth0 whose other end is the switch's port."""
        cable(self.host, port, guest, "eth0", GUEST_MTU)
        if not self.guests_offload:
            guest.run("ethtool -K eth0 tx off")
        self.attach(port)

    def processes(self):
        return []

    def close(self):
        pass


class WeftSwitch(Peer):
    name = "weft"
    topologies = ("local", *TUNNELS)
    daemon_options = ()
    port_settings = ()  # further words of add-port

    def __init__(self, host):
        super().__init__(host)
        self.switch = weft.Switch(host, *self.daemon_options)
        self.switch.vsctl("add-br", "br0", "--", "set-fail-mode", "br0", "secure")

    def attach(self, port):
        self.switch.vsctl("add-port", "br0", port, *interface_settings(port, self.port_settings))

    def join_guests(self):
        self.add_flow("in_port=1,actions=output:2")
        self.add_flow("in_port=2,actions=output:1")

    def overlay(self, tunnel, address, gateway, remote):
        """Leaves through the host's own network."""
        join_underlay(self.host, "uplink", address, gateway)
        self.switch.vsctl("add-port", "br0", "tun0", *tunnel_settings(tunnel))
        add_tunnel_flows(self, remote)

    def add_flow(self, flow):
        self.switch.stock_ofctl("add-flow", flow)

    def set_controller(self, target):
        self.switch.vsctl("set-controller", "br0", target)

    def is_connected(self):
        return "true" in self.switch.vsctl("--columns=is_connected", "list", "controller").stdout

    def processes(self):
        return [self.switch.process.pid]

    def close(self):
        self.switch.close()


class KernelBridge(Peer):
    name = "Linux bridge"

    def __init__(self, host):
        super().__init__(host)
        host.run(f"ip link add br0 mtu {GUEST_MTU} type bridge")
        host.run("ip link set br0 up")

    def attach(self, port):
        self.host.run(f"ip link set {port} master br0")

    def join_guests(self):
        pass

    def overlay(self, tunnel, address, gateway, remote):
        assert tunnel == "vxlan", tunnel
        join_underlay(self.host, "uplink", address, gateway)
        self.host.run(f"ip link add vx0 mtu {GUEST_MTU} type vxlan id {VNI} remote {remote} local {address} "
                      "dstport 4789")
        self.attach("vx0")
        self.host.run("ip link set vx0 up")


class StockSwitch(StockDaemons, Peer):
    name = "Open vSwitch"
    topologies = ("local", "vxlan", "geneve", "gre")
    guests_offload = False
    program = "/usr/sbin/ovs-vswitchd"
    settings = ()  # of StockDaemons
    port_settings = ()  # of interfaces on devices, the uplink included

    def __init__(self, host):
        Peer.__init__(self, host)
        StockDaemons.__init__(self, host, self.program, self.settings)

    def attach(self, port):
        self.vsctl("--timeout=20", "add-port", "br0", port, *interface_settings(port, self.port_settings))

    def join_guests(self):
        self.add_flow("in_port=1,actions=output:2")
        self.add_flow("in_port=2,actions=output:1")

    def overlay(self, tunnel, address, gateway, remote):
        """Its userspace tunnels need the uplink on a bridge of its own, which takes over the host's address."""
        self.vsctl("--timeout=20", "add-br", "brphy", "--", "set", "bridge", "brphy", "datapath_type=netdev",
                   "--", "add-port", "brphy", "uplink", *interface_settings("uplink", self.port_settings))
        self.host.run(f"ip link set brphy mtu {UNDERLAY_MTU} up")
        self.host.run("ethtool -K uplink tx off")
        join_underlay(self.host, "brphy", address, gateway)
        self.vsctl("--timeout=20", "add-port", "br0", "tun0", *tunnel_settings(tunnel))
        add_tunnel_flows(self, remote)

    def set_controller(self, target):
        self.vsctl("set-controller", "br0", target)

    def is_connected(self):
        return "true" in self.vsctl("--columns=is_connected", "list", "controller")


def join_underlay(host, device, address, gateway):
    host.address(device, f"{address}/24")
    host.run(f"ip route add default via {gateway}")


def interface_settings(name, settings):
    return ("--", "set", "interface", name, *settings) if settings else ()


def tunnel_settings(tunnel):
    return interface_settings("tun0", (f"type={tunnel}", "options:remote_ip=flow", "options:key=flow",
                                       "ofport_request=100"))


def add_tunnel_flows(switch, remote):
    switch.add_flow(f"in_port=1,actions=set_field:{VNI}->tun_id,set_field:{remote}->tun_dst,output:100")
    switch.add_flow(f"in_port=100,tun_id={VNI},actions=output:1")


class Setting:
    """The places, switches and guests of one measurement; gone at the end of a with block."""

    def __init__(self, kind):
        self.kind = kind
        self.places, self.switches, self.guests, self.hosts = [], [], [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Processes before the namespaces that they are in.
        for each in reversed(self.switches):
            each.close()
        for each in reversed(self.places):
            each.close()

    def place(self, name):
        place = Place(name)
        self.places.append(place)
        return place

    def host(self, name):
        host = self.place(name)
        self.hosts.append(host)
        return host

    def switch(self, host):
        switch = self.kind(host)
        self.switches.append(switch)
        return switch

    def guest(self, host, switch, port, address):
        guest = self.place(f"{host.name}-{port}")
        switch.connect(guest, port)
        guest.address("eth0", f"{address}/24")
        self.guests.append(guest)
        return guest

    def one_host(self):
        host = self.host("h1")
        switch = self.switch(host)
        for number in (1, 2):
            self.guest(host, switch, f"p{number}", f"10.0.0.{number}")
        switch.join_guests()
        self._wait_until_joined()

    def over_tunnel(self, tunnel):
        """Two hosts and a router between them."""
        router = self.place("router")
        router.sysctl("net.ipv4.ip_forward", 1)
        subnets = {1: "192.0.2", 2: "198.51.100"}
        for number, subnet in subnets.items():
            host = self.host(f"h{number}")
            cable(host, "uplink", router, f"to-h{number}", UNDERLAY_MTU)
            router.address(f"to-h{number}", f"{subnet}.254/24")
            switch = self.switch(host)
            self.guest(host, switch, "p1", f"10.0.0.{number}")
            switch.overlay(tunnel, f"{subnet}.1", f"{subnet}.254", f"{subnets[3 - number]}.1")
        self._wait_until_joined()

    def _wait_until_joined(self):
        client = self.guests[0]
        until(lambda: client.run("ping -c 1 -W 1 10.0.0.2", check=False).returncode == 0,
              "the guests reach each other", 30)

    def processor_seconds(self):
        """Of every thread of every switch, from the scheduler's own count."""
        total = 0
        for switch in self.switches:
            for pid in switch.processes():
                for thread in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                        total += int(file.read().split()[0])
        return total / 1e9


class Watch:
    """Processor time of the switches, and of the whole machine, in percent of one processor."""

    def __init__(self, setting):
        self.setting = setting
        self.before, self.machine_before = setting.processor_seconds(), machine_busy_seconds()
        self.begin = time.monotonic()

    def read(self):
        took = time.monotonic() - self.begin
        return (100 * (self.setting.processor_seconds() - self.before) / took,
                100 * (machine_busy_seconds() - self.machine_before) / took)


def machine_busy_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(word) for word in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def measure_tcp(setting, seconds, streams=1):
    """(Gbit/s received, percent of a processor that the switches used, percent that the whole machine used)."""
    client, server = setting.guests
    listener = server.start("iperf3 --server --one-off")
    until(lambda: server.listens(5201), "iperf3 listens")
    watch = Watch(setting)
    done = client.run(["iperf3", "--client", "10.0.0.2", "--json", "--time", seconds, "--parallel", streams],
                      timeout=seconds + 60)
    used = watch.read()
    listener.wait(10)
    return (json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"] / 1e9, *used)


def measure_udp(setting, seconds):
    """(thousands of datagrams of 18 bytes received a second, then as measure_tcp): frames of 60 bytes, as many as the
    client can send; it shares the processors with the switches."""
    client, server = setting.guests
    listener = server.start("iperf3 --server --one-off")
    until(lambda: server.listens(5201), "iperf3 listens")
    watch = Watch(setting)
    done = client.run(["iperf3", "--client", "10.0.0.2", "--udp", "--length", 18, "--bandwidth", 0, "--json", "--time",
                       seconds], timeout=seconds + 60)
    used = watch.read()
    listener.wait(10)
    total = json.loads(done.stdout)["end"]["sum"]
    return ((total["packets"] - total["lost_packets"]) / total["seconds"] / 1e3, *used)


def measure_ping(setting, options):
    """((average, maximum) RTT in microseconds, percent of a processor that the switches used, and the machine)."""
    watch = Watch(setting)
    done = setting.guests[0].run(f"ping -q {options} 10.0.0.2", timeout=120)
    used = watch.read()
    least, average, most, _ = re.search(r"= ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms", done.stdout).groups()
    assert float(least) >= 0 and " 0% packet loss" in done.stdout, done.stdout
    return (1000 * float(average), 1000 * float(most)), *used

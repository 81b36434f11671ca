"""Further ways in which weft and Open vSwitch run, as peers of the comparison."""

import os

from peers import StockSwitch, WeftSwitch
from dpdk import DpdkSwitch


class AfxdpWeft(WeftSwitch):
    """Ports of type afxdp. The guests keep their default offloads."""

    name = "weft, afxdp"
    port_settings = ("type=afxdp",)


class AfxdpStock(StockSwitch):
    """Ports and uplink of type afxdp. Each host has one PMD thread, and a processor of its own for it as far as there
    are as many processors as hosts."""

    name = "OVS, AF_XDP"
    port_settings = ("type=afxdp",)

    @property
    def settings(self):
        return (f"pmd-cpu-mask={1 << int(self.host.name[-1]) % os.cpu_count():#x}",)


class TsoStock(StockSwitch):
    """userspace-tso-enable: guests keep their offloads. Only on one host: Debian's version has no TSO into tunnels."""

    name = "OVS, TSO"
    guests_offload = True
    settings = ("userspace-tso-enable=true",)
    topologies = ("local",)


class OnTaps:
    """The guest's device is that of a port of type tap: it moves into the guest."""

    port_settings = ("type=tap",)
    topologies = ("local",)

    def connect(self, guest, port):
        self.attach(port)
        self.host.run(["ip", "link", "set", port, "netns", guest.full_name])
        guest.run(f"ip link set {port} name eth0 up")
        if not self.guests_offload:
            guest.run("ethtool -K eth0 tx off")


class TapWeft(OnTaps, WeftSwitch):
    """Ports of type tap. The guests keep their default offloads."""

    name = "weft, tap"


class TapStock(OnTaps, StockSwitch):
    """Ports of type tap."""

    name = "OVS, tap"


class DpdkTap(OnTaps, DpdkSwitch):
    """OVS-DPDK's ports of type tap; TSO on (DPDK's own taps, net_tap, offer the guest no TSO and are far slower). Only on
    one host: Debian's version has no TSO into tunnels."""

    name = "OVS-DPDK, tap"
    guests_offload = True
    settings = (*DpdkSwitch.settings, "userspace-tso-enable=true")

"""Rounds of measurements between two guests: every peer in turn on every topology, and medians of what was found."""

import statistics
import sys

from peers import TUNNELS, Setting, measure_ping, measure_tcp, measure_udp


def over(tunnel):
    return lambda setting: setting.over_tunnel(tunnel)


TOPOLOGIES = {"local": ("one host", Setting.one_host)} | {key: (title, over(key)) for key, title in TUNNELS.items()}
MEASURES = {
    "tcp1": ("TCP, 1 stream, Gbit/s", lambda setting, seconds: measure_tcp(setting, seconds, 1)),
    "tcp4": ("TCP, 4 streams, Gbit/s", lambda setting, seconds: measure_tcp(setting, seconds, 4)),
    "udp": ("UDP, 18 bytes, kpps received", measure_udp),
    "ping": ("ping flood, us (largest)", lambda setting, seconds: measure_ping(setting, "-f -c 20000")),
    "light": ("ping each 10 ms, us (largest)", lambda setting, seconds: measure_ping(setting, "-i 0.01 -c 300")),
}


def rate(value):
    """What is compared: the rate, or the average time."""
    return value[0] if isinstance(value, tuple) else value


def show(value):
    return f"{value[0]:.1f} ({value[1]:.0f})" if isinstance(value, tuple) else f"{value:.2f}"


class Results:
    """By topology, measure and peer: a list of (value, processor time, machine's)."""

    def __init__(self, peers, measures, seconds, log=sys.stdout):
        self.peers, self.measures, self.seconds, self.log = peers, measures, seconds, log
        self.lists = {}

    def take_round(self, topology, number):
        """Every peer that knows the topology, anew."""
        for peer, kind in self.peers.items():
            if topology in kind.topologies:
                self.take(topology, number, peer)

    def take(self, topology, number, peer):
        title, build = TOPOLOGIES[topology]
        kind = self.peers[peer]
        with Setting(kind) as setting:
            build(setting)
            for measure in self.measures:
                result = MEASURES[measure][1](setting, self.seconds)
                self.lists.setdefault((topology, measure, peer), []).append(result)
                print(f"  {title}, round {number}: {kind.name}: {MEASURES[measure][0]}: {show(result[0])}, "
                      f"its processor time {result[1]:.0f} %, the machine's {result[2]:.0f} %", file=self.log,
                      flush=True)

    def median(self, topology, measure, peer):
        """(value, processor time), or None where nothing was measured."""
        results = self.lists.get((topology, measure, peer))
        if not results:
            return None
        values = [value for value, *_ in results]
        value = tuple(map(statistics.median, zip(*values))) if isinstance(values[0], tuple) else \
            statistics.median(values)
        return value, statistics.median(result[1] for result in results)

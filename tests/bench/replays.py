"""What the replay benchmark measures, case by case, and what was found; see the script `replay` for what it means."""

import os
import re
import statistics
import sys
import tempfile
from dataclasses import dataclass, field

import dpdk
from peers import Place, run
from traffic import Maker

VXLAN = "set_field:5001->tun_id,set_field:192.0.2.2->tun_dst,output:2"
ATTACKS = (0, 1, 10, 50)
GROUPS = ("rule", "acl", "vxlan", "workers", "attack", "fresh")
FRESH_RATE = 2000


@dataclass
class Case:
    key: str
    title: str
    make: object  # (Maker) -> Workload
    group: str
    peers: tuple = ("weft", "dpdk")
    options: tuple = ()  # of weft-bench-replay
    counted: str = "mpps"  # or "sent": packets that left; "two": of two workers; "fresh": percent of new flows served
    warmup: float = 1
    results: dict = field(default_factory=dict)

    def rate(self, peer="weft"):
        """Median, in millions a second; None where there is no figure."""
        found = self.results.get(peer)
        return statistics.median(result[self.counted] for result in found) if found else None


def cases():
    yield Case("rule-1000", "1 rule, 1,000 flows", lambda maker: maker.one_rule(1000), "rule")
    for count in (1_000, 10_000, 100_000, 1_000_000):
        peers = ("weft", "dpdk") if count < dpdk.MOST_PACKETS else ("weft",)
        yield Case(f"acl-{count}", f"22 rules, {count:,} flows", lambda maker, count=count: maker.acl(count), "acl",
                   peers)
    yield Case("vxlan-rule-1000", "1 rule, 1,000 flows, VXLAN push", lambda maker: vxlan(maker).one_rule(1000), "vxlan",
               ("weft",), ("--vxlan",))
    for count in (1_000, 10_000, 100_000, 1_000_000):
        yield Case(f"vxlan-acl-{count}", f"22 rules, {count:,} flows, VXLAN push",
                   lambda maker, count=count: vxlan(maker).acl(count), "vxlan", ("weft",), ("--vxlan",))
    # Their rate is that of a second of the processor time of both together, twice.
    yield Case("workers-rule-1000", "1 rule, 1,000 flows, 2 workers", lambda maker: maker.one_rule(1000), "workers",
               ("weft",), ("--workers", "2", "--cpu", "0"), "two")
    yield Case("workers-acl-10000", "22 rules, 10,000 flows, 2 workers", lambda maker: maker.acl(10_000), "workers",
               ("weft",), ("--workers", "2", "--cpu", "0"), "two")
    for repeated, packets in ((True, 200_000), (False, 200_000), (False, 2_000_000)):
        for percent in ATTACKS:
            how = "repeated" if repeated else "never repeated"
            yield Case(f"attack-{percent}-{how.replace(' ', '-')}-{packets}",
                       f"{percent} % attack, {how}, of {packets:,}",
                       lambda maker, percent=percent, repeated=repeated, packets=packets:
                       maker.explosion(percent, packets, repeated), "attack",
                       ("weft", "dpdk") if packets < dpdk.MOST_PACKETS else ("weft",), (), "sent", 4)
    for percent in ATTACKS:
        yield Case(f"fresh-{percent}", f"{percent} % attack, never repeated: % of new flows of another port served",
                   lambda maker, percent=percent: maker.with_fresh(maker.explosion(percent, 2_000_000, False)), "fresh",
                   ("weft",), ("--also-in", "fresh", "--also-rate", str(FRESH_RATE), "--out", "served"), "fresh", 4)


def vxlan(maker):
    return Maker(maker.directory, VXLAN, maker.seed, "vxlan-")


def measure_weft(workload, case, arguments):
    options = list(case.options)
    if "--cpu" not in options:
        options += ["--cpu", "1"]
    if workload.also_pcap:
        options += ["--also-pcap", workload.also_pcap]
    done = run([os.path.join(arguments.bin, "weft-bench-replay"), "--pcap", workload.pcap, "--flows", workload.flows,
                "--in", "in", "--out", "out", "--seconds", arguments.seconds, "--warmup", case.warmup,
                *options],
               timeout=arguments.seconds + 120).stdout
    numbers = dict(re.findall(r"^(\w+) ([\d.]+)", done, re.MULTILINE))
    sent = re.search(r"^sent out .* ([\d.]+) per_cpu_second", done, re.MULTILINE)
    result = {"mpps": float(numbers["Mpps_per_cpu_second"]), "sent": float(sent[1]), "wall": float(numbers["Mpps"])}
    result["two"] = 2 * result["mpps"]
    if workload.also_pcap:
        served = float(re.search(r"^sent served ([\d.]+)", done, re.MULTILINE)[1])
        result["fresh"] = 100 * served / (FRESH_RATE / 1e6)
    return result


def measure_dpdk(workload, case, arguments):
    host = Place("dpdk")
    try:
        return dpdk.measure(host, workload, arguments.seconds, case.warmup)
    finally:
        host.close()


MEASURES = {"weft": measure_weft, "dpdk": measure_dpdk}


def measure_all(chosen, arguments):
    """Peers in turns; the results are kept with the cases."""
    with tempfile.TemporaryDirectory(prefix="weft-replay-") as directory:
        if "dpdk" in arguments.peers:
            with dpdk.HugePages():
                _measure(chosen, arguments, Maker(directory))
        else:
            _measure(chosen, arguments, Maker(directory))


def _measure(chosen, arguments, maker):
    for case in chosen:
        workload = case.make(maker)
        for round_number in range(1, arguments.rounds + 1):
            for peer in arguments.peers:
                if peer in case.peers:
                    result = MEASURES[peer](workload, case, arguments)
                    case.results.setdefault(peer, []).append(result)
                    print(f"  {case.title}, round {round_number}: {peer}: {result[case.counted]:.3f} "
                          f"{'%' if case.counted == 'fresh' else 'Mpps'} "
                          f"(received {result['wall']:.3f} by the clock)", file=sys.stderr, flush=True)
        os.remove(workload.pcap)


def print_table(chosen):
    print(f"{'packets from memory, one core, Mpps':48} {'weft':>9} {'OVS-DPDK':>9} {'ratio':>8}")
    for case in chosen:
        ours, theirs = case.rate("weft"), case.rate("dpdk")
        ratio = f"{ours / theirs:.2f}" if ours is not None and theirs else ""
        print(f"{case.title:48} {number(ours):>9} {number(theirs):>9} {ratio:>8}")


def number(rate):
    return "-" if rate is None else f"{rate:.2f}" if rate >= 0.1 else f"{rate:.4f}"


def bars(by_key):
    """(what, least ratio, rate, of which rate) of all that both were measured."""
    for key, least in (("rule-1000", 1.2), ("acl-1000", 1.2), ("acl-10000", 2.5), ("acl-100000", 4)):
        yield f"{title(by_key, key)}: of OVS-DPDK", least, rate(by_key, key), rate(by_key, key, "dpdk")
    yield "1,000,000 flows: of 100,000 flows", 0.5, rate(by_key, "acl-1000000"), rate(by_key, "acl-100000")
    for key in ("rule-1000", "acl-1000", "acl-10000", "acl-100000", "acl-1000000"):
        yield f"VXLAN push, {title(by_key, key)}: of plain", 0.6, rate(by_key, "vxlan-" + key), rate(by_key, key)
    for key in ("rule-1000", "acl-10000"):
        yield f"2 workers, {title(by_key, key)}: of one", 1.8, rate(by_key, "workers-" + key), rate(by_key, key)
    for how in ("repeated-200000", "never-repeated-200000", "never-repeated-2000000"):
        for percent, least in ((1, 0.8), (10, 0.8), (50, 0.4)):
            yield (f"legitimate rate, {percent} % attack, {how.replace('-', ' ')}: of undisturbed", least,
                   rate(by_key, f"attack-{percent}-{how}"), rate(by_key, f"attack-0-{how}"))


def title(by_key, key):
    return by_key[key].title if key in by_key else key


def rate(by_key, key, peer="weft"):
    return by_key[key].rate(peer) if key in by_key else None


def print_bars(chosen):
    for what, least, ours, other in bars({case.key: case for case in chosen}):
        if ours is not None and other:
            ratio = ours / other
            print(f"{what:76} {ratio:6.2f}   bar {least:4.2f}   {'reached' if ratio >= least else 'MISSED'}")

"""Stock ovs-ofctl in OpenFlow 1.3, 1.4 and 1.5 against a bridge: a table of its commands, each in each version."""

import os
import re

from harness import SystemTest, until

REQUIRED_TOOLS = ["ip", "ping", "ovs-ofctl"]

ALL = ("13", "14", "15")
LATER = ("14", "15")
FRAME = "020000000099" + "020000000001" + "88b5" + b"from a controller".ljust(50, b".").hex()

# Command and words, what its output must hold (a regular expression; "!" before it: must not), and in which versions.
# They run in this order on one switch; FLOWS is a file of 500 flows.
COMMANDS = [
    ("show", [], r"dpid:[0-9a-f]{16}(.|\n)*1\(p1\): addr:(.|\n)*LOCAL\(br0\)", ALL),
    ("probe", [], r"", ALL),
    ("ping", [], r"", ALL),
    ("dump-desc", [], r"Manufacturer: weft", ALL),
    ("dump-tables", [], r"table 0:", ALL),
    ("dump-table-features", [], r"table 0 \(\"table0\"\):(.|\n)*set_field", ALL),
    ("dump-table-desc", [], r"table 253:\n +eviction=off(.|\n)*vacancy=off", LATER),
    ("dump-ports", [], r"port LOCAL: rx pkts=", ALL),
    ("dump-ports", ["1"], r"1 ports\n", ALL),
    ("dump-ports", ["77"], r"OFPBRC_BAD_PORT", ALL),
    ("dump-ports-desc", [], r"1\(p1\)(.|\n)*2\(p2\)", ALL),
    ("dump-ports-desc", ["1"], r"1\(p1\)", ALL),
    ("dump-ports-desc", ["1"], r"!2\(p2\)", ("15",)),

    ("add-flow", ["table=1,priority=9,cookie=5,tcp,nw_dst=10.0.0.0/8,tp_dst=80,actions=dec_ttl,output:2"], r"", ALL),
    ("dump-flows", ["table=1"], r"cookie=0x5, (.|\n)*tcp,nw_dst=10.0.0.0/8,tp_dst=80 actions=dec_ttl,output:2", ALL),
    ("dump-flows", ["table=1"], r"idle_age=", ("15",)),
    ("add-flow", ["table=1,priority=10,importance=7,udp,actions=drop"], r"", LATER),
    ("dump-flows", ["table=1,udp"], r"importance=7, .*actions=drop", LATER),
    ("add-flow", ["table=1,priority=9,ipv6,actions=set_field:2001:db8::/ffff:ffff::->ipv6_dst,output:2"], r"", ALL),
    ("dump-flows", ["table=1,ipv6"], r"set_field:2001:db8::/32->ipv6_dst", ("15",)),
    ("add-flow", ["in_port=1,actions=group:99"], r"OFPBAC_BAD_OUT_GROUP", ALL),
    ("del-flows", ["table=1"], r"", ALL),
    ("dump-flows", [], r"!actions", ALL),
    ("add-flows", ["FLOWS"], r"", ALL),
    ("dump-aggregate", [], r"flow_count=500", ALL),
    ("mod-flows", ["table=0,actions=output:2,output:1"], r"", ALL),
    ("dump-flows", ["table=0"], r"actions=output:2,output:1", ALL),
    ("diff-flows", ["FLOWS"], r"-.*actions=output:2,output:1", ALL),
    ("replace-flows", ["FLOWS"], r"", ALL),
    ("diff-flows", ["FLOWS"], r"!actions", ALL),
    ("del-flows", ["ip,nw_src=10.1.0.0/24"], r"", ALL),
    ("dump-aggregate", [], r"flow_count=244", ALL),
    ("del-flows", [], r"", ALL),
    ("dump-aggregate", [], r"packet_count=0 byte_count=0 flow_count=0", ALL),

    ("add-group", ["group_id=7,type=all,bucket=output:2,bucket=output:1"], r"", ALL),
    ("add-group", ["group_id=7,type=all,bucket=output:2"], r"OFPGMFC_GROUP_EXISTS", ALL),
    ("add-group", ["group_id=8,type=indirect,bucket=output:2"], r"", ALL),
    ("dump-groups", [], r"group_id=7,type=all(.|\n)*group_id=8,type=indirect", ALL),
    ("dump-groups", ["7"], r"group_id=7,type=all", ALL),
    ("dump-groups", ["7"], r"!group_id=8", ("15",)),
    ("mod-group", ["group_id=7,type=indirect,bucket=output:1"], r"", ALL),
    ("dump-groups", [], r"group_id=7,type=indirect", ALL),
    ("add-flow", ["in_port=1,actions=group:7"], r"", ALL),
    ("dump-group-stats", ["group_id=7"], r"group_id=7,duration=.*ref_count=1,packet_count=0,byte_count=0,bucket0:", ALL),
    ("dump-group-features", [], r"Group table:\n +Types: ", ALL),
    ("del-groups", ["group_id=7"], r"", ALL),
    ("dump-groups", [], r"!group_id=7", ALL),
    ("dump-flows", [], r"!actions", ALL),
    ("del-groups", [], r"", ALL),
    ("dump-groups", [], r"!group_id=", ALL),

    ("queue-stats", [], r"0 queues", ALL),
    ("queue-stats", ["1"], r"0 queues", ALL),
    ("queue-stats", ["77"], r"OFPQOFC_BAD_PORT", ALL),
    ("queue-stats", ["1", "5"], r"OFPQOFC_BAD_QUEUE", ALL),
    ("queue-get-config", ["1"], r"QUEUE_(DESC|GET_CONFIG)|^$", ALL),
    ("queue-get-config", ["77"], r"OFPQOFC_BAD_PORT", ALL),

    ("get-frags", [], r"normal", ALL),
    ("set-frags", ["normal"], r"", ALL),
    ("set-frags", ["reassemble"], r"OFPSCFC_BAD_FLAGS", ALL),

    ("mod-port", ["1", "no-forward"], r"", ALL),
    ("dump-ports-desc", [], r"1\(p1\)(.|\n)*NO_FWD", ALL),
    ("mod-port", ["1", "forward"], r"", ALL),
    ("dump-ports-desc", [], r"!NO_FWD", ALL),

    ("packet-out", [f"in_port=CONTROLLER packet={FRAME} actions=output:2"], r"", ALL),
    ("packet-out", [f"in_port=77 packet={FRAME} actions=output:2"], r"OFPBRC_BAD_PORT", ALL),
]


class StockOfctlVersionsTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")
        self.file = f"{self.sw.rundir}/flows.txt"
        with open(self.file, "w", encoding="ascii") as file:
            for i in range(500):
                file.write(f"table={i % 4},priority=7,ip,nw_src=10.1.{i // 256}.{i % 256},actions=output:{1 + i % 2}\n")

    def stock(self, version, command, *words, check=False):
        words = [self.file if word == "FLOWS" else word for word in words]
        return self.host.run(["ovs-ofctl", "-O", f"OpenFlow{version}", command, f"unix:{self.sw.management()}", *words],
                             check=check)

    def run_table(self, version):
        failures = []
        for command, words, expected, versions in COMMANDS:
            if version not in versions:
                continue
            done = self.stock(version, command, *words)
            output = done.stdout + done.stderr
            unwanted = expected.startswith("!")
            found = re.search(expected.removeprefix("!"), output) is not None
            # What is to be refused names its error; what is expected to work says none.
            complains = re.search(r"OFP[A-Z]+_[A-Z]|decode error|WARN|bad reply|failed", output) is not None
            is_refusal = expected.startswith("OFP")
            if found == unwanted or (complains and not is_refusal and "OFPST" not in output and "OFPT" not in output):
                failures.append(f"{command} {' '.join(words)}: {output}")
        if failures:
            self.fail("\n".join(failures))

    def test_each_command_in_1_3(self):
        self.run_table("13")

    def test_each_command_in_1_4(self):
        self.run_table("14")

    def test_each_command_in_1_5(self):
        self.run_table("15")

    def test_guests_speak_through_flows_of_each_version(self):
        for version in ALL:
            with self.subTest(version=version):
                self.stock(version, "del-flows", check=True)
                self.stock(version, "add-flow", "in_port=1,actions=output:2", check=True)
                self.stock(version, "add-flow", "in_port=2,actions=output:1", check=True)
                self.assert_pings(self.a, "10.0.0.2", 3)
                counted = re.search(r"n_packets=(\d+)", self.stock(version, "dump-flows", "in_port=1").stdout)
                self.assertGreaterEqual(int(counted.group(1)), 3)
                total = re.search(r"packet_count=(\d+)", self.stock(version, "dump-aggregate").stdout)
                self.assertGreaterEqual(int(total.group(1)), 6)

    def test_monitor_is_told_of_packets_and_removed_flows_in_each_version(self):
        for version in ALL:
            with self.subTest(version=version):
                self.stock(version, "del-flows", check=True)
                path = f"{self.sw.rundir}/monitor{version}"
                with open(path, "w", encoding="utf-8") as file:
                    monitor = self.host.start(["ovs-ofctl", "-O", f"OpenFlow{version}", "monitor",
                                               self.sw.management(), "65535"],
                                              stdout=file, stderr=file, env=dict(os.environ, OVS_RUNDIR=self.sw.rundir))

                def printed(what, path=path):
                    with open(path, encoding="utf-8", errors="replace") as file:
                        return re.search(what, file.read()) is not None

                def told_of_a_packet(printed=printed):
                    self.pings(self.a, "10.0.0.2", 1, "-W", "1")
                    return printed(r"(OFPT_PACKET_IN|NXT_PACKET_IN2) \(OF1\." + version[1])

                self.stock(version, "add-flow", "in_port=1,actions=controller", check=True)
                until(told_of_a_packet, "a packet-in is printed")
                self.stock(version, "add-flow", "send_flow_rem,table=2,cookie=0x77,actions=drop", check=True)
                self.stock(version, "del-flows", "table=2", check=True)
                until(lambda printed=printed: printed(r"OFPT_FLOW_REMOVED.*reason=delete.*cookie:0x77"),
                      "a flow-removed is printed")
                monitor.terminate()

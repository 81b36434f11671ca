"""What stock ovs-ofctl does with a bridge is so: guests are reached, counters are theirs, our own tool says the same.

Every command in every version: openflow_versions_test.
"""

import re

from harness import SystemTest
from harness.stock_ofctl import StockOfctl

REQUIRED_TOOLS = ["ip", "ping", "ovs-ofctl"]


class StockOfctlTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")
        self.stock = StockOfctl(self.sw, "13")

    def test_show_lists_the_ports(self):
        shown = self.stock.printed("show")
        self.assertRegex(shown, r"dpid:[0-9a-f]{16}")
        self.assertRegex(shown, r"\b1\(p1\): addr:")
        self.assertRegex(shown, r"LOCAL\(br0\)")
        self.assertIn("n_buffers:0", shown)

    def test_flows_are_added_counted_and_deleted(self):
        self.stock.run("add-flow", "in_port=1,actions=output:2")
        self.stock.run("add-flow", "in_port=2,actions=output:1")
        self.assert_pings(self.a, "10.0.0.2", 5)
        flows = self.stock.flows()
        self.assertEqual(len(flows), 2)
        for flow in flows:
            self.assertGreater(int(re.search(r"n_packets=(\d+)", flow).group(1)), 5)
        # No traffic between: the same numbers.
        self.a.run("ip link set eth0 down")
        self.assertEqual(*[[re.sub("duration=[^,]*", "", line) for line in self.stock.flows()] for _ in range(2)])
        self.stock.run("del-flows", "in_port=1")
        self.assertEqual(len(self.stock.flows()), 1)
        self.stock.run("del-flows")
        self.assertEqual(self.stock.flows(), [])

    def test_many_flows_from_a_file(self):
        path = f"{self.sw.rundir}/flows.txt"
        with open(path, "w", encoding="ascii") as file:
            for i in range(2000):
                file.write(f"table={i % 4},priority=7,ip,nw_src=10.1.{i // 256}.{i % 256},actions=output:{1 + i % 2}\n")
        self.stock.run("add-flows", path)
        self.assertEqual(len(self.stock.flows()), 2000)
        self.assertIn("flow_count=2000", self.stock.printed("dump-aggregate"))
        self.stock.run("del-flows", "ip,nw_src=10.1.0.0/24")
        self.assertEqual(len(self.stock.flows()), 2000 - 256)
        self.stock.run("replace-flows", path)
        self.assertEqual(len(self.stock.flows()), 2000)

    def test_modify_and_strict(self):
        self.stock.run("add-flow", "priority=5,in_port=1,actions=output:2")
        self.stock.run("add-flow", "priority=6,in_port=1,actions=drop")
        self.stock.run("--strict mod-flows", "priority=5,in_port=1,actions=output:1")
        self.assertIn("actions=output:1", self.stock.printed("dump-flows"))
        self.stock.run("--strict del-flows", "priority=6,in_port=1")
        self.assertEqual(len(self.stock.flows()), 1)

    def test_port_counters_are_those_of_the_guests(self):
        self.stock.run("add-flow", "in_port=1,actions=output:2")
        self.stock.run("add-flow", "in_port=2,actions=output:1")
        self.assert_pings(self.a, "10.0.0.2", 20)
        for device in (self.a, self.b):
            device.run("ip neigh flush all")
        ports = self.stock.printed("dump-ports")
        for number, guest in ((1, self.a), (2, self.b)):
            sent = guest.place.counter("eth0", "tx_packets")
            self.assertRegex(ports, rf"port +\"?(p?{number})\"?: rx pkts={sent},")

    def test_groups(self):
        self.stock.run("add-group", "group_id=7,type=all,bucket=output:2")
        self.stock.run("add-flow", "in_port=1,actions=group:7")
        self.stock.run("add-flow", "in_port=2,actions=output:1")
        self.assert_pings(self.a, "10.0.0.2")
        self.assertIn("group_id=7", self.stock.printed("dump-groups"))
        self.assertRegex(self.stock.printed("dump-group-stats"), r"packet_count=[1-9]")
        self.assertIn("type=all", self.stock.printed("dump-groups"))
        self.stock.run("mod-group", "group_id=7,type=indirect,bucket=output:2")
        self.assert_pings(self.a, "10.0.0.2")
        self.stock.printed("dump-group-features")
        self.stock.run("del-groups")
        self.assertNotIn("group_id=7", self.stock.printed("dump-groups"))
        self.assertEqual(len(self.stock.flows()), 1, "flows that name a deleted group go with it")

    def test_groups_that_choose(self):
        self.stock.run("add-group", "group_id=8,type=select,bucket=weight:3,watch_port:2,output:2,"
                                "bucket=weight:5,watch_port:99,output:1")
        self.stock.run("add-group", "group_id=9,type=ff,bucket=watch_port:99,output:1,bucket=watch_group:8,group:8")
        self.stock.run("add-flow", "in_port=1,actions=group:9")
        self.stock.run("add-flow", "in_port=2,actions=output:1")
        self.assert_pings(self.a, "10.0.0.2")
        groups = self.stock.printed("dump-groups")
        self.assertIn("type=select,bucket=weight:3,watch_port:2,actions=output:2", groups)
        self.assertIn("type=ff,bucket=watch_port:99,actions=output:1,bucket=watch_group:8,actions=group:8", groups)
        features = self.stock.printed("dump-group-features")
        for words in ("capabilities:  0xf", "Select group", "Fast failover group"):
            self.assertIn(words.lower(), features.lower())

    def test_both_tools_say_the_same(self):
        for flow in ("table=1,priority=9,tcp,nw_dst=10.0.0.0/8,tp_dst=80,actions=set_field:10.0.0.9->ip_dst,output:2",
                     "priority=3,in_port=1,dl_vlan=5,actions=pop_vlan,goto_table:1",
                     "cookie=0x12,idle_timeout=60,arp,actions=push_vlan:0x8100,set_field:4101->vlan_vid,output:1"):
            self.sw.add_flow(flow)
        theirs = [normalized(line) for line in self.stock.flows()]
        ours = [normalized(line) for line in
                self.sw.ofctl("--no-names", "dump-flows", "br0").stdout.splitlines() if "actions=" in line]
        self.assertEqual(ours, theirs)

    def test_errors_name_the_cause(self):
        self.assertIn("OFPBAC_BAD_OUT_GROUP", self.stock.refusal("add-flow", "in_port=1,actions=group:99"))
        self.assertIn("OFPGMFC_UNKNOWN_GROUP", self.stock.refusal("mod-group", "group_id=1,type=all,bucket=output:1"))
        self.assertEqual(self.stock.flows(), [])


def normalized(line):
    return re.sub(r"duration=[^,]*, ", "", line).strip()

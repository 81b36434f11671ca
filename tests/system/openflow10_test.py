"""What is particular to OpenFlow 1.0, with stock ovs-ofctl and our own tool; what all versions have in common is in
openflow_versions_test."""

import re

from harness import SystemTest, until
from harness.stock_ofctl import StockOfctl

REQUIRED_TOOLS = ["ip", "iperf3", "ping", "ss", "ovs-ofctl", "ovs-testcontroller"]
PORT = 6653


class OpenFlow10Test(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")
        self.stock = StockOfctl(self.sw, "10")

    def test_show_is_of_version_1_0(self):
        shown = self.stock.printed("show")
        self.assertRegex(shown, r"^OFPT_FEATURES_REPLY \(xid=")
        self.assertIn("n_tables:254, n_buffers:0", shown)
        self.assertRegex(shown, r"actions: output enqueue set_vlan_vid .* mod_tp_dst")
        self.assertRegex(shown, r"\b1\(p1\): addr:")
        self.assertRegex(shown, r"LOCAL\(br0\)")
        self.assertIn("OFPT_GET_CONFIG_REPLY", shown)

    def test_flows_are_added_counted_and_deleted(self):
        self.stock.run("add-flow", "in_port=1,actions=output:2")
        self.stock.run("add-flow", "in_port=2,actions=output:1")
        self.assert_pings(self.a, "10.0.0.2", 5)
        flows = self.stock.flows()
        self.assertEqual(len(flows), 2)
        for flow in flows:
            self.assertGreater(int(re.search(r"n_packets=(\d+)", flow).group(1)), 5)
            self.assertIn("idle_age=0", flow)
        self.assertRegex(self.stock.printed("dump-aggregate"), r"^NXST_AGGREGATE reply .*packet_count=\d{2} .*flow_count=2")
        self.stock.run("del-flows", "in_port=1")
        self.assertEqual(len(self.stock.flows()), 1)
        self.stock.run("del-flows")
        self.assertEqual(self.stock.flows(), [])

    def test_every_flow_is_told_as_it_was_said(self):
        rules = ["priority=9,tcp,dl_vlan=5,nw_src=10.0.0.0/8,tp_dst=80 actions=mod_vlan_vid:7,output:2",
                 "priority=8,arp,arp_tpa=10.0.0.1 actions=NORMAL",
                 "priority=7,reg0=0x1,in_port=1 actions=load:0x5->NXM_NX_REG1[],resubmit(,3)",
                 "priority=6,tcp6,tp_dst=22 actions=drop",
                 "priority=5,ip,nw_tos=32 actions=mod_nw_tos:64,mod_nw_src:10.0.0.9,output:1",
                 "priority=4,dl_vlan=0xffff actions=strip_vlan,FLOOD"]
        for rule in rules:
            self.stock.run("add-flow", rule.replace(" actions", ",actions"))
        told = self.stock.rules()
        self.assertEqual(len(told), len(rules))
        for rule in ("tcp,dl_vlan=5,nw_src=10.0.0.0/8,tp_dst=80 actions=mod_vlan_vid:7,output:2",
                     "reg0=0x1,in_port=1 actions=", "tcp6,tp_dst=22 actions=drop",
                     "ip,nw_tos=32 actions=mod_nw_tos:64,mod_nw_src:10.0.0.9,output:1"):
            self.assertTrue(any(rule in line for line in told), f"{rule} in {told}")
        # In 1.0's own form only what fits it is told in full; nothing is left out.
        self.assertEqual(len(self.stock.printed("dump-flows", "-F", "OpenFlow10").splitlines()) - 1, len(rules))

    def test_files_tables_and_replacing(self):
        path = f"{self.sw.rundir}/flows.txt"
        with open(path, "w", encoding="ascii") as file:
            for i in range(1000):
                file.write(f"table={i % 4},priority=7,ip,nw_src=10.1.{i // 256}.{i % 256},actions=output:{1 + i % 2}\n")
        self.stock.run("add-flows", path)
        self.assertEqual(len(self.stock.flows()), 1000)
        self.assertEqual(len(self.stock.flows("table=2")), 250)
        self.assertIn("flow_count=250", self.stock.printed("dump-aggregate", "table=1"))
        self.stock.run("del-flows", "table=3")
        self.assertEqual(len(self.stock.flows()), 750)
        tables = self.stock.printed("dump-tables")
        self.assertIn("active=250, lookup=0, matched=0", tables)
        self.assertIn("exact match or wildcard: in_port eth_{src,dst,type} vlan_{vid,pcp}", tables)
        # The tool names no tables when it replaces in 1.0.
        one = f"{self.sw.rundir}/one.txt"
        with open(one, "w", encoding="ascii") as file:
            file.write("priority=7,ip,actions=output:1\nreg0=1,actions=drop\n")
        self.stock.run("replace-flows", one)
        self.assertEqual(len(self.stock.flows()), 2)

    def test_a_modify_adds_what_it_does_not_find(self):
        self.stock.run("mod-flows", "priority=5,in_port=1,actions=output:2")
        self.assertEqual(self.stock.rules(), ["cookie=0x0, table=0, priority=5,in_port=1 actions=output:2"])
        self.stock.run("mod-flows", "cookie=9,in_port=1,actions=output:1")
        self.assertEqual(self.stock.rules(), ["cookie=0x9, table=0, priority=5,in_port=1 actions=output:1"])
        self.stock.run("mod-flows", "cookie=9/-1,in_port=1,actions=drop")
        self.assertEqual(self.stock.rules(), ["cookie=0x9, table=0, priority=5,in_port=1 actions=drop"])
        self.stock.run("del-flows", "cookie=8/-1")
        self.assertEqual(len(self.stock.flows()), 1)
        self.stock.run("del-flows", "cookie=9/-1")
        self.assertEqual(self.stock.flows(), [])

    def test_groups_are_an_extension(self):
        self.stock.run("add-group", "group_id=1,type=select,bucket=mod_dl_src:02:00:00:00:00:01,output:2")
        self.stock.run("add-flow", "in_port=1,actions=group:1")
        self.stock.run("add-flow", "in_port=2,actions=output:1")
        self.assert_pings(self.a, "10.0.0.2")
        self.assertRegex(self.stock.printed("dump-groups"),
                         r"^NXST_GROUP_DESC reply.*\n group_id=1,type=select,bucket=bucket_id:0,"
                         r"actions=(mod_dl_src:02:00:00:00:00:01|set_field:02:00:00:00:00:01->eth_src),output:2\n")
        self.assertRegex(self.stock.printed("dump-group-stats"), r"^NXST_GROUP reply(.|\n)*packet_count=[1-9]")

    def test_monitor_sees_packets_in_the_form_it_asks_for(self):
        for form, name in (("standard", "OFPT_PACKET_IN "), ("nxt_packet_in", "NXT_PACKET_IN "),
                           ("nxt_packet_in2", "NXT_PACKET_IN2")):
            self.stock.run("del-flows")
            self.stock.run("add-flow", "in_port=1,actions=load:5->NXM_NX_REG3[],controller(userdata=01.02)")
            monitor = self.stock.start("monitor", "65535", "-P", form)

            def arrives():
                self.pings(self.a, "10.0.0.2", 1, "-W", "1")
                return monitor.prints(name)

            until(arrives, f"a packet-in of the form {form}")
            if form != "standard":
                self.assertIn("reg3=0x5", monitor.text())

    def test_a_controller_of_1_0_gets_what_no_flow_matches(self):
        """Without a flow that says so: its version knows no other way. A snoop sees the talk in that version."""
        self.stock_controller(self.host, version="10")
        until(lambda: self.host.listens(PORT), "the controller listens", 30)
        self.sw.vsctl("set-controller", "br0", f"tcp:127.0.0.1:{PORT}")
        snoop = self.stock.start("snoop", target=f"{self.sw.rundir}/br0.snoop")
        self.assert_pings(self.a, "10.0.0.2")
        self.assert_tcp(self.a, self.b)
        self.assertTrue(any("dl_dst=" in line for line in self.stock.flows()), "it has learned")
        self.stock.run("del-flows")
        self.assert_pings(self.a, "10.0.0.2")

        snoop.wait_for(r"OFPT_PACKET_IN \(xid=0x0\): .*\(via no_match\)")

    def test_our_tool_speaks_it_too(self):
        def ofctl(*words):
            return self.sw.ofctl("-O", "OpenFlow10", *words).stdout

        ofctl("add-flow", "br0", "table=1,priority=9,tcp,tp_dst=80,actions=output:2")
        ofctl("add-flow", "br0", "priority=8,reg0=1,actions=resubmit(,1)")
        self.assertIn("NXST_FLOW reply", ofctl("dump-flows", "br0"))
        self.assertIn("priority=8,reg0=0x1", ofctl("dump-flows", "br0"))
        ofctl("del-flows", "br0", "table=1")
        self.assertEqual(len(self.stock.flows()), 1)
        self.assertRegex(ofctl("show", "br0"), r"OFPT_FEATURES_REPLY \(xid=")
        self.assertIn("active=1", ofctl("dump-tables", "br0"))
        ofctl("del-flows", "br0")
        changes = "mod_nw_src:10.9.9.9,mod_tp_src:80,dec_ttl,pop_mpls:0x0800,output:2"
        ofctl("add-flow", "br0", f"actions={changes}")
        self.assertIn(f" actions={changes}\n", ofctl("--no-stats", "dump-flows", "br0"), "1.0's need no match")
        ofctl("add-group", "br0", "group_id=1,type=all,bucket=output:2")
        self.assertIn("group_id=1,type=all,bucket=", ofctl("dump-groups", "br0", "1"))
        ofctl("insert-buckets", "br0", "group_id=1,command_bucket_id=last,bucket=bucket_id:7,actions=output:1")
        self.assertIn("bucket_id:7,actions=output:1", ofctl("dump-groups", "br0", "1"))
        ofctl("remove-buckets", "br0", "group_id=1,command_bucket_id=7")
        self.assertNotIn("bucket_id:7", ofctl("dump-groups", "br0", "1"))
        ofctl("del-groups", "br0")
        self.assertNotIn("group_id=1", ofctl("dump-groups", "br0"))
        self.assertIn("3 ports", ofctl("dump-ports", "br0"))

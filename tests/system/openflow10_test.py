"""OpenFlow 1.0: stock ovs-ofctl as it is without options, and our own tool in that version."""

import os
import re

from harness import SystemTest, until

REQUIRED_TOOLS = ["ip", "iperf3", "ping", "ss", "ovs-ofctl", "ovs-testcontroller"]
PORT = 6653


class OpenFlow10Test(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def stock(self, command, *words, check=True):
        """What stock ovs-ofctl prints in its default version, which is 1.0."""
        return self.host.run(["ovs-ofctl", "--timeout=20", command, self.sw.management(), *words],
                             check=check, env=dict(os.environ, OVS_RUNDIR=self.sw.rundir))

    def printed(self, command, *words):
        return self.stock(command, *words).stdout

    def flows(self, *words):
        return [line.strip() for line in self.printed("dump-flows", *words).splitlines() if "actions=" in line]

    def rules(self, *words):
        """The flows without what changes by itself."""
        return sorted(re.sub(r"(duration|n_packets|n_bytes|idle_age|hard_age)=[^,]*, ", "", line)
                      for line in self.flows(*words))

    def test_show_is_of_version_1_0(self):
        shown = self.printed("show")
        self.assertRegex(shown, r"^OFPT_FEATURES_REPLY \(xid=")
        self.assertIn("n_tables:254, n_buffers:0", shown)
        self.assertRegex(shown, r"actions: output enqueue set_vlan_vid .* mod_tp_dst")
        self.assertRegex(shown, r"\b1\(p1\): addr:")
        self.assertRegex(shown, r"LOCAL\(br0\)")
        self.assertIn("OFPT_GET_CONFIG_REPLY", shown)

    def test_flows_are_added_counted_and_deleted(self):
        self.stock("add-flow", "in_port=1,actions=output:2")
        self.stock("add-flow", "in_port=2,actions=output:1")
        self.assert_pings(self.a, "10.0.0.2", 5)
        flows = self.flows()
        self.assertEqual(len(flows), 2)
        for flow in flows:
            self.assertGreater(int(re.search(r"n_packets=(\d+)", flow).group(1)), 5)
            self.assertIn("idle_age=0", flow)
        self.assertRegex(self.printed("dump-aggregate"), r"^NXST_AGGREGATE reply .*packet_count=\d{2} .*flow_count=2")
        self.stock("del-flows", "in_port=1")
        self.assertEqual(len(self.flows()), 1)
        self.stock("del-flows")
        self.assertEqual(self.flows(), [])

    def test_every_flow_is_told_as_it_was_said(self):
        rules = ["priority=9,tcp,dl_vlan=5,nw_src=10.0.0.0/8,tp_dst=80 actions=mod_vlan_vid:7,output:2",
                 "priority=8,arp,arp_tpa=10.0.0.1 actions=NORMAL",
                 "priority=7,reg0=0x1,in_port=1 actions=load:0x5->NXM_NX_REG1[],resubmit(,3)",
                 "priority=6,tcp6,tp_dst=22 actions=drop",
                 "priority=5,ip,nw_tos=32 actions=mod_nw_tos:64,mod_nw_src:10.0.0.9,output:1",
                 "priority=4,dl_vlan=0xffff actions=strip_vlan,FLOOD"]
        for rule in rules:
            self.stock("add-flow", rule.replace(" actions", ",actions"))
        told = self.rules()
        self.assertEqual(len(told), len(rules))
        for rule in ("tcp,dl_vlan=5,nw_src=10.0.0.0/8,tp_dst=80 actions=mod_vlan_vid:7,output:2",
                     "reg0=0x1,in_port=1 actions=", "tcp6,tp_dst=22 actions=drop",
                     "ip,nw_tos=32 actions=mod_nw_tos:64,mod_nw_src:10.0.0.9,output:1"):
            self.assertTrue(any(rule in line for line in told), f"{rule} in {told}")
        # In 1.0's own form only what fits it is told in full; nothing is left out.
        self.assertEqual(len(self.printed("dump-flows", "-F", "OpenFlow10").splitlines()) - 1, len(rules))

    def test_files_tables_and_replacing(self):
        path = f"{self.sw.rundir}/flows.txt"
        with open(path, "w", encoding="ascii") as file:
            for i in range(1000):
                file.write(f"table={i % 4},priority=7,ip,nw_src=10.1.{i // 256}.{i % 256},actions=output:{1 + i % 2}\n")
        self.stock("add-flows", path)
        self.assertEqual(len(self.flows()), 1000)
        self.assertEqual(len(self.flows("table=2")), 250)
        self.assertIn("flow_count=250", self.printed("dump-aggregate", "table=1"))
        self.stock("del-flows", "table=3")
        self.assertEqual(len(self.flows()), 750)
        tables = self.printed("dump-tables")
        self.assertIn("active=250, lookup=0, matched=0", tables)
        self.assertIn("exact match or wildcard: in_port eth_{src,dst,type} vlan_{vid,pcp}", tables)
        # The tool names no tables when it replaces in 1.0.
        one = f"{self.sw.rundir}/one.txt"
        with open(one, "w", encoding="ascii") as file:
            file.write("priority=7,ip,actions=output:1\nreg0=1,actions=drop\n")
        self.stock("replace-flows", one)
        self.assertEqual(len(self.flows()), 2)

    def test_a_modify_adds_what_it_does_not_find(self):
        self.stock("mod-flows", "priority=5,in_port=1,actions=output:2")
        self.assertEqual(self.rules(), ["cookie=0x0, table=0, priority=5,in_port=1 actions=output:2"])
        self.stock("mod-flows", "cookie=9,in_port=1,actions=output:1")
        self.assertEqual(self.rules(), ["cookie=0x9, table=0, priority=5,in_port=1 actions=output:1"])
        self.stock("mod-flows", "cookie=9/-1,in_port=1,actions=drop")
        self.assertEqual(self.rules(), ["cookie=0x9, table=0, priority=5,in_port=1 actions=drop"])
        self.stock("del-flows", "cookie=8/-1")
        self.assertEqual(len(self.flows()), 1)
        self.stock("del-flows", "cookie=9/-1")
        self.assertEqual(self.flows(), [])

    def test_an_overlap_is_an_error_of_1_0(self):
        self.stock("add-flow", "priority=5,in_port=1,actions=output:2")
        refused = self.stock("add-flow", "check_overlap,priority=5,ip,actions=output:2", check=False)
        self.assertIn("OFPFMFC_OVERLAP", refused.stdout + refused.stderr)
        self.assertEqual(len(self.flows()), 1)

    def test_ports_are_told_and_set(self):
        ports = self.printed("dump-ports")
        self.assertRegex(ports, r"OFPST_PORT reply \(xid=0x2\): 3 ports")
        self.assertRegex(self.printed("dump-ports", "1"), r"1 ports\n +port +\"?(p1|1)\"?: rx pkts=\d+")
        self.assertIn("1(p1): addr:", self.printed("dump-ports-desc"))
        self.stock("mod-port", "p1", "no-flood")
        self.assertIn("NO_FLOOD", self.printed("show"))
        self.stock("mod-port", "p1", "flood")
        self.assertNotIn("NO_FLOOD", self.printed("show"))

    def test_the_connection_answers(self):
        self.stock("probe")
        self.assertIn("bytes from", self.printed("ping"))
        self.assertIn("OFPST_DESC reply", self.printed("dump-desc"))

    def test_fragments_are_matched_as_they_are(self):
        self.assertEqual(self.printed("get-frags"), "normal\n")
        self.stock("set-frags", "normal")
        self.assertNotEqual(self.stock("set-frags", "reassemble", check=False).returncode, 0)

    def test_what_1_0_does_not_have_fails_politely(self):
        groups = self.stock("dump-groups", check=False)
        self.assertIn("OFPT_ERROR", groups.stdout + groups.stderr)
        self.stock("probe")

    def test_options_of_geneve_are_mapped(self):
        self.stock("add-tlv-map", "{class=0xffff,type=0x80,len=4}->tun_metadata3")
        self.assertRegex(self.printed("dump-tlv-map"), r"0xffff +0x80 +4 +tun_metadata3")
        again = self.stock("add-tlv-map", "{class=0xffff,type=0x81,len=4}->tun_metadata3", check=False)
        self.assertIn("NXTTMFC_ALREADY_MAPPED", again.stdout + again.stderr)
        self.stock("del-tlv-map")
        self.assertNotIn("tun_metadata3", self.printed("dump-tlv-map"))

    def test_a_packet_out_leaves_through_its_port(self):
        capture = self.b.place.socket(17, 3, 0x0300)
        capture.bind(("eth0", 0))
        capture.settimeout(5)
        frame = bytes.fromhex("020000000099" "020000000001" "88b5") + b"from a controller".ljust(50, b".")
        self.stock("packet-out", f"in_port=CONTROLLER packet={frame.hex()} actions=output:2")
        self.assertTrue(until(lambda: capture.recv(2000) == frame, "the packet arrives"))
        capture.close()

    def monitor(self, *words):
        self.monitors = getattr(self, "monitors", 0) + 1
        output = f"{self.sw.rundir}/monitor{self.monitors}"
        with open(output, "w", encoding="utf-8") as file:
            process = self.host.start(["ovs-ofctl", "monitor", self.sw.management(), *words],
                                      stdout=file, stderr=file, env=dict(os.environ, OVS_RUNDIR=self.sw.rundir))
        self.addCleanup(process.terminate)

        def text():
            with open(output, encoding="utf-8", errors="replace") as file:
                return file.read()
        return text

    def test_monitor_sees_packets_in_the_form_it_asks_for(self):
        for form, name in (("standard", "OFPT_PACKET_IN"), ("nxt_packet_in", "NXT_PACKET_IN "),
                           ("nxt_packet_in2", "NXT_PACKET_IN2")):
            self.stock("del-flows")
            self.stock("add-flow", "in_port=1,actions=load:5->NXM_NX_REG3[],controller(userdata=01.02)")
            seen = self.monitor("65535", "-P", form)

            def arrives():
                self.pings(self.a, "10.0.0.2", 1, "-W", "1")
                return name in seen()

            until(arrives, f"a packet-in of the form {form}")
            if form != "standard":
                self.assertIn("reg3=0x5", seen())

    def test_monitor_sees_flows_go(self):
        seen = self.monitor("65535")

        def told():
            self.stock("add-flow", "cookie=0x77,send_flow_rem,tcp,in_port=1,tp_dst=80,actions=output:2")
            self.stock("del-flows", "tcp")
            return re.search(r"OFPT_FLOW_REMOVED \(xid=0x0\): tcp,in_port=1,tp_dst=80 reason=delete cookie:0x77", seen())

        until(told, "a flow-removed is printed")

    def test_a_controller_of_1_0_gets_what_no_flow_matches(self):
        """Without a flow that says so: its version knows no other way. A snoop sees the talk in that version."""
        self.stock_controller(self.host, "-O", "OpenFlow10")
        until(lambda: self.host.listens(PORT), "the controller listens", 30)
        self.sw.vsctl("set-controller", "br0", f"tcp:127.0.0.1:{PORT}")
        output = f"{self.sw.rundir}/snoop"
        with open(output, "w", encoding="utf-8") as file:
            self.host.start(["ovs-ofctl", "snoop", f"{self.sw.rundir}/br0.snoop"], stdout=file, stderr=file,
                            env=dict(os.environ, OVS_RUNDIR=self.sw.rundir))
        self.assert_pings(self.a, "10.0.0.2")
        self.assert_tcp(self.a, self.b)
        self.assertTrue(any("dl_dst=" in line for line in self.flows()), "it has learned")
        self.stock("del-flows")
        self.assert_pings(self.a, "10.0.0.2")

        def snooped():
            with open(output, encoding="utf-8", errors="replace") as file:
                return re.search(r"OFPT_PACKET_IN \(xid=0x0\): .*\(via no_match\)", file.read())

        until(snooped, "the snoop has seen a packet-in of 1.0")

    def test_our_tool_speaks_it_too(self):
        def ofctl(*words):
            return self.sw.ofctl("-O", "OpenFlow10", *words).stdout

        ofctl("add-flow", "br0", "table=1,priority=9,tcp,tp_dst=80,actions=output:2")
        ofctl("add-flow", "br0", "priority=8,reg0=1,actions=resubmit(,1)")
        self.assertIn("NXST_FLOW reply", ofctl("dump-flows", "br0"))
        self.assertIn("priority=8,reg0=0x1", ofctl("dump-flows", "br0"))
        ofctl("del-flows", "br0", "table=1")
        self.assertEqual(len(self.flows()), 1)
        self.assertRegex(ofctl("show", "br0"), r"OFPT_FEATURES_REPLY \(xid=")
        self.assertIn("active=1", ofctl("dump-tables", "br0"))
        self.assertIn("3 ports", ofctl("dump-ports", "br0"))

"""Stock ovs-ofctl and ovs-testcontroller in OpenFlow 1.0, 1.3, 1.4 and 1.5: every command (harness/ofctl_commands.py)."""

import re

from harness import SystemTest, until
from harness.ofctl_commands import ALL, COMMANDS, FILES
from harness.stock_ofctl import COMPLAINT, StockOfctl

REQUIRED_TOOLS = ["ip", "ping", "ss", "ovs-ofctl", "ovs-testcontroller"]
PORT = 6653
VERSION_MARK = {"10": r"\(xid=", "13": r"\(OF1\.3\)", "14": r"\(OF1\.4\)", "15": r"\(OF1\.5\)"}  # of a printed message
# From 1.4 on the tool asks for its own changes alone (OFPFMF_ONLY_OWN) unless it is told not to.
OTHERS = {"10": "", "13": "", "14": "!own,", "15": "!own,"}


class OpenFlowVersionsTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def in_each_version(self, claim):
        """Calls claim(version, the tool in it), with no flow left of the one before."""
        for version in ALL:
            with self.subTest(version=version):
                tool = StockOfctl(self.sw, version)
                tool.run("del-flows")
                claim(version, tool)

    def write_files(self):
        for name, lines in FILES.items():
            with open(f"{self.sw.rundir}/{name}", "w", encoding="ascii") as file:
                file.write("\n".join(lines) + "\n")

    def fault_of(self, tool, row):
        """What is wrong with one row of the table, or nothing."""
        words = [f"{self.sw.rundir}/{word[1:]}" if word.startswith("@") else word for word in row.words]
        done = tool.run(row.command, *words, check=False)
        output = done.stdout + done.stderr
        if row.error:
            fault = None if re.search(row.error, output) else f"no {row.error}"
        elif COMPLAINT.search(output) or done.returncode != row.status:
            fault = f"status {done.returncode}"
        elif not re.search(row.shows, output):
            fault = f"no {row.shows}"
        else:
            fault = f"there is {row.hides}" if row.hides and re.search(row.hides, output) else None
        return fault and f"{row}: {fault} in\n{output[:2000]}"

    def run_table(self, version):
        self.write_files()
        tool = StockOfctl(self.sw, version)
        faults = [self.fault_of(tool, row) for row in COMMANDS if version in row.versions]
        if any(faults):
            self.fail("\n".join(filter(None, faults)))

    def test_each_command_in_1_0(self):
        self.run_table("10")

    def test_each_command_in_1_3(self):
        self.run_table("13")

    def test_each_command_in_1_4(self):
        self.run_table("14")

    def test_each_command_in_1_5(self):
        self.run_table("15")

    def test_guests_speak_through_flows_of_each_version(self):
        def claim(_, tool):
            tool.run("add-flow", "in_port=1,actions=output:2")
            tool.run("add-flow", "in_port=2,actions=output:1")
            self.assert_pings(self.a, "10.0.0.2", 3)
            counted = re.search(r"n_packets=(\d+)", tool.printed("dump-flows", "in_port=1"))
            self.assertGreaterEqual(int(counted.group(1)), 3)
            total = re.search(r"packet_count=(\d+)", tool.printed("dump-aggregate"))
            self.assertGreaterEqual(int(total.group(1)), 6)

        self.in_each_version(claim)

    def test_a_packet_out_leaves_through_its_port(self):
        capture = self.b.place.socket(17, 3, 0x0300)
        self.addCleanup(capture.close)
        capture.bind(("eth0", 0))
        capture.settimeout(5)

        def claim(version, tool):
            frame = bytes.fromhex("020000000099" "020000000001" "88b5") + f"in {version}".encode().ljust(50, b".")
            tool.run("packet-out", f"in_port=CONTROLLER packet={frame.hex()} actions=output:2")
            until(lambda: capture.recv(2000) == frame, "the packet arrives")

        self.in_each_version(claim)

    def test_monitor_is_told_of_packets_and_removed_flows(self):
        def claim(version, tool):
            monitor = tool.start("monitor", "65535")
            name = r"(OFPT_PACKET_IN|NXT_PACKET_IN2) " + VERSION_MARK[version]

            def told_of_a_packet():
                self.pings(self.a, "10.0.0.2", 1, "-W", "1")
                return monitor.prints(name)

            tool.run("add-flow", "in_port=1,actions=controller")
            until(told_of_a_packet, "a packet-in is printed")
            tool.run("add-flow", "send_flow_rem,table=2,cookie=0x77,actions=drop")
            tool.run("del-flows", "table=2")
            monitor.wait_for(r"OFPT_FLOW_REMOVED.*reason=delete.*cookie:0x77")
            monitor.end()

        self.in_each_version(claim)

    def test_monitor_watches_flows_come_change_and_go(self):
        def claim(version, tool):
            tool.run("add-flow", "table=2,cookie=1,arp,actions=output:1")
            monitor = tool.start("monitor", "watch:" + OTHERS[version])
            monitor.wait_for(r"event=(ADDED|INITIAL) table=2 cookie=0x1 arp actions=output:1")
            tool.run("add-flow", "table=3,cookie=3,tcp,tp_dst=80,actions=output:2")
            monitor.wait_for(r"event=ADDED table=3 cookie=0x3 tcp,tp_dst=80 actions=output:2")
            tool.run("mod-flows", "table=3,tcp,actions=output:1")
            monitor.wait_for(r"event=MODIFIED table=3 cookie=(0x3|0) tcp,tp_dst=80 actions=output:1")
            tool.run("del-flows", "table=3")
            monitor.wait_for(r"event=DELETED reason=delete table=3 cookie=(0x3|0) tcp,tp_dst=80")
            monitor.end()

        self.in_each_version(claim)

    def test_monitor_watches_only_what_it_is_asked_to(self):
        def claim(version, tool):
            tool.run("add-flow", "table=3,cookie=1,arp,actions=output:1")
            monitor = tool.start("monitor", f"watch:{OTHERS[version]}!initial,!add,table=3,out_port=2")
            monitor.wait_for(r"FLOW_MONITOR reply")
            tool.run("add-flow", "table=3,cookie=2,tcp,actions=output:2")
            tool.run("add-flow", "table=3,cookie=3,udp,actions=output:1")
            tool.run("add-flow", "table=4,cookie=4,tcp,actions=output:2")
            tool.run("del-flows")
            monitor.wait_for(r"event=DELETED reason=delete table=3 cookie=0x2 tcp actions=output:2")
            self.assertEqual(monitor.text().count("event="), 1, monitor.text())
            monitor.end()

        self.in_each_version(claim)

    def test_the_stock_controller_forwards_and_a_snoop_sees_it(self):
        def claim(version, tool):
            self.sw.vsctl("set", "bridge", "br0", f"protocols=OpenFlow{version}")
            controller = self.stock_controller(self.host, version=version)
            self.sw.vsctl("set-controller", "br0", f"tcp:127.0.0.1:{PORT}")
            until(lambda: "true" in self.sw.vsctl("--columns=is_connected", "list", "controller").stdout,
                  "it is connected", 30)
            snoop = tool.start("snoop", target=f"{self.sw.rundir}/br0.snoop")
            self.assert_pings(self.a, "10.0.0.2")
            self.assertTrue(any("dl_dst=" in flow for flow in tool.flows()), "it has learned")
            snoop.wait_for("OFPT_PACKET_IN " + VERSION_MARK[version])
            snoop.wait_for(r"OFPT_FLOW_MOD ")
            snoop.end()
            self.sw.vsctl("del-controller", "br0", "--", "clear", "bridge", "br0", "protocols")
            controller.terminate()
            controller.wait(10)

        self.in_each_version(claim)

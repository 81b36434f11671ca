"""A bundle of stock ovs-ofctl is all or nothing, also when it is large."""

import re

from harness import SystemTest
from harness.stock_ofctl import StockOfctl

REQUIRED_TOOLS = ["ip", "ping", "ovs-ofctl"]
MANY = 100_000


def many_flows():
    for i in range(MANY):
        address = f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"
        yield f"table={1 + i % 4},priority=7,tcp,nw_src={address},tp_dst={i % 5},actions=output:{1 + i % 2}"


class BundleTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")
        self.tool = StockOfctl(self.sw, "14")

    def file(self, name, lines):
        path = f"{self.sw.rundir}/{name}"
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)
        return path

    def flow_count(self):
        return int(re.search(r"flow_count=(\d+)", self.tool.printed("dump-aggregate")).group(1))

    def test_a_bad_flow_at_the_end_of_100_000_changes_nothing(self):
        self.tool.run("add-flow", "in_port=1,actions=output:2")
        self.tool.run("add-flow", "in_port=2,actions=output:1")
        before = self.tool.rules()
        bad = self.file("bad", [*many_flows(), "priority=99,in_port=1,actions=drop", "in_port=1,actions=group:99"])
        refusal = self.tool.refusal("--bundle add-flows", bad)
        self.assertRegex(refusal, r"OFPBAC_BAD_OUT_GROUP for: .*group:99")
        self.assertIn("OFPBFC_MSG_FAILED", refusal)
        self.assertEqual(self.tool.rules(), before)
        self.assert_pings(self.a, "10.0.0.2")

    def test_100_000_flows_come_and_go_at_once(self):
        self.tool.run("--bundle add-flows", self.file("good", many_flows()))
        self.assertEqual(len(self.tool.flows()), MANY)
        self.assertEqual(self.flow_count(), MANY)
        self.tool.run("--bundle del-flows", "table=2")
        self.assertEqual(self.flow_count(), MANY - MANY // 4)
        self.tool.run("--bundle del-flows")
        self.assertEqual(self.flow_count(), 0)

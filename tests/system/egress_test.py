"""Egress tables of OpenFlow 1.5: set and shown by weft-ofctl, obeyed by guests' packets."""

import re

from harness import SystemTest

REQUIRED_TOOLS = ["ip", "ping"]


class EgressTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.guest(self.sw, "p2", "10.0.0.2")

    def test_the_first_egress_table_is_set_shown_and_obeyed(self):
        def ofctl(*words, version="15", check=True):
            return self.sw.ofctl("-O", f"OpenFlow{version}", *words, check=check)

        ofctl("add-flow", "br0", "in_port=1,actions=output:2")
        ofctl("add-flow", "br0", "in_port=2,actions=output:1")
        features = ofctl("dump-table-features", "br0").stdout
        self.assertRegex(features, r"table 1 .*\n(.*\n)? *stage: ingress, can be egress")
        ofctl("add-flow", "br0", "table=2,actions=goto_table:12")
        self.assertIn("OFPTFFC_BAD_FEATURES", ofctl("mod-table", "br0", "10", "egress", check=False).stderr)
        ofctl("del-flows", "br0", "table=2")
        self.assertIn("1.5", ofctl("mod-table", "br0", "10", "egress", version="14", check=False).stderr)

        ofctl("mod-table", "br0", "10", "egress")
        features = ofctl("dump-table-features", "br0").stdout
        self.assertRegex(features, r"table 10 .*\n(.*\n)? *stage: egress, the first such table")
        self.assertFalse(self.pings(self.a, "10.0.0.2", 1, "-W", "1"), "table 10 is empty")
        ofctl("add-flow", "br0", "table=10,ip,actset_output=2,actions=goto_table:11")
        ofctl("add-flow", "br0", "table=10,priority=1,actions=goto_table:11")
        ofctl("add-flow", "br0", "table=11,actions=write_metadata:1")
        self.assert_pings(self.a, "10.0.0.2", 3)
        counted = re.search(r"n_packets=(\d+)", ofctl("dump-flows", "br0", "table=10,ip,actset_output=2").stdout)
        self.assertGreaterEqual(int(counted.group(1)), 3)
        refused = ofctl("add-flow", "br0", "table=10,actions=write_actions(output:1)", check=False)
        self.assertIn("OFPBAC_BAD_TYPE", refused.stderr)
        trace = self.sw.appctl("ofproto/trace", "br0", "in_port=p1,ip").stdout
        self.assertIn("egress table 10 for output to port p2", trace)

        ofctl("mod-table", "br0", "10", "noegress")
        ofctl("del-flows", "br0", "table=10")
        self.assert_pings(self.a, "10.0.0.2", 3)

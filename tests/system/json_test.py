"""What the tools print for programs (--format json): every such command's output is read, and says what its text says."""

import json

from harness import SystemTest

REQUIRED_TOOLS = ["ip"]


class JsonTest(SystemTest):
    def setUp(self):
        host = self.place("host")
        self.sw = self.switch(host)
        for port, address in (("p1", "10.0.0.1"), ("p2", "10.0.0.2")):
            self.guest(self.sw, port, address)
        self.ofctl("add-meter", "br0", "meter=3,pktps,burst,band=type=drop,rate=7,burst_size=9")
        self.ofctl("add-group", "br0", "group_id=5,type=all,bucket=output:2")
        self.ofctl("add-flow", "br0", "table=1,priority=9,in_port=1,actions=meter:3,group:5")

    def ofctl(self, *words, version="13", check=True):
        return self.sw.ofctl("-O", f"OpenFlow{version}", *words, check=check)

    def read(self, command, *words, **options):
        return json.loads(self.ofctl("--format=json", command, "br0", *words, **options).stdout)

    def only(self, command, *words, **options):
        entries = self.read(command, *words, **options)
        self.assertEqual(len(entries), 1, entries)
        return entries[0]

    def test_the_switch_and_its_ports(self):
        for version in ("10", "13", "15"):
            shown = self.read("show", version=version)
            self.assertIn(shown["datapath_id"], self.ofctl("show", "br0").stdout)
            self.assertIn("FLOW_STATS", shown["capabilities"])
            self.assertEqual([port["name"] for port in shown["ports"]], ["p1", "p2", "br0"])
            self.assertEqual(shown["frags"], "normal")
        self.assertEqual({port["name"] for port in self.read("dump-ports-desc")}, {"p1", "p2", "br0"})
        self.assertEqual(self.only("dump-ports", "p1")["number"], 1)
        self.assertIn(self.read("dump-desc")["software"], self.ofctl("dump-desc", "br0").stdout)

    def test_flows_groups_and_meters(self):
        flow = self.only("dump-flows", "table=1")
        self.assertEqual((flow["priority"], flow["match"], flow["actions"]), (9, "in_port=1", "meter:3,group:5"))
        self.assertEqual(self.read("dump-aggregate", "table=1")["flow_count"], 1)
        self.assertEqual(self.only("dump-groups")["buckets"][0]["actions"], "output:2")
        self.assertEqual(self.only("dump-group-stats")["ref_count"], 1)
        band = {"type": "drop", "rate": 7, "burst_size": 9}
        self.assertEqual(self.only("dump-meters"), {"meter": 3, "flags": ["pktps", "burst"], "bands": [band]})
        self.assertEqual(self.only("dump-meter", "meter=3"), self.only("dump-meters"))
        stats = self.only("meter-stats", "meter=3")
        self.assertEqual((stats["flow_count"], len(stats["bands"])), (1, 1))
        self.ofctl("add-meter", "br0", "meter=4,kbps,band=type=drop,rate=1")
        self.ofctl("del-meter", "br0", "meter=4")
        self.assertEqual(self.only("dump-meters")["meter"], 3)

    def test_tables(self):
        self.assertEqual([table["active"] for table in self.read("dump-tables")[:2]], [0, 1])
        table = self.read("dump-table-features", version="15")[1]
        self.assertEqual(table["table"], 1)
        self.assertIn("goto_table", table["hit"]["instructions"])
        self.assertEqual(table["hit"]["next_tables"][0], 2)
        self.assertIn("set_field", table["hit"]["apply_actions"])
        self.assertIn("ip_src", table["maskable"])
        self.ofctl("mod-table", "br0", "1", "vacancy:10,20", version="14")
        desc = self.read("dump-table-desc", version="14")[1]
        self.assertEqual((desc["vacancy"]["down"], desc["vacancy"]["up"], desc["eviction"]), (10, 20, False))

    def test_queues(self):
        self.assertEqual(self.read("queue-stats"), [])
        for version in ("10", "13", "14"):
            self.assertEqual(self.read("queue-get-config", version=version), [])

    def test_what_has_no_such_form_says_so(self):
        done = self.ofctl("--format=json", "meter-features", "br0", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("meter-features prints text only", done.stderr)

    def test_where_time_goes(self):
        for words in (["--format=json", "dpif/perf"], ["-f", "json", "dpif/perf"], ["dpif/perf", "--format=json"]):
            workers = json.loads(self.sw.appctl(*words).stdout)["workers"]
            self.assertEqual([worker["worker"] for worker in workers], list(range(len(workers))))
            self.assertEqual(self.sw.appctl("dpif/perf").stdout.count("worker "), len(workers))
        self.assertEqual(self.sw.appctl("--format=json", "version", check=False).returncode, 2)

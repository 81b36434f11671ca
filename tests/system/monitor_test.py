"""Flow monitors: stock `ovs-ofctl monitor SWITCH watch:` in every version that has a form of them."""

import os
import re
import struct

from harness import SystemTest, until

REQUIRED_TOOLS = ["ip", "ovs-ofctl", "ovs-appctl"]

VERSIONS = {"10": 1, "13": 4, "14": 5, "15": 6}
OWN_XID = 0x7777


def flow_mod(version, cookie):
    """An ADD of a flow that matches everything, to be sent by the tool that watches."""
    if version == "10":
        match = struct.pack("!I36x", 0x3FFFFF)
        body = match + struct.pack("!QHHHHIHH", cookie, 0, 0, 0, 5, 0xFFFFFFFF, 0xFFFF, 0)
    else:
        body = struct.pack("!QQBBHHHIIIH2x", cookie, 0, 0, 0, 0, 0, 5, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        body += struct.pack("!HH4x", 1, 4)
    return struct.pack("!BBHI", VERSIONS[version], 14, 8 + len(body), OWN_XID) + body


class Watcher:
    """A stock ovs-ofctl that watches, what it prints, and what it is made to do meanwhile."""

    def __init__(self, test, version, watch):
        self.test = test
        test.watchers = getattr(test, "watchers", 0) + 1
        self.output = f"{test.sw.rundir}/watch{test.watchers}"
        self.control = f"{self.output}.ctl"
        with open(self.output, "w", encoding="utf-8") as file:
            self.process = test.host.start(
                ["ovs-ofctl", "-O", f"OpenFlow{version}", f"--unixctl={self.control}", "monitor",
                 test.sw.management(), watch],
                stdout=file, stderr=file, env=dict(os.environ, OVS_RUNDIR=test.sw.rundir))
        # Its first barrier leaves behind its request.
        until(lambda: os.path.exists(self.control) and "FLOW_MONITOR reply" in self.text(), "the monitor is set up")

    def text(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.read()

    def does(self, *words):
        self.test.host.run(["ovs-appctl", "-t", self.control, *words])

    def seen(self, what):
        until(lambda: re.search(what, self.text()) is not None, f"{what} is printed")

    def all_of_it(self):
        """What it has been told when it has read everything."""
        before = self.text().count("BARRIER_REPLY")
        self.does("ofctl/barrier")
        until(lambda: self.text().count("BARRIER_REPLY") > before, "the barrier is answered")
        return self.text()

    def events(self):
        return re.findall(r"event=(\w+)", self.all_of_it())

    def end(self):
        self.process.terminate()
        self.process.wait()


class MonitorTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)

    def flows(self, command, *words):
        self.host.run(["ovs-ofctl", command, self.sw.management(), *words],
                      env=dict(os.environ, OVS_RUNDIR=self.sw.rundir))

    def in_each_version(self, check, watch="watch:"):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.flows("del-flows")
                self.flows("add-flow", "cookie=1,in_port=1,actions=output:2")
                watcher = Watcher(self, version, watch)
                check(version, watcher)
                watcher.end()

    def test_what_comes_changes_and_goes_is_printed(self):
        def check(_, watcher):
            self.flows("add-flow", "cookie=2,in_port=2,actions=output:1")
            self.flows("mod-flows", "cookie=3,in_port=2,actions=output:3")
            self.flows("del-flows", "in_port=1")
            told = watcher.all_of_it()
            self.assertRegex(told, r"event=(ADDED|INITIAL) table=0 cookie=0x1 in_port=1 actions=output:2\n"
                                   r"(.|\n)*event=ADDED table=0 cookie=0x2 in_port=2 actions=output:1\n"
                                   r"(.|\n)*event=MODIFIED table=0 cookie=0x3 in_port=2 actions=output:3\n"
                                   r"(.|\n)*event=DELETED reason=delete table=0 cookie=0x1 in_port=1 actions=output:2\n")

        self.in_each_version(check)

    def test_only_what_is_asked_for_is_printed(self):
        def check(_, watcher):
            self.flows("add-flow", "table=1,cookie=2,in_port=2,actions=output:2")
            self.flows("mod-flows", "table=0,in_port=1,actions=output:3")
            self.flows("del-flows", "table=1")
            self.assertEqual(watcher.events(), ["DELETED"])
            self.assertNotIn("actions=", watcher.text())

        self.in_each_version(check, "watch:!initial,!add,!actions,table=1,out_port=2")

    def test_own_changes_are_told_in_full_or_by_their_xid(self):
        def in_full(version, watcher):
            watcher.does("ofctl/send", flow_mod(version, 0x99).hex())
            self.assertRegex(watcher.all_of_it(), r"event=ADDED table=0 cookie=0x99")

        def by_xid(version, watcher):
            watcher.does("ofctl/send", flow_mod(version, 0x99).hex())
            self.flows("add-flow", "cookie=2,in_port=2,actions=drop")
            told = watcher.all_of_it()
            self.assertRegex(told, rf"event=ABBREV xid={OWN_XID:#x}\n(.|\n)*event=ADDED table=0 cookie=0x2")
            self.assertNotRegex(told, r"cookie=0x99")

        self.in_each_version(in_full)
        self.in_each_version(by_xid, "watch:!own")

    def test_a_slow_reader_is_paused_and_told_the_difference(self):
        large = f"{self.sw.rundir}/large"
        outputs = ",".join(f"output:{1 + i}" for i in range(100))
        with open(large, "w", encoding="ascii") as file:
            for i in range(8000):
                file.write(f"table=1,reg0={i},actions={outputs}\n")

        def check(_, watcher):
            watcher.does("ofctl/block")
            self.flows("add-flows", large)
            self.flows("add-flow", "cookie=5,in_port=5,actions=output:1")
            self.flows("del-flows", "in_port=1")
            self.flows("add-flow", "cookie=6,in_port=6,actions=output:1")
            self.flows("del-flows", "in_port=6")
            watcher.does("ofctl/unblock")
            watcher.seen("RESUMED")
            told = watcher.all_of_it()
            self.assertEqual(len(re.findall("PAUSED", told)), 1)
            self.assertEqual(len(set(re.findall(r"event=ADDED table=1 cookie=0 (reg0=\w+)", told))), 8000)
            missed = told[told.index("PAUSED"):told.index("RESUMED")]
            self.assertRegex(missed, r"event=DELETED reason=delete table=0 cookie=0x1")
            self.assertRegex(missed, r"event=ADDED table=0 cookie=0x5")
            self.assertNotRegex(told, r"cookie=0x6")

        self.in_each_version(check)

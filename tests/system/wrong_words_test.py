"""Commands that cannot be right: an error that names the word, a non-zero status, and nothing changed."""

from harness import SystemTest, until
from harness.network import run
from harness.switch import program

REQUIRED_TOOLS = ["ip"]


class WrongWordsTest(SystemTest):
    def setUp(self):
        self.sw = self.switch(self.place("host"))

    def assert_refused(self, tool, words, *named):
        before = self.sw.vsctl("show").stdout + self.sw.ofctl("dump-flows", "br0").stdout
        done = tool(*words, check=False)
        self.assertNotEqual(done.returncode, 0, words)
        for word in named:
            self.assertIn(word, done.stderr)
        self.assertEqual(self.sw.vsctl("show").stdout + self.sw.ofctl("dump-flows", "br0").stdout, before)

    def test_vsctl(self):
        self.assert_refused(self.sw.vsctl, ["add-brr", "br1"], "add-brr")
        self.assert_refused(self.sw.vsctl, ["add-port", "br9", "p1"], "br9")
        self.assert_refused(self.sw.vsctl, ["set", "bridge", "br0", "no_such=1"], "no_such")
        self.assert_refused(self.sw.vsctl, ["set", "port", "br0", "tag=5000"], "5000")
        self.assert_refused(self.sw.vsctl, ["add-br", "br0"], "br0")
        self.assert_refused(self.sw.vsctl, ["add-br", ".."], "no name for a bridge")
        self.assert_refused(self.sw.vsctl, ["--id=@b", "create", "bridge", "name=..", "--", "set", "open", ".",
                                            "bridges=@b"], "no name for a bridge")
        self.assert_refused(self.sw.vsctl, ["set", "bridge", "br0", "protocols=OpenFlow99"], "OpenFlow99")
        self.assert_refused(self.sw.vsctl, ["set", "bridge", "br0", "other-config:datapath-id=zz"], "zz")
        self.assert_refused(self.sw.vsctl, ["clear", "port", "br0", "interfaces"], "interfaces")
        # One wrong command of several: none is carried out.
        self.assert_refused(self.sw.vsctl, ["add-br", "br2", "--", "del-br", "br9"], "br9")

    def test_ofctl(self):
        self.assert_refused(self.sw.ofctl, ["add-flow", "br0", "in_prt=1,actions=drop"], "in_prt")
        self.assert_refused(self.sw.ofctl, ["add-flow", "br0", "tcp_dst=80,actions=drop"], "tcp_dst")
        self.assert_refused(self.sw.ofctl, ["add-flow", "br0", "actions=outptu:1"], "outptu")
        self.assert_refused(self.sw.ofctl, ["add-flow", "br0", "ip,nw_src=1.2.3.400,actions=drop"], "1.2.3.400")
        self.assert_refused(self.sw.ofctl, ["dump-flows", "br9"], "br9")

    def test_appctl(self):
        self.assert_refused(self.sw.appctl, ["no/such"], "no/such")
        self.assert_refused(self.sw.appctl, ["ofproto/trace", "br0", "in_prt=1"], "in_prt")
        self.assert_refused(self.sw.appctl, ["ofproto/trace", "br0", "arp,in_port=99,dl_src=02:00:00:00:00:01"],
                            "bridge br0 has no port 99", "    ^~~~~~~~~~\n")
        self.assert_refused(self.sw.appctl, ["dpctl/dump-flows", "br0", "br0"], "once")
        self.assert_refused(self.sw.appctl, ["dpctl/dump-flows", "--nmaes"], "--nmaes")

    def test_status_of_a_wrong_command_line(self):
        self.assertEqual(self.sw.appctl(check=False).returncode, 1)
        self.assertEqual(self.sw.appctl("--no-such-option", check=False).returncode, 1)

    def test_a_wrong_option_is_named(self):
        """An option of appctl was sent to the switch as words of the command, in another order."""
        for tool, words, said in (
                ("weft-appctl", ["-t", "1", "version"], 'weft-appctl: unknown option "-t"'),
                ("weft-appctl", ["--timeot=1", "version"], 'unknown option "--timeot", did you mean "--timeout"?'),
                ("weft-appctl", ["--timeout=soon", "version"], "soon"),
                ("weft-vswitchd", ["--rundri", "x"], 'weft-vswitchd: unknown option "--rundri", did you mean "--rundir"?'),
                ("weft-vswitchd", ["start"], 'weft-vswitchd: unexpected word "start"'),
                ("weft-vswitchd", ["--workers", "0"], "weft-vswitchd: --workers")):
            done = run([program(tool), *words], check=False)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(said, done.stderr)

    def test_a_controller_that_cannot_be(self):
        """It was accepted without a word, in the place of the one that worked."""
        self.sw.vsctl("set-controller", "br0", "tcp:127.0.0.1:6653")
        for target in ("tcp:", "tcp:127.0.0.1:99999", "tcp:[::1", "unix:", "tpc:127.0.0.1"):
            self.assert_refused(self.sw.vsctl, ["set-controller", "br0", target], target, "^")
        self.sw.vsctl("set", "controller", "br0", 'target="nowhere"')  # of a column, which takes any text
        until(lambda: '"nowhere": a controller is tcp:HOST[:PORT]' in self.sw.log_text(), "the log says so")

    def test_a_setting_that_breaks_a_port_is_reported(self):
        self.sw.vsctl("add-port", "br0", "va", "--", "set", "interface", "va", "type=internal")
        done = self.sw.vsctl("set", "interface", "va", "type=vxlann")
        self.assertIn("setting up 'va'", done.stderr)
        self.assertEqual(self.sw.vsctl("set", "interface", "br0", "external_ids:a=b").stderr, "", "va was broken before")
        self.assertIn("junk", self.sw.vsctl("set", "interface", "br0", "mac=junk").stderr)

    def test_what_comes_to_nothing_is_said(self):
        self.assertIn("has no effect", self.sw.vsctl("create", "bridge", "name=zz").stderr)
        self.sw.vsctl("comment", "a note of the operator")
        self.assertIn("a note of the operator", self.sw.log_text())
        waited = self.sw.vsctl("--timeout=1", "wait-until", "interface", "no_such", check=False)
        self.assertEqual(waited.returncode, 142)
        self.assertIn("wait-until", waited.stderr)

    def test_port_types_and_options(self):
        done = self.sw.vsctl("add-port", "br0", "x", "--", "set", "interface", "x", "type=warp", check=False)
        self.assertIn("warp", done.stderr)

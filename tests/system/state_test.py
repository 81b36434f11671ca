"""What was acknowledged survives: a stop, a crash, a device that goes and comes back. A broken file changes nothing."""

import os
import re
import shutil
import signal
import subprocess
import tempfile

from harness import SystemTest, until
from harness.network import cable, run
from harness.switch import program

REQUIRED_TOOLS = ["ip", "ping", "ss"]


class StateTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host, secure=False)
        self.a = self.guest(self.sw, "p1", "10.0.0.1", options=["--", "set", "interface", "p1", "ofport_request=7"])
        self.b = self.guest(self.sw, "p2", "10.0.0.2")
        self.sw.vsctl("set", "bridge", "br0", "other-config:datapath-id=00000000000000ab", "external-ids:who=me",
                      "--", "set", "interface", "p2", "external-ids:vm-id=12", "--", "set-fail-mode", "br0", "standalone")

    def wanted(self):
        """What an operator set, as text; readings such as statistics change by themselves."""
        sw = self.sw
        return [sw.vsctl("show").stdout, sw.vsctl("get", "bridge", "br0", "external_ids", "other_config").stdout,
                sw.vsctl("get", "interface", "p2", "external_ids").stdout, str(sw.ofport("p1")), str(sw.ofport("p2"))]

    def error_of(self, interface):
        return self.sw.vsctl("get", "interface", interface, "error").stdout.strip()

    def wait_for_ports(self):
        until(lambda: self.sw.ofport("p1") > 0 and self.sw.ofport("p2") > 0, "both ports are back")

    def test_a_stop_and_start_keeps_all(self):
        before = self.wanted()
        self.sw.stop()
        self.sw.start()
        self.wait_for_ports()
        self.assertEqual(self.wanted(), before)
        self.assertEqual(self.sw.ofport("p1"), 7)
        self.assert_pings(self.a, "10.0.0.2")

    def test_a_crash_keeps_all(self):
        before = self.wanted()
        self.sw.kill()
        self.sw.start()
        self.wait_for_ports()
        self.assertEqual(self.wanted(), before)
        self.assert_pings(self.a, "10.0.0.2")

    def test_what_was_acknowledged_before_a_crash_is_there(self):
        for i in range(20):
            self.sw.vsctl("set", "bridge", "br0", f"external-ids:round={i}")
            if i % 5 == 4:
                self.sw.kill()
                self.sw.start()
            self.assertIn(f"{i}", self.sw.vsctl("get", "bridge", "br0", "external-ids:round").stdout)

    def test_numbers_do_not_shuffle(self):
        """Neither when ports are deleted before them, nor after a restart."""
        c = self.guest(self.sw, "p3", "10.0.0.3")
        number = self.sw.ofport("p3")
        self.sw.vsctl("del-port", "p2")
        self.sw.stop()
        self.sw.start()
        until(lambda: self.sw.ofport("p3") > 0, "p3 is back")
        self.assertEqual(self.sw.ofport("p3"), number)
        self.assert_pings(self.a, c.address)

    def test_a_device_that_returns_gets_its_number_back(self):
        number = self.sw.ofport("p2")
        run(["ip", "-n", self.host.full_name, "link", "del", "p2"])
        until(lambda: self.error_of("p2") != "[]", "the switch notices that p2 is gone, and says so")
        until(lambda: "port p2: the device is gone" in self.sw.log_text(), "the log says so, too")
        cable(self.host, "p2", self.b.place, "eth0")
        self.b.place.address("eth0", "10.0.0.2/24")
        until(lambda: self.error_of("p2") == "[]", "p2 is attached again")
        self.assertEqual(self.sw.ofport("p2"), number)
        self.assert_pings(self.a, "10.0.0.2")

    def test_a_device_that_comes_later_is_attached(self):
        done = self.sw.vsctl("add-port", "br0", "late")
        self.assertIn("late", done.stderr)
        self.assertEqual(self.sw.ofport("late"), -1)
        place = self.place("late")
        cable(self.host, "late", place, "eth0")
        place.address("eth0", "10.0.0.5/24")
        until(lambda: self.sw.ofport("late") > 0, "it is attached once it is there")
        self.assert_pings(self.a, "10.0.0.5")

    def test_a_state_file_cut_short_is_refused_and_left_alone(self):
        self.sw.stop()
        whole = self.sw.state + ".whole"
        shutil.copy(self.sw.state, whole)
        size = os.path.getsize(whole)
        for cut in (size - 1, size // 2, 3):
            shutil.copy(whole, self.sw.state)
            os.truncate(self.sw.state, cut)
            with open(self.sw.state, "rb") as file:
                before = file.read()
            log_before = len(self.sw.log_text())
            self.sw.launch()
            self.assertNotEqual(self.sw.process.wait(15), 0)
            said = self.sw.log_text()[log_before:]
            self.assertIn(self.sw.state, said)
            self.assertRegex(said, re.compile("cut|short|truncat|damag|corrupt|checksum|byte", re.IGNORECASE))
            with open(self.sw.state, "rb") as file:
                self.assertEqual(file.read(), before)
        shutil.copy(whole, self.sw.state)
        self.sw.start()
        self.wait_for_ports()
        self.assert_pings(self.a, "10.0.0.2")

    def second_daemon(self, rundir, state, *options):
        return self.host.run([program("weft-vswitchd"), "--rundir", rundir, "--state", state, *options], check=False,
                             timeout=20)

    def test_two_daemons_do_not_share_a_run_directory(self):
        """The second one took the first one's socket, and removed it at its end, when its pidfile was another."""
        for options in ([], ["--pidfile", f"{self.sw.rundir}/second.pid"]):
            second = self.second_daemon(self.sw.rundir, self.sw.state + ".2", *options)
            self.assertNotEqual(second.returncode, 0)
            self.assertIn(f"process {self.daemon_pid()}", second.stderr)
        self.assertIn("br0", self.sw.vsctl("list-br").stdout)
        self.assert_pings(self.a, "10.0.0.2")

    def test_two_daemons_do_not_share_a_state_file(self):
        """Each overwrote what the other had saved and answered for."""
        other = tempfile.TemporaryDirectory(prefix="weft-")
        self.addCleanup(other.cleanup)
        second = self.second_daemon(other.name, self.sw.state)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(f"state file {self.sw.state} is used", second.stderr)
        self.assertIn(f"process {self.daemon_pid()}", second.stderr)

    def test_a_retry_fails_while_the_state_cannot_be_saved(self):
        """It found everything as it should be, and was answered with success; the change was lost at the next start."""
        os.mkdir(self.sw.state + ".new")  # where the new state is written
        for _ in range(2):
            done = self.sw.vsctl("--may-exist", "add-br", "br1", check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("could not be saved", done.stderr)
        self.assertIn("br1", self.sw.vsctl("list-br").stdout)
        os.rmdir(self.sw.state + ".new")
        self.sw.vsctl("--may-exist", "add-br", "br1")
        self.sw.kill()
        self.sw.start()
        self.assertIn("br1", self.sw.vsctl("list-br").stdout)

    def test_log_modules_are_known_from_the_start(self):
        """They came into being with their first message."""
        for module in ("openflow", "reconciler", "management", "daemon"):
            self.sw.appctl("vlog/set", f"{module}:dbg")
        self.sw.stop()
        wrong = self.second_daemon(self.sw.rundir, self.sw.state, "-v", "daemon:dbgg")
        self.assertIn("dbgg", wrong.stderr.splitlines()[0])
        self.sw.options = ("-v", "reconciler:dbg")
        self.sw.start()

    def test_a_terminal_that_is_closed_stops_it_cleanly(self):
        """It was killed by the signal: sockets stayed, and attached devices stayed shut for the host."""
        self.sw.stop()
        inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored
        self.sw.start()
        signal.signal(signal.SIGHUP, inherited)
        self.wait_for_ports()
        self.sw.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.sw.process.wait(15), 0)
        self.assertFalse(os.path.exists(f"{self.sw.rundir}/weft.sock"))
        self.assertNotIn("clsact", self.host.run("tc qdisc show dev p1").stdout)

    def test_whoever_reads_its_standard_error_may_go(self):
        """The next line of the log ended the switch."""
        self.sw.stop()
        self.sw.process = subprocess.Popen(
            self.host.words([program("weft-vswitchd"), "--rundir", self.sw.rundir, "--state", self.sw.state]),
            stderr=subprocess.PIPE)
        self.sw.process.stderr.readline()
        self.sw.process.stderr.close()
        self.wait_for_ports()
        self.sw.vsctl("add-br", "br1")
        self.sw.vsctl("del-br", "br1")
        self.assert_pings(self.a, "10.0.0.2")

    def daemon_pid(self):
        with open(f"{self.sw.rundir}/weft-vswitchd.pid", encoding="ascii") as file:
            return int(file.read())

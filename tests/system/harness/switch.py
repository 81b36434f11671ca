"""A weft-vswitchd in a namespace, and the tools that talk to it."""

import os
import shutil
import signal
import subprocess
import tempfile

from harness.network import end, run
from harness.waiting import until

bin_directory = None  # set by run_test.py


def program(name):
    return os.path.join(bin_directory, name)


class Switch:
    """One switch of one host, with a run directory of its own."""

    def __init__(self, place, *options):
        self.place = place
        self.options = options
        self.directory = tempfile.TemporaryDirectory(prefix="weft-")
        self.rundir = self.directory.name
        self.state = f"{self.rundir}/state"
        self.log = f"{self.rundir}/log"
        self.process = None
        self.start()

    def start(self):
        """Comes back when the saved state is in force."""
        self.launch()
        until(lambda: self._is_ready(), "weft-vswitchd answers")

    def launch(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.place.words([program("weft-vswitchd"), "--rundir", self.rundir, "--state", self.state,
                                  *self.options]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"weft-vswitchd ended with {self.process.returncode}:\n{self.log_text()}")
        # A command that waits is answered once everything wanted has been tried.
        return self.vsctl("--timeout=5", "show", check=False).returncode == 0

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def vsctl(self, *words, **options):
        return run([program("weft-vsctl"), "--rundir", self.rundir, *words], **options)

    def ofctl(self, *words, **options):
        return run([program("weft-ofctl"), "--rundir", self.rundir, "-O", "OpenFlow13", *words], **options)

    def appctl(self, *words, **options):
        return run([program("weft-appctl"), "--rundir", self.rundir, "--timeout", "20", *words], **options)

    def stock_ofctl(self, command, *words, bridge="br0", **options):
        """Open vSwitch's tool on the bridge's management socket."""
        return run(["ovs-ofctl", "-O", "OpenFlow13", command, self.management(bridge), *words], **options)

    def management(self, bridge="br0"):
        return f"{self.rundir}/{bridge}.mgmt"

    def add_flow(self, flow, bridge="br0"):
        self.ofctl("add-flow", bridge, flow)

    def ofport(self, interface):
        return int(self.vsctl("get", "interface", interface, "ofport").stdout)

    def drops(self):
        """{reason: packets} of what the datapath dropped."""
        counts = {}
        for line in self.appctl("drop/show").stdout.splitlines():
            words = line.split()
            if len(words) > 1 and words[0].isdigit():
                counts[words[1]] = int(words[0])
        return counts

    def balance(self):
        """(received, originated, sent, dropped, absorbed) of the datapath."""
        line = self.appctl("drop/show").stdout.strip().splitlines()[-1]
        return tuple(int(word) for word in line.split() if word.isdigit())

    def processor_seconds(self):
        """Time of all its threads so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def processor_nanoseconds(self):
        """The same from the scheduler, which counts finer than clock ticks."""
        total = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total

    def kill(self):
        """As a crash would end it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it cleanly; anything but a clean end is a fault."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            doing = self._stacks()
            self.kill()
            raise AssertionError(f"weft-vswitchd did not end within 15 s of SIGTERM\n{doing}") from None
        if status != 0:
            raise AssertionError(f"weft-vswitchd ended with {status}:\n{self.log_text()}")

    def _stacks(self):
        """What its threads are doing, where a debugger is at hand."""
        if shutil.which("gdb") is None:
            return "(install gdb to see what its threads were doing)"
        return run(["gdb", "-batch", "-p", self.process.pid, "-ex", "thread apply all bt 15"], check=False).stdout

    def close(self):
        try:
            if self.process.poll() is None:
                self.stop()
            elif self.process.returncode not in (0, -signal.SIGKILL):
                raise AssertionError(f"weft-vswitchd had ended with {self.process.returncode}:\n{self.log_text()}")
        finally:
            end(self.process)
            self.directory.cleanup()

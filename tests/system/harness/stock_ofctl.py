"""Open vSwitch's ovs-ofctl on a bridge, in one version of OpenFlow."""

import os
import re

from harness.network import run
from harness.waiting import until

COMPLAINT = re.compile(r"OFPT_ERROR|^Error |decode error|\|WARN\||\|ERR\||bad reply|^ovs-ofctl: ", re.MULTILINE)
TIMEOUT = 300  # seconds, for a large file and a build that looks for faults
CHANGES_BY_ITSELF = re.compile(r"(duration|n_packets|n_bytes|idle_age|hard_age)=[^,]*, ")


class StockOfctl:
    def __init__(self, switch, version, bridge="br0"):
        self.switch = switch
        self.version = version
        self.target = f"unix:{switch.management(bridge)}"
        self.environment = dict(os.environ, OVS_RUNDIR=switch.rundir)
        self.started = 0

    def run(self, command, *words, check=True):
        """`command` may have options before it: "--bundle add-flows"."""
        return run(self._words(command, words), check=check, env=self.environment, timeout=TIMEOUT + 5)

    def printed(self, command, *words):
        return self.run(command, *words).stdout

    def refusal(self, command, *words):
        done = self.run(command, *words, check=False)
        return done.stdout + done.stderr

    def flows(self, *words):
        return [line.strip() for line in self.printed("dump-flows", *words).splitlines() if "actions=" in line]

    def rules(self, *words):
        """The flows without what changes by itself."""
        return sorted(CHANGES_BY_ITSELF.sub("", line) for line in self.flows(*words))

    def start(self, command, *words, target=None):
        """For "monitor" and "snoop": goes on until the test ends."""
        self.started += 1
        path = f"{self.switch.rundir}/ofctl-{id(self)}-{self.started}"
        return Running(self.switch.place, self._words(command, words, target), path, self.environment)

    def _words(self, command, words, target=None):
        options = command.split()
        return ["ovs-ofctl", f"--timeout={TIMEOUT}", "-O", f"OpenFlow{self.version}", *options, target or self.target, *words]


class Running:
    """A process and what it has printed so far."""

    def __init__(self, place, words, path, environment):
        self.path = path
        with open(path, "w", encoding="utf-8") as file:
            self.process = place.start(words, stdout=file, stderr=file, env=environment)

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def prints(self, pattern):
        return re.search(pattern, self.text()) is not None

    def wait_for(self, pattern):
        try:
            until(lambda: self.prints(pattern), pattern)
        except AssertionError as error:
            raise AssertionError(f"{error} in:\n{self.text()}") from None

    def end(self):
        self.process.terminate()
        self.process.wait(10)

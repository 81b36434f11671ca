"""Completion for bash: what a user gets who types so much and presses the tab key."""

import os
import pathlib
import subprocess
import tempfile

from harness import SystemTest
from harness.switch import program

REQUIRED_TOOLS = ["bash", "ip"]

SCRIPT = pathlib.Path(__file__).parents[2] / "utilities" / "completion" / "weft.bash"

# Words as bash makes them of a line (its own splitting at "=" and ":" included), then what the function answers.
ASK = r"""
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
read -ra COMP_WORDS <<<"$(sed 's/\([=:]\)/ \1 /g' <<<"$COMP_LINE")"
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
_weft
printf '%s\n' "${COMPREPLY[@]}"
"""


class CompletionTest(SystemTest):
    def setUp(self):
        self.sw = self.switch(self.place("host"))
        self.sw.vsctl("add-br", "br-other")
        self.path = os.path.dirname(program("weft-ofctl")) + ":" + os.environ["PATH"]

    def complete(self, line):
        env = os.environ | {"PATH": self.path, "WEFT_RUNDIR": self.sw.rundir}
        done = subprocess.run(["bash", "-c", ASK, "bash", str(SCRIPT), line], env=env, check=True,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands_and_options(self):
        self.assertEqual(self.complete("weft-ofctl add-fl"), ["add-flow", "add-flows"])
        self.assertEqual(self.complete("weft-appctl ofproto/trace-"), ["ofproto/trace-packet-out"])
        self.assertEqual(self.complete("weft-vsctl set-con"), ["set-controller"])
        self.assertEqual(self.complete("weft-ofctl --time"), ["--timeout", "--timestamp"])

    def test_files_of_commands(self):
        with tempfile.NamedTemporaryFile(prefix="capture-") as file:
            for command in ("bundle br0", "add-flows br0", "ofp-parse-pcap", "ofp-parse"):
                self.assertEqual(self.complete(f"weft-ofctl {command} {file.name[:-1]}"), [file.name])
        self.assertEqual(self.complete("weft-ofctl compose-packet tcp,tcp_f"), ["tcp,tcp_flags="])

    def test_names_of_the_running_switch(self):
        self.assertEqual(self.complete("weft-ofctl dump-flows br"), ["br-other", "br0"])
        self.assertEqual(self.complete("weft-ofctl mod-port br0 br"), ["br0"])
        self.assertEqual(self.complete("weft-vsctl list-ports br-"), ["br-other"])
        self.sw.vsctl("add-segment", "red", "--vni", "5001", "--bridge", "br0")
        self.assertEqual(self.complete("weft-vsctl show-segment r"), ["red"])
        self.assertEqual(self.complete("weft-vsctl set-port-segment br0 r"), ["red"])

    def test_tables_of_records(self):
        self.assertEqual(self.complete("weft-vsctl list Q"), ["QoS", "Queue"])
        self.assertEqual(self.complete("weft-vsctl create Con"), ["Controller"])

    def test_flows(self):
        self.assertEqual(self.complete("weft-ofctl add-flow br0 tcp,tcp_f"), ["tcp,tcp_flags="])
        self.assertEqual(self.complete("weft-ofctl add-flow br0 'in_port=b"), ["br0"])
        self.assertEqual(self.complete("weft-ofctl add-flow br0 tcp,actions=dec_t"), ["dec_ttl"])
        self.assertEqual(self.complete("weft-ofctl add-flow br0 tcp,actions=pop_vlan,set_qu"),
                         ["pop_vlan,set_queue"])

    def test_nothing_is_known_without_a_switch(self):
        self.sw.rundir, rundir = "/nonexistent", self.sw.rundir
        self.assertEqual(self.complete("weft-ofctl dump-flows br"), [])
        self.sw.rundir = rundir

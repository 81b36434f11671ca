"""Open vSwitch in user space, from Debian's packages: its daemons in a namespace, with a database of their own."""

import os
import tempfile

from harness.network import end, run
from harness.waiting import until


class StockDaemons:
    """Has one bridge, br0, in secure mode. `settings` are of other_config, in force before the daemon starts."""

    def __init__(self, host, program="/usr/sbin/ovs-vswitchd", settings=()):
        self.host = host
        self.directory = tempfile.TemporaryDirectory(prefix="weft-ovs-")
        self.at = self.directory.name
        self.environment = dict(os.environ, OVS_RUNDIR=self.at, OVS_DBDIR=self.at, OVS_LOGDIR=self.at)
        self.daemons = []
        try:
            self._start(program, settings)
        except BaseException:
            self.close()
            raise

    def _start(self, program, settings):
        run(["ovsdb-tool", "create", f"{self.at}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema"])
        self._daemon(["/usr/sbin/ovsdb-server", f"{self.at}/conf.db", f"--remote=punix:{self.at}/db.sock",
                      f"--unixctl={self.at}/db.ctl", "--no-chdir"])
        until(lambda: os.path.exists(f"{self.at}/db.sock"), "ovsdb-server listens")
        self.vsctl("--no-wait", "init")
        for setting in settings:
            self.vsctl("--no-wait", "set", "Open_vSwitch", ".", f"other_config:{setting}")
        self._daemon([program, f"unix:{self.at}/db.sock", f"--unixctl={self.at}/ctl", "--no-chdir"])
        self.vsctl("--timeout=20", "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev",
                   "fail-mode=secure")

    def _daemon(self, command):
        self.daemons.append(self.host.start(command, env=self.environment))

    def vsctl(self, *words):
        return run(["ovs-vsctl", f"--db=unix:{self.at}/db.sock", *words], env=self.environment).stdout

    def add_flow(self, flow):
        run(["ovs-ofctl", "-O", "OpenFlow13", "add-flow", f"{self.at}/br0.mgmt", flow], env=self.environment)

    def processes(self):
        return [daemon.pid for daemon in self.daemons]

    def close(self):
        for daemon in reversed(self.daemons):
            end(daemon)
        self.directory.cleanup()

"""Real controllers: os-ken with a learning switch, and Open vSwitch's test controller; and life without one."""

import os

from harness import SystemTest, until

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss", "osken-manager", "ovs-testcontroller"]
PORT = 6653
LEARNING_SWITCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "osken", "learning_switch.py")


class ControllerTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)
        self.a = self.guest(self.sw, "p1", "10.0.0.1")
        self.b = self.guest(self.sw, "p2", "10.0.0.2")

    def connect(self, controller):
        self.controller = controller
        until(lambda: self.host.listens(PORT), "the controller listens", 30)
        self.sw.vsctl("set-controller", "br0", f"tcp:127.0.0.1:{PORT}")
        self.wait_until_connected("true")

    def wait_until_connected(self, value, seconds=20):
        until(lambda: value in self.sw.vsctl("--columns=is_connected", "list", "controller").stdout,
              f"is_connected is {value}", seconds)

    def end_controller(self):
        self.controller.terminate()
        self.controller.wait(10)
        self.wait_until_connected("false", 40)

    def os_ken(self):
        self.connect(self.host.start(
            ["osken-manager", "--ofp-listen-host", "127.0.0.1", "--ofp-tcp-listen-port", PORT, LEARNING_SWITCH],
            env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1")))

    def test_os_ken_learns(self):
        self.os_ken()
        self.assert_pings(self.a, "10.0.0.2")
        self.assert_tcp(self.a, self.b)
        self.assertIn("dl_dst=", self.sw.ofctl("dump-flows", "br0").stdout)

    def test_the_stock_test_controller_learns(self):
        self.connect(self.stock_controller(self.host))
        self.assert_pings(self.a, "10.0.0.2")
        self.assert_tcp(self.a, self.b)

    def test_the_stock_test_controller_without_flows(self):
        """Every packet goes through the controller."""
        self.connect(self.stock_controller(self.host, "--noflow"))
        self.assert_pings(self.a, "10.0.0.2", 20)

    def test_secure_keeps_flows_and_adds_none(self):
        self.os_ken()
        self.assert_pings(self.a, "10.0.0.2")
        self.end_controller()
        self.assert_pings(self.a, "10.0.0.2")
        self.sw.ofctl("del-flows", "br0")
        self.assertEqual(self.pings(self.a, "10.0.0.2", 3, "-W", "1"), 0)

    def test_standalone_takes_over(self):
        self.sw.vsctl("set-fail-mode", "br0", "standalone")
        self.os_ken()
        self.assert_pings(self.a, "10.0.0.2")
        self.end_controller()
        self.sw.ofctl("del-flows", "br0")
        until(lambda: self.pings(self.a, "10.0.0.2", 1), "the switch learns by itself", 60)
        # The flow that does it is not the operator's to see or delete.
        self.assertNotIn("NORMAL", self.sw.ofctl("dump-flows", "br0").stdout)
        self.assertIn("NORMAL", self.sw.appctl("bridge/dump-flows", "br0").stdout)

    def test_it_comes_back_to_a_controller_that_was_away(self):
        self.os_ken()
        self.end_controller()
        self.os_ken()
        self.assert_pings(self.a, "10.0.0.2")

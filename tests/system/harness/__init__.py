"""What the system tests share: namespaces and cables, switches, guests, and waiting for events.

A test is a unittest.TestCase made from SystemTest; everything that it makes is gone when it ends, also when it fails.

    class LocalTest(SystemTest):
        def test_two_guests_ping(self):
            host = self.place("host")
            switch = self.switch(host)
            a, b = self.guest(switch, "p1", "10.0.0.1"), self.guest(switch, "p2", "10.0.0.2")
            self.assert_pings(a, "10.0.0.2")
"""

from harness.network import Place
from harness.switch import Switch
from harness.testcase import Guest, SystemTest
from harness.waiting import until

__all__ = ["Guest", "Place", "Switch", "SystemTest", "until"]

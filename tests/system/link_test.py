"""Devices change under the switch, or by its own settings: what OpenFlow and the host see of that."""

import json
import struct

from harness import SystemTest, until
from harness.network import cable, run
from harness.openflow import Connection, message

REQUIRED_TOOLS = ["ip", "ping"]
SET_CONFIG, PORT_STATUS, MULTIPART_REQUEST, MULTIPART_REPLY, PORT_DESC = 9, 12, 18, 19, 13


def name_of(desc):
    """Of a struct ofp_port (OpenFlow 1.3, section 7.2.1)."""
    return desc[16:32].rstrip(b"\0").decode()


def up_bits(desc):
    """(not OFPPC_PORT_DOWN, not OFPPS_LINK_DOWN)."""
    config, state = struct.unpack("!II", desc[32:40])
    return not config & 1, not state & 1


class LinkTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host, secure=False)

    def link(self, device, place=None):
        return json.loads((place or self.host).run(["ip", "-json", "addr", "show", "dev", device]).stdout)[0]

    def get(self, interface, column):
        return self.sw.vsctl("get", "interface", interface, column).stdout.strip()

    def test_a_controller_sees_links_go_and_come_back(self):
        """What came back stayed down for controllers, and the loss of a carrier was not told."""
        guest = self.guest(self.sw, "p1", "10.0.0.1")
        controller = Connection(self.sw.management())
        self.addCleanup(controller.close)
        controller.send(message(SET_CONFIG, struct.pack("!HH", 0, 65535)))  # asks for asynchronous messages
        controller.barrier(xid=2)
        self.assertEqual(self.is_up("p1"), (True, True))
        for place, device, state, seen in ((self.host, "p1", "down", (False, False)),
                                           (self.host, "p1", "up", (True, True)),
                                           (guest.place, "eth0", "down", (True, False)),
                                           (guest.place, "eth0", "up", (True, True))):
            place.run(["ip", "link", "set", device, state])
            told = None
            while told != seen:  # a change may come in two steps; without one the socket times out
                kind, _, body = controller.receive()
                told = up_bits(body[8:]) if kind == PORT_STATUS and name_of(body[8:]) == "p1" else told
            self.assertEqual(self.is_up("p1"), seen, f"{device} {state} in port-desc")
            self.assertEqual(self.get("p1", "link_state"), "up" if seen[1] else "down")

    def is_up(self, port):
        """(not down, has a link), as port-desc has it."""
        connection = Connection(self.sw.management())
        connection.send(message(MULTIPART_REQUEST, struct.pack("!HH4x", PORT_DESC, 0), xid=7))
        body = connection.wait_for(MULTIPART_REPLY, 7)[8:]
        connection.close()
        ports = [body[at:at + 64] for at in range(0, len(body), 64)]
        return next(up_bits(desc) for desc in ports if name_of(desc) == port)

    def test_settings_of_the_local_device_leave_its_addresses(self):
        """The device was made anew, and the host lost the addresses of br0."""
        self.host.run("ip link set br0 up")
        self.host.address("br0", "10.0.0.9/24")
        before = self.link("br0")
        self.sw.vsctl("set", "interface", "br0", "mtu_request=1400")
        self.sw.vsctl("set", "bridge", "br0", "other-config:hwaddr=02:00:00:00:00:42")
        after = self.link("br0")
        self.assertEqual((after["mtu"], after["address"]), (1400, "02:00:00:00:00:42"))
        self.assertEqual(after["ifindex"], before["ifindex"])
        self.assertIn("10.0.0.9", [address["local"] for address in after["addr_info"]])
        self.assertIn("02:00:00:00:00:42", self.sw.ofctl("show", "br0").stdout)

    def test_a_device_in_a_container_gets_its_mtu_there(self):
        self.sw.vsctl("add-port", "br0", "c0", "--", "set", "interface", "c0", "type=internal")
        container = self.place("container")
        self.host.run(["ip", "link", "set", "c0", "netns", container.full_name])
        container.run("ip link set c0 address 02:00:00:00:00:77 up")
        self.sw.vsctl("set", "interface", "c0", "mtu_request=1300")
        after = self.link("c0", container)
        self.assertEqual(after["mtu"], 1300)
        self.assertEqual(after["address"], "02:00:00:00:00:77", "its own address stays")
        self.assertEqual(self.get("c0", "error"), "[]")

    def test_mtu_of_a_system_device(self):
        """It did nothing, and attached the port anew."""
        guest = self.guest(self.sw, "p1", "10.0.0.1")
        ifindex = self.get("p1", "ifindex")
        self.sw.vsctl("set", "interface", "p1", "mtu_request=1400")
        self.assertEqual(self.link("p1")["mtu"], 1400)
        self.assertEqual(self.get("p1", "mtu"), "1400")
        self.assertEqual((self.get("p1", "ifindex"), self.get("p1", "error")), (ifindex, "[]"))
        # A port that comes with its setting, and one whose device returns.
        place = self.place("other")
        cable(self.host, "p2", place, "eth0")
        self.sw.vsctl("add-port", "br0", "p2", "--", "set", "interface", "p2", "mtu_request=1450")
        self.assertEqual(self.link("p2")["mtu"], 1450)
        run(["ip", "-n", self.host.full_name, "link", "del", "p1"])
        until(lambda: self.get("p1", "error") != "[]", "the switch says that p1 is gone")
        cable(self.host, "p1", guest.place, "eth0")
        until(lambda: self.get("p1", "mtu") == "1400", "the device that returned has the MTU, too")

    def test_an_mtu_that_the_kernel_refuses(self):
        self.host.run("ip tuntap add name t0 mode tap")
        too_much = 65530  # for a tap: with its header a frame would be longer than 65535
        self.sw.vsctl("add-port", "br0", "t0", "--", "set", "interface", "t0", f"mtu_request={too_much}")
        self.assertIn(f"set MTU {too_much} on t0", self.get("t0", "error"))
        self.assertGreater(self.sw.ofport("t0"), 0)
        self.sw.vsctl("set", "interface", "t0", "mtu_request=1400")
        self.assertEqual((self.get("t0", "error"), self.link("t0")["mtu"]), ("[]", 1400))

    def test_a_renamed_device_has_one_port(self):
        """It could be attached a second time."""
        self.guest(self.sw, "p1", "10.0.0.1")
        self.host.run("ip link set p1 down")
        self.host.run("ip link set p1 name p9")
        self.host.run("ip link set p9 up")
        until(lambda: "renamed to p9" in self.get("p1", "error"), "p1 says what became of its device")
        self.sw.vsctl("add-port", "br0", "p9")
        self.assertEqual(self.get("p9", "error"), "[]")
        self.host.run("ip link property add dev p9 altname other")
        self.sw.vsctl("add-port", "br0", "other")
        self.assertEqual(self.sw.ofport("other"), -1)
        self.assertIn("other is another name of a device that port p9 has already", self.get("other", "error"))

    def test_a_device_that_the_switch_made_is_made_again(self):
        """It stayed dead, and was said to return."""
        self.sw.vsctl("add-port", "br0", "t0", "--", "set", "interface", "t0", "type=tap")
        number = self.sw.ofport("t0")
        for device in ("t0", "br0"):
            before = self.link(device)["ifindex"]
            self.host.run(["ip", "link", "del", device])
            until(lambda: self.get(device, "ifindex") not in ("[]", str(before)), f"{device} is made again")
            self.assertEqual(self.get(device, "error"), "[]")
        self.assertEqual(self.sw.ofport("t0"), number)

    def test_what_is_told_of_devices(self):
        self.guest(self.sw, "p1", "10.0.0.1")
        self.vxlan(self.sw)
        for column in ("mtu", "mac_in_use", "link_speed"):
            self.assertEqual(self.get("vx0", column), "[]", column)
        self.assertEqual(self.get("vx0", "status"), "{}")
        self.assertIn("driver_name=veth", self.get("p1", "status"))
        self.assertIn("driver_name=tun", self.get("br0", "status"))
        self.assertEqual(self.get("p1", "mtu"), "1500")
        self.assertEqual(self.get("p1", "link_speed"), "10000000000", "what veth says of itself")

"""What Mininet and libvirt say to ovs-vsctl, word for word, is understood."""

import shlex

from harness import SystemTest, until
from harness.network import cable

REQUIRED_TOOLS = ["ip", "ping", "ss", "ovs-testcontroller"]


class MininetTest(SystemTest):
    """A switch s1 with two hosts, and a controller c0, as `mn --topo single,2` makes them."""

    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host, bridge=None)
        self.hosts = []
        for number in (1, 2):
            place = self.place(f"m{number}")
            cable(self.host, f"s1-eth{number}", place, "eth0")
            place.address("eth0", f"10.0.0.{number}/24")
            self.hosts.append(place)

    def vsctl(self, words):
        return self.sw.vsctl(*shlex.split(words)).stdout

    def test_start_ask_and_stop(self):
        self.stock_controller(self.host)
        self.vsctl("-t 1 show")
        self.assertRegex(self.vsctl("--version"), r"\d+\.\d+")
        self.vsctl('-- --id=@s1c0 create Controller target=\\"tcp:127.0.0.1:6653\\" max_backoff=1000 '
                   '-- --id=@s1-listen create Controller target=\\"ptcp:6654\\" max_backoff=1000 '
                   "-- --if-exists del-br s1 -- add-br s1 -- set bridge s1 controller=[@s1c0,@s1-listen] "
                   "other_config:datapath-id=0000000000000001 fail_mode=secure other-config:disable-in-band=true "
                   "datapath_type=netdev protocols=OpenFlow13 "
                   "-- add-port s1 s1-eth1 -- set Interface s1-eth1 ofport_request=1 "
                   "-- add-port s1 s1-eth2 -- set Interface s1-eth2 ofport_request=2 ")
        identifiers = self.vsctl("-- get Bridge s1 Controller").strip()
        self.assertTrue(identifiers.startswith("[") and identifiers.endswith("]"), identifiers)
        first = identifiers[1:-1].split(",")
        self.assertEqual(len(first), 2)
        until(lambda: any("true" in self.vsctl(f"-- get Controller {uuid.strip()} is_connected") for uuid in first),
              "a controller is connected")
        until(lambda: self.hosts[0].run("ping -c 1 -W 1 10.0.0.2", check=False).returncode == 0, "m1 reaches m2")
        self.assertEqual(self.sw.ofport("s1-eth2"), 2)
        self.vsctl("del-port s1 s1-eth2")
        self.vsctl("add-port s1 s1-eth2")
        self.vsctl("--if-exists del-br s1 -- --if-exists del-br s2")
        self.assertEqual(self.vsctl("list-br"), "")


class LibvirtTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host, secure=False)
        place = self.place("vm")
        cable(self.host, "vnet0", place, "eth0")

    def vsctl(self, *words):
        return self.sw.vsctl(*words).stdout

    def test_a_machine_is_plugged_asked_about_moved_and_unplugged(self):
        self.vsctl("--timeout=5", "--", "--if-exists", "del-port", "vnet0", "--", "add-port", "br0", "vnet0", "tag=10",
                   "--", "set", "Interface", "vnet0", 'external-ids:attached-mac="52:54:00:12:34:56"',
                   "--", "set", "Interface", "vnet0", 'external-ids:iface-id="e1b0a5d2-65d0-4c7b-a3f2-1c1f6a6f2f11"',
                   "--", "set", "Interface", "vnet0", 'external-ids:vm-id="2f7c1f0e-0a9c-4f8e-8d7c-6c1f5b7a9d10"',
                   "--", "set", "Interface", "vnet0", "external-ids:iface-status=active")
        self.assertEqual(self.vsctl("get", "port", "vnet0", "tag").strip(), "10")
        self.assertIn("52:54:00:12:34:56", self.vsctl("get", "interface", "vnet0", "external_ids:attached-mac"))
        self.assertIn("vnet0", self.vsctl("--timeout=5", "get", "Interface", "vnet0", "name"))
        self.vsctl("--timeout=5", "set", "Interface", "vnet0", "external_ids:PortData=abc")
        self.assertIn("abc", self.vsctl("--timeout=5", "--if-exists", "get", "Interface", "vnet0",
                                        "external_ids:PortData"))
        statistics = self.vsctl("--timeout=5", "--if-exists", "--format=list", "--data=json", "--no-headings",
                                "--columns=statistics", "list", "Interface", "vnet0")
        self.assertIn("rx_packets", statistics)
        self.vsctl("--timeout=5", "--no-headings", "--columns=name", "find", "Interface",
                   "options:vhost-server-path=/run/vhost.sock")
        self.vsctl("--timeout=5", "--", "--if-exists", "del-port", "vnet0")
        self.assertNotIn("vnet0", self.vsctl("list-ports", "br0"))

    def test_vlans_with_abbreviated_columns(self):
        self.vsctl("--timeout=5", "--", "--may-exist", "add-port", "br0", "vnet0", "vlan_mode=native-tagged", "tag=5",
                   "trunk=5,6")
        self.assertIn("6", self.vsctl("get", "port", "vnet0", "trunks"))
        self.vsctl("--timeout=5", "--", "--if-exists", "clear", "Port", "vnet0", "tag", "--", "--if-exists", "clear",
                   "Port", "vnet0", "trunk", "--", "--if-exists", "clear", "Port", "vnet0", "vlan_mode",
                   "--", "--if-exists", "set", "Port", "vnet0", "tag=7")
        self.assertEqual(self.vsctl("get", "port", "vnet0", "tag").strip(), "7")
        self.assertEqual(self.vsctl("get", "port", "vnet0", "trunks").strip(), "[]")

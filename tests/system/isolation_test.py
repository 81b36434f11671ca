"""What must never happen: a guest at its host, the host at a guest, one network in another."""

import time

from harness import SystemTest, until
from harness.network import run

REQUIRED_TOOLS = ["ip", "ping", "ss", "tcpdump"]


class HostIsolationTest(SystemTest):
    """The host has addresses, forwards, and answers whatever reaches its stack. Nothing does through a port."""

    def setUp(self):
        self.host = self.place("host", ipv6=True)
        self.host.sysctl("net.ipv4.ip_forward", 1)
        self.host.address("lo", "10.0.0.254/32")
        self.host.address("lo", "192.0.2.7/32")

    def try_to_reach_the_host(self, guest):
        """By ARP, by a known MAC, and by IPv6 link-local multicast; how many answers come."""
        self.host.run("ip route replace 10.0.0.1/32 dev p1 src 10.0.0.254")
        guest.run(["ip", "neigh", "flush", "all"])
        answers = self.pings(guest, "10.0.0.254", 2, "-W", "1")
        guest.run(["ip", "neigh", "replace", "10.0.0.254", "lladdr", self.device_mac, "dev", "eth0"])
        guest.run("ip route replace 192.0.2.0/24 via 10.0.0.254")
        answers += self.pings(guest, "10.0.0.254", 2, "-W", "1")
        answers += self.pings(guest, "192.0.2.7", 2, "-W", "1")
        answers += self.pings(guest, "ff02::1%eth0", 2, "-W", "1")
        guest.run(["ip", "neigh", "del", "10.0.0.254", "dev", "eth0"])
        return answers

    def open_guest(self, switch, port="p1"):
        guest = self.guest(switch, port, "10.0.0.1")
        self.device_mac = self.host.mac(port)
        return guest

    def test_without_the_switch_the_host_would_answer(self):
        """The test of the test."""
        switch = self.switch(self.host)
        guest = self.open_guest(switch)
        switch.vsctl("del-port", "p1")
        self.assertGreater(self.try_to_reach_the_host(guest), 0)

    def test_a_guest_does_not_reach_its_host(self):
        for secure in (True, False):
            switch = self.switch(self.host, secure=secure)
            guest = self.open_guest(switch)
            self.assertEqual(self.try_to_reach_the_host(guest), 0)
            switch.close()
            run(["ip", "netns", "del", guest.place.full_name])

    def test_a_killed_switch_leaves_the_port_closed(self):
        switch = self.switch(self.host)
        guest = self.open_guest(switch)
        switch.kill()
        self.assertEqual(self.try_to_reach_the_host(guest), 0)
        # And again after the next one has taken over.
        switch.start()
        until(lambda: switch.ofport("p1") > 0, "the port is back")
        self.assertEqual(self.try_to_reach_the_host(guest), 0)

    def test_nothing_of_the_hosts_own_reaches_a_guest(self):
        switch = self.switch(self.host)
        guest = self.open_guest(switch)
        before = guest.place.counter("eth0", "rx_packets")
        # Whatever makes a host talk: an address appears, a neighbour is sought, the link goes up again.
        self.host.run("ip link set p1 down")
        self.host.run("ip link set p1 up")
        self.host.address("lo", "10.0.0.253/32")
        self.host.run("ping -c 1 -W 1 10.0.0.1", check=False)
        self.host.run("ping -c 1 -W 1 -I p1 10.0.0.1", check=False)
        switch.vsctl("set", "bridge", "br0", "external-ids:touched=yes")
        time.sleep(2)  # nothing is what is waited for
        self.assertLessEqual(guest.place.counter("eth0", "rx_packets") - before, PINGS_BOUND_TO_THE_DEVICE)


# "ping -I p1" as the host's root binds to the device itself and asks who has the address: that is root writing to the
# wire with open eyes, not the host's stack at work.
PINGS_BOUND_TO_THE_DEVICE = 3


class NetworkIsolationTest(SystemTest):
    """Two networks whose machines have the same MAC and IP addresses."""

    def setUp(self):
        h1, h2, _ = self.two_hosts()
        self.guests = {}
        for host, remote, number in ((h1, h2, 1), (h2, h1, 2)):
            switch = self.switch(host)
            self.vxlan(switch)
            for network, vni in (("a", 5001), ("b", 5002)):
                guest = self.guest(switch, f"p{network}", f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}")
                self.overlay_flows(switch, f"p{network}", vni, remote.vtep)
                self.guests[f"{number}{network}"] = guest

    def test_two_vnis_never_mix(self):
        guests = self.guests
        for network in "ab":
            self.assert_pings(guests[f"1{network}"], "10.0.0.2")
        captures = {network: guests[f"2{network}"].place.socket(17, 3, 0x0300) for network in "ab"}
        for capture in captures.values():
            capture.bind(("eth0", 0))
            capture.settimeout(1)
        self.pings(guests["1a"], "10.0.0.2", 20, "-p", "aa")
        self.pings(guests["1b"], "10.0.0.2", 20, "-p", "bb")
        for network, capture in captures.items():
            own, other = (b"\xaa" * 16, b"\xbb" * 16) if network == "a" else (b"\xbb" * 16, b"\xaa" * 16)
            frames = received_requests(capture)
            self.assertEqual(sum(own in frame for frame in frames), 20)
            self.assertEqual(sum(other in frame for frame in frames), 0)
            capture.close()

    def test_nobody_answers_for_a_machine_of_the_other_network(self):
        guests = self.guests
        self.assert_pings(guests["1a"], "10.0.0.2")
        guests["2a"].run("ip link set eth0 down")
        self.assertEqual(self.pings(guests["1a"], "10.0.0.2", 5, "-W", "1"), 0)
        self.assert_pings(guests["1b"], "10.0.0.2")


def received_requests(capture):
    """Echo requests that came in until it stays quiet."""
    frames = []
    try:
        while True:
            frame, address = capture.recvfrom(65535)
            if address[2] != 4 and frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[34] == 8:
                frames.append(frame)
    except TimeoutError:
        return frames

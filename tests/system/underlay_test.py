"""The network below changes while guests talk over it: their traffic goes on by itself."""

import json
import time

from harness import SystemTest, until
from harness.network import cable

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "ss"]
VNI = 5001
PATIENCE = 5  # seconds: a path is looked up again each second, and a lost segment is sent again a little later
TRICKLE = 5  # Mbit/s


class UnderlayTest(SystemTest):
    """Two hosts and two routers; the tunnel's addresses are on the hosts' loopback devices."""

    ipv6 = False

    def setUp(self):
        self.hosts = [self.place(f"h{n}", ipv6=self.ipv6) for n in (1, 2)]
        self.routers = [self.place(f"r{m}", ipv6=self.ipv6) for m in (1, 2)]
        for m, router in enumerate(self.routers, 1):
            router.sysctl("net.ipv6.conf.all.forwarding" if self.ipv6 else "net.ipv4.ip_forward", 1)
            for n, host in enumerate(self.hosts, 1):
                cable(host, f"up{m}", router, f"to-h{n}", 1600)
                self.configure_link(n, m)
        for n, host in enumerate(self.hosts, 1):
            self.add_address(host, "lo", self.vtep(n), alone=True)
        self.use_router(1)
        self.make_overlay()

    def make_overlay(self):
        self.guests = []
        for n, host in enumerate(self.hosts, 1):
            switch = self.switch(host)
            self.tunnel(switch, "vxlan", "vx0", f"local_ip={self.vtep(n)}", f"remote_ip={self.vtep(3 - n)}", f"key={VNI}")
            self.guests.append(self.guest(switch, "p1", f"10.0.0.{n}"))
            switch.add_flow("in_port=p1,actions=output:vx0")
            switch.add_flow("in_port=vx0,actions=output:p1")
        self.assert_reaches(self.guests[0], "10.0.0.2")

    # --- the network, also when it is put right again after a device was down

    def vtep(self, n):
        return f"2001:db8:99::{n}" if self.ipv6 else f"203.0.113.{n}"

    def link_address(self, n, m, is_router):
        if self.ipv6:
            return f"2001:db8:{m}{n}::{'fe' if is_router else '1'}"
        return f"172.16.{m}{n}.{254 if is_router else 1}"

    def add_address(self, place, device, address, alone=False):
        length = (128 if self.ipv6 else 32) if alone else (64 if self.ipv6 else 24)
        options = ["nodad"] if self.ipv6 else []
        place.run(["ip", "address", "replace", f"{address}/{length}", "dev", device, *options])

    def add_route(self, place, to, via):
        place.run(["ip", "-6" if self.ipv6 else "-4", "route", "replace", to, "via", via])

    def configure_link(self, n, m):
        self.add_address(self.hosts[n - 1], f"up{m}", self.link_address(n, m, False))
        self.add_address(self.routers[m - 1], f"to-h{n}", self.link_address(n, m, True))
        self.add_route(self.routers[m - 1], self.vtep(n), self.link_address(n, m, False))

    def use_router(self, m):
        for n, host in enumerate(self.hosts, 1):
            self.add_route(host, self.vtep(3 - n), self.link_address(n, m, True))

    # --- what is claimed

    def underlay_works(self):
        return self.hosts[0].run(["ping", "-c", 1, "-W", 1, "-I", self.vtep(1), self.vtep(2)], check=False).returncode == 0

    def assert_goes_on(self, event, is_back=lambda: None):
        """Pings and one TCP connection, before the event and after what it broke is there again."""
        a, b = self.guests
        server = b.place.start("iperf3 --server --one-off")
        until(lambda: b.place.listens(5201), "iperf3 listens")
        client = a.place.start(["iperf3", "--client", "10.0.0.2", "--json", "--time", 3 + PATIENCE, "--interval", "0.5"],
                               stdout=-1)
        until(lambda: b.place.counter("eth0", "rx_bytes") > 10_000_000, "a transfer is under way")
        event()
        is_back()
        until(self.underlay_works, "the underlay is there again", interval=0)
        begin = time.monotonic()
        until(lambda: self.pings(a, "10.0.0.2", 1, "-W", "1"), "guests reach each other", seconds=PATIENCE, interval=0)
        print(f"{self.id()}: {time.monotonic() - begin:.2f} s after the underlay", flush=True)
        report = json.loads(client.communicate(timeout=60)[0])
        server.wait(10)
        self.assertNotIn("error", report)
        self.assertGreater(report["intervals"][-1]["sum"]["bits_per_second"] / 1e6, TRICKLE)


class Ipv4Test(UnderlayTest):
    def test_a_route_changes(self):
        def change():
            self.use_router(2)
            for n in (1, 2):  # nothing may need the old way
                self.routers[0].run(["ip", "link", "set", f"to-h{n}", "down"])

        self.assert_goes_on(change)

    def test_the_new_route_is_narrower(self):
        """The guests' packets fit the old one; of the new one they are told."""
        for place, device in ((self.hosts[0], "up2"), (self.hosts[1], "up2"), (self.routers[1], "to-h1"),
                              (self.routers[1], "to-h2")):
            place.run(["ip", "link", "set", device, "mtu", "1500"])
        self.assert_goes_on(lambda: self.use_router(2))
        route = self.guests[0].run("ip route get 10.0.0.2").stdout
        self.assertIn(f"mtu {1430 if self.ipv6 else 1450}", route)

    def test_a_route_is_missing_for_a_while(self):
        def remove():
            for n, host in enumerate(self.hosts, 1):
                host.run(["ip", "-6" if self.ipv6 else "-4", "route", "del", self.vtep(3 - n)])
            until(lambda: not self.pings(self.guests[0], "10.0.0.2", 1, "-W", "1"), "guests are cut off")

        self.assert_goes_on(remove, lambda: self.use_router(1))

    def test_the_own_address_moves_to_another_device(self):
        def move():
            length = 128 if self.ipv6 else 32
            self.hosts[0].run(["ip", "address", "del", f"{self.vtep(1)}/{length}", "dev", "lo"])
            until(lambda: not self.pings(self.guests[0], "10.0.0.2", 1, "-W", "1"), "guests are cut off")

        self.assert_goes_on(move, lambda: self.add_address(self.hosts[0], "up2", self.vtep(1), alone=True))

    def test_the_link_flaps(self):
        def set_link(state):
            self.routers[0].run(["ip", "link", "set", "to-h1", state])

        def lose():
            set_link("down")
            until(lambda: not self.pings(self.guests[0], "10.0.0.2", 1, "-W", "1"), "guests are cut off")

        def come_back():
            set_link("up")
            self.configure_link(1, 1)

        self.assert_goes_on(lose, come_back)

    def test_the_device_flaps(self):
        def lose():
            self.hosts[0].run("ip link set up1 down")
            until(lambda: not self.pings(self.guests[0], "10.0.0.2", 1, "-W", "1"), "guests are cut off")

        def come_back():
            self.hosts[0].run("ip link set up1 up")
            self.configure_link(1, 1)
            self.use_router(1)

        self.assert_goes_on(lose, come_back)


class Ipv6Test(Ipv4Test):
    ipv6 = True

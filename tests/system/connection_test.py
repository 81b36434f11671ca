"""How controllers and tools reach a bridge: every kind of target, TLS, versions, roles; and peers that mean no good."""

import os
import random
import socket
import ssl
import struct
import time

from harness import SystemTest, until
from harness.certificates import Authority
from harness.network import run
from harness.openflow import (ECHO_REPLY, ECHO_REQUEST, EQUAL, ERROR, HELLO, PORT_STATUS, PRIMARY, SECONDARY,
                              Connection, apply_output, flow_mod, match_in_port, message)
from harness.switch import program

REQUIRED_TOOLS = ["ip", "ping", "ss", "ovs-ofctl", "ovs-testcontroller", "openssl"]
PORT = 6654


class ConnectionTest(SystemTest):
    def setUp(self):
        self.host = self.place("host")
        self.sw = self.switch(self.host)

    def stock(self, target, *words, version="OpenFlow13", check=True):
        return self.host.run(["ovs-ofctl", "-O", version, "--timeout=10", *words[:1], target, *words[1:]], check=check)

    def connected(self, value="true"):
        until(lambda: value in self.sw.vsctl("--columns=is_connected", "list", "controller").stdout,
              f"is_connected is {value}", 20)

    def status(self, key, controller="br0"):
        return self.sw.vsctl("get", "controller", controller, f"status:{key}", check=False).stdout.strip().strip('"')

    def tcp(self, port=PORT):
        connection = self.host.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(connection.close)
        connection.settimeout(5)
        connection.connect(("127.0.0.1", port))
        return connection


class PassiveTest(ConnectionTest):
    def test_tools_come_by_tcp_and_by_a_file(self):
        path = f"{self.sw.rundir}/door"
        self.sw.vsctl("set-controller", "br0", f"ptcp:{PORT}:127.0.0.1", f"punix:{path}")
        for target in (f"tcp:127.0.0.1:{PORT}", f"unix:{path}"):
            self.assertIn("dpid:", self.stock(target, "show").stdout)
            self.stock(target, "add-flow", "in_port=1,actions=drop")
            self.assertIn("actions=drop", self.stock(target, "dump-flows").stdout)
            self.stock(target, "del-flows")
        self.sw.vsctl("del-controller", "br0")
        self.assertFalse(self.host.listens(PORT))
        self.assertFalse(os.path.exists(path))

    def test_the_default_port(self):
        self.sw.vsctl("set-controller", "br0", "ptcp:")
        self.assertIn("dpid:", self.stock("tcp:127.0.0.1:6653", "show").stdout)

    def test_a_port_in_use_is_told_and_taken_when_it_is_free(self):
        holder = self.host.socket(socket.AF_INET, socket.SOCK_STREAM)
        holder.bind(("127.0.0.1", PORT))
        holder.listen()
        self.sw.vsctl("set-controller", "br0", f"ptcp:{PORT}:127.0.0.1")
        self.assertIn("Address already in use", self.status("last_error"))
        holder.close()
        until(lambda: self.status("state") == "IDLE", "it listens", 20)
        self.stock(f"tcp:127.0.0.1:{PORT}", "show")

    def test_two_controllers_elect_one(self):
        self.sw.vsctl("set-controller", "br0", f"ptcp:{PORT}:127.0.0.1")
        first, second = Connection(self.tcp()), Connection(self.tcp())
        self.assertEqual(first.role(PRIMARY, 10), PRIMARY)
        self.assertEqual(second.role(EQUAL, 0), EQUAL)
        self.assertEqual(self.sw.vsctl("get", "controller", "br0", "role").stdout.strip(), "master")
        self.assertEqual(second.role(PRIMARY, 9), (11, 0), "a stale generation")
        self.assertEqual(second.role(PRIMARY, 11), PRIMARY)
        # The former one changes nothing any more, and is still told of ports.
        first.send(flow_mod(match_in_port(1), apply_output(2), xid=77))
        while True:
            kind, xid, body = first.receive()
            if xid == 77:
                break
        self.assertEqual((kind, body[:4]), (ERROR, struct.pack("!HH", 1, 10)))
        second.send(flow_mod(match_in_port(1), apply_output(2), xid=78))
        second.barrier(79)
        self.assertEqual(self.sw.ofctl("dump-flows", "br0").stdout.count("actions="), 1)
        self.sw.vsctl("add-port", "br0", "t1", "--", "set", "interface", "t1", "type=internal")
        for connection in (first, second):
            until(lambda: connection.receive()[0] == PORT_STATUS, "port-status")

    def test_the_stock_controller_program_elects_nobody_and_works(self):
        """ovs-ofctl's service connection beside a controller that dials in."""
        self.sw.vsctl("set-controller", "br0", f"ptcp:{PORT}:127.0.0.1")
        controller = Connection(self.tcp())
        self.assertEqual(controller.role(PRIMARY, 1), PRIMARY)
        self.sw.stock_ofctl("add-flow", "in_port=1,actions=drop")
        self.assertEqual(controller.role(0, 0), PRIMARY)


class VersionTest(ConnectionTest):
    def test_only_allowed_versions_are_spoken(self):
        self.sw.vsctl("set", "bridge", "br0", "protocols=OpenFlow13")
        self.sw.stock_ofctl("show")
        refused = run(["ovs-ofctl", "-O", "OpenFlow11", "show", self.sw.management()], check=False)
        self.assertNotEqual(refused.returncode, 0)

    def test_none_in_common_is_told_with_a_text(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(5)
            peer.connect(self.sw.management())
            peer.sendall(struct.pack("!BBHI", 2, HELLO, 8, 1))  # 1.1 at most
            received = b""
            while chunk := peer.recv(65536):
                received += chunk
        self.assertIn(b"you speak OpenFlow10, OpenFlow11: no version in common", received)
        self.assertIn(struct.pack("!HH", 0, 0), received)

    def test_a_change_ends_what_is_no_longer_allowed(self):
        self.sw.vsctl("set-controller", "br0", f"ptcp:{PORT}:127.0.0.1")
        controller = Connection(self.tcp())
        self.sw.vsctl("set", "bridge", "br0", "protocols=OpenFlow11")
        with self.assertRaises(ConnectionError):
            controller.receive()
        self.assertIn("protocols", self.sw.vsctl("get", "bridge", "br0", "status").stdout)
        self.sw.vsctl("clear", "bridge", "br0", "protocols")
        Connection(self.tcp()).barrier(1)


class TlsTest(ConnectionTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.sw.rundir, "authority")
        self.key, self.certificate = self.authority.sign("switch")
        self.their_key, self.their_certificate = self.authority.sign("controller")

    def set_ssl(self, *options, ca=None):
        self.sw.vsctl(*options, "set-ssl", self.key, self.certificate, ca or self.authority.certificate)

    def tool(self, key=None, certificate=None, ca=None):
        """Stock ovs-ofctl over TLS."""
        return self.host.run(["ovs-ofctl", "-O", "OpenFlow13", "--timeout=10", "-p", key or self.their_key, "-c",
                              certificate or self.their_certificate, "-C", ca or self.authority.certificate, "show",
                              f"ssl:127.0.0.1:{PORT}"], check=False)

    def test_the_stock_controller_is_dialed(self):
        self.set_ssl()
        self.host.start(["ovs-testcontroller", "-O", "OpenFlow13", f"--unixctl={self.sw.rundir}/ctl", "-p",
                         self.their_key, "-c", self.their_certificate, "-C", self.authority.certificate,
                         f"pssl:{PORT}:127.0.0.1"])
        until(lambda: self.host.listens(PORT), "the controller listens")
        self.sw.vsctl("set-controller", "br0", f"ssl:127.0.0.1:{PORT}")
        self.connected()
        a = self.guest(self.sw, "p1", "10.0.0.1")
        self.guest(self.sw, "p2", "10.0.0.2")
        self.assert_pings(a, "10.0.0.2")

    def test_a_stock_tool_comes_in(self):
        self.set_ssl()
        self.sw.vsctl("set-controller", "br0", f"pssl:{PORT}:127.0.0.1")
        self.assertIn("dpid:", self.tool().stdout)

    def test_our_tool_comes_in(self):
        self.set_ssl()
        self.sw.vsctl("set-controller", "br0", f"pssl:{PORT}:127.0.0.1")
        stranger = Authority(self.sw.rundir, "stranger")
        stranger_key, stranger_certificate = stranger.sign("stranger")

        def ofctl(*words, key=self.their_key, certificate=self.their_certificate, ca=self.authority.certificate):
            return self.host.run([program("weft-ofctl"), "--timeout=10", "-p", key, "-c", certificate, "-C", ca,
                                  words[0], f"ssl:127.0.0.1:{PORT}", *words[1:]], check=False)

        flows = f"{self.sw.rundir}/many.txt"
        with open(flows, "w", encoding="utf-8") as file:
            file.writelines(f"table=1,reg0={n},actions=drop\n" for n in range(5000))
        self.assertEqual(ofctl("add-flows", flows).stderr, "")
        self.assertEqual(ofctl("dump-flows", "--no-stats", "table=1").stdout.count("actions=drop"), 5000)
        self.assertIn("dpid:", ofctl("show", ca="none").stdout)

        refused = ofctl("show", ca=stranger.certificate)
        self.assertIn("the switch's certificate: ", refused.stderr)
        self.assertEqual(refused.returncode, 1)
        refused = ofctl("show", key=stranger_key, certificate=stranger_certificate)
        self.assertIn(f"ssl:127.0.0.1:{PORT}: ", refused.stderr)
        self.assertIn("private key /nowhere.pem: No such file", ofctl("show", key="/nowhere.pem").stderr)
        self.assertIn("key values mismatch", ofctl("show", key=stranger_key).stderr)
        self.assertIn("needs --private-key", ofctl("show", ca="").stderr)

    def test_strangers_stay_outside(self):
        self.set_ssl()
        self.sw.vsctl("set-controller", "br0", f"pssl:{PORT}:127.0.0.1")
        stranger = Authority(self.sw.rundir, "stranger")
        key, certificate = stranger.sign("stranger")
        self.assertNotIn("dpid:", self.tool(key, certificate).stdout)
        until(lambda: "the peer's certificate" in self.status("last_error"), "the record says why")
        # Without any certificate, and without TLS.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.authority.certificate)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            with context.wrap_socket(self.tcp()) as session:
                session.sendall(message(HELLO))
                while session.recv(65536):
                    pass
                raise ConnectionError("closed")
        plain = self.tcp()
        plain.sendall(message(HELLO))
        self.assertNotEqual(plain.recv(8)[:2], message(HELLO)[:2])
        self.assertIn("dpid:", self.tool().stdout)

    def test_old_versions_of_tls_are_refused(self):
        self.set_ssl()
        self.sw.vsctl("set-controller", "br0", f"pssl:{PORT}:127.0.0.1")
        for version, is_welcome in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            done = self.host.run(["openssl", "s_client", version, "-cipher", "DEFAULT:@SECLEVEL=0", "-connect",
                                  f"127.0.0.1:{PORT}", "-key", self.their_key, "-cert", self.their_certificate,
                                  "-CAfile", self.authority.certificate, "-verify_return_error"], check=False)
            self.assertEqual("Verify return code: 0 (ok)" in done.stdout and "Cipher is (NONE)" not in done.stdout,
                             is_welcome, f"{version}\n{done.stdout[-2000:]}{done.stderr[-500:]}")

    def test_certificates_are_replaced_without_a_restart(self):
        self.set_ssl()
        self.sw.vsctl("set-controller", "br0", f"pssl:{PORT}:127.0.0.1")
        self.assertIn("dpid:", self.tool().stdout)
        following = Authority(self.sw.rundir, "following")
        following.sign("switch")
        key, certificate = following.sign("next")
        os.replace(following.certificate, self.authority.certificate)
        self.assertIn("dpid:", self.tool(key, certificate).stdout)
        self.assertNotIn("dpid:", self.tool().stdout, "of the authority that was replaced")

    def test_what_is_missing_is_told(self):
        self.sw.vsctl("set-controller", "br0", "ssl:127.0.0.1:1")
        until(lambda: self.status("last_error") != "", "an error")
        self.sw.vsctl("set-controller", "br0", f"pssl:{PORT}:127.0.0.1")
        self.assertNotIn("dpid:", self.tool().stdout)
        until(lambda: "set-ssl" in self.status("last_error"), "no files")
        self.sw.vsctl("set-ssl", "/nowhere/key.pem", self.certificate, self.authority.certificate)
        self.tool()
        until(lambda: "private key /nowhere/key.pem: No such file" in self.status("last_error"), "which file")
        self.assertIn("Private key: /nowhere/key.pem\n", self.sw.vsctl("get-ssl").stdout)
        self.sw.vsctl("del-ssl")
        self.assertEqual(self.sw.vsctl("get-ssl").stdout, "")

    def test_the_authority_of_the_first_controller_is_taken(self):
        path = f"{self.sw.rundir}/bootstrapped.pem"
        self.host.start(["ovs-testcontroller", "-O", "OpenFlow13", f"--unixctl={self.sw.rundir}/ctl", "-p",
                         self.their_key, "-c", self.their_certificate, "-C", self.authority.certificate,
                         f"--peer-ca-cert={self.authority.certificate}", f"pssl:{PORT}:127.0.0.1"])
        until(lambda: self.host.listens(PORT), "the controller listens")
        self.set_ssl("--bootstrap", ca=path)
        self.sw.vsctl("set-controller", "br0", f"ssl:127.0.0.1:{PORT}")
        self.connected()
        with open(path, encoding="ascii") as taken, open(self.authority.certificate, encoding="ascii") as theirs:
            self.assertEqual(taken.read(), theirs.read())


class Flood:
    """The same messages over and over, as fast as the peer takes them; one that was cut goes on where it was."""

    def __init__(self, peer, data):
        self.peer, self.data, self.at = peer, data, 0

    def push(self):
        """Whether any of it was taken."""
        try:
            self.at = (self.at + self.peer.send(self.data[self.at:])) % len(self.data)
            return True
        except BlockingIOError:
            return False


class HostilePeerTest(ConnectionTest):
    def setUp(self):
        super().setUp()
        authority = Authority(self.sw.rundir, "authority")
        self.sw.vsctl("set-ssl", *authority.sign("switch"), authority.certificate)
        self.sw.vsctl("set-controller", "br0", f"ptcp:{PORT}:127.0.0.1", f"pssl:{PORT + 1}:127.0.0.1")
        self.friend = Connection(self.tcp())

    def friend_is_served(self):
        for xid in range(100, 110):
            self.friend.send(message(ECHO_REQUEST, b"hello", xid))
            self.assertEqual(self.friend.wait_for(ECHO_REPLY, xid), b"hello")
            self.friend.barrier(xid + 100)

    def test_noise_on_every_port(self):
        noise = random.Random(4)
        for port in (PORT, PORT + 1):
            for size in (1, 7, 8, 9, 200, 5000, 200_000):
                peer = self.tcp(port)
                try:
                    peer.sendall(noise.randbytes(size))
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(65536):
                        pass
                except OSError:
                    pass
            # What begins like a TLS record and goes on for ever.
            peer = self.tcp(port)
            try:
                peer.sendall(b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03" + bytes(100_000))
                while peer.recv(65536):
                    pass
            except OSError:
                pass
            self.friend_is_served()

    def test_peers_that_say_nothing(self):
        silent = [self.tcp(PORT + 1) for _ in range(40)] + [self.tcp() for _ in range(40)]
        self.friend_is_served()
        self.assertGreater(len(silent), 0)

    def test_a_flood_of_echoes_and_one_of_garbage(self):
        flooder, talker = self.tcp(), self.tcp()
        for peer in (flooder, talker):
            peer.sendall(message(HELLO))
            peer.setblocking(False)
        echoes = message(ECHO_REQUEST, b"x" * 100) * 500
        rubbish = struct.pack("!BBHI", 4, 99, 64, 1) + bytes(56)
        floods = [Flood(flooder, echoes), Flood(talker, rubbish * 500)]
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            for flood in floods:
                flood.push()
            self.friend.send(message(ECHO_REQUEST, b"", 5))
            self.friend.wait_for(ECHO_REPLY, 5)
        self.friend_is_served()

    def test_a_peer_that_does_not_read(self):
        stalled = self.tcp()
        stalled.sendall(message(HELLO))
        stalled.setblocking(False)
        request = message(18, struct.pack("!HH4x", 12, 0)) * 100  # table features: more than a megabyte each
        flood = Flood(stalled, request)
        for _ in range(20):
            if not flood.push():
                break
            self.friend_is_served()
        self.friend_is_served()


class ServiceSocketsTest(ConnectionTest):
    def test_snoop_shows_what_a_controller_says(self):
        self.sw.vsctl("set-controller", "br0", f"ptcp:{PORT}:127.0.0.1")
        output = f"{self.sw.rundir}/snoop"
        with open(output, "w", encoding="utf-8") as file:
            self.host.start(["ovs-ofctl", "-O", "OpenFlow13", "snoop", f"{self.sw.rundir}/br0.snoop"],
                            stdout=file, stderr=file, env=dict(os.environ, OVS_RUNDIR=self.sw.rundir))
        controller = Connection(self.tcp())

        def seen():
            controller.role(EQUAL, 0)
            with open(output, encoding="utf-8", errors="replace") as file:
                return "OFPT_ROLE_REPLY" in file.read()

        until(seen, "the role reply is printed")

    def test_a_service_controller_is_none(self):
        self.sw.vsctl("set-fail-mode", "br0", "standalone", "--", "--id=@c", "create", "controller",
                      f'target="ptcp:{PORT}:127.0.0.1"', "type=service", "--", "set", "bridge", "br0", "controller=@c")
        self.assertIn("NORMAL", self.stock(f"tcp:127.0.0.1:{PORT}", "dump-flows").stdout)

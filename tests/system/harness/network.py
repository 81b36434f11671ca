"""Network namespaces, cables between them, processes and sockets in them.

A namespace's name holds the id of the process that made it, so two runs do not meet, and what a killed run left
behind is found and removed by the next one.
"""

import ctypes
import os
import shlex
import socket
import subprocess

PREFIX = "weft-t"
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def run(command, check=True, timeout=60, **options):
    """Runs a command (a list, or words in one string); its output is part of the failure's message."""
    words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"status {done.returncode} of: {shlex.join(words)}\n{done.stdout}{done.stderr}")
    return done


def remove_leftovers():
    """Namespaces of processes that are gone."""
    for line in run("ip netns list").stdout.splitlines():
        name = line.split()[0]
        if name.startswith(PREFIX):
            pid = name[len(PREFIX):].split("-")[0]
            if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                run(["ip", "netns", "del", name], check=False)


class Place:
    """A network namespace: a host, a guest, a router."""

    def __init__(self, name, ipv6=False):
        self.name = name
        self.full_name = f"{PREFIX}{os.getpid()}-{name}"
        self.processes = []
        run(["ip", "netns", "add", self.full_name])
        self.run("ip link set lo up")
        self.sysctl("net.ipv4.ip_forward", 0)
        if not ipv6:
            self.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
            self.sysctl("net.ipv6.conf.default.disable_ipv6", 1)

    def words(self, command):
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
        return ["ip", "netns", "exec", self.full_name, *words]

    def run(self, command, **options):
        return run(self.words(command), **options)

    def start(self, command, **options):
        """A process in the background; it is ended with the test."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen(self.words(command), stdin=subprocess.DEVNULL, text=True, **options)
        self.processes.append(process)
        return process

    def sysctl(self, name, value):
        self.run(["sysctl", "-q", "-w", f"{name}={value}"])

    def socket(self, *arguments):
        """A socket that belongs to this namespace, for this process."""
        with self.entered():
            return socket.socket(*arguments)

    def entered(self):
        return _Entered(self.full_name)

    def address(self, device, cidr):
        self.run(["ip", "address", "add", cidr, "dev", device])

    def mac(self, device):
        return self.run(["cat", f"/sys/class/net/{device}/address"]).stdout.strip()

    def counter(self, device, name):
        return int(self.run(["cat", f"/sys/class/net/{device}/statistics/{name}"]).stdout)

    def listens(self, port):
        return "LISTEN" in self.run(["ss", "-Hltn", f"sport = :{port}"]).stdout

    def close(self):
        for process in self.processes:
            end(process)
        run(["ip", "netns", "del", self.full_name], check=False)


def end(process, seconds=5):
    """Asks a process to end; kills it when it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def cable(a, device_a, b, device_b, mtu=1500):
    """A veth pair between two places, both ends up."""
    run(["ip", "link", "add", "name", device_a, "mtu", mtu, "netns", a.full_name,
         "type", "veth", "peer", "name", device_b, "mtu", mtu, "netns", b.full_name])
    a.run(["ip", "link", "set", device_a, "up"])
    b.run(["ip", "link", "set", device_b, "up"])


class _Entered:
    """This thread is in the namespace for the length of a with block."""

    def __init__(self, full_name):
        self.path = f"/run/netns/{full_name}"

    def __enter__(self):
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        inside = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(inside)
        finally:
            os.close(inside)

    def __exit__(self, *_):
        _enter(self.before)
        os.close(self.before)


def _enter(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")

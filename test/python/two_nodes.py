"""A client, the cloud's router, which lets only the VIP's holder speak for it, and both nodes, each in a network
namespace of its own, with the rules of connections.sh. The words between the services are not part of it."""

import json
import os
import socket
import subprocess
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import support
from keepalived_vip.agent.node import flows
from support import VIP

SCRIPT = os.path.join(support.RUNTIME, "connections.sh")
ADDRESSES = {"a": "10.0.1.16", "b": "10.0.1.17", "c": "10.9.9.9"}
PORT, ECHO = 7, 8  # of a service that says its node's name, and of one that says what it hears
KEEP_S = 600
RESET, PUSH, ACK = 4, 8, 16  # flags of TCP
# A client that asks, and is deaf to the answer.
MUTE = "table ip mute { chain c { type filter hook output priority 0; tcp flags & (syn | ack) == ack drop; }; }"
SPOOFED = "iifname { ra, rb } fib saddr . iif oif missing counter drop"


class Host:
    """A namespace, and a thread that lives in it."""

    def __init__(self, test, name: str) -> None:
        self.name, self.namespace = name, "vip-flows-%d-%s" % (os.getpid(), name)
        self.go = threading.Event()
        test.addCleanup(self.go.set)
        self.folder = tempfile.TemporaryDirectory()
        test.addCleanup(self.folder.cleanup)
        subprocess.call(("ip", "netns", "del", self.namespace), stderr=subprocess.DEVNULL)
        subprocess.check_call(("ip", "netns", "add", self.namespace))
        test.addCleanup(subprocess.check_call, ("ip", "netns", "del", self.namespace))
        self.inside = ThreadPoolExecutor(1)
        test.addCleanup(self.inside.shutdown)
        self.inside.submit(support.enter_namespace, self.namespace).result()
        self.ip("link", "set", "lo", "up")

    def do(self, what, *args):
        return self.inside.submit(what, *args).result()

    def ip(self, *argv):
        subprocess.check_call(("ip", "-n", self.namespace) + argv)

    def run(self, *argv, **options):
        return subprocess.check_output(("ip", "netns", "exec", self.namespace) + argv, **options).decode()

    def connections(self, verb: str):
        values = support.values(
            node=self.name, address=ADDRESSES[self.name], peerAddress=ADDRESSES["b" if self.name == "a" else "a"]
        )
        values["keepConnectionsS"] = KEEP_S
        path = os.path.join(self.folder.name, "vip.json")
        with open(path, "w") as file:
            json.dump(values, file, indent=2)
        return self.run(SCRIPT, verb, env=dict(os.environ, VIP_JSON=path, LOADED=self.folder.name + "/loaded"))

    def sets(self, **seconds):
        self.do(flows.load, [line for name, left in seconds.items() for line in flows.is_so(name, VIP, left)])

    def own(self):
        """Its connections of the VIP. By a process of its own: /proc/net is that of a process, not of a thread."""
        program = "import sys; sys.path.insert(0, %r); from keepalived_vip.agent.node import flows; " % support.RUNTIME
        program += "import json; print(json.dumps(flows.connections(%r)))" % VIP
        return [tuple(one) for one in json.loads(self.run("python3", "-B", "-c", program))]

    def forwards(self, seconds: float = 600):
        """As the service does it."""
        self.sets(recording=seconds)
        self.do(flows.load, flows.known(self.own()) + flows.is_so("forward", VIP, seconds))

    def says(self, one):
        heard = one.recv(65536)
        while heard:
            if heard == b"later":
                self.go.wait()
            one.sendall(self.name.encode())
            heard = one.recv(65536)

    def serve(self, port: int, talk):
        """By `talk`, as a program that listens to IPv4 and IPv6 with one socket. Gives what ends it."""
        listener = self.do(socket.socket, socket.AF_INET6)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", port))
        listener.listen(1024)

        def serve_one(one):
            with one:
                talk(one)

        def accept():
            while True:
                try:
                    one, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve_one, args=(one,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return lambda: (listener.shutdown(socket.SHUT_RDWR), listener.close())

    def set_of(self, name: str) -> dict:
        """(client's port, the service's) of each connection in a set of nft, and for how many seconds more."""
        told = json.loads(self.run("nft", "-j", "list", "set", "ip", "keepalived_vip", name))["nftables"]
        elements = [one["elem"] for found in told if "set" in found for one in found["set"].get("elem", [])]
        return {tuple(one["val"]["concat"][1:]): one["expires"] for one in elements}


def echo(one):
    heard = one.recv(65536)
    while heard:
        one.sendall(heard)
        heard = one.recv(65536)


def taken(sock, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        more = sock.recv(65536)
        if not more:
            break
        found += more
    return bytes(found)


def send(flags: int):
    """One segment of no connection to the VIP, with these flags."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as sock:
        segment = bytes([15, 160, 0, PORT] + [0, 0, 0, 1] * 2 + [5 << 4, flags, 0, 100, 0, 0, 0, 0])
        sock.sendto(segment, (VIP, 0))


class Network(unittest.TestCase):
    """Of which each test has one, with the VIP at A."""

    mtus = {}  # of the links to the router, where it is not 1500

    def prepare(self, node):
        """What a node is before the rules of connections.sh are there."""

    def setUp(self):
        self.router = Host(self, "r")
        self.a, self.b, self.c = [Host(self, name) for name in "abc"]
        for host in (self.a, self.b, self.c):
            device = "r" + host.name
            self.router.ip("link", "add", device, "type", "veth", "peer", "name", "eth1", "netns", host.namespace)
            mtu = str(self.mtus.get(host.name, 1500))
            self.router.ip("link", "set", device, "mtu", mtu, "up")
            host.ip("link", "set", "eth1", "mtu", mtu, "up")
            host.ip("addr", "add", ADDRESSES[host.name] + "/32", "dev", "eth1")
            host.ip("route", "add", "default", "via", "10.0.1.1", "dev", "eth1", "onlink", "src", ADDRESSES[host.name])
            self.router.ip("route", "add", ADDRESSES[host.name], "dev", device)
        self.router.ip("addr", "add", "10.0.1.1/32", "dev", "lo")
        self.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0")
        rules = "table ip t { chain c { type filter hook prerouting priority 0; %s; }; }" % SPOOFED
        self.router.run("nft", "-f", "-", input=rules.encode())
        for node in (self.a, self.b):
            self.prepare(node)
            node.connections("up")
            node.ip("addr", "add", VIP + "/32", "dev", "eth1")
            self.addCleanup(node.serve(PORT, node.says))
            self.addCleanup(node.serve(ECHO, echo))
        self.delivers_to(self.a)

    def delivers_to(self, node):
        """What the cloud does in a move."""
        self.router.ip("route", "replace", VIP, "via", ADDRESSES[node.name], "dev", "r" + node.name, "onlink")

    def moves_to(self, node):
        """As in a planned switch: the rules first."""
        node.forwards()
        self.delivers_to(node)

    def open(self, port: int = PORT):
        sock = self.c.do(socket.create_connection, (VIP, port), support.PATIENCE_S)
        self.addCleanup(sock.close)
        return sock

    def says(self, sock, size: int = 8):
        sock.sendall(b"." * size)
        return sock.recv(1).decode()

    def nothing_is_spoofed(self):
        """Nothing was sent from an address that is another's: it would have to be sent again."""
        self.assertIn("packets 0 bytes 0", self.router.run("nft", "list", "table", "ip", "t"))

    def load(self, node, rules: str):
        node.run("nft", "-f", "-", input=rules.replace("%s", self.address_of_peer(node)).encode())

    def address_of_peer(self, node):
        return ADDRESSES["b" if node is self.a else "a"]

    def comes_back(self, sock, records: int, midway=lambda: None):
        """What is said in records of 64 kB, several at a time, as TLS does; `midway` is done in the midst of it."""
        given = [os.urandom(65536) for _ in range(records)]

        def send():
            for number, record in enumerate(given):
                if number == records // 2:
                    midway()
                sock.sendall(record)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        self.assertEqual(taken(sock, records * 65536), b"".join(given))
        sender.join()

"""The rules of connections.sh in the kernel: a client, the cloud's router, which lets only the VIP's holder speak for
it, and both nodes, each in a network namespace of its own. The words between the services are not part of it."""

import json
import os
import socket
import subprocess
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import support
from keepalived_vip.agent.node import flows, resets
from keepalived_vip.operator import probe
from support import VIP, until

SCRIPT = os.path.join(support.RUNTIME, "connections.sh")
ADDRESSES = {"a": "10.0.1.16", "b": "10.0.1.17", "c": "10.9.9.9"}
PORT = 7
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
        values["keepConnectionsS"] = 600
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

    def serve(self):
        """Says its own name to whatever it hears, also where a program listens to IPv4 and IPv6 with one socket."""
        listener = self.do(socket.socket, socket.AF_INET6)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", PORT))
        listener.listen(16)

        def talk(one):
            with one:
                heard = one.recv(65536)
                while heard:
                    if heard == b"later":
                        self.go.wait()
                    one.sendall(self.name.encode())
                    heard = one.recv(65536)

        def accept():
            while True:
                try:
                    one, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(one,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return lambda: (listener.shutdown(socket.SHUT_RDWR), listener.close())


class Moves(unittest.TestCase):
    def setUp(self):
        self.router = Host(self, "r")
        self.a, self.b, self.c = [Host(self, name) for name in "abc"]
        for host in (self.a, self.b, self.c):
            device = "r" + host.name
            self.router.ip("link", "add", device, "type", "veth", "peer", "name", "eth1", "netns", host.namespace)
            self.router.ip("link", "set", device, "up")
            host.ip("link", "set", "eth1", "up")
            host.ip("addr", "add", ADDRESSES[host.name] + "/32", "dev", "eth1")
            host.ip("route", "add", "default", "via", "10.0.1.1", "dev", "eth1", "onlink", "src", ADDRESSES[host.name])
            self.router.ip("route", "add", ADDRESSES[host.name], "dev", device)
        self.router.ip("addr", "add", "10.0.1.1/32", "dev", "lo")
        self.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0")
        rules = "table ip t { chain c { type filter hook prerouting priority 0; %s; }; }" % SPOOFED
        self.router.run("nft", "-f", "-", input=rules.encode())
        for node in (self.a, self.b):
            node.connections("up")
            node.ip("addr", "add", VIP + "/32", "dev", "eth1")
            self.addCleanup(node.serve())
        self.delivers_to(self.a)

    def delivers_to(self, node):
        """What the cloud does in a move."""
        self.router.ip("route", "replace", VIP, "via", ADDRESSES[node.name], "dev", "r" + node.name, "onlink")

    def open(self):
        sock = self.c.do(socket.create_connection, (VIP, PORT), support.PATIENCE_S)
        self.addCleanup(sock.close)
        return sock

    def says(self, sock, size: int = 8):
        sock.sendall(b"." * size)
        return sock.recv(1).decode()

    def nothing_is_spoofed(self):
        """Nothing was sent from an address that is another's: it would have to be sent again."""
        self.assertIn("packets 0 bytes 0", self.router.run("nft", "list", "table", "ip", "t"))

    def test_what_is_open_stays_with_its_node_there_and_back_and_what_is_new_goes_to_the_new_holder(self):
        old = [self.open() for _ in range(20)]
        self.assertEqual({self.says(sock) for sock in old}, {"a"})
        self.b.forwards()
        self.delivers_to(self.b)
        self.assertEqual({self.says(sock) for sock in old}, {"a"})
        new = [self.open() for _ in range(20)]
        self.assertEqual({self.says(sock) for sock in new}, {"b"})
        self.assertEqual(len([one for one in self.a.own() if one[3]]), 20)
        packets, size = self.b.do(flows.forwarded)
        self.assertGreaterEqual(packets, 20)
        self.assertGreater(size, 20 * 40)
        self.a.forwards()
        self.delivers_to(self.a)
        self.assertEqual({self.says(sock) for sock in old}, {"a"})
        self.assertEqual({self.says(sock) for sock in new}, {"b"})
        self.assertEqual(self.says(self.open()), "a")
        self.nothing_is_spoofed()

    def test_large_answers_and_questions_fit_the_tunnel(self):
        sock = self.open()
        fit = int(self.c.run("ss", "-Htino", "dst", VIP).split(" mss:")[1].split()[0])
        self.assertLessEqual(fit, 1400, "from its first packet on")
        self.b.forwards()
        self.delivers_to(self.b)
        self.assertEqual(self.says(sock, 200_000), "a")

    def test_what_comes_late_and_unasked_goes_through_the_peer_once_the_service_knows(self):
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        sock.sendall(b"later")
        until(lambda: self.a.run("ss", "-Htn", "src", VIP).split()[1:2] == ["0"])
        self.b.forwards()
        self.delivers_to(self.b)
        self.a.sets(through=60)
        self.a.go.set()
        self.assertEqual(sock.recv(1), b"a")
        self.nothing_is_spoofed()

    def test_silence_resets_what_is_not_its_own_and_nothing_else(self):
        old = self.open()
        self.b.forwards(600)
        self.delivers_to(self.b)
        new = self.open()
        self.assertEqual((self.says(old), self.says(new)), ("a", "b"))
        self.b.sets(forward=0.2)  # as after the last word
        until(lambda: "elements" not in self.b.run("nft", "list", "set", "ip", "keepalived_vip", "forward"))
        with self.assertRaises(ConnectionResetError):
            self.says(old)
            self.says(old)
        self.assertEqual(self.says(new), "b")

    def test_clients_of_a_dead_node_are_reset_at_once_although_they_do_not_ask_again(self):
        gone = self.open()
        # As ufw and firewalld have it.
        strict = b"table ip f { chain c { type filter hook input priority 0; ct state invalid drop; }; }"
        self.b.run("nft", "-f", "-", input=strict)
        self.b.forwards(600)
        self.delivers_to(self.b)
        new = self.open()
        self.assertEqual((self.says(gone), self.says(new)), ("a", "b"))
        self.router.ip("link", "set", "ra", "down")
        own = [("10.9.9.9", gone.getsockname()[1], PORT)]
        self.assertEqual(self.b.do(resets.asking), own, "what is b's own is not among them")
        self.b.sets(forward=0)
        self.b.do(resets.provoke, VIP, own)
        gone.settimeout(support.PATIENCE_S)
        with self.assertRaises(ConnectionResetError):
            gone.recv(1)
        self.assertEqual(self.says(new), "b")

    def test_a_half_closed_one_is_served_to_its_end_by_its_node(self):
        self.b.forwards()
        self.delivers_to(self.b)
        sock = self.open()
        sock.sendall(b".")
        sock.shutdown(socket.SHUT_WR)
        self.assertEqual(sock.recv(1), b"b")
        self.assertEqual(sock.recv(1), b"", "and not reset")

    def test_its_ends_answer_a_ping_and_none_where_the_tunnel_works_one_way_only(self):
        here, there = flows.ends("a")
        self.assertIsNotNone(self.a.do(probe.ping, flows.LINK, here, there, support.PATIENCE_S))
        for from_node in ("ra", "rb"):
            chain = "type filter hook prerouting priority 0; iifname %s udp dport 34 drop;" % from_node
            self.router.run("nft", "-f", "-", input=("table ip u { chain c { %s }; }" % chain).encode())
            self.assertIsNone(self.a.do(probe.ping, flows.LINK, here, there, 0.5), from_node)
            self.router.run("nft", "delete", "table", "ip", "u")

    def test_nothing_of_the_tunnels_is_left_after_down(self):
        self.assertEqual(self.a.connections("check"), "")
        self.a.connections("down")
        self.assertNotIn("vip-kept", self.a.run("ip", "link"))
        self.assertEqual(self.a.run("nft", "list", "ruleset"), "")
        self.assertNotIn("0x33", self.a.run("ip", "rule"))
        with self.assertRaises(subprocess.CalledProcessError):
            self.a.connections("check")

    def test_what_somebody_has_removed_is_found_and_put_back(self):
        breaks = (
            ("ip", "link", "del", "vip-kept"), ("nft", "delete", "table", "netdev", "keepalived_vip"),
            ("nft", "flush", "table", "ip", "keepalived_vip"), ("ip", "rule", "del", "pref", "1009"),
            ("ip", "route", "flush", "table", "102"), ("ip", "link", "set", "vip-kept", "down"),
            ("ip", "neigh", "flush", "dev", "vip-kept", "nud", "permanent"),
        )  # fmt: skip
        for argv in breaks:
            self.b.run(*argv)
            with self.assertRaises(subprocess.CalledProcessError, msg=argv):
                self.b.connections("check")
            self.b.connections("up")
            self.assertEqual(self.b.connections("check"), "", argv)


if __name__ == "__main__":
    unittest.main()

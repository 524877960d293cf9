"""The rules of connections.sh on nodes as they are, with a firewall of their own, with Docker's, without conntrack, and
on networks as they are."""

import socket
import types
import unittest

import support
import two_nodes
from keepalived_vip import settings
from keepalived_vip.agent.node import flows, passage, peer, resets
from keepalived_vip.agent.vip import kept_kernel
from support import VIP, until
from two_nodes import ECHO, KEEP_S

# What a firewall lets in on the second NIC, beside the pair's own: the service.
UFW = """
table ip filter {
  chain INPUT {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept
    fib daddr type { broadcast, multicast, anycast } return
    iifname "eth1" ip saddr %s accept
    iifname "eth1" tcp dport { 7, 8 } accept
  }
  chain FORWARD { type filter hook forward priority 0; policy drop; ct state established,related accept; }
  chain OUTPUT {
    type filter hook output priority 0; policy accept;
    oifname "lo" accept
    ct state established,related accept
    ct state new accept
  }
}
"""
# "ufw default deny outgoing", and what is let out then.
DENIED = """
table ip filter { chain OUTPUT { type filter hook output priority 0; policy drop; }; }
flush chain ip filter OUTPUT
table ip filter {
  chain OUTPUT {
    oifname "lo" accept
    ct state established,related accept
    oifname "eth1" ip daddr %s accept
    oifname "vip-kept" accept
  }
}
"""
FIREWALLD = """
table inet firewalld {
  chain filter_INPUT {
    type filter hook input priority 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    ip saddr %s accept
    iifname "eth1" tcp dport { 7, 8 } ct state new accept
    reject with icmpx type admin-prohibited
  }
  chain filter_FORWARD {
    type filter hook forward priority 10; policy accept;
    ct state { established, related } accept
    ct state invalid drop
    reject with icmpx type admin-prohibited
  }
}
"""
DOCKER = """
table ip filter {
  chain FORWARD { type filter hook forward priority 0; policy drop; iifname "docker0" accept; }
}
table ip nat {
  chain POSTROUTING { type nat hook postrouting priority 100; ip saddr 172.17.0.0/16 oifname != "docker0" masquerade; }
}
"""
# What a node says by ICMP leaves by its first NIC, by the main table's default route.
DEAF = "table ip deaf { chain c { type filter hook forward priority 0; iifname { ra, rb } meta l4proto icmp drop; }; }"
NOTRACK = """
table ip raw {
  chain PREROUTING { type filter hook prerouting priority -300; notrack; }
  chain OUTPUT { type filter hook output priority -300; notrack; }
}
"""


class Hosts(two_nodes.Network):
    def there_and_back(self):
        """Connections of both nodes over two moves, with large and small things said, and nothing lost on the way."""
        old = [self.open() for _ in range(5)]
        streams = [self.open(ECHO)]
        self.assertEqual({self.says(sock) for sock in old}, {"a"})
        self.moves_to(self.b)
        new = [self.open() for _ in range(5)]
        streams.append(self.open(ECHO))
        for sock in streams:
            self.comes_back(sock, 20)
        self.assertEqual(({self.says(sock) for sock in old}, {self.says(sock) for sock in new}), ({"a"}, {"b"}))
        self.moves_to(self.a)
        for sock in streams:
            self.comes_back(sock, 20)
        self.assertEqual(({self.says(sock) for sock in old}, {self.says(sock) for sock in new}), ({"a"}, {"b"}))
        self.nothing_is_spoofed()

class Firewalls(Hosts):
    def prepare(self, node):
        # Before any of our own: vip-kept is made with it.
        node.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.default.rp_filter=1")
        node.run("sysctl", "-qw", "net.ipv4.conf.eth1.rp_filter=2")  # as nic.sh does

    def test_ufw_on_both_nodes(self):
        for node in (self.a, self.b):
            self.load(node, UFW)
        self.there_and_back()

    def test_ufw_that_denies_what_goes_out_but_by_the_tunnel_and_to_the_peer(self):
        for node in (self.a, self.b):
            self.load(node, UFW + DENIED)
        self.there_and_back()

    def test_the_new_holders_need_not_know_of_the_tunnel_only_of_the_peer(self):
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        self.load(self.b, UFW + DENIED.replace('    oifname "vip-kept" accept\n', ""))
        self.moves_to(self.b)
        self.assertEqual(self.says(sock), "a")

    def test_firewalld_on_both_nodes(self):
        for node in (self.a, self.b):
            self.load(node, FIREWALLD)
        self.there_and_back()

    def test_a_client_of_a_dead_node_is_reset_though_a_firewall_knows_its_port_from_before(self):
        sock = self.connected_to_the_dead()
        sock.sendall(b".")
        until(lambda: self.b.do(resets.asking))
        self.b.sets(forward=0)
        self.b.do(resets.provoke, VIP, self.b.do(resets.asking))
        with self.assertRaises(ConnectionResetError):
            sock.recv(1)

    def test_so_is_one_that_was_silent_while_the_node_died_and_none_of_the_node_that_is_alone(self):
        self.delivers_to(self.b)
        old = self.open()
        self.assertEqual(self.says(old), "b")
        sock = self.connected_to_the_dead()
        meanwhile = self.open()
        self.b.do(kept_kernel.Kernel(types.SimpleNamespace(vip=VIP)).look, 0.0, False, True, 0.0)
        sock.sendall(b".")
        with self.assertRaises(ConnectionResetError):
            sock.recv(1)
        own = old, meanwhile, self.open()
        for _ in range(2):
            self.assertEqual([self.says(one) for one in own], ["b", "b", "b"])
        for one in own:
            one.shutdown(socket.SHUT_WR)
            self.assertEqual(one.recv(1), b"")

    def test_one_of_its_own_that_says_nothing_is_known_until_the_node_is_alone_no_more(self):
        self.moves_to(self.b)
        self.assertEqual(self.says(self.open()), "b")
        (known_s,) = self.b.set_of("known").values()
        self.assertGreater(known_s, KEEP_S + kept_kernel.ALONE_S + 30)

    def connected_to_the_dead(self):
        """A connection to A, which dies then. To B's conntrack its packets belong to another one of the same port,
        which has ended there of late: they are invalid, and B's firewall drops them."""
        self.load(self.b, FIREWALLD)
        self.delivers_to(self.b)
        self.c.run("sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1")
        first = self.opened_from(0)
        self.assertEqual(self.says(first), "b")
        client = first.getsockname()[1]
        first.close()
        self.delivers_to(self.a)
        sock = until(lambda: self.opened_from(client))
        self.assertEqual(self.says(sock), "a")
        self.router.ip("link", "set", "ra", "down")
        self.moves_to(self.b)
        return sock

    def opened_from(self, client: int):
        """From that port, which the kernel gives for a second time once a second has gone by; 0: from any."""
        sock = self.c.do(socket.socket)
        self.addCleanup(sock.close)
        sock.settimeout(support.PATIENCE_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", client))
            sock.connect((VIP, two_nodes.PORT))
        except OSError:
            return None
        return sock

    def test_docker_whose_forward_chain_drops(self):
        for node in (self.a, self.b):
            node.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
            self.load(node, DOCKER)
        self.there_and_back()

    def test_nodes_without_conntrack(self):
        for node in (self.a, self.b):
            self.load(node, NOTRACK)
        self.there_and_back()

    def test_syn_cookies_even_where_the_move_comes_between_question_and_answer(self):
        for node in (self.a, self.b):
            node.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=2")
        # A has answered the client's SYN and remembers nothing of it, as the rest of the handshake comes to B.
        self.load(self.c, two_nodes.MUTE)
        sock = self.open()
        self.moves_to(self.b)
        self.c.run("nft", "delete", "table", "ip", "mute")
        self.assertEqual(self.says(sock), "a")
        self.moves_to(self.a)
        self.there_and_back()


class Sizes(Hosts):
    mtus = {"a": 9000, "b": 1500, "c": 9000}

    def test_a_network_of_jumbo_frames_with_one_node_of_1500(self):
        self.there_and_back()

    def test_one_that_was_opened_before_the_setting_finds_its_size(self):
        self.a.connections("down")
        sock = self.open(ECHO)
        self.comes_back(sock, 5)
        self.a.connections("up")
        self.moves_to(self.b)
        self.comes_back(sock, 20)
        self.nothing_is_spoofed()

    def test_nor_does_it_need_the_word_of_a_node_whose_first_nic_no_client_hears(self):
        self.a.connections("down")
        sock = self.open(ECHO)
        self.a.connections("up")
        self.router.run("nft", "-f", "-", input=DEAF.encode())
        self.moves_to(self.b)
        self.comes_back(sock, 20)

    def test_a_way_that_becomes_narrower_after_the_move_is_told_to_the_node_that_sends(self):
        sock = self.open(ECHO)
        self.comes_back(sock, 5)
        self.moves_to(self.b)
        # By the route, as the client's own side has it as it was: a link of 1280 would drop what the client sends, too.
        self.router.ip("route", "replace", two_nodes.ADDRESSES["c"], "dev", "rc", "mtu", "lock", "1280")
        self.comes_back(sock, 20)

    def test_large_records_all_the_time_over_the_move(self):
        sock = self.open(ECHO)
        self.comes_back(sock, 200, lambda: self.moves_to(self.b))
        self.comes_back(sock, 200, lambda: self.moves_to(self.a))


class SilentTunnel(Hosts):
    def passage_of(self, node):
        values = support.values(node=node.name, peerAddress=self.address_of_peer(node), keepConnectionsS=KEEP_S)
        return passage.Passage(settings.Settings(values), support.Troubles())

    def asks(self, one, node, times: int):
        """So many questions, by a clock that does not wait for them; each heard by the peer's words, too."""
        for _ in range(times):
            now = self.clock = self.clock + passage.ASK_S
            node.do(one.turn, None, now)
            one.heard({"id": peer.SERVES, "phase": "no", "leftS": KEEP_S}, now)

    def test_udp_34_dropped_alone_either_way_is_seen_on_both_nodes_and_by_no_firewall_for_ping(self):
        self.clock = 100.0
        for node in (self.a, self.b):
            self.load(node, UFW.replace(", echo-request", ""))
        passages = [(self.passage_of(node), node) for node in (self.a, self.b)]

        def passes(one, node):
            self.asks(one, node, 1)
            return one.passes()

        for one, node in passages:
            until(lambda one=one, node=node: passes(one, node))
        for link in ("ra", "rb"):
            chain = "type filter hook prerouting priority 0; iifname %s udp dport 34 drop;" % link
            self.router.run("nft", "-f", "-", input=("table ip u { chain c { %s }; }" % chain).encode())
            for one, node in passages:
                self.asks(one, node, 2 + passage.MISSED)
                self.assertEqual((one.passes(), list(one.mover.troubles)), (False, [passage.TROUBLE]))
            self.router.run("nft", "delete", "table", "ip", "u")
            for one, node in passages:
                until(lambda one=one, node=node: passes(one, node))
                self.assertEqual(one.mover.troubles, {})

    def test_a_firewall_of_either_node_that_drops_what_it_does_not_know_is_seen_by_what_it_does(self):
        denied = UFW + DENIED.replace('    oifname "vip-kept" accept\n', "")
        without_conntrack = NOTRACK + UFW
        strict = UFW + DENIED.replace('oifname "lo" accept', 'oifname "lo" ip saddr 127.0.0.0/8 accept')
        for node, rules in ((self.b, strict), (self.a, denied), (self.a, without_conntrack)):
            self.delivers_to(self.a)
            socks = [self.open() for _ in range(passage.IN_VAIN)]
            self.load(node, rules)
            self.moves_to(self.b)
            one = self.passage_of(self.b)
            before = self.b.do(flows.forwarded)[2:]
            one.heard({"id": "has"}, 100.0)  # its peer speaks all the while
            one.went(100.0, True, *before)
            for sock in socks:
                sock.sendall(b".")
            until(lambda owed=before[0]: self.b.do(flows.forwarded)[2] - owed >= passage.IN_VAIN)
            for at in (100.0 + passage.IN_VAIN_S, 100.0 + passage.IN_VAIN_S + passage.ANSWER_S):
                one.heard({"id": "has"}, at)
                one.went(at, True, *self.b.do(flows.forwarded)[2:])
            self.assertEqual((one.silent(), list(one.mover.troubles)), (True, [passage.TROUBLE]), rules)
            node.run("nft", "delete", "table", "ip", "filter")


if __name__ == "__main__":
    unittest.main()

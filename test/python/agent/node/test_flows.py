"""The rules of connections.sh in the kernel: which node's a packet is, and that nothing of them stays."""

import socket
import subprocess
import unittest

import departure
import two_nodes
from keepalived_vip.agent.node import flows, nic, peer, resets
from keepalived_vip.agent.vip import kept_kernel, vip_on_nic
from support import PATIENCE_S, VIP, until


class Moves(two_nodes.Network):
    def test_what_is_open_stays_with_its_node_there_and_back_and_what_is_new_goes_to_the_new_holder(self):
        old = [self.open() for _ in range(20)]
        self.assertEqual({self.says(sock) for sock in old}, {"a"})
        self.moves_to(self.b)
        self.assertEqual({self.says(sock) for sock in old}, {"a"})
        new = [self.open() for _ in range(20)]
        self.assertEqual({self.says(sock) for sock in new}, {"b"})
        self.assertEqual(len([one for one in self.a.own() if one[3]]), 20)
        packets, size, owed, answers = self.b.do(flows.forwarded)
        self.assertGreaterEqual(packets, 20)
        self.assertGreater(size, 20 * 40)
        self.assertTrue(packets >= owed >= 20 and answers >= 20, (packets, owed, answers))
        self.moves_to(self.a)
        self.assertEqual({self.says(sock) for sock in old}, {"a"})
        self.assertEqual({self.says(sock) for sock in new}, {"b"})
        self.assertEqual(self.says(self.open()), "a")
        self.nothing_is_spoofed()

    def test_large_answers_and_questions_fit_the_tunnel(self):
        sock = self.open()
        fit = int(self.c.run("ss", "-Htino", "dst", VIP).split(" mss:")[1].split()[0])
        self.assertLessEqual(fit, 1400, "from its first packet on")
        self.moves_to(self.b)
        self.assertEqual(self.says(sock, 200_000), "a")

    def test_where_the_tunnel_has_the_vip_too_none_waits_until_it_is_back_on_the_nic(self):
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        self.a.do(nic.set_lifetime, flows.LINK, VIP, vip_on_nic.PREPARED_S)
        self.moves_to(self.b)
        self.a.ip("addr", "del", VIP + "/32", "dev", "eth1")  # as keepalived does
        self.assertEqual(self.says(sock), "a")
        self.a.do(nic.set_lifetime, "eth1", VIP, vip_on_nic.LINGER_S, True)
        self.a.do(nic.set_lifetime, flows.LINK, VIP, 1)
        until(lambda: self.a.do(nic.look, flows.LINK, VIP) == nic.ABSENT)
        self.assertEqual(self.says(sock), "a")
        self.nothing_is_spoofed()

    def test_a_queue_that_keeps_times_of_departure_lets_all_pass_though_the_kernel_notes_when_each_came(self):
        """fq, which goes with BBR; and a program that asks for those times, as chrony does and peer.py. By segments
        with no time on them, like those of another machine: here TCP gives its own a time that is right."""
        asks = self.b.do(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(asks.close)
        asks.setsockopt(socket.SOL_SOCKET, peer.SO_TIMESTAMPNS, 1)
        departure.drops_what_departs_late(self, self.b, "eth1")
        self.moves_to(self.b)

        def came() -> int:
            return int(self.a.run("cat", "/sys/class/net/vip-kept/statistics/rx_packets"))

        before = came()
        for _ in range(10):
            self.c.do(two_nodes.send, two_nodes.PUSH | two_nodes.ACK)
        until(lambda: came() >= before + 10)

    def test_while_the_way_changes_to_and_fro_answers_go_where_the_last_packet_came_from(self):
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        self.b.forwards()
        for _ in range(20):
            for node in (self.a, self.b):
                self.delivers_to(node)
                self.assertEqual(self.says(sock), "a")
        self.nothing_is_spoofed()

    def test_what_comes_late_and_unasked_goes_through_the_peer_once_the_service_knows(self):
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        sock.sendall(b"later")
        until(lambda: self.a.run("ss", "-Htn", "src", VIP).split()[1:2] == ["0"])
        self.moves_to(self.b)
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
        own = [("10.9.9.9", gone.getsockname()[1], two_nodes.PORT)]
        self.assertEqual(self.b.do(resets.asking), own, "what is b's own is not among them")
        self.b.sets(forward=0)
        self.b.do(resets.provoke, VIP, own)
        gone.settimeout(PATIENCE_S)
        with self.assertRaises(ConnectionResetError):
            gone.recv(1)
        self.assertEqual(self.says(new), "b")

    def test_so_are_those_that_only_listen_as_the_time_of_a_node_that_lives_is_over(self):
        def tells(one):
            while True:
                one.sendall(b".")
                self.a.go.wait(0.05)

        self.addCleanup(self.a.serve(9, tells))
        listens = self.open(9)
        self.b.forwards()
        self.delivers_to(self.b)
        self.a.sets(through=600)  # the cloud has said so
        until(lambda: self.b.do(resets.asking))
        self.a.ip("addr", "del", VIP + "/32", "dev", "eth1")
        self.b.sets(forward=0, alone=kept_kernel.TOLD_S)
        self.b.do(resets.provoke, VIP, self.b.do(resets.asking))
        listens.settimeout(PATIENCE_S)
        with self.assertRaises(ConnectionResetError):
            while listens.recv(65536):
                pass

    def test_a_node_whose_time_is_over_closes_what_it_has_and_clients_that_only_listen_hear_of_it(self):
        listen = [self.open() for _ in range(20)]
        self.moves_to(self.b)
        new = self.open()
        self.assertEqual(({self.says(one) for one in listen}, self.says(new)), ({"a"}, "b"))
        self.a.sets(through=600)  # the cloud has said so
        self.a.ip("addr", "del", VIP + "/32", "dev", "eth1")
        self.a.do(resets.abort, VIP)
        for one in listen:
            with self.assertRaises(ConnectionResetError):
                one.recv(1)
        self.assertEqual([one for one in self.a.own() if one[3]], [], "none is held by a program any more")
        self.assertEqual(self.says(new), "b")
        until(lambda: self.a.do(nic.look, flows.LINK, VIP) == nic.ABSENT)
        self.nothing_is_spoofed()

    def test_its_ends_answer_and_do_not_where_the_tunnel_works_one_way_only(self):
        asks = self.a.do(nic.Wire, flows.LINK, *flows.ends("a")).answers
        until(lambda: self.a.do(asks))
        for from_node in ("ra", "rb"):
            chain = "type filter hook prerouting priority 0; iifname %s udp dport 34 drop;" % from_node
            self.router.run("nft", "-f", "-", input=("table ip u { chain c { %s }; }" % chain).encode())
            self.assertFalse(self.a.do(asks), from_node)
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

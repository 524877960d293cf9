"""The rules of connections.sh where they are made anew meanwhile, where their sets are full, and beside what else
is on a node: programs that connect from the VIP, marks of the user's, a newer nft."""

import os
import shutil
import socket
import subprocess
import types
import unittest
from unittest import mock

import support
import two_nodes
from keepalived_vip.agent.node import flows
from keepalived_vip.agent.vip import kept_kernel
from support import VIP
from two_nodes import ADDRESSES, PORT

OUT = 25  # of a service at the client's, which the nodes connect to by the VIP
REWRITES = "table ip n { chain c { type nat hook postrouting priority 100; tcp dport 25 snat to %s; }; }" % VIP
# iptables -t mangle -A OUTPUT -j CONNMARK --restore-mark, for several uplinks or a VPN; there since the boot.
RESTORES = "table ip mangle { chain OUTPUT { type route hook output priority -150; meta mark set ct mark; }; }"
# For shaping, or for policies of a container network.
MARKS = """
table ip marks {
  chain o { type filter hook output priority 0; meta mark set meta mark or 0x10000; }
  chain p { type filter hook postrouting priority -150; meta mark set 1; }
}
"""
SHORT = 20


class Anew(two_nodes.Network):
    def kernel(self):
        """What the service says to B's kernel, without its thread, which would not live in that namespace."""
        kernel = kept_kernel.Kernel.__new__(kept_kernel.Kernel)
        asks = types.SimpleNamespace(**{name: getattr(flows, name) for name in dir(flows) if name[0] != "_"})
        asks.connections = lambda vip: self.own
        kernel.vip, kernel.flows, kernel.recorded_until, kernel.made_anew = VIP, asks, 0.0, False
        return kernel

    def look(self, kernel):
        """One that finds the peer keeping connections."""
        self.own = self.b.own()
        return self.b.do(kernel.look, kept_kernel.time.monotonic() + 5, None, 0.0, 0.0)

    def test_the_new_holder_knows_its_own_also_after_somebody_has_removed_the_rules(self):
        kernel = self.kernel()
        for removes in (("ip", "link", "del", "vip-kept"), ("nft", "flush", "ruleset")):
            self.look(kernel)
            self.delivers_to(self.b)
            sock = self.open()
            self.assertEqual(self.says(sock), "b")
            self.b.run(*removes)
            self.b.connections("up")
            self.look(kernel)
            self.assertTrue(self.b.do(flows.has, "forward"))
            self.assertEqual(self.says(sock), "b", removes)

    def test_what_was_opened_while_the_rules_were_gone_and_the_sets_were_not_is_known_with_the_next_look(self):
        kernel = self.kernel()
        self.look(kernel)
        self.delivers_to(self.b)
        self.b.run("nft", "flush", "table", "ip", "keepalived_vip")
        sock = self.open()
        self.assertEqual(self.says(sock), "b")
        self.b.connections("up")
        kernel.made_anew = True
        self.look(kernel)
        self.assertEqual(self.says(sock), "b")

    def test_rules_that_go_again_as_they_are_made_are_never_right(self):
        """As by a service of a firewall that flushes twice."""
        folder, real = self.b.folder.name, shutil.which("nft")
        shutil.copy(real, folder + "/nft")
        with open(folder + "/flushing", "w") as file:
            file.write('#!/bin/sh\n%s/nft "$@" || exit\n[ "$1" != -f ] || %s/nft flush ruleset\n' % (folder, folder))
        os.chmod(folder + "/flushing", 0o755)
        self.b.run("nft", "flush", "ruleset")
        flushing = "mount --bind %s/flushing %s && VIP_JSON=%s/vip.json LOADED=%s/loaded %s up" % (
            folder, real, folder, folder, two_nodes.SCRIPT)  # fmt: skip
        self.b.run("unshare", "-m", "sh", "-c", flushing)
        with self.assertRaises(subprocess.CalledProcessError):
            self.b.connections("check")

    def test_rules_of_another_time_or_release_take_over_what_is_in_use(self):
        old = self.open()
        self.assertEqual(self.says(old), "a")
        self.moves_to(self.b)
        new = self.open()
        self.assertEqual((self.says(old), self.says(new)), ("a", "b"))
        for node in (self.a, self.b):
            with mock.patch.object(two_nodes, "KEEP_S", 6 * two_nodes.KEEP_S):
                with self.assertRaises(subprocess.CalledProcessError):
                    node.connections("check")
                node.connections("up")
                self.assertEqual(node.connections("check"), "")
        self.assertEqual((self.says(old), self.says(new)), ("a", "b"))
        self.nothing_is_spoofed()
        self.assertEqual(list(self.b.set_of("known")), [(new.getsockname()[1], PORT)])
        self.assertGreater(self.b.set_of("known")[(new.getsockname()[1], PORT)], 6 * two_nodes.KEEP_S)


class Sets(two_nodes.Network):
    def test_one_that_has_ended_is_not_known_any_more_though_there_are_too_many(self):
        self.moves_to(self.b)
        size = 1 << 18
        lines = ["100.%d.%d.%d . 1000 . 443" % (64 + (n >> 16), n >> 8 & 255, n & 255) for n in range(size)]
        full = "add element %s ended { %s }" % (flows.TABLE, ", ".join(lines))
        self.b.run("nft", "-f", "-", input=full.encode())  # a busy machine takes longer than the service would wait
        for number in range(SHORT):
            sock = self.open()
            self.assertEqual(self.says(sock), "b")
            if number % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # it is reset
            sock.close()
        support.until(lambda: not self.b.set_of("known"), lambda: self.b.set_of("known"))

    def test_what_nft_refuses_is_told_in_one_line(self):
        self.b.run("nft", "flush", "ruleset")
        with self.assertRaises(OSError) as refused:
            self.b.do(flows.load, flows.is_so("forward", VIP, 0) + flows.is_so("alone", VIP, 0))
        told = str(refused.exception)
        self.assertIn("flush set %s forward" % flows.TABLE, told)
        self.assertNotIn("\n", told)

    def test_what_no_kernel_answers_is_no_question_to_the_peer(self):
        asked = self.open()
        self.says(asked)
        self.moves_to(self.b)
        self.b.do(flows.load, ["flush set %s owed" % flows.TABLE])
        self.c.do(two_nodes.send, two_nodes.PUSH | two_nodes.RESET)  # a client may do so again and again
        self.assertEqual(self.b.do(flows.forwarded)[2], 0)
        self.assertEqual(self.says(asked), "a")
        self.assertGreaterEqual(self.b.do(flows.forwarded)[2], 1)


class Beside(two_nodes.Network):
    def prepare(self, node):
        node.run("nft", "-f", "-", input=RESTORES.encode())

    def test_a_mark_that_is_restored_for_each_packet_keeps_no_answer_from_the_tunnel(self):
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        self.moves_to(self.b)
        self.assertEqual(self.says(sock), "a")
        self.nothing_is_spoofed()

    def test_nor_does_a_mark_that_is_set_for_whatever_leaves_keep_a_packet_from_it(self):
        self.b.run("nft", "-f", "-", input=MARKS.encode())
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        self.moves_to(self.b)
        self.assertEqual(self.says(sock), "a")

    def connects(self, source: str):
        with socket.socket() as sock:
            sock.settimeout(support.PATIENCE_S)
            sock.bind((source, 0))
            sock.connect((ADDRESSES["c"], OUT))
            return self.says(sock)

    def test_the_new_holder_connects_from_the_vip_meanwhile_by_itself_and_by_rewriting(self):
        self.addCleanup(self.c.serve(OUT, self.c.says))
        self.moves_to(self.b)
        self.assertEqual(self.b.do(self.connects, VIP), "c")
        self.b.run("nft", "-f", "-", input=REWRITES.encode())
        self.assertEqual(self.b.do(self.connects, ADDRESSES["b"]), "c")

    def test_an_nft_that_counts_the_elements_of_each_set_finds_the_rules_as_they_were(self):
        folder, real = self.a.folder.name, shutil.which("nft")
        shutil.copy(real, folder + "/nft")
        with open(folder + "/newer", "w") as file:
            file.write('#!/bin/sh\n%s/nft "$@" | sed "s/size [0-9]*$/& # count $(date +%%N)/"\n' % folder)
        os.chmod(folder + "/newer", 0o755)
        newer = "mount --bind %s/newer %s && VIP_JSON=%s/vip.json LOADED=%s/newer.loaded %s " % (
            folder, real, folder, folder, two_nodes.SCRIPT)  # fmt: skip
        self.a.run("unshare", "-m", "sh", "-c", newer + "up")
        self.assertEqual(self.a.run("unshare", "-m", "sh", "-c", newer + "check"), "")


if __name__ == "__main__":
    unittest.main()

"""A firewall of the node's own that drops what the peer says: it arrives at the NIC, and nobody hears it."""

import os
import subprocess
import tempfile
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.agent.node import firewall
from keepalived_vip.agent.policy.hearing import Hearing
from pair import ADVERT, FAREWELL, PEER_ADDRESS, Pair
from support import until

DROPS = "table inet wall { chain in { type filter hook input priority 0; ip protocol vrrp drop; }; }"


class Conclusions(unittest.TestCase):
    def setUp(self):
        self.hearing = Hearing()

    def unheard(self, now: float, priority=250):
        self.hearing.took(now, [(priority, 0.5)], False)

    def test_one_that_was_not_heard_may_be_on_its_way(self):
        self.unheard(10.0)
        self.assertFalse(self.hearing.deaf())
        self.hearing.took(10.0, [], True)
        self.unheard(10.5)
        self.assertFalse(self.hearing.keeps_away(10.5))

    def test_the_second_in_a_row_comes_before_keepalived_takes_the_peer_for_dead(self):
        self.unheard(10.5)
        self.unheard(11.0)
        self.assertTrue(self.hearing.keeps_away(11.0))

    def test_a_peer_that_falls_silent_is_gone_as_for_keepalived_and_the_firewall_stays_a_trouble(self):
        self.unheard(10.5)
        self.unheard(11.0)
        self.assertTrue(self.hearing.keeps_away(12.4))
        self.assertFalse(self.hearing.keeps_away(12.5))
        self.assertTrue(self.hearing.deaf())

    def test_a_farewell_ends_it_at_once(self):
        self.unheard(10.5)
        self.unheard(11.0)
        self.unheard(11.1, priority=0)
        self.assertFalse(self.hearing.keeps_away(11.1))

    def test_silence_proves_nothing(self):
        for now in range(100):
            self.hearing.took(now, [], False)
        self.assertFalse(self.hearing.deaf())


class Names(unittest.TestCase):
    def test_which_firewall_and_what_lets_the_peer_in(self):
        conf = settings.Settings(support.values())
        with tempfile.TemporaryDirectory() as folder:
            ufw = folder + "/ufw.conf"

            def named():
                return firewall.named(conf, [folder], ufw)

            self.assertEqual(named()[0], "nftables or iptables")
            for text, name in (("ENABLED=no\n", "nftables or iptables"), ("# x\nENABLED=yes\n", "ufw")):
                with open(ufw, "w") as file:
                    file.write(text)
                self.assertEqual(named()[0], name)
            os.mkdir(folder + "/firewalld.service")
            name, command = named()
        self.assertEqual(name, "firewalld")
        self.assertIn("--add-source=10.0.1.17 ", command)

    def test_the_line_fits_into_a_reason(self):
        long = settings.Settings(support.values(peerAddress="255.255.255.255", interface="i" * 15))
        for name in (("firewalld.service",), ()):
            with mock.patch.object(os.path, "isdir", lambda path, name=name: path.endswith(name)):
                self.assertLessEqual(len(firewall.told(long)), 200)


class Deaf(Pair):
    def setUp(self):
        super().setUp()
        self.play_keepalived()

    def nft(self, *argv):
        subprocess.check_call(("ip", "netns", "exec", self.namespace, "nft") + argv)

    def hears(self, want: bool):
        """The peer says so again and again."""

        def seen():
            self.advert()
            return self.drained() != want and ("firewall" in self.status()["troubles"]) != want

        until(seen, self.output)

    def test_the_node_stays_away_while_the_peer_is_master_and_says_which_command_mends_it(self):
        self.start()
        self.hears(True)
        self.nft(DROPS)
        self.hears(False)
        self.assertEqual(self.reasons(), {"firewall"})
        self.assertIn("-s %s -j ACCEPT" % PEER_ADDRESS, self.status()["troubles"]["firewall"])
        self.nft("flush", "ruleset")
        self.hears(True)
        self.assertEqual(self.reasons(), set())

    def test_it_takes_part_again_when_the_peer_is_silent(self):
        self.nft(DROPS)
        self.start()
        self.hears(False)
        until(lambda: not self.drained(), self.output)
        self.assertIn("firewall", self.status()["troubles"], "the next one that it does not hear is dropped as well")
        self.advert()
        until(self.drained, self.output)
        self.advert(FAREWELL)
        until(lambda: not self.drained(), self.output)

    def test_vrrp_of_the_users_own_is_not_the_peers(self):
        self.start()
        self.nft(DROPS)
        for _ in range(5):
            self.advert(ADVERT[:1] + bytes([52]) + ADVERT[2:])
        self.advert()
        self.say("BACKUP")  # which it takes in after them
        self.assertNotIn("firewall", self.status()["troubles"])

    def test_ears_for_a_nic_that_was_taken_out_and_put_in_again(self):
        self.start()
        self.hears(True)
        self.ip("-n", self.namespace, "link", "set", "eth1", "name", "old")
        self.ip("-n", self.namespace, "link", "del", "old")
        until(lambda: "adverts" in self.status()["troubles"], self.output)
        self.ip("-n", self.namespace, "link", "add", "eth1", "type", "veth", "peer", "name", "far", "netns", self.peer)
        self.ip("-n", self.namespace, "addr", "add", "10.0.1.16/24", "dev", "eth1")
        self.ip("-n", self.namespace, "link", "set", "eth1", "up")
        self.ip("-n", self.peer, "addr", "add", PEER_ADDRESS + "/24", "dev", "far")
        self.ip("-n", self.peer, "link", "set", "far", "up")
        until(lambda: "adverts" not in self.status()["troubles"], self.output)
        self.nft(DROPS)
        self.hears(False)


del Pair  # its own tests are elsewhere

if __name__ == "__main__":
    unittest.main()

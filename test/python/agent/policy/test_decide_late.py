"""A look whose answer came late."""

import unittest
from unittest import mock

from keepalived_vip.agent.policy import decide, patience
from keepalived_vip.agent.policy.knowledge import DESCRIBE
from keepalived_vip.agent.vip import vip_on_nic
from support import ME, PEER

from agent.policy.game import Game


class Late(unittest.TestCase):
    """A look whose answer came late: it may have met a stall of this node, in which the peer took over."""

    def looked_late(self, holder, seconds=6.0):
        """A new MASTER that had the VIP a moment ago, and looks where it is."""
        game = Game().settled()
        decide.lost_master(game.known)
        game.master()
        self.assertEqual(game.issue(), DESCRIBE)
        game.now += seconds
        game.saw(holder)
        return game

    def test_one_that_finds_the_vip_here_is_followed_by_another_at_once_and_by_the_claim(self):
        game = self.looked_late(ME)
        self.assertEqual(game.step(), DESCRIBE)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_the_peer_hears_that_the_vip_is_here_by_the_second(self):
        game, told = self.looked_late(ME), []
        vip = vip_on_nic.VipOnNic(None, game.known)
        with mock.patch("keepalived_vip.agent.node.peer.tell", lambda _ear, _conf, message: told.append(message)):
            vip.tell_has("ear")
            self.assertEqual(told, [])
            game.issue()
            game.saw(ME)
            vip.tell_has("ear")
        self.assertEqual(told, [{"id": "has"}])

    def test_who_has_just_seen_it_elsewhere_does_not_go_on_answering_when_it_gives_up(self):
        for holder, lent in ((ME, True), (PEER, False)):
            game = Game().settled()
            game.issue()
            game.saw(holder)
            vip = vip_on_nic.VipOnNic(None, game.known)
            vip.gave_up(game.now)
            self.assertEqual(vip.lent_until > game.now, lent, holder)

    def test_one_that_finds_it_elsewhere_is_claimed_from_there_at_once(self):
        self.assertEqual(self.looked_late("eni-third").step(), ("migrate", "eni-third"))

    def test_a_cloud_that_is_slow_for_long_is_believed_at_the_second_look(self):
        game = self.looked_late(ME)
        game.issue()
        game.now += 1.5
        game.saw(ME)
        self.assertEqual(game.step(), ("wait", game.now + patience.ALERT_INTERVAL_S))

    def test_one_that_took_a_moment_is_believed(self):
        game = self.looked_late(ME, 0.9)
        self.assertEqual(game.step(), ("wait", game.now + patience.ALERT_INTERVAL_S))


if __name__ == "__main__":
    unittest.main()

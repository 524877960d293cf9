"""Answers to what was asked before something happened: a change of the role, or a word of the peer's."""

import unittest

from keepalived_vip.agent.policy import answers, decide, patience, switch
from keepalived_vip.agent.policy.knowledge import DESCRIBE, EIP_MISSING, NOBODY
from keepalived_vip.cloud import errors
from support import ME, PEER

from agent.policy.game import NOW, Game


class Crossed(unittest.TestCase):
    def test_a_rise_during_a_look_still_claims(self):
        game = Game()
        game.master()
        decide.issued(game.known, NOW, DESCRIBE)
        decide.lost_master(game.known)
        game.now += 60
        game.master()
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_a_quick_fall_and_rise_during_a_call_waits_for_nothing_that_its_answer_says(self):
        given = {
            "the VIP was here": lambda game: game.saw(ME),
            "on its way": lambda game: game.saw(PEER, available=False),
            "nowhere": lambda game: game.saw(NOBODY),
            "the EIP is bound soon": lambda game: answers.rebound(game.known, game.now, False),
            "refused": lambda game: game.failed(errors.RETRY),
        }
        for name, answer in given.items():
            game = Game().settled()
            game.issue()
            decide.lost_master(game.known)
            game.master()  # the peer may have taken it since that was asked
            answer(game)
            self.assertNotEqual(game.step()[0], "wait", name)
            game.now += decide.RECENT_S + 1
            self.assertEqual(game.step(), ("migrate", PEER), name)

    def risen(self, found=False):
        """Settled, then no MASTER for a moment as a look was on its way. found: its address had been lent meanwhile."""
        game = Game().settled()
        game.issue()
        decide.lost_master(game.known)
        (decide.found_master if found else decide.became_master)(game.known, game.now)
        return game

    def test_a_look_that_crossed_it_makes_no_taking_by_the_peer_of_what_that_had_before(self):
        game = self.risen()
        game.saw(ME)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual((game.step(), game.known.patience.duels), (("migrate", PEER), 0))

    def test_no_switch_begins_on_a_look_from_before_it(self):
        for late in (False, True):
            game = self.risen(found=True)
            if late:
                game.saw(ME)
            self.assertIsNotNone(switch.ask(game.known, game.now))
            if not late:
                game.saw(ME)
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(ME)
            self.assertIsNone(switch.ask(game.known, game.now))

    def test_an_eip_is_bound_by_what_is_seen_after_it(self):
        game = Game(eip=True).settled()
        game.issue()
        decide.lost_master(game.known)
        game.master()
        answers.rebound(game.known, game.now, True)
        self.assertIsNone(game.known.patience.rebind_at)
        self.assertEqual(game.issue(), ("migrate", PEER))
        answers.accepted(game.known, game.now, "task")
        game.issue()
        answers.task_said(game.known, game.now, False)
        game.issue()
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.known.patience.rebind_at, game.now + patience.EIP_S)

    def test_a_storm_from_before_it_delays_no_look(self):
        game = Game().settled()
        for _ in range(6):
            decide.heard_lower(game.known, game.now)
            game.issue()
            game.saw(ME)
        decide.lost_master(game.known)
        game.master()
        game.issue()
        game.saw(ME)
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.step(), DESCRIBE)


class Left(unittest.TestCase):
    """A MASTER whose keepalived hangs, and a peer that took the VIP and has given up."""

    def hung(self):
        game = Game().settled()
        decide.keepalived_hangs(game.known, game.now, True)
        return game

    def test_the_peers_word_counts_though_a_look_that_was_on_its_way_still_shows_the_vip_here(self):
        game = self.hung()
        game.issue()
        decide.peer_left(game.known, game.now)
        game.saw(ME)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_until_the_peer_says_that_it_has_the_vip_after_all(self):
        for said_s, step in ((-1, ("migrate", PEER)), (1, DESCRIBE)):
            game = self.hung()
            decide.peer_left(game.known, game.now)
            decide.peer_has(game.known, game.now, game.now + said_s)
            game.issue()
            game.saw(PEER)
            game.now = game.known.patience.not_before
            self.assertEqual(game.step(), step)


if __name__ == "__main__":
    unittest.main()

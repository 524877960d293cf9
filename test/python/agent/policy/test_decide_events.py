"""Events, a settled MASTER's looks, and a peer that takes the VIP back."""

import unittest

from keepalived_vip.agent.policy import answers, decide, patience
from keepalived_vip.agent.policy.knowledge import ASK, DESCRIBE
from keepalived_vip.cloud import errors
from support import ME, PEER

from agent.policy.game import NOW, Game


class Events(unittest.TestCase):
    def test_an_event_during_a_look_asks_for_another_look(self):
        game = Game().settled()
        game.issue()
        decide.heard_lower(game.known, game.now)
        game.saw(ME)  # asked before the event: says nothing about the time after it
        self.assertEqual(game.step(), DESCRIBE)

    def test_a_storm_of_events_makes_few_looks(self):
        game = Game().settled()
        looks, end = 0, game.now + 30
        while game.now < end:  # an advert every 0.1 s, each answered at once
            decide.heard_lower(game.known, game.now)
            if game.step() == DESCRIBE:
                looks += 1
                game.issue()
                game.saw(ME)
            game.now += 0.1
        self.assertGreater(looks, 4)
        self.assertLess(looks, 15)

    def test_a_storm_faster_than_the_cloud_makes_few_looks_and_lets_the_vip_be_taken(self):
        game = Game().settled()
        decide.heard_lower(game.known, game.now)
        steps, end = [], game.now + 30
        while game.now < end:  # an event during each call
            step = game.step()
            if step[0] == "wait":
                game.now += 0.1
                decide.heard_lower(game.known, game.now)
                continue
            steps.append(game.issue())
            game.now += 0.1
            decide.heard_lower(game.known, game.now)
            if step == DESCRIBE:
                game.saw(PEER)
            elif step[0] == "migrate":
                answers.accepted(game.known, game.now, "task")
            else:
                answers.task_said(game.known, game.now, True)
        self.assertEqual(steps[:2], [DESCRIBE, ("migrate", PEER)])
        self.assertLess(steps.count(DESCRIBE), 15)

    def test_after_an_event_an_address_on_its_way_is_looked_at_often_again(self):
        game = Game()
        decide.found_master(game.known, NOW)
        while game.now < NOW + 20:
            game.issue()
            game.saw(ME, available=False)
        decide.heard_lower(game.known, game.now)
        game.issue()
        game.saw("eni-third", available=False)
        self.assertEqual(game.step(), ("wait", game.now + 0.5))

    def test_a_later_event_is_looked_at_at_once_again(self):
        game = Game().settled()
        for _ in range(2):
            decide.heard_lower(game.known, game.now)
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(ME)
            game.now += 15


class Reassertion(unittest.TestCase):
    def test_a_settled_master_looks_every_20_seconds_more_or_less(self):
        for jitter, wait in ((0.0, 18.0), (1.0, 22.0)):
            game = Game().settled()
            game.issue()
            game.saw(ME, jitter=jitter)
            self.assertEqual(game.step(), ("wait", game.now + wait))

    def test_the_longer_all_is_well_the_more_rarely_it_looks_and_once_a_minute_at_least(self):
        game = Game().settled()
        gaps = []
        while len(gaps) < 100:
            before = game.now
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(ME)
            gaps.append(round(game.now - before, 3))
        self.assertEqual(gaps, sorted(gaps))
        self.assertEqual(gaps[0], 20.0)
        self.assertEqual(gaps[-1], 50.0)
        game.saw(ME, jitter=1.0)
        self.assertLess(game.step()[1], game.now + 60)

    def test_after_anything_unusual_the_calm_begins_anew(self):
        for unusual in (
            lambda game: decide.heard_lower(game.known, game.now),
            lambda game: game.saw(PEER),
            lambda game: game.failed(errors.RETRY),
        ):
            game = Game().settled()
            for _ in range(50):
                game.issue()
                game.saw(ME)
            game.issue()
            unusual(game)
            last = game.now + patience.ALERT_S
            while game.now < last:
                decide.issued(game.known, game.now, DESCRIBE)
                game.saw(ME)
                gap, game.now = game.step()[1] - game.now, game.step()[1]
                self.assertLessEqual(gap, 20.0)

    def test_after_anything_unusual_it_looks_more_often_for_a_minute(self):
        game = Game().settled()
        decide.heard_lower(game.known, game.now)
        start, calls = game.now, 0
        while game.now < start + 60:
            game.issue()
            game.saw(ME)
            calls += 1
        self.assertIn(calls, range(12, 32))

    def test_the_black_hole_without_an_event_ends_at_the_next_look(self):
        game = Game().settled()
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        seen_at = game.now
        self.assertEqual(game.step(), ASK)
        self.assertEqual(game.issue(), ("migrate", PEER))
        self.assertEqual(game.now, seen_at + decide.ANSWER_S, "a peer that is no more does not answer")

    def taken(self):
        """A settled MASTER, whose peer has taken the VIP without a word."""
        game = Game().settled()
        game.issue()
        game.saw(PEER)
        return game

    def test_a_peer_that_serves_keeps_what_it_has_taken_for_as_long_as_it_says_so(self):
        game = self.taken()
        for _ in range(5):
            self.assertEqual(game.step(), ASK)
            decide.asked_peer(game.known, game.now)
            decide.peer_has(game.known, game.now, game.now)
            answered_at = game.now
            self.assertEqual(game.issue(), DESCRIBE)
            self.assertEqual(game.now, answered_at + patience.ALERT_INTERVAL_S)
            game.saw(PEER)
        self.assertEqual(game.issue(), ("migrate", PEER), "it says so no more")

    def test_what_it_said_unasked_before_the_look_counts_for_nothing(self):
        game = Game().settled()
        game.issue()
        decide.peer_has(game.known, game.now, game.now)
        game.saw(PEER)
        self.assertEqual(game.issue(), ("migrate", PEER))

    def test_nor_what_it_said_before_it_was_asked_and_is_read_afterwards(self):
        game = self.taken()
        decide.asked_peer(game.known, game.now)
        decide.peer_has(game.known, game.now, game.now - 0.1)
        self.assertEqual(game.issue(), ("migrate", PEER))

    def test_it_is_asked_again_for_a_word_may_be_lost(self):
        game = self.taken()
        asked = []
        while game.step() != ("migrate", PEER):
            if game.step() == ASK:
                asked.append(game.now)
                decide.asked_peer(game.known, game.now)
            game.now = game.step()[1] if game.step()[0] == "wait" else game.now
        self.assertGreater(len(asked), 3)

    def test_a_peer_that_is_heard_to_yield_is_not_asked(self):
        game = self.taken()
        decide.asked_peer(game.known, game.now)
        decide.peer_left(game.known, game.now)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_it_is_looked_at_at_once_after_a_storm_so_that_it_says_nothing_of_what_the_peer_takes_later(self):
        game = Game().settled()
        for _ in range(20):
            decide.heard_lower(game.known, game.now)
            if game.step() == DESCRIBE:
                game.issue()
                game.saw(ME)
            game.now += 0.5
        game.issue()
        game.saw(ME)
        decide.peer_left(game.known, game.now + 0.1)
        game.now += 0.1
        self.assertEqual(game.step(), DESCRIBE)
        game.issue()
        game.saw(ME)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ASK)

    def test_the_black_hole_with_an_event_is_looked_at_at_once(self):
        game = Game().settled()
        game.now += 2
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def duel(self, game, rounds):
        """The peer takes the VIP back each time; gives the waits before each claim."""
        waits = []
        for _ in range(rounds):
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(PEER)
            before = game.now
            while game.issue() != ("migrate", PEER):
                game.saw(PEER)
            waits.append(game.now - before)
            answers.accepted(game.known, game.now, "task")
            game.issue()
            answers.task_said(game.known, game.now, False)
            game.issue()
            game.saw(ME)
        return waits

    def test_a_duel_costs_less_and_less(self):
        waits = self.duel(Game().settled(), 9)
        self.assertEqual(waits[0], decide.ANSWER_S)
        self.assertEqual(sorted(waits), waits)
        self.assertLessEqual(waits[-1], patience.DUEL_MAX_S * 1.25)
        self.assertGreater(sum(waits), 300)

    def test_a_duel_costs_less_and_less_also_when_the_peer_is_quicker_than_the_next_look(self):
        for end_is_told in (True, False):
            game = Game()
            game.master()
            moves = []
            while game.now < NOW + 300:
                step = game.issue()
                game.now += 1.0
                if step[0] == "migrate":
                    moves.append(game.now)
                    answers.accepted(game.known, game.now, "task")
                elif step == DESCRIBE:
                    game.saw(PEER)
                elif end_is_told:
                    answers.task_said(game.known, game.now, False)
                else:
                    game.failed(errors.RETRY)
            gaps = [later - earlier for earlier, later in zip(moves, moves[1:])]
            self.assertEqual(sorted(gaps), gaps)
            self.assertLess(len(moves), 10)

    def test_a_move_that_the_peer_has_undone_during_a_stall_is_no_second_round_of_a_duel(self):
        game = Game().settled()
        self.duel(game, 1)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step()[0], "wait")
        decide.heard_lower(game.known, game.now)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.issue(), ("migrate", PEER))
        game.now += 10  # stalled: the move ended, the peer took the VIP back and resigned
        answers.accepted(game.known, game.now, "task")
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_the_end_of_the_partition_ends_the_duel(self):
        game = Game().settled()
        self.duel(game, 6)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step()[0], "wait")
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))


if __name__ == "__main__":
    unittest.main()

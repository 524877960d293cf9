"""Calls that are refused or get no answer: when the next one comes."""

import unittest

from keepalived_vip.agent.policy import answers, decide, knowledge, patience
from keepalived_vip.agent.policy.knowledge import DESCRIBE, EIP_MISSING, IDLE
from keepalived_vip.cloud import errors
from support import ME, PEER

from agent.policy.game import NOW, Game


class Failures(unittest.TestCase):
    def test_a_refusal_is_followed_by_a_look_not_by_the_same_again(self):
        for reaction in (errors.DESCRIBE, errors.RETRY, errors.STOP):
            game = Game()
            game.master()
            game.issue()
            game.failed(reaction)
            self.assertEqual(game.issue(), DESCRIBE)

    def test_a_refused_claim_is_followed_by_a_look_though_an_event_came_meanwhile(self):
        game = Game()
        game.known.seen.holder, game.known.seen.at = "eni-third", NOW - 100
        game.master()
        self.assertEqual(game.issue(), ("migrate", "eni-third"))
        decide.heard_lower(game.known, game.now)
        game.failed(errors.DESCRIBE)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_a_move_that_is_always_refused_is_asked_for_less_and_less(self):
        game = Game()
        game.master()
        moves = 0
        while game.now < NOW + 600:
            if game.issue() == DESCRIBE:
                game.saw(PEER)
            else:
                moves += 1
                self.assertLess(moves, 1000)
                game.failed(errors.DESCRIBE)
        self.assertIn(moves, range(40, 60))

    def test_how_an_older_move_ended_says_nothing_about_this_one(self):
        game = Game()
        game.master()
        game.issue()
        answers.accepted(game.known, game.now, "task-1")
        game.issue()
        decide.lost_master(game.known)
        game.master()
        answers.task_said(game.known, game.now, False, True)
        self.assertEqual(game.issue(), ("migrate", PEER))
        answers.accepted(game.known, game.now, "task-2")
        game.issue()
        answers.task_said(game.known, game.now, False, True)
        self.assertEqual(game.step(), DESCRIBE, "the first failure is looked into at once")

    def test_a_move_that_always_fails_is_asked_for_less_and_less_but_not_as_in_a_duel(self):
        game = Game()
        game.master()
        moves = 0
        while game.now < NOW + 600:
            step = game.issue()
            if step == DESCRIBE:
                game.saw(PEER)
            elif step[0] == "migrate":
                moves += 1
                self.assertLess(moves, 1000)
                answers.accepted(game.known, game.now, "task")
            else:
                answers.task_said(game.known, game.now, False, True)
        self.assertIn(moves, range(38, 60))

    def test_a_cloud_that_is_down_is_asked_for_ever_at_a_civil_rate(self):
        game = Game()
        game.master()
        calls = 0
        while game.now < NOW + 3600:
            game.issue()
            game.failed(errors.RETRY)
            calls += 1
            self.assertLess(calls, 1000)
            if game.now < NOW + 60:
                self.assertLessEqual(game.step()[1] - game.now, patience.RETRY_SOON_MAX_S)
        self.assertIn(calls, range(200, 300))

    def test_a_claim_that_was_one_call_too_many_is_made_again_and_costs_no_look(self):
        game = Game()
        game.master()
        for _ in range(12):
            self.assertEqual(game.issue(), ("migrate", PEER))
            game.failed(errors.LATER)
        self.assertGreater(game.now, NOW + 60)
        self.assertEqual(game.issue(), ("migrate", PEER))
        answers.accepted(game.known, game.now, "task")
        self.assertEqual(game.issue(), ("task", "task"))

    def test_a_claim_that_waits_ends_with_the_role_and_an_event_has_the_vip_looked_at_meanwhile(self):
        game = Game()
        game.master()
        game.issue()
        game.failed(errors.LATER)
        self.assertEqual(game.step()[0], "wait")
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.failed(errors.LATER)
        self.assertEqual(game.issue(), ("migrate", PEER), "it is still owed")
        game.failed(errors.LATER)
        decide.lost_master(game.known)
        game.now += 1000
        self.assertEqual(game.step(), IDLE)

    def test_those_that_were_one_call_too_many_spread_over_more_and_more_time(self):
        longest = 0.0
        for before in range(6):
            pauses = [patience.pause_s("later", before, True, jitter / 10) for jitter in range(11)]
            self.assertEqual(pauses, sorted(set(pauses)))
            self.assertGreater(pauses[-1], 9 * pauses[0])
            self.assertGreater(pauses[-1], longest)
            longest = pauses[-1]
        self.assertEqual(patience.pause_s("later", patience.MANY, True, 1.0), patience.LATER_MAX_S)

    def test_a_look_that_was_one_too_many_is_not_followed_by_more_looks(self):
        game = Game().settled()
        decide.heard_lower(game.known, game.now)
        looks, end = 0, game.now + 300
        while game.now < end:  # every other one is refused
            self.assertEqual(game.issue(), DESCRIBE)
            looks += 1
            game.failed(errors.LATER) if looks % 2 else game.saw(ME)
        self.assertLess(looks, 45)

    def test_an_event_gets_through_a_pause(self):
        game = Game().settled()
        game.issue()
        game.failed(errors.STOP)
        self.assertEqual(game.step()[0], "wait")
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.step(), DESCRIBE)

    def test_what_only_a_person_can_mend_is_asked_more_and_more_rarely_and_once_a_minute_in_the_end(self):
        game = Game()
        game.master()
        waits = []
        while len(waits) < 6:
            if game.issue() != DESCRIBE:
                game.failed(errors.STOP)
                waits.append(game.step()[1] - game.now)
            else:
                game.saw(PEER)
        self.assertEqual(waits, [5.0, 10.0, 20.0, 40.0, 60.0, 60.0])

    def test_a_refusal_about_the_eip_does_not_keep_it_from_looking_after_the_vip(self):
        game = Game(eip=True).settled()
        looks, binds, end = [], [], game.now + 600
        while game.now < end:
            if game.issue() == knowledge.REBIND:
                binds.append(game.now)
                game.failed(errors.STOP)
            else:
                looks.append(game.now)
                game.saw(ME, eip=EIP_MISSING)
        self.assertIn(len(binds), range(8, 20))
        gaps = [later - earlier for earlier, later in zip(looks, looks[1:])]
        self.assertLessEqual(max(gaps), patience.ALERT_INTERVAL_S + patience.POLL_S)


if __name__ == "__main__":
    unittest.main()

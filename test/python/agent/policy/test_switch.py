"""A planned switch, as the MASTER decides it: every step, and what becomes of it when it ends there."""

import unittest

from keepalived_vip.agent.policy import answers, decide, patience, switch
from keepalived_vip.agent.policy.knowledge import ABANDON, DESCRIBE, IDLE, NOBODY, YIELD
from keepalived_vip.agent.vip import handover, vip_on_nic
from keepalived_vip.cloud import errors
from support import ME, PEER

from agent.policy.game import Game

GIVE = ("give", PEER)
ADVERT_S = 0.5


class Asking(Game):
    """A settled MASTER that was asked to switch."""

    def __init__(self) -> None:
        super().__init__()
        self.settled()
        assert switch.ask(self.known, self.now) is None
        self.begin()

    def begin(self):
        pass

    @property
    def phase(self):
        return self.known.switch.phase

    def moving(self):
        assert self.issue() == GIVE
        answers.accepted(self.known, self.now, "task-1")
        return self

    def moved(self):
        self.moving()
        assert self.issue() == ("task", "task-1")
        answers.task_said(self.known, self.now, False)
        assert self.issue() == DESCRIBE
        self.saw(PEER)
        return self

    def yielded(self):
        self.moved()
        assert self.step() == YIELD
        switch.gave_up(self.known, self.now, ADVERT_S)
        return self

    def given_up(self):
        self.yielded()
        decide.lost_master(self.known)
        return self

    def overdue(self):
        self.now = self.known.switch.until
        self.known.patience.not_before = self.now + patience.POLL_S
        return self


class Giving(Asking):
    """One whose peer is ready."""

    def begin(self):
        assert self.step()[0] == "wait"
        switch.peer_is(self.known, self.now)


# How far a switch can have come when something ends it.
STEPS = (Giving, lambda: Giving().moving(), lambda: Giving().moved(), lambda: Giving().yielded())
CLAIM = ("migrate", PEER)


class AsPlanned(unittest.TestCase):
    def test_the_vip_goes_first_and_the_role_follows(self):
        game = Giving().given_up()
        self.assertEqual(game.step()[0], "wait")
        switch.heard_peer(game.known)
        self.assertEqual((game.phase, game.step()), (switch.DONE, IDLE))

    def test_the_role_is_not_given_up_before_the_address_is_available_there(self):
        game = Giving().moving()
        game.issue()
        answers.task_said(game.known, game.now, False)
        for holder, available in ((ME, False), (NOBODY, False), (PEER, False)):
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(holder, available)
            self.assertNotEqual(game.step(), YIELD)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step(), YIELD)

    def test_an_accepted_answer_that_was_lost_is_no_refusal(self):
        game = Giving()
        game.issue()
        game.failed(errors.RETRY)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(ME, available=False)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step(), YIELD)

    def test_a_slow_cloud_takes_nothing_of_the_peer_s_time(self):
        game = Giving().moved()
        game.now = game.known.switch.until - 0.1
        switch.gave_up(game.known, game.now, ADVERT_S)
        self.assertEqual(game.step(), ("wait", game.now + switch.take_s(ADVERT_S)))

    def test_the_voice_of_a_peer_counts_only_after_this_node_has_given_up(self):
        game = Giving().yielded()
        switch.heard_peer(game.known)
        self.assertEqual(game.phase, switch.YIELDED)

    def test_the_deadlines_end_before_the_peer_s_address_does_and_before_the_reason_does(self):
        for advert_s in (0.1, 1.0):
            take_s = switch.take_s(advert_s)
            self.assertGreater(take_s, 4 * advert_s)  # an election by silence, at priority 0
            self.assertLess(switch.PREPARE_S + switch.GIVE_S + take_s, vip_on_nic.PREPARED_S)
            self.assertLess(take_s, handover.HOLD_S)


class NotReady(unittest.TestCase):
    """Whatever ends it before the peer is ready, nothing has changed and nothing is called."""

    def refused(self, game, why):
        self.assertEqual((game.phase, game.known.switch.reached), (switch.REFUSED, switch.ASKED))
        self.assertIn(why, game.known.switch.why)
        self.assertNotEqual(game.step()[0], "give")

    def test_the_peer_says_why_not(self):
        game = Asking()
        switch.peer_is(game.known, game.now, "keepalived is FAULT")
        self.refused(game, "keepalived is FAULT")

    def test_the_peer_says_nothing(self):
        game = Asking().overdue()
        self.assertEqual(game.step(), ABANDON)
        switch.abandon(game.known, game.now)
        self.refused(game, "does not answer")
        switch.peer_is(game.known, game.now)
        self.refused(game, "does not answer")

    def test_a_vip_that_a_look_on_its_way_finds_nowhere_is_missed_from_then_on(self):
        game = Asking()
        self.assertIsNone(decide.issued(game.known, game.now, DESCRIBE))
        game.saw(NOBODY, False)
        switch.peer_is(game.known, game.now, "keepalived hangs")
        self.assertEqual(game.known.switch.phase, switch.REFUSED)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(NOBODY, False)
        self.assertEqual(game.issue(), DESCRIBE, "an address on its way may show nowhere")

    def test_this_node_is_no_longer_master(self):
        game = Asking()
        decide.lost_master(game.known)
        self.refused(game, "no longer MASTER")


class NotAsPlanned(unittest.TestCase):
    def test_it_begins_only_on_a_master_that_has_the_vip_and_only_once(self):
        standby, claiming, moving = Game(), Game(), Game().settled()
        claiming.master()
        moving.known.seen.holder = PEER
        for game in (standby, claiming, moving):
            self.assertIsNotNone(switch.ask(game.known, game.now))
            self.assertFalse(switch.active(game.known))
        game = Giving()
        self.assertIsNotNone(switch.ask(game.known, game.now))

    def test_a_refusal_changes_nothing(self):
        for reaction in (errors.DESCRIBE, errors.RETRY, errors.STOP):
            game = Giving()
            game.issue()
            game.failed(reaction)
            for _ in range(switch.GIVE_LOOKS):
                self.assertLess(game.now, game.known.switch.until)
                self.assertEqual(game.issue(), DESCRIBE)
                game.saw(ME)
            self.assertEqual(game.phase, switch.REFUSED)
            self.assertEqual(game.issue(), DESCRIBE, "re-asserted as ever")
            game.saw(ME)
            self.assertEqual(game.step()[0], "wait")

    def test_a_task_that_fails_changes_nothing(self):
        game = Giving().moving()
        game.issue()
        answers.task_said(game.known, game.now, False)
        for _ in range(switch.GIVE_LOOKS):
            game.issue()
            game.saw(ME)
        self.assertEqual(game.phase, switch.REFUSED)

    def test_demoted_at_any_step_it_makes_no_call(self):
        for begin in STEPS:
            game = begin()
            decide.lost_master(game.known)
            if game.step() != IDLE:
                self.assertEqual(game.step(), ("wait", game.known.switch.until))
                self.assertEqual(game.overdue().step(), ABANDON)
                switch.abandon(game.known, game.now)
            self.assertEqual((game.phase, game.step()), (switch.ABANDONED, IDLE))

    def test_stuck_at_any_step_it_is_abandoned_and_the_vip_claimed_back(self):
        for begin in STEPS:
            game = begin().overdue()
            self.assertEqual(game.step(), ABANDON)
            switch.abandon(game.known, game.now)
            self.assertEqual(game.phase, switch.ABANDONED)
            self.assertNotEqual(game.step()[0], "wait")
            while game.issue() != DESCRIBE:
                answers.task_said(game.known, game.now, False)
            game.saw(PEER)
            self.assertEqual(game.issue(), CLAIM)

    def test_a_call_on_its_way_is_waited_for_though_the_time_is_over(self):
        game = Giving()
        game.issue()
        self.assertEqual(game.overdue().step(), IDLE)
        answers.accepted(game.known, game.now, "task-1")
        self.assertEqual(game.step(), ABANDON)

    def test_the_answer_of_a_switch_that_is_over_does_not_bring_it_back(self):
        for answer in (
            lambda game: game.failed(errors.RETRY),
            lambda game: answers.accepted(game.known, game.now, "t"),
        ):
            game = Giving()
            game.issue()
            decide.lost_master(game.known)
            game.master()
            answer(game)
            self.assertEqual(game.phase, switch.ABANDONED)

    def test_master_again_without_the_peer_it_claims_the_vip_at_once(self):
        game = Giving().given_up()
        game.master()
        self.assertEqual((game.phase, game.step()), (switch.ABANDONED, CLAIM))

    def test_a_vip_that_goes_elsewhere_is_fetched_back(self):
        game = Giving().moving()
        game.known.seen.task = None
        game.issue()
        game.saw("eni-third")
        self.assertEqual(game.phase, switch.ABANDONED)
        game.issue()
        game.saw("eni-third")
        self.assertEqual(game.issue(), ("migrate", "eni-third"))


if __name__ == "__main__":
    unittest.main()

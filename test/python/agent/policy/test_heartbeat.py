"""Whether keepalived works: its check's file, its words, and what this process's own standing still looks like."""

import unittest

import support  # noqa: F401
from keepalived_vip.agent.policy import answers, decide
from keepalived_vip.agent.policy.heartbeat import HUNG_S, Heartbeat
from keepalived_vip.agent.policy.knowledge import DESCRIBE
from support import ME, PEER

from agent.policy.game import Game

TICK_S = 2.0


class Signs(unittest.TestCase):
    def setUp(self):
        self.heartbeat = Heartbeat()
        self.now = 100.0
        self.heartbeat.look(1, 0.0, self.now)

    def ticks(self, seconds: float, beat=1):
        until = self.now + seconds
        while self.now < until:
            self.now += TICK_S
            self.heartbeat.look(beat, 1e9, self.now)
        return self.heartbeat.hangs(self.now)

    def test_a_silence_of_three_checks_is_a_hang_and_the_next_check_ends_it(self):
        self.assertFalse(self.ticks(HUNG_S))
        self.assertTrue(self.ticks(TICK_S))
        self.assertFalse(self.ticks(TICK_S, beat=2))

    def test_a_word_is_a_sign_of_life(self):
        self.ticks(60)
        self.heartbeat.spoke(self.now)
        self.assertFalse(self.heartbeat.hangs(self.now))

    def test_the_time_in_which_this_process_stood_still_does_not_count(self):
        self.ticks(4)
        self.now += 60
        self.heartbeat.look(1, 64.0, self.now)
        self.assertFalse(self.heartbeat.hangs(self.now))
        self.assertTrue(self.ticks(4))

    def test_where_no_check_can_write_nothing_is_concluded(self):
        self.heartbeat = Heartbeat()
        self.assertFalse(self.ticks(60, beat=None))

    def test_a_service_that_starts_goes_by_the_age_of_the_file_and_by_no_time_to_come(self):
        for age_s, hung in ((60.0, True), (1.0, False), (-3600.0, False)):
            self.heartbeat = Heartbeat()
            self.heartbeat.look(1, age_s, self.now)
            self.assertEqual(self.heartbeat.hangs(self.now), hung, age_s)


class Decision(unittest.TestCase):
    def setUp(self):
        self.game = Game().settled()
        self.hangs(True)
        self.game.saw(PEER)

    def hangs(self, hung: bool):
        decide.keepalived_hangs(self.game.known, self.game.now, hung)

    def test_a_hung_master_looks_now_and_then_and_claims_nothing(self):
        for _ in range(5):
            before = self.game.now
            self.assertEqual(self.game.issue(), DESCRIBE)
            self.assertGreaterEqual(self.game.now, before + 4)
            self.game.saw(PEER)

    def test_one_that_goes_on_looks_at_once_and_claims(self):
        self.hangs(False)
        self.assertEqual(self.game.step(), DESCRIBE)
        self.game.issue()
        self.game.saw(PEER)
        self.assertEqual(self.game.issue(), ("migrate", PEER))

    def test_a_peer_that_has_given_up_is_followed_once(self):
        decide.peer_left(self.game.known, self.game.now)
        self.game.issue()
        self.game.saw(PEER)
        self.assertEqual(self.game.issue(), ("migrate", PEER))
        answers.accepted(self.game.known, self.game.now, "task")
        self.game.issue()
        answers.task_said(self.game.known, self.game.now, False)
        self.game.issue()
        self.game.saw(ME)
        self.game.issue()
        self.game.saw(PEER)
        self.assertEqual(self.game.issue(), DESCRIBE)


if __name__ == "__main__":
    unittest.main()

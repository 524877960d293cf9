"""For how long a node that takes the VIP sends what is not its own to the peer, which may be dead."""

import copy
import unittest

from keepalived_vip.agent.policy import carrying, connections, peer_says, silence

from agent.policy.side import KEEP_S, Side

STEP_S = 0.125  # of the clock: sums of these are exact


class Taker(unittest.TestCase):
    """Nobody has asked for a move: the new MASTER begins."""

    def forwards(self, node):
        return carrying.forwards(node.state, node.now)

    def takes(self, seconds: float, signs: bool = False):
        """One that has asked for the VIP, and has it so much later. signs: the peer's kernel shows that it lives."""
        node = Side.taker()
        node.stands(master=True, taking=True)
        for _ in range(int(seconds / STEP_S)):
            node.later(STEP_S)
            if signs:
                carrying.lives(node.state, node.now, node.now)
            self.assertTrue(self.forwards(node), "the cloud may deliver here from any moment on")
        node.stands(taking=False, here=True)
        return node

    def forwards_for(self, node, lives=lambda: False) -> float:
        """For how many seconds from now on."""
        since = node.now
        while self.forwards(node):
            node.later(STEP_S)
            if lives():
                carrying.lives(node.state, node.now, node.now)
        return node.now - since

    def test_what_is_not_its_own_is_the_peers_from_the_request_on_before_any_word_of_the_peers(self):
        node = Side.taker()
        self.assertFalse(self.forwards(node))
        node.stands(master=True, taking=True)
        self.assertTrue(self.forwards(node))

    def test_a_peer_without_a_sign_of_life_is_dead_three_seconds_after_the_request(self):
        self.assertEqual(self.forwards_for(self.takes(1.5)), silence.SILENT_S - 1.5)

    def test_and_at_once_where_the_move_took_longer_but_for_one_last_question(self):
        node = self.takes(10)
        self.assertTrue(carrying.wants_sign(node.state, node.now))
        self.assertEqual(self.forwards_for(node), silence.ANSWER_S)

    def test_one_that_answers_that_stood_still_until_now(self):
        node = self.takes(10)
        carrying.lives(node.state, node.now, node.now)
        self.assertEqual(self.forwards_for(node), silence.SILENT_S)

    def test_one_whose_kernel_answers_has_three_seconds_from_the_vip_on_to_say_its_first_word(self):
        self.assertEqual(self.forwards_for(self.takes(10, signs=True)), silence.SILENT_S)
        self.assertEqual(self.forwards_for(self.takes(10), lives=lambda: True), silence.SILENT_S, "and no more")

    def test_one_that_dies_meanwhile_is_dead_three_seconds_after_its_last_sign(self):
        node = Side.taker()
        node.stands(master=True, taking=True)
        node.later(1)
        carrying.lives(node.state, node.now, node.now)
        node.later(2)
        node.stands(taking=False, here=True)
        self.assertEqual(self.forwards_for(node), silence.SILENT_S - 2)

    def test_one_that_gives_up_on_the_way_counts_the_silence_of_its_peer_from_its_request_as_well(self):
        for signs, seconds in (False, silence.ANSWER_S), (True, silence.SILENT_S):
            node = Side.taker()
            node.stands(master=True, taking=True)
            node.later(4)
            if signs:
                carrying.lives(node.state, node.now, node.now)
            node.stands(master=False, taking=False)
            self.assertEqual(self.forwards_for(node), seconds)

    def test_a_sign_after_the_end_brings_nothing_back(self):
        node = self.takes(10)
        node.later(1)
        carrying.lives(node.state, node.now, node.now)
        self.assertFalse(self.forwards(node))

    def test_a_word_counts_longer_than_a_silence_that_began_before(self):
        node = self.takes(2.9)
        carrying.peer_keeps(node.state, node.now, KEEP_S)
        self.assertEqual(self.forwards_for(node), silence.SILENT_S)

    def test_the_kernel_of_the_peer_is_asked_again_and_again_until_three_seconds_after_the_vip_is_here(self):
        node, asked = Side.taker(), 0
        self.assertFalse(carrying.wants_sign(node.state, node.now), "while all is well")
        node.stands(master=True, taking=True)
        self.assertLessEqual(carrying.next_sign(node.state, node.now), node.now)
        for _ in range(int(10 / STEP_S)):
            asked += carrying.wants_sign(node.state, node.now)
            node.later(STEP_S)
        self.assertEqual(asked, 10 / silence.ASK_S)
        node.stands(taking=False, here=True)
        self.forwards_for(node)
        self.assertEqual(carrying.next_sign(node.state, node.now), float("inf"))
        node.later(silence.SILENT_S)
        carrying.peer_keeps(node.state, node.now, KEEP_S)
        self.assertFalse(carrying.wants_sign(node.state, node.now), "from now on its words say it")

    def test_a_peer_that_would_not_keep_any_is_sent_nothing(self):
        node = Side.taker()
        peer_says.holds(node.state, node.now, False)
        node.stands(master=True, taking=True)
        self.assertFalse(self.forwards(node))

    def test_a_peer_that_has_said_nothing_yet_is_sent_what_is_not_known_after_a_boot_for_example(self):
        node = Side(master=False)
        node.stands(master=True, taking=True)
        self.assertTrue(self.forwards(node))

    def test_a_peer_that_says_that_it_keeps_none_is_believed_until_the_vip_is_taken_anew(self):
        node = Side.taker()
        node.stands(master=True, taking=True)
        carrying.peer_keeps(node.state, node.now, 0, 0)
        node.later(1)
        self.assertFalse(self.forwards(node))
        node.stands(taking=False, here=True)
        node.stands(taking=True, here=False)
        self.assertTrue(self.forwards(node))

    def told(self, node, answers: bool) -> list:
        """Whether it tells the peer at each tenth of three seconds."""
        told = []
        for _ in range(30):
            told.append(carrying.tells_of_taking(node.state, node.now))
            if answers and told[-1]:
                carrying.peer_keeps(node.state, node.now, KEEP_S)
            node.later(0.1)
        return told

    def test_it_tells_the_peer_at_once_and_for_as_long_as_it_asks(self):
        for answers, times in (True, 3), (False, 10):
            node = Side.taker()
            node.stands(master=True, taking=True)
            told = self.told(node, answers)
            self.assertTrue(told[0])
            self.assertAlmostEqual(told.count(True), times, delta=2, msg="a word without an answer is said again soon")
            carrying.lives(node.state, node.now, node.now)
            node.stands(taking=False, here=True)
            told = any(self.told(node, answers)[9:])
            self.assertEqual(told, not answers, "a peer that is yet to start is told as well")
            node.later(silence.SILENT_S)
            self.assertFalse(any(self.told(node, False)))

    def test_it_goes_on_once_it_has_given_up_for_the_vip_may_come(self):
        for how, may_come in ({"taking": True}, True), ({}, True), ({"here": True}, False), ({"there": True}, False):
            for again in False, True:
                node = Side.taker()
                node.stands(master=True, **how)
                carrying.tells_of_taking(node.state, node.now)
                node.stands(master=False, taking=False, here=False, there=False)
                first = carrying.tells_of_taking(node.state, node.now)
                self.assertEqual(first, may_come, "the peer may have heard none yet")
                node.stands(master=again, here=again)
                self.assertEqual(any(self.told(node, False)), may_come and not again)
                node.later(connections.SETTLED_S)
                self.assertFalse(any(self.told(node, False)))

    def test_a_word_from_before_it_asked_is_no_answer(self):
        node = Side.taker()
        carrying.peer_keeps(node.state, node.now, KEEP_S)
        node.later(0.5)
        node.stands(master=True, taking=True)
        self.assertAlmostEqual(self.told(node, False).count(True), 10, delta=2)

    def test_who_takes_it_would_keep_connections_as_well(self):
        node = Side(master=False)
        peer_says.takes(node.state, node.now, node.now, False)
        node.stands(master=True, taking=True)
        self.assertTrue(self.forwards(node), "a peer whose looks at the cloud all failed has never said that it has it")

    def test_a_request_that_met_no_answer_counts_until_a_look_shows_where_the_vip_is(self):
        node = Side.taker()
        node.stands(master=True, taking=True)
        node.stands(taking=False)
        node.later(30)
        self.assertTrue(self.forwards(node), "the cloud is down, and may have moved it")
        node.stands(here=True)
        node.later(silence.ANSWER_S)
        self.assertFalse(self.forwards(node))

    def test_packets_for_a_dead_peer_show_that_the_vip_is_here_while_the_cloud_is_down(self):
        node = Side.taker()
        node.stands(master=True, taking=True)
        carrying.sent_on(node.state, 5, node.now)
        node.later(10)
        carrying.sent_on(node.state, 5, node.now)
        for lives in (False, True):
            one = copy.deepcopy(node)
            if lives:
                carrying.lives(one.state, one.now, one.now)
            one.later(1)
            carrying.sent_on(one.state, 6, one.now)
            # A kernel that answers: three seconds after the last count that showed none.
            self.assertEqual(self.forwards_for(one), 2.0 if lives else silence.ANSWER_S)


if __name__ == "__main__":
    unittest.main()

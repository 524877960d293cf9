"""Who keeps connections after a fault, and while nobody knows where the VIP is."""

import copy
import unittest

from keepalived_vip.agent.policy import connections, silence

from agent.policy.side import KEEP_S, Side

STEP_S = 0.125  # of the clock: sums of these are exact


class Fault(unittest.TestCase):
    """Nobody has asked for a move: the new MASTER begins."""

    def forwards(self, node):
        return connections.forwards(node.state, node.now)

    def taker(self):
        """A node that is about to take the VIP of a peer that would keep its connections."""
        node = Side(master=False)
        connections.peer_holds(node.state, node.now, True)
        node.later(60)
        return node

    def takes(self, seconds: float, signs: bool = False):
        """One that has asked for the VIP, and has it so much later. signs: the peer's kernel shows that it lives."""
        node = self.taker()
        node.stands(master=True, taking=True)
        for _ in range(int(seconds / STEP_S)):
            node.later(STEP_S)
            if signs:
                connections.lives(node.state, node.now, node.now)
            self.assertTrue(self.forwards(node), "the cloud may deliver here from any moment on")
        node.stands(taking=False, here=True)
        return node

    def forwards_for(self, node, lives=lambda: False) -> float:
        """For how many seconds from now on."""
        since = node.now
        while self.forwards(node):
            node.later(STEP_S)
            if lives():
                connections.lives(node.state, node.now, node.now)
        return node.now - since

    def test_what_is_not_its_own_is_the_peers_from_the_request_on_before_any_word_of_the_peers(self):
        node = self.taker()
        self.assertFalse(self.forwards(node))
        node.stands(master=True, taking=True)
        self.assertTrue(self.forwards(node))

    def test_a_peer_without_a_sign_of_life_is_dead_three_seconds_after_the_request(self):
        self.assertEqual(self.forwards_for(self.takes(1.5)), connections.SILENT_S - 1.5)

    def test_and_at_once_where_the_move_took_longer_but_for_one_last_question(self):
        node = self.takes(10)
        self.assertTrue(connections.wants_sign(node.state, node.now))
        self.assertEqual(self.forwards_for(node), silence.ANSWER_S)

    def test_one_that_answers_that_stood_still_until_now(self):
        node = self.takes(10)
        connections.lives(node.state, node.now, node.now)
        self.assertEqual(self.forwards_for(node), connections.SILENT_S)

    def test_one_whose_kernel_answers_has_three_seconds_from_the_vip_on_to_say_its_first_word(self):
        self.assertEqual(self.forwards_for(self.takes(10, signs=True)), connections.SILENT_S)
        self.assertEqual(self.forwards_for(self.takes(10), lives=lambda: True), connections.SILENT_S, "and no more")

    def test_one_that_dies_meanwhile_is_dead_three_seconds_after_its_last_sign(self):
        node = self.taker()
        node.stands(master=True, taking=True)
        node.later(1)
        connections.lives(node.state, node.now, node.now)
        node.later(2)
        node.stands(taking=False, here=True)
        self.assertEqual(self.forwards_for(node), connections.SILENT_S - 2)

    def test_a_sign_after_the_end_brings_nothing_back(self):
        node = self.takes(10)
        node.later(1)
        connections.lives(node.state, node.now, node.now)
        self.assertFalse(self.forwards(node))

    def test_a_word_counts_longer_than_a_silence_that_began_before(self):
        node = self.takes(2.9)
        connections.peer_keeps(node.state, node.now, KEEP_S)
        self.assertEqual(self.forwards_for(node), connections.SILENT_S)

    def test_the_kernel_of_the_peer_is_asked_again_and_again_until_three_seconds_after_the_vip_is_here(self):
        node, asked = self.taker(), 0
        self.assertFalse(connections.wants_sign(node.state, node.now), "while all is well")
        node.stands(master=True, taking=True)
        self.assertLessEqual(connections.next_sign(node.state, node.now), node.now)
        for _ in range(int(10 / STEP_S)):
            asked += connections.wants_sign(node.state, node.now)
            node.later(STEP_S)
        self.assertEqual(asked, 10 / silence.ASK_S)
        node.stands(taking=False, here=True)
        self.forwards_for(node)
        self.assertEqual(connections.next_sign(node.state, node.now), float("inf"))
        node.later(connections.SILENT_S)
        connections.peer_keeps(node.state, node.now, KEEP_S)
        self.assertFalse(connections.wants_sign(node.state, node.now), "from now on its words say it")

    def test_a_peer_that_would_not_keep_any_is_sent_nothing(self):
        node = self.taker()
        connections.peer_holds(node.state, node.now, False)
        node.stands(master=True, taking=True)
        self.assertFalse(self.forwards(node))

    def test_a_peer_that_says_that_it_keeps_none_is_believed_until_the_vip_is_taken_anew(self):
        node = self.taker()
        node.stands(master=True, taking=True)
        connections.peer_keeps(node.state, node.now, 0, 0)
        node.later(1)
        self.assertFalse(self.forwards(node))
        node.stands(taking=False, here=True)
        node.stands(taking=True, here=False)
        self.assertTrue(self.forwards(node))

    def told(self, node, answers: bool) -> list:
        """Whether it tells the peer at each tenth of three seconds."""
        told = []
        for _ in range(30):
            told.append(connections.tells_of_taking(node.state, node.now))
            if answers and told[-1]:
                connections.peer_keeps(node.state, node.now, KEEP_S)
            node.later(0.1)
        return told

    def test_it_tells_the_peer_at_once_and_for_as_long_as_it_asks(self):
        for answers, times in (True, 3), (False, 10):
            node = self.taker()
            node.stands(master=True, taking=True)
            told = self.told(node, answers)
            self.assertTrue(told[0])
            self.assertAlmostEqual(told.count(True), times, delta=2, msg="a word without an answer is said again soon")
            node.stands(taking=False, here=True)
            self.assertFalse(connections.tells_of_taking(node.state, node.now))

    def test_a_node_that_lost_master_keeps_them_once_it_hears_that_the_peer_takes_the_vip(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        self.assertEqual(node.words(5), [], "the peer may have an earlier release, and take it for a request")
        connections.peer_takes(node.state, node.now, node.now, True)
        self.assertEqual(node.word(), (KEEP_S, None))

    def test_a_word_that_comes_long_after_the_demotion_finds_nothing_to_keep(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        node.later(connections.PENDING_S)
        connections.peer_takes(node.state, node.now, node.now, False)
        self.assertFalse(connections.keeps(node.state))

    def test_until_the_peer_has_the_vip_none_left_is_no_end_for_the_cloud_delivers_here(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        connections.peer_takes(node.state, node.now, node.now, True)
        connections.counted(node.state, 0)
        self.assertTrue(connections.keeps(node.state))
        connections.peer_holds(node.state, node.now, True)
        connections.counted(node.state, 0)
        self.assertTrue(connections.keeps(node.state), "a word of before")
        node.later(connections.EARLY_S)
        connections.peer_holds(node.state, node.now, True)
        connections.counted(node.state, 0)
        self.assertEqual(node.state.why_ended, connections.ALL_CLOSED)

    def stalled(self):
        """MASTER after it stood still, or in a partition, and hears that the peer takes the VIP."""
        node = Side(master=True)
        connections.peer_takes(node.state, node.now - 2, node.now, True)
        return node

    def test_a_master_whose_vip_is_taken_keeps_them_too(self):
        node = self.stalled()
        self.assertEqual(node.word(), (KEEP_S, None))
        self.assertIsNone(connections.through(node.state, node.now), "the cloud delivers here as yet")
        connections.peer_carries(node.state, node.now, True)
        self.assertFalse(connections.stays(node.state, node.now), "the address on its NIC is keepalived's")

    def test_it_ends_with_a_look_that_no_request_of_the_peers_can_make_untrue(self):
        node = self.stalled()
        node.later(connections.SETTLED_S - 2.1)
        self.assertTrue(connections.keeps(node.state))
        node.later(0.1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_partitioned_master_answers_through_the_peer_until_it_takes_the_vip_back(self):
        node = self.stalled()
        node.stands(here=False)
        node.later(connections.EARLY_S)
        connections.peer_holds(node.state, node.now, True)
        connections.peer_carries(node.state, node.now, True)
        self.assertTrue(connections.through(node.state, node.now))
        node.stands(taking=True)
        self.assertIsNone(connections.through(node.state, node.now))

    def test_a_master_by_election_that_is_demoted_again_keeps_its_own_at_once(self):
        node = self.taker()
        node.stands(master=True, taking=True)
        connections.heard(node.state, node.now, node.now)
        node.stands(master=False, taking=False)
        self.assertEqual(node.word(), (KEEP_S, None))

    def test_the_look_of_an_earlier_time_as_master_ends_nothing(self):
        node = Side(master=True)
        node.stands(master=False)
        connections.peer_takes(node.state, node.now, node.now, True)
        node.now += connections.SETTLED_S + 1
        before = node.now - 0.5
        connections.stands(node.state, node.now, True, False, False, True, before)
        self.assertTrue(connections.keeps(node.state))

    def test_a_planned_switch_given_up_half_way_keeps_them_until_a_look_has_found_the_vip(self):
        node = Side(master=True)
        node.stands(switching=True, here=False)
        connections.peer_can(node.state, True)
        node.stands(switching=False)
        self.assertTrue(connections.keeps(node.state))
        node.stands(here=True)
        self.assertTrue(connections.keeps(node.state), "its request may be on its way")
        node.later(connections.SETTLED_S)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_node_that_got_the_vip_by_a_switch_that_nobody_ended_keeps_what_it_has_since(self):
        node = Side(master=False)
        connections.peer_takes(node.state, node.now, node.now, True)
        self.assertEqual(node.word(), (KEEP_S, None))

    def test_a_node_without_the_vip_tells_a_peer_that_takes_it_that_there_is_nothing_to_wait_for(self):
        node = Side(master=False)
        connections.peer_takes(node.state, node.now, node.now, False)
        self.assertEqual(node.words(5), [(0, 0)])

    def test_who_takes_it_would_keep_connections_as_well(self):
        node = Side(master=False)
        connections.peer_takes(node.state, node.now, node.now, False)
        node.stands(master=True, taking=True)
        self.assertTrue(self.forwards(node), "a peer whose looks at the cloud all failed has never said that it has it")

    def test_a_node_that_becomes_master_keeps_what_it_opens_while_the_peers_request_is_on_its_way(self):
        node = Side(master=False)
        connections.peer_takes(node.state, node.now, node.now, False)
        node.later(1)
        node.stands(master=True, here=True)
        self.assertTrue(connections.keeps(node.state))
        node.later(connections.SETTLED_S)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_request_that_met_no_answer_counts_until_a_look_shows_where_the_vip_is(self):
        node = self.taker()
        node.stands(master=True, taking=True)
        node.stands(taking=False)
        node.later(30)
        self.assertTrue(self.forwards(node), "the cloud is down, and may have moved it")
        node.stands(here=True)
        node.later(silence.ANSWER_S)
        self.assertFalse(self.forwards(node))

    def test_packets_for_a_dead_peer_show_that_the_vip_is_here_while_the_cloud_is_down(self):
        node = self.taker()
        node.stands(master=True, taking=True)
        connections.sent_on(node.state, 5, node.now)
        node.later(10)
        connections.sent_on(node.state, 5, node.now)
        for lives in (False, True):
            one = copy.deepcopy(node)
            if lives:
                connections.lives(one.state, one.now, one.now)
            one.later(1)
            connections.sent_on(one.state, 6, one.now)
            # A kernel that answers: three seconds after the last count that showed none.
            self.assertEqual(self.forwards_for(one), 2.0 if lives else silence.ANSWER_S)

    def test_the_time_counts_from_when_the_vip_has_gone(self):
        node = self.stalled()
        node.stands(here=False)
        node.later(20)
        connections.peer_takes(node.state, node.now, node.now, True)
        node.later(2)
        connections.peer_holds(node.state, node.now, True)
        connections.peer_takes(node.state, node.now, node.now, True)
        node.later(KEEP_S - 3)
        connections.peer_holds(node.state, node.now, True)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.TIME_OVER, "what says that it has the VIP still takes it")

    def test_a_node_that_stood_still_counts_from_the_first_word_that_it_missed(self):
        for demoted_first in (False, True):
            node = Side(master=True)
            connections.heard(node.state, node.now, node.now)
            said_at = node.now
            node.now += 8
            if demoted_first:
                connections.heard(node.state, node.now, node.now)
                node.stands(master=False, here=False)
            connections.peer_takes(node.state, said_at + 1, node.now, True)
            self.assertEqual(node.state.until, said_at + 1 + KEEP_S)

    def test_a_master_that_sees_the_vip_at_the_peer_counts_from_then(self):
        node = Side(master=True)
        node.stands(here=False, there=True)
        seen_at = node.now
        node.later(6)
        connections.heard(node.state, node.now, node.now)
        node.stands(master=False)
        self.assertEqual(node.state.until, seen_at + KEEP_S)

    def test_but_not_once_it_has_had_it_again(self):
        for again in ({"taking": True}, {"here": True}, None):
            node = Side(master=True)
            node.stands(here=False, there=True)
            node.later(6)
            node.stands(there=False)
            if again is None:
                connections.peer_gives(node.state, node.now, KEEP_S)
            else:
                node.stands(**again)
            node.later(1)
            connections.heard(node.state, node.now, node.now)
            node.stands(master=False, taking=False, here=False)
            self.assertEqual(node.state.until, node.now + KEEP_S)

    def test_a_planned_switch_without_an_answer_counts_from_when_it_began(self):
        for given_up, looked, moved in (True, 0, 0), (False, 0, 0), (True, 4, 0), (True, 0, 6), (False, 0, 6):
            node = Side(master=True)
            node.later(60)
            node.stands(switching=True, here=False)
            counts_from = node.now + looked + moved
            connections.peer_can(node.state, True)
            node.later(looked)
            node.stands(here=looked > 0)
            node.stands(here=False)
            node.later(moved)
            node.stands(moved=moved > 0)
            node.later(12)
            node.stands(switching=not given_up, master=given_up, moved=False)
            self.assertEqual(node.state.until, counts_from + KEEP_S, (given_up, looked, moved))

    def test_one_that_ends_while_the_cloud_moves_it_counts_from_the_last_word_that_the_move_runs(self):
        node = Side(master=True)
        node.later(60)
        node.stands(switching=True, here=False)
        connections.peer_can(node.state, True)
        node.later(6)
        node.stands(moving=True)
        looked_at, still_here_at = node.now - 6, node.now
        node.stands(moving=False)
        node.later(0.5)
        connections.stands(node.state, node.now, True, True, False, listed_at=looked_at)
        node.stands(master=False, switching=False)
        self.assertEqual(node.state.until, still_here_at + KEEP_S)

    def test_a_second_planned_switch_has_a_time_of_its_own(self):
        node = self.stalled()
        node.later(20)
        node.stands(switching=True, here=False)
        connections.peer_can(node.state, True)
        node.later(6)
        node.stands(moved=True)
        moved_at = node.now
        node.later(1)
        node.stands(master=False, switching=False)
        self.assertEqual(node.state.until, moved_at + KEEP_S)

    def test_who_heard_late_that_it_may_keep_counts_from_when_it_was_demoted(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        demoted_at = node.now
        node.later(connections.PENDING_S - 1)
        connections.heard(node.state, node.now, node.now)
        self.assertEqual(node.state.until, demoted_at + KEEP_S)

    def test_the_word_that_the_peer_has_it_bounds_what_was_thought_to_begin_later(self):
        node = self.stalled()
        node.stands(here=False)
        node.later(5)
        said_at = node.now - 2
        connections.peer_takes(node.state, node.now, node.now, True)
        connections.peer_holds(node.state, said_at, True)
        self.assertEqual(node.state.until, said_at + KEEP_S)

    def test_nor_does_it_run_while_the_peer_has_yet_to_get_it_up_to_a_bound(self):
        node = self.stalled()
        node.stands(here=False, master=False)
        began_at = node.now
        for _ in range(2 * int(connections.GONE_S)):
            connections.peer_takes(node.state, node.now, node.now, False)
            self.assertEqual(node.state.until, min(node.now, began_at + connections.GONE_S) + KEEP_S)
            node.later(1)

    def test_a_master_that_has_the_vip_serves_them_itself_and_its_time_does_not_run(self):
        node = self.stalled()
        node.later(2)
        self.assertEqual(node.state.until, node.now + KEEP_S)

    def test_nor_does_it_while_a_move_is_stuck_and_the_vip_shows_here_as_yet(self):
        node = self.stalled()
        node.stands(here=False, listed=True)
        for _ in range(KEEP_S):
            connections.peer_takes(node.state, node.now, node.now, True)
            node.later(2)
        self.assertEqual(node.state.until, node.now + KEEP_S, "no end, for it is not here for certain either")
        node.stands(listed=False)
        node.later(KEEP_S - 1)
        self.assertTrue(connections.keeps(node.state), "it counts from the last look that showed it here")
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.TIME_OVER)

    def test_nor_between_two_looks_that_are_far_from_each_other(self):
        node = self.stalled()
        for now in (node.now + connections.LOOKS_S, node.now + connections.LOOKS_S + KEEP_S):
            connections.stands(node.state, now - 1, True, False, False, False, None, None, node.now)
            self.assertTrue(connections.keeps(node.state))
        connections.stands(node.state, now, True, False, False, False, None, None, node.now)
        self.assertEqual(node.state.why_ended, connections.TIME_OVER, "the last of them is too old to prove anything")

    def test_the_shortest_time_is_not_over_between_two_looks_of_a_master_that_has_the_vip(self):
        node = self.stalled()
        looked_at, node.state.until = node.now, node.now + 10
        node.state.keep_s = 10
        connections.stands(node.state, looked_at + connections.GONE_S - 1, True, False, False, listed_at=looked_at)
        self.assertTrue(connections.keeps(node.state))
        connections.stands(node.state, looked_at + connections.GONE_S, True, False, False, listed_at=looked_at)
        self.assertEqual(node.state.why_ended, connections.TIME_OVER)

    def test_a_stuck_move_that_nobody_asks_for_any_more_is_its_end(self):
        node = self.stalled()
        node.stands(here=False, listed=True)
        node.later(connections.STUCK_S - 1)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_move_that_has_just_begun_to_bring_the_vip_back_is_none_that_is_stuck(self):
        node = self.stalled()
        node.stands(here=False)
        node.later(connections.STUCK_S + 10)
        node.stands(taking=True)
        node.later(6)
        node.stands(taking=False, listed=True)
        self.assertTrue(connections.keeps(node.state), "the path may lead to the peer as yet")
        node.later(connections.STUCK_S - 1)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_master_whose_vip_is_on_its_way_by_a_request_that_it_did_not_hear_of_keeps_what_it_has(self):
        for understands in (False, True):
            node = Side(master=True)
            if understands:
                connections.heard(node.state, node.now, node.now)
            node.stands(here=False, listed=True, leaving=True)
            self.assertEqual(connections.keeps(node.state), understands)
        node.later(connections.STUCK_S - 1)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)
        node.later(1)
        self.assertFalse(connections.keeps(node.state), "once for each time")

    def test_and_keeps_nothing_any_more_once_the_move_has_failed(self):
        node = Side(master=True)
        connections.heard(node.state, node.now, node.now)
        node.stands(here=False, listed=True, leaving=True)
        node.stands(here=True, leaving=False)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)


if __name__ == "__main__":
    unittest.main()

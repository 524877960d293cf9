"""From when on the time of kept connections counts, and while it does not."""

import unittest

from keepalived_vip.agent.policy import connections, peer_says, stand

from agent.policy.side import KEEP_S, Side


class Time(unittest.TestCase):
    """It is the user's bound: for so long at most an old node goes on serving."""

    def test_the_time_counts_from_when_the_vip_has_gone(self):
        node = Side.stalled()
        node.stands(here=False)
        node.later(20)
        peer_says.takes(node.state, node.now, node.now, True)
        node.later(2)
        peer_says.holds(node.state, node.now, True)
        peer_says.takes(node.state, node.now, node.now, True)
        node.later(KEEP_S - 3)
        peer_says.holds(node.state, node.now, True)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.TIME_OVER, "what says that it has the VIP still takes it")

    def test_a_node_that_stood_still_counts_from_the_first_word_that_it_missed(self):
        for demoted_first in (False, True):
            node = Side(master=True)
            peer_says.heard(node.state, node.now, node.now)
            said_at = node.now
            node.now += 8
            if demoted_first:
                peer_says.heard(node.state, node.now, node.now)
                node.stands(master=False, here=False)
            peer_says.takes(node.state, said_at + 1, node.now, True)
            self.assertEqual(node.state.until, said_at + 1 + KEEP_S)

    def test_a_master_that_sees_the_vip_at_the_peer_counts_from_then(self):
        node = Side(master=True)
        node.stands(here=False, there=True)
        seen_at = node.now
        node.later(6)
        peer_says.heard(node.state, node.now, node.now)
        node.stands(master=False)
        self.assertEqual(node.state.until, seen_at + KEEP_S)

    def test_but_not_once_it_has_had_it_again(self):
        for again in ({"taking": True}, {"here": True}, None):
            node = Side(master=True)
            node.stands(here=False, there=True)
            node.later(6)
            node.stands(there=False)
            if again is None:
                peer_says.gives(node.state, node.now, KEEP_S)
            else:
                node.stands(**again)
            node.later(1)
            peer_says.heard(node.state, node.now, node.now)
            node.stands(master=False, taking=False, here=False)
            self.assertEqual(node.state.until, node.now + KEEP_S)

    def test_a_planned_switch_without_an_answer_counts_from_when_it_began(self):
        for given_up, looked, moved in (True, 0, 0), (False, 0, 0), (True, 4, 0), (True, 0, 6), (False, 0, 6):
            node = Side(master=True)
            node.later(60)
            node.stands(switching=True, here=False)
            counts_from = node.now + looked + moved
            peer_says.can(node.state, True)
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
        peer_says.can(node.state, True)
        node.later(6)
        node.stands(moving=True)
        looked_at, still_here_at = node.now - 6, node.now
        node.stands(moving=False)
        node.later(0.5)
        stand.stands(node.state, node.now, stand.Stand(True, switching=True, listed_at=looked_at))
        node.stands(master=False, switching=False)
        self.assertEqual(node.state.until, still_here_at + KEEP_S)

    def test_nor_does_it_run_while_the_move_of_one_that_was_given_up_runs(self):
        node = Side(master=True)
        node.stands(switching=True)
        peer_says.can(node.state, True)
        node.later(20)
        node.stands(switching=False, here=False, moving=True)
        node.later(5)
        moving_at = node.now
        node.stands(moving=False)
        node.later(5)
        self.assertEqual(node.state.until, moving_at + KEEP_S)

    def test_nor_while_that_of_its_own_switch_does_where_it_keeps_some_already(self):
        node = Side.stalled()
        node.later(1)
        node.stands(switching=True, here=False)
        peer_says.can(node.state, True)
        for _ in range(2 * KEEP_S // 5):
            node.later(5)
            node.stands(moving=True)
        self.assertEqual(node.state.until, node.now + KEEP_S)

    def test_a_second_planned_switch_has_a_time_of_its_own(self):
        # Of one whose keepalived hangs as well, and is MASTER on.
        for keeps_some, before_s, hangs in (False, 20, False), (True, 1, False), (True, 1, True):
            node = Side.stalled()
            node.later(before_s)
            self.assertEqual(node.state.until is not None, keeps_some)
            node.stands(switching=True, here=False)
            peer_says.can(node.state, True)
            node.later(6)
            node.stands(moved=True)
            moved_at = node.now
            node.later(1)
            node.stands(master=hangs, switching=False)
            self.assertEqual(node.state.until, moved_at + KEEP_S)

    def test_but_not_one_of_a_master_that_has_not_had_the_vip_since(self):
        node = Side(master=False)
        peer_says.takes(node.state, node.now, node.now, True)
        until = node.state.until
        node.later(20)
        node.stands(master=True, switching=True, there=True)
        peer_says.can(node.state, True)
        node.later(0.1)
        node.stands(master=False, switching=False)
        self.assertEqual(node.state.until, until)

    def test_who_heard_late_that_it_may_keep_counts_from_when_it_was_demoted(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        demoted_at = node.now
        node.later(connections.PENDING_S - 1)
        peer_says.heard(node.state, node.now, node.now)
        self.assertEqual(node.state.until, demoted_at + KEEP_S)

    def test_the_word_that_the_peer_has_it_bounds_what_was_thought_to_begin_later(self):
        node = Side.stalled()
        node.stands(here=False)
        node.later(5)
        said_at = node.now - 2
        peer_says.takes(node.state, node.now, node.now, True)
        peer_says.holds(node.state, said_at, True)
        self.assertEqual(node.state.until, said_at + KEEP_S)

    def test_once_the_peer_has_it_no_word_of_a_peer_that_booted_makes_it_longer(self):
        for told in True, False:
            node = Side.stalled()  # its keepalived hangs: it looks no more, and is MASTER as far as it knows
            looked_at = node.now
            node.now += 5
            if told:
                peer_says.holds(node.state, node.now, True)
                stand.stands(node.state, node.now, stand.Stand(True, here_at=looked_at, listed_at=looked_at))
            else:
                node.stands(here=False, there=True)
            until = node.state.until
            node.now += 10
            peer_says.takes(node.state, node.now, node.now, True)
            self.assertEqual(node.state.until, until, told)

    def test_nor_one_of_a_peer_that_has_had_it_while_this_node_was_master_for_a_moment_and_the_cloud_was_down(self):
        node = Side.stalled()
        node.stands(here=False, master=False)
        node.later(peer_says.EARLY_S)
        peer_says.holds(node.state, node.now, True)
        until = node.state.until
        node.stands(master=True, taking=True)
        node.stands(master=False, taking=False)
        peer_says.takes(node.state, node.now, node.now, True)
        self.assertEqual(node.state.until, until)

    def test_but_where_a_look_of_that_moment_has_found_it_here_though_answered_too_late(self):
        node = Side.stalled()
        node.stands(here=False, master=False)
        node.later(peer_says.EARLY_S)
        peer_says.holds(node.state, node.now, True)
        node.stands(master=True, taking=True)
        node.stands(master=False, taking=False)
        node.now += 1
        node.stands(listed=True)
        peer_says.takes(node.state, node.now, node.now, True)
        self.assertEqual(node.state.until, node.now + KEEP_S)

    def test_nor_does_it_run_while_the_peer_has_yet_to_get_it_up_to_a_bound(self):
        node = Side.stalled()
        node.stands(here=False, master=False)
        began_at = node.now
        for _ in range(2 * int(connections.GONE_S)):
            peer_says.takes(node.state, node.now, node.now, False)
            self.assertEqual(node.state.until, min(node.now, began_at + connections.GONE_S) + KEEP_S)
            node.later(1)

    def test_the_bound_counts_from_when_the_vip_was_last_shown_here(self):
        node = Side.stalled()
        node.stands(here=False, listed=True)
        began_at = node.now
        node.later(connections.GONE_S)
        node.stands(listed=False)
        for _ in range(2 * int(connections.GONE_S)):
            peer_says.takes(node.state, node.now, node.now, False)
            node.later(1)
        self.assertEqual(node.state.until, began_at + 2 * connections.GONE_S + KEEP_S)

    def test_a_master_that_has_the_vip_serves_them_itself_and_its_time_does_not_run(self):
        node = Side.stalled()
        node.later(2)
        self.assertEqual(node.state.until, node.now + KEEP_S)

    def test_nor_does_it_while_a_move_is_stuck_and_the_vip_shows_here_as_yet(self):
        node = Side.stalled()
        node.stands(here=False, listed=True)
        for _ in range(KEEP_S):
            peer_says.takes(node.state, node.now, node.now, True)
            node.later(2)
        self.assertEqual(node.state.until, node.now + KEEP_S, "no end, for it is not here for certain either")
        node.stands(listed=False)
        node.later(KEEP_S - 1)
        self.assertTrue(connections.keeps(node.state), "it counts from the last look that showed it here")
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.TIME_OVER)

    def counted_s(self, *said_s) -> float:
        """From when on the time counts of a MASTER that stood still for 20 s, and has lost the VIP and the role.
        said_s: when its peer has said that it has the VIP. All since a look last showed it here."""
        node = Side(master=True)
        shown_at, node.here, node.now = node.now, False, node.now + 20
        for seconds in said_s:
            peer_says.holds(node.state, shown_at + seconds, True)
        # keepalived's word may come a turn later, until which the last look stands.
        stand.stands(node.state, node.now, stand.Stand(True, listed_at=shown_at))
        peer_says.heard(node.state, node.now, node.now)
        node.stands(master=False)
        return node.state.until - KEEP_S - shown_at

    def test_after_it_stood_still_it_counts_from_the_peers_first_word_that_the_vip_is_there(self):
        self.assertEqual(self.counted_s(peer_says.EARLY_S, 15), peer_says.EARLY_S)
        self.assertEqual(self.counted_s(peer_says.EARLY_S - 1), 20, "this may be of before the look")

    def test_nor_between_two_looks_that_are_far_from_each_other(self):
        node = Side.stalled()
        for now in (node.now + stand.LOOKS_S, node.now + stand.LOOKS_S + KEEP_S):
            stand.stands(node.state, now - 1, stand.Stand(True, listed_at=node.now))
            self.assertTrue(connections.keeps(node.state))
        stand.stands(node.state, now, stand.Stand(True, listed_at=node.now))
        self.assertEqual(node.state.why_ended, connections.TIME_OVER, "the last of them is too old to prove anything")

    def test_the_shortest_time_is_not_over_between_two_looks_of_a_master_that_has_the_vip(self):
        node = Side.stalled()
        looked_at, node.state.until = node.now, node.now + 10
        node.state.keep_s = 10
        stand.stands(node.state, looked_at + connections.GONE_S - 1, stand.Stand(True, listed_at=looked_at))
        self.assertTrue(connections.keeps(node.state))
        stand.stands(node.state, looked_at + connections.GONE_S, stand.Stand(True, listed_at=looked_at))
        self.assertEqual(node.state.why_ended, connections.TIME_OVER)


if __name__ == "__main__":
    unittest.main()

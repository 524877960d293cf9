"""Who keeps connections in a planned switch, for whom, until when, and how each of it ends."""

import unittest

from keepalived_vip.agent.policy import anew, carrying, connections, peer_says, silence, switch

from agent.policy.side import KEEP_S, Side


class Old(unittest.TestCase):
    """The node that gives the VIP away."""

    def setUp(self):
        self.node = Side(master=True)

    def gives(self, can=True):
        self.node.stands(switching=True)
        peer_says.can(self.node.state, can)
        if can:
            peer_says.carries(self.node.state, self.node.now, True)

    def gave(self):
        self.gives()
        self.node.stands(moved=True, here=False)
        self.node.stands(master=False)
        self.node.stands(switching=False, moved=False)

    def test_a_master_that_gives_nothing_away_says_nothing(self):
        self.assertEqual(self.node.words(10), [])
        self.assertFalse(connections.keeps(self.node.state))

    def test_it_says_so_from_the_peers_readiness_on_through_the_whole_move_and_after_it(self):
        self.gives()
        said = self.node.words(int(switch.GIVE_S))
        self.assertGreaterEqual(len(said), switch.GIVE_S - 1)
        self.assertEqual(set(said), {(KEEP_S, None)})
        self.node.stands(moved=True, here=False)
        self.node.stands(master=False)
        self.node.stands(switching=False)
        connections.counted(self.node.state, 37)
        self.assertEqual(self.node.words(3)[-1], (KEEP_S - 3, 37))

    def test_a_peer_that_cannot_carry_them_is_told_nothing(self):
        self.gives(can=False)
        self.node.stands(moved=True, here=False)
        self.node.stands(master=False)
        self.assertEqual(self.node.words(5), [])
        self.assertFalse(connections.keeps(self.node.state))

    def test_until_the_cloud_says_so_the_packets_show_the_way_and_then_it_is_through_the_peer(self):
        self.gives()
        self.assertIsNone(connections.through(self.node.state, self.node.now))
        self.node.stands(moved=True, here=False)
        self.assertTrue(connections.through(self.node.state, self.node.now))
        self.node.stands(master=False)
        self.node.stands(switching=False, moved=False)
        self.assertTrue(connections.through(self.node.state, self.node.now))

    def test_a_peer_that_says_no_more_that_it_carries_them_is_not_sent_through(self):
        self.gave()
        self.assertTrue(connections.stays(self.node.state, self.node.now))
        self.node.later(silence.SILENT_S)
        self.assertIsNone(connections.through(self.node.state, self.node.now))
        self.assertFalse(connections.stays(self.node.state, self.node.now), "nobody sends anything here")
        peer_says.carries(self.node.state, self.node.now, True)
        self.assertTrue(connections.through(self.node.state, self.node.now))

    def ended(self, why):
        state = self.node.state
        self.assertEqual((connections.keeps(state), state.why_ended), (False, why))
        self.assertIs(connections.through(state, self.node.now), False)
        self.assertFalse(connections.stays(state, self.node.now))
        self.assertEqual(self.node.words(10), [(0, 0)] * connections.FAREWELLS, "said again, for a word may be lost")

    def test_all_are_closed(self):
        self.gave()
        connections.counted(self.node.state, 1)
        self.assertTrue(connections.keeps(self.node.state))
        connections.counted(self.node.state, 0)
        self.ended(connections.ALL_CLOSED)

    def test_after_a_stall_it_does_not_go_on_for_the_peer_may_have_taken_the_vip_meanwhile(self):
        self.gave()
        connections.counted(self.node.state, 0)
        self.assertEqual(self.node.words(1), [(0, 0)])
        self.node.now += 1.5
        self.assertEqual(self.node.words(10), [])

    def test_what_is_counted_before_it_has_given_up_ends_nothing(self):
        self.gives()
        connections.counted(self.node.state, 0)
        self.node.stands(master=False)
        self.assertTrue(connections.keeps(self.node.state))

    def test_the_time_runs_from_the_demotion_on_and_ends_it(self):
        self.gives()
        self.node.later(15)
        self.node.stands(moved=True, here=False)
        self.node.stands(master=False)
        self.node.later(KEEP_S - 1)
        self.assertTrue(connections.keeps(self.node.state))
        connections.counted(self.node.state, 37)
        self.node.later(1)
        self.ended(connections.TIME_OVER)
        self.assertEqual(self.node.state.reset, 37)

    def test_master_again_it_serves_them_itself(self):
        self.gave()
        self.node.stands(master=True, here=True)
        self.ended(connections.MASTER_AGAIN)

    def test_a_switch_that_moved_nothing_leaves_nothing(self):
        self.gives()
        self.node.stands(switching=False)
        self.assertTrue(connections.keeps(self.node.state), "the request to move it may be on its way as yet")
        self.node.later(connections.SETTLED_S)
        self.ended(connections.MASTER_AGAIN)

    def anew(self, before, **stands):
        """A service that finds what the one before it has written down."""
        again = Side(master=False)
        again.now = self.node.now
        anew.resume(again.state, before, again.now)
        again.stands(**stands)
        return again

    def test_a_word_without_an_answer_is_said_again_soon(self):
        self.gave()
        self.node.later(silence.SILENT_S)
        unanswered = len(self.node.words(3))
        peer_says.carries(self.node.state, self.node.now, True)
        self.node.words(1)
        peer_says.carries(self.node.state, self.node.now, True)
        self.assertLessEqual(len(self.node.words(1)), 1)
        self.assertGreaterEqual(unanswered, 7)

    def test_a_service_that_was_started_anew_goes_on_for_the_rest_of_the_time(self):
        self.gave()
        before = anew.lasts(self.node.state)
        self.assertEqual(self.anew(before).words(1)[0], (KEEP_S, None))
        for nonsense in (99.0, float("nan"), None, "soon"):
            self.assertFalse(connections.keeps(self.anew(dict(before, until=nonsense)).state), nonsense)

    def test_where_the_setting_has_become_shorter_meanwhile_for_so_long(self):
        self.gave()
        for longer in (100.0 + 6 * KEEP_S, float("inf")):
            again = self.anew(dict(anew.lasts(self.node.state), until=longer))
            self.assertEqual(again.words(1)[0], (KEEP_S, None))

    def test_one_that_was_demoted_unasked_and_starts_anew_hears_the_peers_word_for_the_one_before_it(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        before = anew.lasts(node.state)
        again = self.anew(before)
        peer_says.heard(again.state, again.now, again.now)
        self.assertTrue(connections.keeps(again.state))
        for nonsense in (99.0, 100.0 + connections.PENDING_S + 1, float("nan"), float("inf"), None, "soon"):
            again = self.anew(dict(before, pending=nonsense))
            peer_says.heard(again.state, again.now, again.now)
            self.assertFalse(connections.keeps(again.state), nonsense)

    def test_nor_does_its_time_run_while_the_peer_has_yet_to_get_the_vip(self):
        peer_says.takes(self.node.state, self.node.now, self.node.now, True)
        self.node.stands(here=False)
        self.node.later(5)
        again = self.anew(anew.lasts(self.node.state))
        peer_says.takes(again.state, again.now, again.now, True)
        self.assertEqual(again.state.until, again.now + KEEP_S)

    def test_but_no_longer_in_all_than_for_one_service(self):
        peer_says.takes(self.node.state, self.node.now, self.node.now, True)
        began_at = self.node.now
        self.node.stands(here=False)
        self.node.later(connections.GONE_S - 1)
        peer_says.takes(self.node.state, self.node.now, self.node.now, True)
        before = anew.lasts(self.node.state)
        self.node.later(connections.GONE_S)
        for began in before["began"], None, "soon", float("nan"), float("inf"), self.node.now + 1:
            again = self.anew(dict(before, began=began))
            peer_says.takes(again.state, again.now, again.now, True)
            since = began_at if began == before["began"] else before["until"] - KEEP_S
            self.assertEqual(again.state.until, since + connections.GONE_S + KEEP_S, began)

    def test_a_service_that_is_killed_in_a_planned_switch_leaves_it_to_the_next(self):
        self.gives()
        again = self.anew(anew.lasts(self.node.state), master=True, here=True)
        self.assertTrue(connections.keeps(again.state), "the request to move the VIP is on its way")
        again.later(connections.SETTLED_S)
        self.assertEqual(again.state.why_ended, connections.MASTER_AGAIN)

    def test_the_next_counts_from_when_the_cloud_has_moved_it(self):
        self.gives()
        self.node.later(10)
        self.node.stands(moved=True)
        before = anew.lasts(self.node.state)
        self.assertEqual(self.anew(before, master=True).state.until, self.node.now + KEEP_S)

    def test_why_it_kept_none_any_more_is_no_news_of_a_move_in_which_it_keeps_none(self):
        self.gave()
        connections.end(self.node.state, connections.ALL_CLOSED)
        self.node.stands(master=True, here=True)
        self.node.later(connections.HEARD_S)  # by now nobody knows whether the peer would
        self.node.stands(master=False)
        self.assertFalse(connections.keeps(self.node.state))
        self.assertIsNone(self.node.state.why_ended)

    def test_why_it_keeps_none_any_more_the_next_service_knows_also_where_the_time_ended_in_between(self):
        self.gave()
        before = anew.lasts(self.node.state)
        self.node.later(KEEP_S + 1)
        self.assertEqual(self.anew(before).state.why_ended, connections.TIME_OVER)
        connections.end(self.node.state, connections.ALL_CLOSED)
        self.assertEqual(self.anew(anew.lasts(self.node.state)).state.why_ended, connections.ALL_CLOSED)
        self.assertIsNone(self.anew(dict(before, until=None, why=7)).state.why_ended)

    def test_a_master_that_starts_anew_and_finds_the_vip_at_the_peer_keeps_what_it_has(self):
        for was_master, where, keeps in (True, "there", True), (True, "here", False), (False, "there", False):
            node = Side(master=was_master)
            again = self.anew(anew.lasts(node.state), master=True, taking=True)
            self.assertFalse(connections.keeps(again.state))
            again.stands(**{where: True})
            self.assertEqual(connections.keeps(again.state), keeps, (was_master, where))
            self.assertIsNone(again.state.why_ended)

    def test_a_standby_that_is_master_as_it_starts_anew_keeps_what_the_peer_takes_as_the_one_before_it_was_told(self):
        for waits_s, keeps in (connections.SETTLED_S - 1, True), (connections.SETTLED_S, False):
            node = Side(master=False)
            peer_says.takes(node.state, node.now, node.now, False)
            before = anew.lasts(node.state)
            self.node.now = node.now + waits_s
            self.assertEqual(connections.keeps(self.anew(before, master=True, taking=True).state), keeps, waits_s)
            for nonsense in (self.node.now + 1, float("nan"), float("inf"), None, "soon"):
                again = self.anew(dict(before, took=nonsense), master=True, taking=True)
                self.assertFalse(connections.keeps(again.state), nonsense)

    def test_the_time_is_over_once_whatever_the_peer_says_afterwards(self):
        self.gave()
        self.node.later(KEEP_S)
        self.ended(connections.TIME_OVER)
        peer_says.takes(self.node.state, self.node.now, self.node.now, True)
        self.assertFalse(connections.keeps(self.node.state))
        peer_says.gives(self.node.state, self.node.now, KEEP_S)
        peer_says.takes(self.node.state, self.node.now, self.node.now, True)
        self.assertTrue(connections.keeps(self.node.state), "it has had the VIP since")

    def test_a_move_that_runs_shows_that_it_had_the_vip_since_though_no_look_did(self):
        for runs in (True, False):
            self.setUp()
            self.gave()
            self.node.later(KEEP_S)
            self.ended(connections.TIME_OVER)
            self.node.stands(master=True)
            self.node.later(1)
            self.gives()
            self.node.later(1)
            self.node.stands(moving=runs)
            self.node.stands(moving=False, moved=True)  # found there, which it may have been all the time
            self.node.stands(master=False)
            self.assertEqual(connections.keeps(self.node.state), runs)

    def test_nor_does_it_begin_anew_with_a_service_that_starts_after_its_end(self):
        for was_over in (False, True):
            self.gave()
            self.node.later(KEEP_S - 1 + was_over)
            before = anew.lasts(self.node.state)
            self.node.later(1)
            again = self.anew(dict(before, master=True), master=True, taking=True)
            again.stands(there=True)
            self.assertFalse(connections.keeps(again.state), was_over)
            again.stands(there=False, here=True)
            again.later(1)
            again.stands(here=False, there=True, taking=False)
            peer_says.takes(again.state, again.now, again.now, True)
            self.assertTrue(connections.keeps(again.state), "it has had the VIP since")

    def test_the_address_stays_only_while_the_peer_is_master(self):
        self.gave()
        self.node.later(silence.SILENT_S)
        peer_says.carries(self.node.state, self.node.now, False)
        self.assertTrue(connections.through(self.node.state, self.node.now))
        self.assertFalse(connections.stays(self.node.state, self.node.now), "this node's keepalived may be, unheard")


class New(unittest.TestCase):
    """The node that takes over."""

    def setUp(self):
        self.node = Side(master=False)

    def forwards(self):
        return carrying.forwards(self.node.state, self.node.now)

    def test_it_forwards_from_the_peers_word_on_and_never_for_longer_than_its_silence(self):
        self.assertFalse(self.forwards())
        carrying.peer_keeps(self.node.state, self.node.now, KEEP_S)
        self.node.later(silence.SILENT_S - 0.1)
        self.assertTrue(self.forwards())
        self.assertFalse(carrying.silent(self.node.state, self.node.now))
        self.node.later(0.1)
        self.assertFalse(self.forwards())
        self.assertTrue(carrying.silent(self.node.state, self.node.now))

    def test_a_word_counts_by_when_it_came(self):
        carrying.peer_keeps(self.node.state, self.node.now - silence.SILENT_S, KEEP_S)
        self.assertFalse(self.forwards(), "this node stood still meanwhile")

    def test_it_ends_at_once_where_the_peer_says_so(self):
        carrying.peer_keeps(self.node.state, self.node.now, KEEP_S, 37)
        carrying.peer_keeps(self.node.state, self.node.now, 0, 0)
        self.assertFalse(self.forwards())
        self.assertFalse(carrying.silent(self.node.state, self.node.now), "it has taken its leave")
        self.assertTrue(carrying.says_no_more(self.node.state, self.node.now))

    def test_it_carries_the_peers_and_has_its_own_carried_in_a_switch_back(self):
        carrying.peer_keeps(self.node.state, self.node.now, KEEP_S, 200)
        self.node.stands(master=True)
        self.assertEqual(self.node.words(2), [])
        self.node.stands(switching=True)
        peer_says.can(self.node.state, True)
        carrying.peer_keeps(self.node.state, self.node.now, KEEP_S, 200)
        self.assertTrue(self.forwards() and connections.keeps(self.node.state))


if __name__ == "__main__":
    unittest.main()

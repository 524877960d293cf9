"""Who keeps connections after a fault, and while nobody knows where the VIP is."""

import unittest

from keepalived_vip.agent.policy import connections, peer_says, stand
from keepalived_vip.agent.vip import vip_on_nic

from agent.policy.side import KEEP_S, Side


class Fault(unittest.TestCase):
    """Nobody has asked for a move: the new MASTER begins."""

    def test_a_node_that_lost_master_keeps_them_once_it_hears_that_the_peer_takes_the_vip(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        self.assertEqual(node.words(5), [], "the peer may have an earlier release, and take it for a request")
        peer_says.takes(node.state, node.now, node.now, True)
        self.assertEqual(node.word(), (KEEP_S, None))

    def test_and_where_the_peer_learns_that_it_is_master_as_the_address_that_it_is_lent_runs_out(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        node.later(vip_on_nic.PREPARED_S)
        peer_says.takes(node.state, node.now, node.now, False)
        self.assertTrue(connections.keeps(node.state))

    def test_a_word_that_comes_long_after_the_demotion_finds_nothing_to_keep(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        node.later(connections.PENDING_S)
        peer_says.takes(node.state, node.now, node.now, False)
        self.assertFalse(connections.keeps(node.state))

    def test_nor_does_one_to_a_node_that_is_master_again(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        node.stands(master=True)
        peer_says.heard(node.state, node.now, node.now)
        self.assertFalse(connections.keeps(node.state))

    def test_until_the_peer_has_the_vip_none_left_is_no_end_for_the_cloud_delivers_here(self):
        node = Side(master=True)
        node.stands(master=False, here=False)
        peer_says.takes(node.state, node.now, node.now, True)
        connections.counted(node.state, 0)
        self.assertTrue(connections.keeps(node.state))
        peer_says.holds(node.state, node.now, True)
        connections.counted(node.state, 0)
        self.assertTrue(connections.keeps(node.state), "a word of before")
        node.later(peer_says.EARLY_S)
        peer_says.holds(node.state, node.now, True)
        connections.counted(node.state, 0)
        self.assertEqual(node.state.why_ended, connections.ALL_CLOSED)

    def test_a_master_whose_vip_is_taken_keeps_them_too(self):
        node = Side.stalled()
        self.assertEqual(node.word(), (KEEP_S, None))
        self.assertIsNone(connections.through(node.state, node.now), "the cloud delivers here as yet")
        peer_says.carries(node.state, node.now, True)
        self.assertFalse(connections.stays(node.state, node.now), "the address on its NIC is keepalived's")

    def test_it_ends_with_a_look_that_no_request_of_the_peers_can_make_untrue(self):
        node = Side.stalled()
        node.later(connections.SETTLED_S - 2.1)
        self.assertTrue(connections.keeps(node.state))
        node.later(0.1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_partitioned_master_answers_through_the_peer_until_it_takes_the_vip_back(self):
        node = Side.stalled()
        node.stands(here=False)
        node.later(peer_says.EARLY_S)
        peer_says.holds(node.state, node.now, True)
        peer_says.carries(node.state, node.now, True)
        self.assertTrue(connections.through(node.state, node.now))
        node.stands(taking=True)
        self.assertIsNone(connections.through(node.state, node.now))

    def test_a_master_by_election_that_is_demoted_again_keeps_its_own_at_once(self):
        node = Side.taker()
        node.stands(master=True, taking=True)
        peer_says.heard(node.state, node.now, node.now)
        node.stands(master=False, taking=False)
        self.assertEqual(node.word(), (KEEP_S, None))

    def test_the_look_of_an_earlier_time_as_master_ends_nothing(self):
        node = Side(master=True)
        node.stands(master=False)
        peer_says.takes(node.state, node.now, node.now, True)
        node.now += connections.SETTLED_S + 1
        before = node.now - 0.5
        stand.stands(node.state, node.now, stand.Stand(True, taking=True, here_at=before))
        self.assertTrue(connections.keeps(node.state))

    def test_a_planned_switch_given_up_half_way_keeps_them_until_a_look_has_found_the_vip(self):
        node = Side(master=True)
        node.stands(switching=True, here=False)
        peer_says.can(node.state, True)
        node.stands(switching=False)
        self.assertTrue(connections.keeps(node.state))
        node.stands(here=True)
        self.assertTrue(connections.keeps(node.state), "its request may be on its way")
        node.later(connections.SETTLED_S)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_one_that_waits_for_a_peer_which_takes_the_vip_by_itself_keeps_them_at_once(self):
        node = Side(master=True)
        node.stands(switching=True)
        peer_says.takes(node.state, node.now, node.now, True)
        self.assertEqual(node.word(), (KEEP_S, None))

    def test_one_that_is_no_longer_master_in_the_midst_of_it_for_a_moment_only_as_well(self):
        node = Side(master=True)
        node.stands(switching=True)
        peer_says.can(node.state, True)
        node.stands(master=False, switching=False, here=False)
        node.later(0.1)
        node.stands(master=True, here=True)
        self.assertTrue(connections.keeps(node.state), "its request may be on its way")
        node.later(connections.SETTLED_S)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_node_that_got_the_vip_by_a_switch_that_nobody_ended_keeps_what_it_has_since(self):
        node = Side(master=False)
        peer_says.takes(node.state, node.now, node.now, True)
        self.assertEqual(node.word(), (KEEP_S, None))

    def test_a_node_without_the_vip_tells_a_peer_that_takes_it_that_there_is_nothing_to_wait_for(self):
        node = Side(master=False)
        peer_says.takes(node.state, node.now, node.now, False)
        self.assertEqual(node.words(5), [(0, 0)])

    def test_one_that_is_lent_the_vip_while_the_peers_request_is_on_its_way_keeps_what_it_opens_by_that(self):
        for seconds, keeps in (2, True), (connections.SETTLED_S, False):
            node = Side(master=False)
            peer_says.takes(node.state, node.now, node.now, False)
            node.later(seconds)
            stand.vip_comes(node.state, node.now)
            self.assertEqual(connections.keeps(node.state), keeps, seconds)

    def test_a_node_that_becomes_master_keeps_what_it_opens_while_the_peers_request_is_on_its_way(self):
        node = Side(master=False)
        peer_says.takes(node.state, node.now, node.now, False)
        node.later(1)
        node.stands(master=True, here=True)
        self.assertTrue(connections.keeps(node.state))
        node.later(connections.SETTLED_S)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_stuck_move_that_nobody_asks_for_any_more_is_its_end(self):
        node = Side.stalled()
        node.stands(here=False, listed=True)
        node.later(stand.STUCK_S - 1)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_move_that_has_just_begun_to_bring_the_vip_back_is_none_that_is_stuck(self):
        node = Side.stalled()
        node.stands(here=False)
        node.later(stand.STUCK_S + 10)
        node.stands(taking=True)
        node.later(6)
        node.stands(taking=False, listed=True)
        self.assertTrue(connections.keeps(node.state), "the path may lead to the peer as yet")
        node.later(stand.STUCK_S - 1)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)

    def test_a_master_whose_vip_is_on_its_way_by_a_request_that_it_did_not_hear_of_keeps_what_it_has(self):
        for understands in (False, True):
            node = Side(master=True)
            if understands:
                peer_says.heard(node.state, node.now, node.now)
            node.stands(here=False, listed=True, leaving=True)
            self.assertEqual(connections.keeps(node.state), understands)
        node.later(stand.STUCK_S - 1)
        self.assertTrue(connections.keeps(node.state))
        node.later(1)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)
        node.later(1)
        self.assertFalse(connections.keeps(node.state), "once for each time")

    def test_one_that_has_not_heard_the_peer_as_yet_keeps_it_from_its_first_word_on(self):
        node = Side(master=True)
        node.stands(here=False, listed=False, leaving=True)
        node.stands(leaving=False, there=True)
        node.later(1)
        peer_says.heard(node.state, node.now, node.now)
        self.assertTrue(connections.keeps(node.state))

    def test_but_not_once_the_vip_is_here_again(self):
        node = Side(master=True)
        node.stands(here=False, listed=True, leaving=True)
        node.stands(here=True, leaving=False)
        peer_says.heard(node.state, node.now, node.now)
        self.assertFalse(connections.keeps(node.state))

    def test_and_keeps_nothing_any_more_once_the_move_has_failed(self):
        node = Side(master=True)
        peer_says.heard(node.state, node.now, node.now)
        node.stands(here=False, listed=True, leaving=True)
        node.stands(here=True, leaving=False)
        self.assertEqual(node.state.why_ended, connections.MASTER_AGAIN)


if __name__ == "__main__":
    unittest.main()

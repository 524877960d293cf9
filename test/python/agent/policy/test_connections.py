"""Who keeps connections, for whom, until when, and how each of it ends."""

import unittest

import support  # noqa: F401
from keepalived_vip.agent.policy import connections, switch

KEEP_S = 600


class Side:
    """One node's state, and its clock."""

    def __init__(self, master: bool) -> None:
        self.now, self.master, self.switching, self.moved = 100.0, master, False, False
        self.state = connections.Keeping(KEEP_S)
        self.stands()

    def stands(self, **changes) -> None:
        for name, value in changes.items():
            setattr(self, name, value)
        connections.stands(self.state, self.now, self.master, self.switching, self.moved)

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.stands()

    def word(self):
        return connections.word(self.state, self.now)

    def words(self, seconds: int) -> list:
        """What it says within so many seconds."""
        said = []
        for _ in range(seconds * 10):
            said.append(self.word())
            self.later(0.1)
        return [word for word in said if word is not None]


class Old(unittest.TestCase):
    """The node that gives the VIP away."""

    def setUp(self):
        self.node = Side(master=True)

    def gives(self, can=True):
        self.node.stands(switching=True)
        connections.peer_can(self.node.state, can)
        if can:
            connections.peer_carries(self.node.state, self.node.now)

    def gave(self):
        self.gives()
        self.node.stands(moved=True)
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
        self.node.stands(moved=True)
        self.node.stands(master=False)
        self.node.stands(switching=False)
        connections.counted(self.node.state, 37)
        self.assertEqual(self.node.words(3)[-1], (KEEP_S - 3, 37))

    def test_a_peer_that_cannot_carry_them_is_told_nothing(self):
        self.gives(can=False)
        self.node.stands(moved=True)
        self.node.stands(master=False)
        self.assertEqual(self.node.words(5), [])
        self.assertFalse(connections.keeps(self.node.state))

    def test_until_the_cloud_says_so_the_packets_show_the_way_and_then_it_is_through_the_peer(self):
        self.gives()
        self.assertIsNone(connections.through(self.node.state, self.node.now))
        self.node.stands(moved=True)
        self.assertTrue(connections.through(self.node.state, self.node.now))
        self.node.stands(master=False)
        self.node.stands(switching=False, moved=False)
        self.assertTrue(connections.through(self.node.state, self.node.now))

    def test_a_peer_that_says_no_more_that_it_carries_them_is_not_sent_through(self):
        self.gave()
        self.assertTrue(connections.stays(self.node.state, self.node.now))
        self.node.later(connections.SILENT_S)
        self.assertIsNone(connections.through(self.node.state, self.node.now))
        self.assertFalse(connections.stays(self.node.state, self.node.now), "nobody sends anything here")
        connections.peer_carries(self.node.state, self.node.now)
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

    def test_what_is_counted_before_it_has_given_up_ends_nothing(self):
        self.gives()
        connections.counted(self.node.state, 0)
        self.node.stands(master=False)
        self.assertTrue(connections.keeps(self.node.state))

    def test_the_time_runs_from_the_demotion_on_and_ends_it(self):
        self.gives()
        self.node.later(15)
        self.node.stands(moved=True)
        self.node.stands(master=False)
        self.node.later(KEEP_S - 1)
        self.assertTrue(connections.keeps(self.node.state))
        self.node.later(1)
        self.ended(connections.TIME_OVER)

    def test_master_again_it_serves_them_itself(self):
        self.gave()
        self.node.stands(master=True)
        self.ended(connections.MASTER_AGAIN)

    def test_a_switch_that_moved_nothing_leaves_nothing(self):
        self.gives()
        self.node.stands(switching=False)
        self.ended(connections.NOT_MOVED)

    def test_a_service_that_was_started_anew_goes_on_for_the_rest_of_the_time(self):
        self.gave()
        until = self.node.state.until
        again = Side(master=False)
        connections.resume(again.state, until, again.now)
        self.assertEqual(again.words(1), [(KEEP_S, None)])
        for nonsense in (again.now - 1, again.now + KEEP_S + 1, float("nan"), float("inf")):
            other = Side(master=False)
            connections.resume(other.state, nonsense, other.now)
            self.assertFalse(connections.keeps(other.state), nonsense)


class New(unittest.TestCase):
    """The node that takes over."""

    def setUp(self):
        self.node = Side(master=False)

    def forwards(self):
        return connections.forwards(self.node.state, self.node.now)

    def test_it_forwards_from_the_peers_word_on_and_never_for_longer_than_its_silence(self):
        self.assertFalse(self.forwards())
        connections.peer_keeps(self.node.state, self.node.now, KEEP_S)
        self.node.later(connections.SILENT_S - 0.1)
        self.assertTrue(self.forwards())
        self.node.later(0.1)
        self.assertFalse(self.forwards())

    def test_a_word_counts_by_when_it_came(self):
        connections.peer_keeps(self.node.state, self.node.now - connections.SILENT_S, KEEP_S)
        self.assertFalse(self.forwards(), "this node stood still meanwhile")

    def test_it_ends_at_once_where_the_peer_says_so(self):
        connections.peer_keeps(self.node.state, self.node.now, KEEP_S, 37)
        connections.peer_keeps(self.node.state, self.node.now, 0, 0)
        self.assertFalse(self.forwards())

    def test_it_carries_the_peers_and_has_its_own_carried_in_a_switch_back(self):
        connections.peer_keeps(self.node.state, self.node.now, KEEP_S, 200)
        self.node.stands(master=True)
        self.assertEqual(self.node.words(2), [])
        self.node.stands(switching=True)
        connections.peer_can(self.node.state, True)
        connections.peer_keeps(self.node.state, self.node.now, KEEP_S, 200)
        self.assertTrue(self.forwards() and connections.keeps(self.node.state))


if __name__ == "__main__":
    unittest.main()

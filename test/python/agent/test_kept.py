"""Connections that are kept, where packets do not pass through the tunnel."""

import os
import queue
import tempfile
import types
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.agent.node import nic, peer
from keepalived_vip.agent.policy import connections, knowledge, peer_says, silence, switch
from keepalived_vip.agent.vip import kept, kept_kernel

KEEP_S = 600


class Kernel:
    """Makes every look at once, and finds seven connections."""

    def __init__(self, vip):
        self.made, self.jobs, self.done = [], self, queue.Queue()
        self.bridged = []

    def put(self, job):
        self.made.append(job)
        self.done.put(((7, (0, 0)), None))

    def bridge(self, seconds):
        self.bridged.append(seconds)


class Passage:
    def __init__(self, conf, mover):
        self.open = self.answered = True
        self.signs, self.lived = False, 0.0
        self.goes = None

    def passes(self):
        return self.open

    def silent(self):
        return not self.open

    def went(self, now, goes, *counts):
        self.goes = goes

    def heard(self, news, said_at):
        return False

    def lived_at(self):
        return self.lived

    def ask_for_sign(self, now):
        """Answered at once, by a peer that gives signs of life."""
        self.lived = now if self.signs else self.lived

    def turn(self, ear, now):
        return now + 10


class Ear:
    def __init__(self):
        self.said = []

    def sendto(self, data, to):
        self.said.append(peer.understood(data))


class Kept(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        conf = settings.Settings(support.values(keepConnectionsS=KEEP_S), run=folder.name, etc=folder.name)
        conf.connections_script = os.path.join(folder.name, "true")
        self.known = knowledge.Knowledge(support.ME, support.PEER, False, 20.0)
        self.mover = mock.Mock(known=self.known, troubles={})
        self.events, self.ear, self.now = [], Ear(), 100.0
        clock = mock.patch.object(kept, "time", types.SimpleNamespace(monotonic=lambda: self.now))
        clock.start()
        self.addCleanup(clock.stop)
        with mock.patch.object(kept, "Kernel", Kernel), mock.patch.object(kept, "Passage", Passage):
            say = lambda event, **fields: self.events.append((event, fields))  # noqa: E731
            vip = mock.Mock(keeps=False)
            self.kept = kept.Kept(conf, self.mover, vip, types.SimpleNamespace(offer={}), lambda do, *args: None, say)
        self.kept.tunnel = mock.Mock(turn=lambda now, busy: now + 30)

    def hears(self, **news):
        return self.kept.hears(self.ear, dict(news, waitedS=0.0), self.now)

    def turns(self, seconds: float = 0.5):
        end = self.now + seconds
        while self.now < end:
            self.kept.turn(self.ear, self.now)
            self.now += 0.05

    def forwards(self) -> bool:
        """Whether the kernel was last told that what is the peer's goes there."""
        return bool(self.kept.kernel.made) and self.kept.kernel.made[-1][0] > 0

    def test_what_is_the_peers_goes_there_while_packets_pass_and_is_reset_once_they_do_not(self):
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.turns()
        self.assertTrue(self.forwards() and self.kept.in_force())
        self.kept.passage.open = False
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.turns()
        self.assertFalse(self.forwards() or self.kept.in_force())
        self.ear.said = []
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.assertEqual(self.ear.said, [], "it does not say that it carries them")

    def test_a_node_that_stood_still_carries_nothing_until_its_rules_are_in_force_anew(self):
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.turns()
        self.now += silence.SILENT_S + kept.SLACK_S
        self.ear.said = []
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.assertEqual(self.ear.said, [])
        self.turns()
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.assertEqual([message["id"] for message in self.ear.said], [peer.CARRIES])

    def test_rules_that_are_gone_are_looked_for_at_once_and_not_again_with_each_look_that_fails(self):
        self.mover.trouble.side_effect = lambda what, *_: self.mover.troubles.setdefault(what, "")
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.turns()
        self.kept.kernel.put = lambda job: self.kept.kernel.done.put((None, OSError("nft: No such file or directory")))
        for _ in range(3):
            self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
            self.turns(1.5)
        self.kept.tunnel.at_once.assert_called_once()

    def test_each_word_of_the_peers_makes_its_three_seconds_new(self):
        for _ in range(5):
            self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
            said_at = self.now
            self.turns(1.0)
            self.assertAlmostEqual(self.kept.kernel.made[-1][0], said_at + silence.SILENT_S + kept.SLACK_S)

    def test_a_service_that_has_just_started_leaves_what_is_in_force_as_it_is(self):
        self.known.master = True
        peer_says.holds(self.kept.keeping, self.now, False)
        connections.begin(self.kept.keeping, self.now)
        self.turns()
        self.assertEqual({until for until, *_ in self.kept.kernel.made}, {None})

    def switches(self):
        """MASTER, in a planned switch, with a peer that is ready to carry."""
        self.known.master = True
        self.kept.vip.on_nic = nic.PRESENT
        phase = mock.patch.object(switch, "active", lambda known: known.master)
        phase.start()
        self.addCleanup(phase.stop)
        self.known.switch = mock.Mock(phase=switch.MOVING)
        self.turns()
        self.assertEqual(self.kept.kernel.bridged, [])
        self.hears(id=peer.READY, leftS=KEEP_S, of=1.0)
        self.turns()
        self.assertEqual(self.kept.kernel.bridged, [kept.PREPARED_S])

    def test_in_a_planned_switch_the_tunnel_has_the_vip_too_until_it_is_back_on_the_nic(self):
        self.switches()
        self.known.master, self.kept.vip.on_nic = False, nic.ABSENT
        self.turns()
        self.assertEqual(self.kept.kernel.bridged, [kept.PREPARED_S])
        self.kept.vip.on_nic = nic.LEASED
        self.turns()
        self.assertEqual(self.kept.kernel.bridged, [kept.PREPARED_S, 1])

    def test_or_until_nothing_is_kept(self):
        self.switches()
        self.known.master, self.kept.vip.on_nic = False, nic.ABSENT
        self.turns()
        connections.end(self.kept.keeping, connections.ALL_CLOSED)
        self.turns()
        self.assertEqual(self.kept.kernel.bridged, [kept.PREPARED_S, 1])

    def test_a_planned_switch_to_such_a_node_is_answered_and_offered_nothing(self):
        self.kept.passage.open = False
        self.assertEqual(self.waits(), connections.READY_S, "it may pass in a moment")
        self.assertEqual(self.kept.offer(), {})

    def waits(self) -> float:
        """For how many seconds a peer that asks again and again has no answer."""
        since = self.now
        while self.hears(id=peer.PREPARE, leftS=KEEP_S):
            self.now += 0.25
        return self.now - since

    def test_one_whose_rules_are_gone_has_time_to_make_them_anew_before_it_answers_for_a_switch_without_them(self):
        self.mover.troubles[kept.TROUBLE] = "nft: No such file or directory"
        self.assertEqual(self.waits(), connections.READY_S)
        self.hears(id=peer.PREPARE, leftS=KEEP_S)
        self.turns()
        self.assertEqual((self.hears(id=peer.PREPARE, leftS=KEEP_S), self.kept.offer()), (False, {"leftS": KEEP_S}))

    def test_one_that_stood_still_meanwhile_has_as_long_again_to_be_ready(self):
        self.kept.passage.open = False
        self.assertTrue(self.hears(id=peer.PREPARE, leftS=KEEP_S))
        self.now += connections.READY_S
        self.assertEqual(self.waits(), connections.READY_S, "its kernel has not been asked yet")

    def test_a_request_that_follows_a_look_is_told_before_it_is_answered(self):
        for step, told in (("describe",), False), (("migrate", support.PEER), True), (("assign",), True):
            with self.subTest(step[0]):
                self.known.master, self.known.seen.at, self.known.seen.holder = True, self.now, support.PEER
                self.known.asked.claim, self.known.asked.busy, self.known.asked.step = False, True, step
                self.ear.said = []
                self.turns(0.1)
                self.assertEqual(peer.READY in [message["id"] for message in self.ear.said], told)
                self.known.master = self.known.asked.busy = False
                self.turns(0.1)

    def test_such_a_node_that_takes_the_vip_does_not_have_its_peer_keep_what_it_will_not_carry(self):
        for passes in (True, False):
            self.kept.passage.open = passes
            self.hears(id="has", leftS=KEEP_S)
            self.known.master, self.known.asked.claim = True, True
            self.ear.said = []
            self.turns(2.0)
            told = [message for message in self.ear.said if message["id"] == peer.READY]
            self.assertEqual((bool(told), self.forwards()), (passes, passes))
            self.known.master, self.known.asked.claim = False, False
            self.turns(0.1)

    def test_a_dead_peer_is_sent_nothing_soon_after_a_move_and_one_whose_kernel_answers_for_three_seconds(self):
        for signs in (False, True):
            self.kept.passage.signs = signs
            self.hears(id="has", leftS=KEEP_S)
            self.known.master, self.known.asked.claim = True, True
            self.turns(10.0)
            self.assertTrue(self.forwards())
            self.known.asked.claim = False
            self.known.seen.holder, self.known.seen.available, self.known.seen.at = support.ME, True, self.now
            self.turns(1.0)
            self.assertEqual(self.forwards(), signs)
            self.assertEqual(self.kept.kernel.made[-1][2] > 0, not signs, "its clients are reset")
            self.turns(silence.SILENT_S - 0.8)
            self.assertEqual((self.forwards(), self.kept.kernel.made[-1][2]), (False, kept_kernel.ALONE_S))
            self.known.master = False
            self.turns(0.1)

    def test_clients_of_a_peer_whose_time_is_over_are_told_also_those_that_only_listen(self):
        self.known.master = True
        self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
        self.turns()
        self.assertEqual(self.kept.kernel.made[-1][2], 0.0)
        self.hears(id=peer.KEEPS, leftS=0)
        self.turns()
        self.assertEqual((self.forwards(), self.kept.kernel.made[-1][2]), (False, kept_kernel.TOLD_S))

    def test_what_goes_to_the_peer_in_vain_counts_only_on_a_master(self):
        for self.known.master in (True, False):
            self.hears(id=peer.KEEPS, leftS=KEEP_S, count=7)
            self.turns()
            self.assertEqual((self.kept.in_force(), self.kept.passage.goes), (True, self.known.master))

    def test_the_time_does_not_run_while_looks_show_that_a_move_is_stuck(self):
        self.known.master, seen = True, self.known.seen
        seen.holder, seen.available = support.ME, False
        for _ in range(KEEP_S // 5 + 10):
            seen.at = self.now
            self.hears(id=peer.READY, leftS=KEEP_S)
            self.turns(0.1)
            self.assertTrue(connections.keeps(self.kept.keeping))
            self.now += 5

    def test_what_is_opened_by_an_address_that_is_lent_while_the_peer_takes_the_vip_is_kept(self):
        self.kept.vip.on_nic = nic.ABSENT
        self.hears(id=peer.READY, leftS=KEEP_S)
        self.turns()
        self.assertFalse(connections.keeps(self.kept.keeping))
        self.kept.vip.on_nic = nic.LEASED
        self.turns()
        self.assertTrue(connections.keeps(self.kept.keeping))

    def test_once_none_is_left_the_address_that_was_lent_for_them_goes_if_the_vip_is_elsewhere_for_certain(self):
        for gone in (False, True):
            self.kept.vip.gone = gone
            connections.begin(self.kept.keeping, self.now)
            self.turns()
            connections.end(self.kept.keeping, connections.ALL_CLOSED)
            self.turns()
            self.assertEqual(self.kept.vip.end_linger.called, gone)

    def test_what_is_open_as_it_ends_is_closed_where_that_is_reset_and_the_vip_is_elsewhere_for_certain(self):
        stands = (False, False, False), (True, True, False), (True, False, True), (True, False, False)
        for why in (connections.TIME_OVER, connections.SILENT, connections.ALL_CLOSED):
            for gone, master, back in stands:
                with self.subTest(why, gone=gone, master=master, back=back):
                    self.now += 60
                    self.kept.vip.gone, self.kept.keeping.spent_at = gone, None
                    self.kept.vip.comes_back.return_value = back
                    connections.begin(self.kept.keeping, self.now)
                    self.turns(0.1)
                    self.known.master = master
                    ended_at = self.now
                    connections.end(self.kept.keeping, why, self.now)
                    looks = len(self.kept.kernel.made)
                    self.turns(0.1)
                    closes = gone and not master and not back and why in connections.RESETS
                    self.assertEqual([job[3] > ended_at for job in self.kept.kernel.made[looks:]], [closes])
                    self.known.master = False
                    self.turns(0.1)

    def test_its_time_is_over_in_that_moment_and_not_with_the_next_word(self):
        connections.begin(self.kept.keeping, self.now - 0.3)
        over_at = self.kept.keeping.until
        self.now = over_at - 0.3
        self.kept.turn(self.ear, self.now)
        peer_says.carries(self.kept.keeping, self.now, True)
        self.assertLessEqual(self.kept.turn(self.ear, self.now), over_at)

    def test_it_keeps_none_any_more_once_they_would_have_to_go_through_there(self):
        connections.begin(self.kept.keeping, self.now)
        self.turns()
        self.assertIn(("connections-kept", {"forS": KEEP_S}), self.events)
        self.kept.passage.open = False
        self.turns()
        self.assertIn(("connections-ended", {"why": connections.SILENT}), self.events)
        told = self.kept.status()["connections"]
        self.assertEqual((told["kept"], told["reset"], told["ended"]), (None, 7, connections.SILENT))

    def test_a_node_that_lost_master_keeps_them_once_it_hears_that_a_peer_which_would_carry_them_has_the_vip(self):
        for offers in ({}, {"leftS": KEEP_S}):
            self.known.master = True
            self.turns()
            self.known.master = False
            self.turns()
            self.hears(id="has", **offers)
            self.assertEqual(connections.keeps(self.kept.keeping), bool(offers))


if __name__ == "__main__":
    unittest.main()

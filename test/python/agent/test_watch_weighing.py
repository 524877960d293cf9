"""What the service believes: keepalived's word, the NIC, and what it has itself put there."""

import shutil
import tempfile
import time
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.agent import role, watch
from keepalived_vip.agent.node import nic
from keepalived_vip.user.announce import Announcer
from support import ME, PEER


class Weighing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        conf = settings.Settings(support.values(), folder, folder, folder + "/log", "", "http")
        self.service = watch.Service(conf, Announcer)
        self.service.next_tick = self.service.next_nic_check = float("inf")

    def test_a_contradiction_ends_with_keepalived(self):
        service = self.service
        service.role.state, service.vip.on_nic = {"state": "BACKUP"}, nic.PRESENT
        service.role.weigh(100.0)
        self.assertEqual(service.role.odd_since, 100.0)
        service.role.dead = True
        service.role.weigh(100.5)
        self.assertIsNone(service.role.odd_since, "a time that is past and stays so: the loop would never rest")

    def test_the_nic_is_looked_at_again_before_it_is_believed(self):
        """The address has gone unheard meanwhile, and a planned switch has lent another."""
        service = self.service
        service.role.started, service.ear = True, None
        service.role.state, service.vip.on_nic = {"state": "BACKUP", "since": 0}, nic.PRESENT
        service.role.odd_since = time.monotonic() - role.LOST_WORD_S
        with mock.patch.object(nic, "look", return_value=nic.LEASED):
            service.turn()
        self.assertEqual(service.role.state["state"], "BACKUP")

    def test_an_address_that_was_lent_becomes_endless_by_keepalived_s_word_alone(self):
        vip = self.service.vip
        self.service.role.state = {"state": "MASTER", "since": 0}  # from the file of a service that was killed
        for said, seconds in ((False, []), (True, [nic.ENDLESS_S])):
            vip.on_nic, self.service.role.said = nic.LEASED, said
            with mock.patch.object(vip, "lease") as lease:
                self.service.role.weigh(100.0)
            self.assertEqual([call[0][0] for call in lease.call_args_list], seconds)

    def test_a_move_is_done_only_where_the_cloud_shows_it(self):
        """One that was asked for, and given away by a planned switch before it was seen to end."""
        mover = self.service.mover
        mover.log = mock.Mock()
        for holder, done in ((PEER, 0), (ME, 1)):
            mover.move, mover.move_accepted_at = {"to": ME, "trigger": "keepalived", "phasesMs": {}}, 1.0
            mover.finish(holder, 2.0)
            self.assertEqual((mover.move, len(mover.moves)), (None, done))

    def test_a_move_that_a_look_asks_for_counts_from_that_look_whatever_was_given_away_before(self):
        mover = self.service.mover
        mover.log, mover.known.master = mock.Mock(), True
        for under_way, event_at in ((None, 50.0), (PEER, 50.0), (ME, 1.0)):
            mover.move = under_way and {"to": under_way}
            mover.trigger, mover.event_at = "reassert", 1.0
            mover.seen(PEER, True, "ok", 50.0)
            self.assertEqual(mover.event_at, event_at, under_way)


if __name__ == "__main__":
    unittest.main()

"""`vip.py` prepare, maintenance and probe."""

import argparse
import json
import unittest
from unittest import mock

from keepalived_vip.agent.node import drain, promise
from keepalived_vip.operator import adverts, commands, switchover
from node import DESCRIBE, MIGRATE
from pair import Pair
from support import ME, PEER, VIP, until


class Prepare(Pair):
    def test_the_address_is_there_for_a_while_and_makes_no_master(self):
        self.standby()
        code, output = self.call("prepare")
        self.assertEqual((code, self.on_nic()), (0, "leased"), output)
        self.calls_stop()
        self.assertEqual(self.status()["state"], "BACKUP")
        self.assertEqual(self.call("prepare", "--undo")[0], 0)
        until(lambda: self.on_nic() == "absent", "the kernel takes it away")

    def test_a_new_master_keeps_the_address_and_looks_before_it_asks(self):
        self.standby()
        self.cloud.holder = ME
        self.call("prepare")
        self.write('INSTANCE "VI_1" MASTER 250')
        self.settled()
        self.assertEqual(self.on_nic(), "forever")
        self.assertEqual(self.cloud.actions(), [DESCRIBE])

    def test_a_failover_in_the_middle_of_it_claims_the_vip(self):
        self.standby()
        self.call("prepare")
        self.write('INSTANCE "VI_1" MASTER 250')
        self.settled()
        self.assertEqual((self.on_nic(), self.cloud.holder), ("forever", ME))

    def test_an_address_that_was_kept_a_moment_too_late_goes_again(self):
        self.standby()
        self.call("prepare")
        self.write('INSTANCE "VI_1" MASTER 250')
        until(lambda: self.on_nic() == "forever", self.output)
        self.write('INSTANCE "VI_1" BACKUP 250')  # keepalived has removed it, and the service put it back
        until(lambda: self.on_nic() == "absent", self.output)
        self.assertEqual(self.status()["state"], "BACKUP")

    def test_refused_unless_this_node_could_take_over(self):
        code, output = self.call("prepare")
        self.assertEqual(code, 4)
        self.assertIn("does not run", output)
        self.standby()
        cases = (
            ("checks", self.lose_beat, self.beat),
            ("no rule", lambda: self.nic_script("echo no rule; exit 1"), lambda: self.nic_script("exit 0")),
            ("maintenance", lambda: self.call("maintenance", "on", "--force"), lambda: self.call("maintenance", "off")),
            ("FAULT", lambda: self.say("FAULT"), lambda: self.say("BACKUP")),
            ("by: maintenance", self.go_into_maintenance, self.come_back),
        )
        for why, spoil, mend in cases:
            spoil()
            code, output = self.call("prepare")
            self.assertEqual((code, self.on_nic()), (4, "absent"), output)
            self.assertIn(why, output)
            mend()
        self.assertEqual(self.call("prepare")[0], 0)

    def go_into_maintenance(self):
        self.call("maintenance", "on", "--force")
        self.say("FAULT")

    def come_back(self):
        self.call("maintenance", "off")
        self.say("BACKUP")

    def test_in_maintenance_only_for_one_who_will_end_it(self):
        self.standby()
        self.call("maintenance", "on", "--force")
        self.say("FAULT")
        self.assertEqual(self.call("prepare")[0], 4)
        self.assertEqual(self.call("prepare", "--in-maintenance")[0], 0)


class Maintenance(Pair):
    def test_a_standby_only_while_it_hears_a_master(self):
        self.standby()
        code, output = self.call("maintenance", "on")
        self.assertEqual(code, 4, output)
        self.assertFalse(self.drained())
        verb = self.begin("maintenance", "on", "--for", "30m")
        while verb.poll() is None:
            self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertTrue(self.drained())
        left_s = json.loads(self.call("status", "--json")[1])["maintenance"]["leftS"]
        self.assertAlmostEqual(left_s, 1800, delta=60)

    def refused_beside_a_master(self):
        """Of a standby that hears one."""
        verb = self.begin("maintenance", "on")
        while verb.poll() is None:
            self.advert()
        code, output = self.end(verb)
        self.assertEqual((code, self.drained(), self.reasons()), (4, False, set()), output)
        self.assertIn("on its way to this node", output)

    def taken(self):
        verb = self.begin("maintenance", "on")
        while verb.poll() is None:
            self.advert()
        code, output = self.end(verb)
        self.assertEqual((code, self.reasons()), (0, {"maintenance"}), output)

    def test_not_of_a_standby_that_a_colleague_has_just_prepared_until_that_is_undone(self):
        self.standby()
        self.assertEqual(self.call("prepare")[0], 0)
        self.refused_beside_a_master()
        self.assertEqual(self.call("prepare", "--undo")[0], 0)
        self.taken()

    def test_not_in_the_moment_between_its_own_look_and_its_word(self):
        """A switch that begins when the maintenance has been found possible, and is not written down yet."""
        self.standby()
        conf = self.conf()
        args = argparse.Namespace(to="on", reason="new kernel", seconds=60, force=False)
        note = drain.note

        def later(*about):
            promise.give(conf, 30.0)
            note(*about)

        beside_a_master = mock.patch.object(adverts, "hears_peer", return_value=True)
        with beside_a_master, mock.patch.object(drain, "note", later), mock.patch("builtins.print") as printed:
            self.assertEqual(commands.maintenance(conf, args), 4)
        self.assertIn("on its way to this node", printed.call_args[0][0])
        self.assertEqual((self.reasons(), self.drained()), (set(), False))

    def test_a_standby_that_is_taken_out_of_service_while_it_is_prepared_is_not_ready(self):
        self.standby()
        conf = self.conf()
        give = promise.give

        def later(*about):
            give(*about)
            drain.note(conf, drain.LASTING, 60, "new kernel")

        args = argparse.Namespace(undo=False, in_maintenance=False)
        with mock.patch.object(promise, "give", later), mock.patch("builtins.print") as printed:
            self.assertEqual(switchover.prepare(conf, args), 4)
        self.assertIn("maintenance", printed.call_args[0][0])
        self.assertEqual((self.on_nic(), promise.current(conf)), ("absent", None))

    def test_again_once_this_node_was_master_and_is_not_any_more(self):
        self.standby()
        self.assertEqual(self.call("prepare")[0], 0)
        self.write('INSTANCE "VI_1" MASTER 250')
        self.settled()
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.taken()

    def test_a_master_hands_over_first(self):
        self.master()
        self.peer_service()
        verb = self.begin("maintenance", "on")
        self.give_up()
        self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertEqual((self.cloud.holder, self.reasons()), (PEER, {"maintenance"}))

    def test_a_master_that_cannot_hand_over_goes_only_by_force(self):
        self.master()
        self.cloud.refusals = [(MIGRATE, "InternalError")] * 2
        self.assertEqual(self.call("maintenance", "on")[0], 4)
        self.assertFalse(self.drained())
        self.assertEqual(self.call("maintenance", "on", "--force")[0], 0)
        self.assertTrue(self.drained())

    def test_a_time_that_is_none_is_refused(self):
        self.assertEqual(self.call("maintenance", "on", "--for", "soon")[0], 3)


class Probe(Pair):
    def test_it_asks_the_one_who_has_it_and_only_from_elsewhere(self):
        self.assertEqual(self.call("probe", "--within", "0.3")[0], 1)
        self.ip("-n", self.peer, "addr", "add", VIP + "/32", "dev", "far")
        code, output = self.call("probe", "--json")
        self.assertEqual(code, 0, output)
        self.assertGreater(json.loads(output)["answeredMs"], 0)
        self.add_vip()
        self.assertEqual(self.call("probe")[0], 2)


if __name__ == "__main__":
    unittest.main()

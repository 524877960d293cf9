"""A planned switch on its two nodes, each as the service and the verbs see it."""

import json
import os
import time
import unittest
from unittest import mock

from node import MIGRATE
from pair import FAREWELL, Pair
from support import ME, PEER, until


class Switch(Pair):
    def master(self, **answer):
        """answer: what the peer's service says instead of "ready"."""
        super().master()
        self.asked = self.peer_service(**answer)


class Yield(Switch):
    def test_the_vip_then_the_role_and_no_call_afterwards(self):
        self.master()
        self.cloud.move_s = 0.5
        verb = self.begin("yield", "--json")
        until(lambda: self.cloud.state == "MIGRATING", self.output)
        self.assertFalse(self.drained(), "MASTER until the cloud has moved it")
        self.give_up()
        self.assertEqual(self.cloud.holder, PEER)
        until(lambda: self.status()["state"] == "FAULT", self.output)
        calls = len(self.cloud.journal)
        self.advert()
        code, output = self.end(verb)
        self.assertEqual(code, 0, output)
        phases = [json.loads(line)["phase"] for line in output.splitlines()]
        gone = ("asked", "ready", "moved")  # before anybody can look
        slow = [phase for phase in phases if phase not in gone]
        self.assertEqual(slow, ["moving", "yielded", "done"])
        self.assertEqual(self.cloud.actions()[calls:], [])
        until(lambda: not self.drained(), "takes part again at once")
        moved = self.events("moved")[-1]
        self.assertEqual((moved["trigger"], moved["from"], moved["to"]), ("switch", ME, PEER))

    def test_who_asked_and_why_is_kept_with_the_move_in_one_line_each(self):
        self.master()
        asker = {"KEEPALIVED_VIP_ASKED_BY": "alice\n@" + "x" * 300, "SSH_CONNECTION": "192.0.2.7 1 2 3"}
        with mock.patch.dict(os.environ, asker):
            verb = self.begin("yield", "--reason", "new\x1b[2Jkernel" + "y" * 300)
        self.give_up()
        self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        wanted = {"by": ("alice?@" + "x" * 300)[:100] + " from 192.0.2.7", "why": ("new?[2Jkernel" + "y" * 300)[:200]}
        for event in (self.logged("moved")[-1], self.status()["lastMove"]):
            self.assertEqual(event["asked"], wanted)
        self.assertEqual([dict(wanted, what="switch")], self.asked_for())

    def asked_for(self):
        return [{name: event[name] for name in ("what", "by", "why")} for event in self.logged("asked")]

    def test_maintenance_of_a_standby_is_logged_with_who_wanted_it_and_its_end_too(self):
        self.standby()
        with mock.patch.dict(os.environ, KEEPALIVED_VIP_ASKED_BY="bob@desk"):
            os.environ.pop("SSH_CONNECTION", None)
            self.assertEqual(self.call("maintenance", "on", "--force", "--reason", "new disk")[0], 0)
            self.logged("asked")
            self.assertEqual(self.call("maintenance", "off")[0], 0)
        self.logged("asked", 2)
        told = (("on", "new disk"), ("off", ""))
        wanted = [{"what": "maintenance " + to, "by": "bob@desk", "why": why} for to, why in told]
        self.assertEqual(self.asked_for(), wanted)

    def test_a_refusal_of_the_cloud_changes_nothing_and_is_told(self):
        self.master()
        self.cloud.refusals = [(MIGRATE, "LimitExceeded")]
        code, output = self.call("yield")
        self.assertEqual(code, 4, output)
        self.assertIn("LimitExceeded", output)
        self.assertFalse(self.drained())
        self.assertTrue(self.here())

    def test_a_peer_that_is_not_ready_is_given_nothing_and_says_what_is_in_the_way(self):
        self.master(id="unready", why="keepalived is FAULT, not BACKUP")
        for verb in (("yield",), ("maintenance", "on")):
            code, output = self.call(*verb)
            self.assertEqual(code, 4, output)
            self.assertIn("keepalived is FAULT, not BACKUP", output)
            self.assertEqual((self.cloud.holder, self.drained(), self.here()), (ME, False, True))

    def test_a_move_that_failed_in_the_cloud_is_not_told_as_done(self):
        self.master()
        moves = self.status()["movesTotal"]
        self.cloud.failing = True
        code, output = self.call("yield")
        self.assertEqual(code, 4, output)
        until(lambda: self.status()["cloudHolder"] == "self" and self.status()["checkedAt"], self.output)
        self.assertEqual((self.status()["movesTotal"], self.events("moved")[moves:]), (moves, []))

    def test_an_answer_that_was_lost_is_looked_for(self):
        self.master()
        self.cloud.move_s = 0.5
        self.cloud.lose_answers = [MIGRATE] * 2  # a closed connection is tried once more, and then refused
        verb = self.begin("yield")
        self.give_up()
        self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertEqual(self.cloud.lose_answers, [])

    def test_a_peer_that_does_not_take_over_gets_no_second_chance(self):
        self.master()
        verb = self.begin("yield")
        self.give_up()
        self.advert(FAREWELL)
        code, output = self.end(verb)
        self.assertEqual(code, 5, output)
        until(lambda: not self.drained(), "takes part again")
        self.become_master()
        until(lambda: self.cloud.holder == ME, self.output)

    def test_keepalived_that_does_not_give_up_has_the_vip_fetched_back(self):
        self.master()
        verb = self.begin("yield")
        until(lambda: self.cloud.holder == PEER, self.output)
        self.assertEqual(self.end(verb)[0], 5)
        until(lambda: self.cloud.holder == ME and not self.drained(), self.output)

    def test_a_word_that_was_left_in_the_pipe_long_ago_moves_nothing(self):
        self.master()
        with open(self.run_dir + "/switch.request", "w") as file:
            json.dump({"id": "old", "at": time.monotonic() - 60, "why": "planned", "keepS": None}, file)
        self.write('NOTIFY "VI_1" YIELD 0')
        self.calls_stop()

    def test_refused_where_it_makes_no_sense(self):
        self.assertEqual(self.call("yield")[0], 4)  # not MASTER
        self.add_vip()
        self.assertEqual(self.call("yield")[0], 4)  # no service
        self.drop_vip()
        self.master()
        self.ip("-n", self.peer, "link", "set", "far", "down")
        code, output = self.call("yield")
        self.assertEqual(code, 4)
        self.assertIn("does not answer", output)
        self.assertEqual(self.cloud.actions().count(MIGRATE), 1)


class Killed(Switch):
    """Whatever dies on the way, the ordinary rules end it."""

    def the_command_is_killed(self, phase):
        self.master()
        self.cloud.move_s = 0.5
        verb = self.begin("yield")
        self.at(phase)
        verb.kill()
        self.give_up()
        self.advert()
        self.at("done")
        until(lambda: not self.drained(), self.reasons)

    def test_the_switch_goes_on_without_the_command_that_asked_for_it(self):
        self.the_command_is_killed("moving")

    def test_it_ends_without_the_command_after_giving_up(self):
        self.the_command_is_killed("yielded")

    def the_service_is_killed(self, phase):
        self.master()
        self.cloud.move_s = 0.5
        verb = self.begin("yield")
        self.at(phase)
        self.kill()
        self.start(ready=False)
        code, output = self.end(verb)
        until(lambda: self.cloud.holder == ME and self.cloud.state == "AVAILABLE", self.output)
        until(lambda: not self.drained(), self.reasons)
        return code

    def test_a_new_service_fetches_back_what_the_killed_one_gave_away(self):
        self.assertEqual(self.the_service_is_killed("moving"), 6)

    def test_a_new_service_takes_part_again_where_the_killed_one_had_given_up(self):
        self.assertEqual(self.the_service_is_killed("yielded"), 5)

    def test_demoted_in_the_middle_it_makes_no_further_call(self):
        self.master()
        self.cloud.move_s = 60
        verb = self.begin("yield")
        self.at("moving")
        self.become_backup()
        self.assertEqual(self.end(verb)[0], 6)
        self.calls_stop()


class StandingMaster(Switch):
    mode = {"mode": "standing-master", "preferred": True}

    def test_the_preferred_node_stays_away_until_its_maintenance_ends(self):
        self.master()
        verb = self.begin("yield", "--for", "2h", "--reason", "new kernel")
        self.give_up()
        self.assertEqual(self.reasons(), {"switch"}, "lasting only once the peer is MASTER")
        self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertEqual((self.reasons(), self.drained()), ({"maintenance"}, True))
        kept = json.loads(self.call("status", "--json")[1])["maintenance"]
        self.assertEqual(kept["why"], "new kernel")
        self.assertAlmostEqual(kept["leftS"], 7200, delta=60)
        self.assertEqual(self.call("maintenance", "off")[0], 0)
        self.assertFalse(self.drained())

    def test_a_node_that_cannot_be_kept_away_says_so_and_takes_part(self):
        self.master()
        verb = self.begin("yield")
        with open(self.run_dir + "/lib/drain.d", "w"):
            pass  # where the lasting reason should be written
        self.give_up()
        self.advert()
        code, output = self.end(verb)
        self.assertEqual(code, 5, output)
        self.assertIn("cannot stay away", output)
        until(lambda: not self.drained(), self.reasons)
        self.assertIsNone(self.service.poll(), self.output())


if __name__ == "__main__":
    unittest.main()

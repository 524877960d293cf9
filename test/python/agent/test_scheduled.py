"""A planned switch that the MASTER keeps until its time: carried out once, or told that it was not."""

import json
import os
import time
import unittest

from keepalived_vip import settings
from keepalived_vip.agent.vip import scheduled
from node import MIGRATE
from pair import Pair
from support import ME, PEER, until
from user.receiver import Receiver

ID = "0123456789ab"


class Why(unittest.TestCase):
    def test_it_lapses_when_its_time_is_long_past_or_this_node_is_not_master_for_longer_than_a_flicker(self):
        self.assertIsNone(scheduled.why_lapsed(-3600.0, 0.0, None))
        self.assertIsNone(scheduled.why_lapsed(scheduled.LATE_S, 4.9, "x"), "a service that was started anew")
        self.assertIn("stood still", scheduled.why_lapsed(scheduled.LATE_S + 1, 0.0, None))
        self.assertEqual(scheduled.why_lapsed(scheduled.LATE_S + 1, 0.0, "the cloud"), "the cloud")
        for late_s in (-3600.0, 1.0):
            self.assertIn("no longer MASTER", scheduled.why_lapsed(late_s, 5.0, None))


class Kept(Pair):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver.of(self)
        self.path = self.run_dir + "/lib/scheduled.json"

    def keep(self, at, **more):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        wish = {"id": ID, "at": at, "forS": 3600, "by": "alice@laptop", "why": "new kernel"}
        settings.write_atomically(self.path, json.dumps(dict(wish, **more)))

    def gone(self):
        until(lambda: not os.path.exists(self.path), self.output)

    def lapsed(self, why: str):
        """It is told by the log and by notifyUrl, once, and nothing of it is left."""
        event = self.logged("switch-lapsed")[0]
        self.assertEqual((event["id"], event["by"]), (ID, "alice@laptop"))
        self.assertIn(why, event["why"])
        posts = until(lambda: [one for one in self.receiver.contents() if one["event"] == "switch-lapsed"], self.output)
        self.assertEqual(posts[0]["switch"], {name: event[name] for name in ("id", "at", "by", "why")})
        self.gone()
        self.assertEqual((len(self.events("switch-lapsed")), len(posts)), (1, 1))

    def moves(self):
        return self.cloud.actions().count(MIGRATE)


class Due(Kept):
    def test_at_its_time_it_is_a_planned_switch_in_the_name_of_who_asked_and_not_before(self):
        self.master()
        asked = self.peer_service()
        moves = self.moves()
        at = time.time() + 2.5
        self.keep(at)
        until(lambda: asked or time.time() < at, self.output)
        self.give_up()
        self.assertGreaterEqual(time.time(), at)
        self.advert()
        self.at("done")
        self.assertEqual((self.cloud.holder, self.moves()), (PEER, moves + 1))
        self.assertEqual(self.logged("moved", 2)[-1]["asked"], {"by": "alice@laptop", "why": "new kernel"})
        self.gone()
        self.assertEqual(self.events("switch-lapsed"), [])
        until(lambda: not self.drained(), "takes part again at once")

    def test_a_service_that_is_started_anew_at_that_moment_still_does_it_once(self):
        self.master()
        self.peer_service()
        self.kill()
        self.keep(time.time() - 1)
        self.start()
        self.give_up()
        self.advert()
        self.at("done")
        self.gone()
        self.kill()
        self.start()
        self.assertEqual((self.events("switch-lapsed"), self.cloud.holder), ([], PEER))

    def test_a_peer_that_is_not_ready_is_told_and_not_asked_again(self):
        self.master()
        asked = self.peer_service(id="unready", why="keepalived is FAULT, not BACKUP")
        moves = self.moves()
        self.keep(time.time())
        self.lapsed("refused: the peer is not ready: keepalived is FAULT, not BACKUP")
        self.assertEqual((len(asked), self.moves(), self.cloud.holder), (1, moves, ME))

    def test_one_that_fails_on_the_way_is_told(self):
        self.master()
        self.peer_service()
        self.keep(time.time())
        until(lambda: self.cloud.holder == PEER, self.output)
        self.lapsed("abandoned after yielded")  # this keepalived does not give up
        until(lambda: self.cloud.holder == ME, self.output)


class Preferred(Kept):
    mode = {"mode": "standing-master", "preferred": True}

    def test_the_preferred_node_stays_away_afterwards_for_as_long_as_was_asked(self):
        self.master()
        self.peer_service()
        self.keep(time.time(), forS=7200)
        self.give_up()
        self.advert()
        self.at("done")
        with open(self.run_dir + "/lib/drain.d/maintenance") as file:
            self.assertAlmostEqual(json.load(file)["until"], time.time() + 7200, delta=60)


class Lapsed(Kept):
    def test_of_a_node_that_is_no_longer_master_at_once(self):
        self.master()
        moves = self.moves()
        self.keep(time.time() + 3600)
        self.become_backup()
        self.lapsed("no longer MASTER")
        self.assertEqual(self.moves(), moves)

    def test_of_a_node_that_was_down_at_its_time(self):
        self.master()
        self.kill()
        self.keep(time.time() - 3600)
        self.start()
        self.lapsed("was down")
        self.settled()

    def test_of_a_service_that_was_killed_as_it_carried_it_out(self):
        self.master()
        self.kill()
        self.keep(time.time() - 1, begun=True)
        self.start()
        self.lapsed("ended while it was carried out")

    def test_a_file_that_nobody_can_read_is_none_and_a_trouble_of_nobodys(self):
        self.master()
        for content in ('{"id": "x"}', "[]", "{"):
            settings.write_atomically(self.path, content)
            until(lambda: self.status()["state"] == "MASTER", self.output)
        self.calls_stop()
        self.assertEqual((self.events("switch-lapsed"), self.status()["troubles"]), ([], {}))


if __name__ == "__main__":
    unittest.main()

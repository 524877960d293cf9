"""`vip.py carried`: how many of the peer's connections this node carries, and until when an update waits for them."""

import fcntl
import json
import os
import time
import types
import unittest
from unittest import mock

from keepalived_vip.operator import carried
from pair import Pair


class Carried(Pair):
    """The service's word is played: test_kept.py has what stands in it."""

    def setUp(self):
        super().setUp()
        self.play_keepalived()
        os.makedirs(self.run_dir + "/locks", 0o700)
        self.lock = open(self.run_dir + "/locks/service", "w")
        self.addCleanup(self.lock.close)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.add_vip()

    def says(self, carried, age_s: float = 0.0):
        told = {"updatedAt": time.time() - age_s, "connections": {"kept": None, "carried": carried}}
        with open(self.run_dir + "/new", "w") as file:
            json.dump(told, file)
        os.rename(self.run_dir + "/new", self.run_dir + "/status.json")

    def test_says_how_many_and_for_how_long_or_that_there_are_none(self):
        self.says({"count": 37, "leftS": 360})
        self.assertEqual(self.call("carried"), (1, "the peer still serves 37 connections, for 6 min more at most\n"))
        self.says({"count": None, "leftS": 5})
        self.assertEqual(self.call("carried"), (1, "the peer still serves connections, for 5 s more at most\n"))
        self.says(None)
        self.assertEqual(self.call("carried", "--wait"), (0, "no connection of the peer's is carried\n"))

    def test_waits_until_they_have_ended(self):
        self.says({"count": 1, "leftS": 9})
        verb = self.begin("carried", "--wait")
        first = verb.stdout.readline().decode()
        self.assertEqual(first, "the peer still serves 1 connection, for 9 s more at most\n", "told at once")
        self.assertIsNone(verb.poll())
        self.says(None)
        self.assertEqual(self.end(verb), (0, "no connection of the peer's is carried any more\n"))

    def test_a_vip_that_went_back_ends_the_wait_as_a_failure(self):
        self.says({"count": 37, "leftS": 360})
        verb = self.begin("carried", "--wait")
        verb.stdout.readline()
        self.drop_vip()
        code, output = self.end(verb)
        self.assertEqual(code, 5, output)
        self.assertIn("the VIP went back to the peer", output)

    def test_a_service_that_does_not_run_or_hangs_says_nothing_of_now(self):
        self.says({"count": 37, "leftS": 360}, age_s=90.0)
        code, output = self.call("carried", "--wait")
        self.assertEqual(code, 6, output)
        self.assertIn("has said nothing for 1 min", output)
        self.says({"count": 37, "leftS": 360})
        self.lock.close()
        code, output = self.call("carried", "--wait")
        self.assertEqual(code, 6, output)
        self.assertIn("does not run", output)


class Moment(unittest.TestCase):
    def test_none_for_a_moment_is_no_end_of_the_wait(self):
        """A look that failed, or rules that were made anew."""
        one = {"connections": {"carried": {"count": 1, "leftS": 9}}}
        told, now = [one, {}, one, {}, {}, one], [100.0]
        clock = types.SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: now.append(now.pop() + seconds))
        words = mock.Mock(read_json=lambda _: told.pop(0) if told else {})
        with mock.patch.multiple(carried, time=clock, settings=words, silent=lambda _: None, nic=mock.Mock()):
            self.assertEqual(carried.carried(mock.Mock(), types.SimpleNamespace(wait=True)), carried.DONE)
        self.assertEqual(told, [])
        self.assertGreaterEqual(now[0], 100.0 + 6 * carried.LOOK_S + carried.NONE_S)


if __name__ == "__main__":
    unittest.main()

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
        code, output = self.call("carried")
        self.assertEqual(code, 6, output)
        self.assertIn("has said nothing for 1 min", output)
        self.says({"count": 37, "leftS": 360})
        self.lock.close()
        code, output = self.call("carried")
        self.assertEqual(code, 6, output)
        self.assertIn("does not run", output)


class Moment(unittest.TestCase):
    def test_none_for_a_moment_is_no_end_of_the_wait(self):
        """A look that failed, or rules that were made anew."""
        one = {"connections": {"carried": {"count": 1, "leftS": 9}}}
        self.assertEqual(self.waits([one, {}, one, {}, {}, one]), (carried.DONE, 6 * carried.LOOK_S + carried.NONE_S))

    def test_nor_is_a_service_that_starts_anew_and_has_carried_none_yet(self):
        one, starts = {"connections": {"carried": {"count": 1, "leftS": 9}}}, "does not run"
        words = [one] + [starts] * 20 + [{}, one]
        self.assertEqual(self.waits(words), (carried.DONE, len(words) * carried.LOOK_S + carried.NONE_S))

    def test_one_that_stays_away_is(self):
        found = self.waits([{}] + ["does not run"] * 100)
        self.assertEqual(found, (carried.UNKNOWN, carried.LOOK_S + carried.STARTS_S))

    def test_so_is_one_that_starts_again_and_again(self):
        code, waited_s = self.waits([{}, "does not run", "does not run"] * 100)
        self.assertEqual((code, waited_s < carried.STARTS_S + 3), (carried.UNKNOWN, True))

    def waits(self, words) -> tuple:
        """The exit code, and for how many seconds, where the service says these one after the other, of which a text is
        why it says nothing; and in the end that it carries none."""
        now, left = [100.0], list(words)

        def sleep(seconds):
            now[0] += seconds
            left[:1] = []

        word = lambda: left[0] if left else {}  # noqa: E731
        clock = types.SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
        read = mock.Mock(read_json=lambda _: word() if isinstance(word(), dict) else {})
        silent = lambda _: word() if isinstance(word(), str) else None  # noqa: E731
        with mock.patch.multiple(carried, time=clock, settings=read, silent=silent, nic=mock.Mock()):
            return carried.carried(mock.Mock(), types.SimpleNamespace(wait=True)), now[0] - 100.0


if __name__ == "__main__":
    unittest.main()

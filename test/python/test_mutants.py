"""The simulation's mutants name lines of the runtime literally: one that has no place any more proves nothing. Where
the hunt for one begins is a hint, which makes it faster and never blind."""

import os
import sys
import unittest
from collections import namedtuple

import support

sys.path.append(os.path.join(support.HERE, "..", "simulation"))

import hints  # noqa: E402
import mutants  # noqa: E402
import runtime  # noqa: E402
from kept import mutants as kept_mutants  # noqa: E402


class Mutants(unittest.TestCase):
    def test_each_has_its_place_in_the_runtime(self):
        for mutant in mutants.MUTANTS + kept_mutants.MUTANTS:
            with self.subTest(mutant.name):
                runtime.load(mutant.apply)


Broken = namedtuple("Broken", "rule text")


def hunted(catches, hint, rule="kept"):
    """A hunt through ten seeds, some of which catch; and the seeds that it played."""
    played = []

    def play(seed):
        played.append(seed)
        return Broken(rule, "text") if seed in catches else None

    return hints.Hunt("name", "histories", hint).go(play, ((seed,) for seed in range(1, 11))), played


class Hints(unittest.TestCase):
    def test_a_good_one_is_all_that_is_played(self):
        found, played = hunted({3, 7}, (7,))
        self.assertEqual((found.caught, found.caught_in, found.stale, played), (True, (7,), False, [7]))

    def test_one_that_catches_nothing_is_told_and_the_hunt_begins_with_the_first_seed(self):
        found, played = hunted({3}, (7,))
        self.assertEqual((found.caught, found.caught_in, found.stale, played), (True, (3,), True, [7, 1, 2, 3]))
        self.assertIn("its hint is stale, seed 7", hints.told(found))

    def test_what_nothing_catches_escapes_with_a_hint_too(self):
        found, played = hunted(set(), (7,))
        self.assertEqual((found.caught, played), (False, [7, *range(1, 11)]))
        self.assertIn("ESCAPED", hints.told(found))

    def test_a_runtime_that_fails_by_itself_is_not_caught(self):
        found, played = hunted({7}, (7,), rule="alive")
        self.assertEqual((found.caught, played), (False, [7, *range(1, 8)]))
        self.assertIn("ESCAPED", hints.told(found))


if __name__ == "__main__":
    unittest.main()

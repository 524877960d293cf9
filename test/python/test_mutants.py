"""The simulation's mutants name lines of the runtime literally: one that has no place any more proves nothing."""

import os
import sys
import unittest

import support

sys.path.append(os.path.join(support.HERE, "..", "simulation"))

import mutants  # noqa: E402
import runtime  # noqa: E402
from kept import mutants as kept_mutants  # noqa: E402


class Mutants(unittest.TestCase):
    def test_each_has_its_place_in_the_runtime(self):
        for mutant in mutants.MUTANTS + kept_mutants.MUTANTS:
            with self.subTest(mutant.name):
                runtime.load(mutant.apply)


if __name__ == "__main__":
    unittest.main()

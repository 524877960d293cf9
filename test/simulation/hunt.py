"""Plays each mutant until a rule catches it."""

import os
import sys

import history
import runtime
from fleet import report
from hints import HINTS, RECORD, Hunt, told, write
from kept import mutants as kept_mutants
from kept.world import KeptWorld
from mutants import MUTANTS
from world import World

# Each with the histories that it is played in.
ALL_MUTANTS = [(mutant, World) for mutant in MUTANTS] + [(mutant, KeptWorld) for mutant in kept_mutants.MUTANTS]


def run_mutant(work) -> Hunt:
    """In a process of its own."""
    number, first, last, modes, hint = work
    mutant, world_class = ALL_MUTANTS[number]
    mutated = runtime.load(mutant.apply)

    def play(seed: int, mode: str):
        return history.play(mutated, seed, mode, world_class=world_class)[1]

    places = ((seed, mode) for seed in range(first, last) for mode in modes)
    return Hunt(mutant.name, "histories", hint).go(play, places)


def run_fleet_mutant(work) -> Hunt:
    """In a process of its own."""
    number, hint = work
    play = report.mutated(number)
    places = ((seed,) for seed in range(1, report.SEEDS + 1))
    return Hunt(report.MUTANTS[number].name, "fleets", hint).go(play, places)


def catch(pool, first: int, count: int, modes, hints: dict, record: bool) -> int:
    """Plays all mutants; gives the exit code. record: writes where each was caught."""
    works = []
    for number, (mutant, _) in enumerate(ALL_MUTANTS):
        works.append((number, first, first + count, modes, hints.get(mutant.name)))
    fleets = [(number, hints.get(mutant.name)) for number, mutant in enumerate(report.MUTANTS)]
    hunts = []
    # The fleets are the longest and come first; all are begun at once, so that none leaves a core idle.
    for some in (pool.imap(run_fleet_mutant, fleets, 1), pool.imap(run_mutant, works, 1)):
        for hunt in some:
            hunts.append(hunt)
            print(told(hunt))
            sys.stdout.flush()
    escaped = sum(not hunt.caught for hunt in hunts)
    stale = sum(hunt.stale for hunt in hunts)
    if record:
        write(hunts)
        print("\n%s is written" % os.path.relpath(HINTS))
    elif stale:
        print("\nHints that are stale, %d, only cost time: %s" % (stale, RECORD))
    verdict = "every mutant was caught" if not escaped else "the simulation misses what it should find"
    print("\n%d passed, %d failed: %s" % (len(hunts) - escaped, escaped, verdict))
    return 1 if escaped else 0

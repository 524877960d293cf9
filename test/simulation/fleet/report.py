"""Plays fleets in processes of their own, and tells in numbers what was seen."""

import time

import runtime
from rules import Broken

from fleet.account import COUNTS
from fleet.mutants import MUTANTS, SIZE
from fleet.story import CALM_FROM_S, FAILS_S, HALF_FROM_S, LOOK, MOVE, RETURNS_S, RULES, TASK, Story

SEEDS = len(COUNTS)  # one fleet for each way to count
START_S = 10  # so long a start or a failure is at its worst


def play(story):
    """None, or the rule that was broken."""
    try:
        story.play()
    except Broken as broken:
        return broken
    return None


def run(work):
    """In a process of its own: (seed, what was seen as lines, None or Broken)."""
    seed, size = work
    story = Story(runtime.load(), seed, size)
    broken = play(story)
    return seed, told(story), broken


def mutated(number: int):
    """Plays fleets of a mutant: a function of the seed that gives None or Broken."""
    loaded = runtime.load(MUTANTS[number].apply)
    return lambda seed: play(Story(loaded, seed, SIZE))


def told(story) -> list:
    """A fleet's life in lines of numbers, as far as it came."""
    account, plan = story.account, story.fleet.pairs[0].plan
    lines = ["%s; a move takes about %g s" % (COUNTS[account.counts], plan.move_s)]
    spans = (
        ("start", LOOK, 0, START_S),
        ("calm", LOOK, CALM_FROM_S, FAILS_S),
        ("failure", MOVE, FAILS_S, FAILS_S + START_S),
        ("", TASK, FAILS_S, FAILS_S + START_S),
        ("", LOOK, FAILS_S, FAILS_S + START_S),
        ("half of it", LOOK, HALF_FROM_S, RETURNS_S),
        ("return", MOVE, RETURNS_S, RETURNS_S + START_S),
        ("", LOOK, RETURNS_S, RETURNS_S + START_S),
    )
    for name, action, first, last in spans:
        if last > story.fleet.now:
            break
        seconds = account.called(action, first, last)
        calls, refused = (sum(numbers) for numbers in zip(*seconds))
        row = (name, action, calls / (last - first), max(seconds)[0], refused, calls)
        lines.append("%-10s %-26s %7.1f a second, %5d at most; %6d of %6d refused" % row)
    if story.back_s:
        shares = tuple(story.back_s[len(story.back_s) * tenths // 10 - 1] for tenths in (5, 9, 10))
        lines.append("every VIP back: half of them after %.0f s, 90 %% after %.0f s, the last after %.0f s" % shares)
    return lines


def fleets(pool, first: int, count: int, size: int) -> int:
    """Plays so many fleets; gives the exit code."""
    started, failed = time.monotonic(), set()
    for seed, lines, broken in pool.imap(run, [(seed, size) for seed in range(first, first + count)], 1):
        print("fleet %d, %d pairs: %s" % (seed, size, "\n    ".join(lines)), flush=True)
        if broken:
            failed.add(broken.rule)
            print("BROKEN: %s: %s" % (broken.rule, broken.text))
    print("\n%d fleets in %.0f s" % (count, time.monotonic() - started))
    for rule, meaning in RULES.items():
        print("%-9s%s" % (rule, meaning))
    print("\n%d passed, %d failed: %s" % (max(0, len(RULES) - len(failed)), len(failed), (
        "broken: " + ", ".join(sorted(failed)) if failed else "every rule held")))  # fmt: skip
    return 1 if failed else 0

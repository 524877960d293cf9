"""Runs one history, and finds the shortest that still breaks a rule."""

import traceback

from rules import Broken
from world import World

DICE = 12  # other courses that are tried for the same faults
LINES = 90  # of a long history: so many at its end, and a few at its beginning


def play(runtime, seed: int, mode: str, keep=None, dice: int = 0, trace=None, world_class=World):
    """(the world at its end, None or Broken)."""
    world = world_class(runtime, world_class.PLAN(seed, mode, keep, dice), trace)
    try:
        world.run()
    except Broken as broken:
        return world, broken
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = "%s: %s (%s:%d)" % (type(error).__name__, error, where.filename.rpartition("/")[2], where.lineno)
        return world, Broken("alive", text)
    return world, None


def shortest(runtime, seed: int, mode: str, rule: str, world_class=World):
    """(keep, dice) of the shortest history found that breaks the same rule: with as few faults as it takes."""
    keep = {fault.number for fault in world_class.PLAN(seed, mode).faults}
    best = (keep, 0)
    smaller = True
    while smaller:
        smaller = False
        for number in sorted(keep):
            dice = breaking_dice(runtime, seed, mode, rule, keep - {number}, world_class)
            if dice is not None:
                keep, smaller = keep - {number}, True
                best = (keep, dice)
                break
    return best


def breaking_dice(runtime, seed: int, mode: str, rule: str, keep, world_class):
    """Of the courses in which these faults break the rule, the one that does it first."""
    found = []
    for dice in range(DICE):
        world, broken = play(runtime, seed, mode, keep, dice, None, world_class)
        if broken is not None and broken.rule == rule:
            found.append((world.now, dice))
    return min(found)[1] if found else None


def tell(trace, say) -> None:
    """The lines of a history: time, node, what happened; the same again and again is one line."""
    lines = []
    for at, who, text in trace:
        if lines and lines[-1][1:3] == [who, text]:
            lines[-1][3] += 1
        else:
            lines.append([at, who, text, 1])
    left_out = len(lines) - LINES - 20
    for number, (at, who, text, times) in enumerate(lines):
        if left_out <= 0 or number < 20 or number >= 20 + left_out:
            say("%9.3f  %-5s  %s%s" % (at, who, text, " (%d times)" % times if times > 1 else ""))
        elif number == 20:
            say("           ... %d lines ..." % left_out)

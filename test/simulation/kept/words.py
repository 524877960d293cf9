"""Faults that come between two words of a hand-over: with one of them the service of who says it, or of who is to hear
it, is killed and starts anew, or the machine stands still."""

import random

from faults import Fault, Kind, service, stall

SHARE = 1 / 4
KINDS_OF_WORDS = ("prepare", "ready", "takes", "keeps", "carries", "has")
KILLED_S, STALLED_S = (1.0, 1.5), (0.5, 12.0)


def awaits(world, fault, begins: bool) -> None:
    if begins:
        world.awaited.append(fault)
    elif fault in world.awaited:
        world.awaited.remove(fault)


KINDS = [Kind(name, 0, 5.0, 60.0, (None,), awaits) for name in ("killed at a word", "stall at a word")]


def draw(plan, faults: list) -> list:
    """One in four histories has one. By dice of their own, so that they change nothing else."""
    rng = random.Random("words %d %s" % (plan.seed, plan.mode))
    if rng.random() >= SHARE:
        return []
    fault = Fault(len(faults), rng, rng.choice(KINDS), faults[0].at + 20 * rng.random() - 5)
    fault.in_call = False
    fault.code = rng.choice(KINDS_OF_WORDS), rng.choice((0, 0, 1, 2)), rng.random() < 0.5, rng.random()
    return [fault]


def said(world, node, kind: str) -> None:
    """A word: the fault that waits for it comes with it, or with one of those after it."""
    for fault in list(world.awaited):
        awaited, more, speaker, dice = fault.code
        if kind != awaited:
            continue
        if more:
            fault.code = awaited, more - 1, speaker, dice
            continue
        world.awaited.remove(fault)
        world.at(world.now, begin, (world, fault, node if speaker else node.peer(), dice))


def begin(what) -> None:
    world, fault, node, dice = what
    killed = fault.kind == KINDS[0].name
    if not node.powered or (killed and node.service is None):
        return
    world.count(fault.kind)
    world.count("service killed" if killed else "stall")
    if world.trace is not None:
        world.tell("", "FAULT %d: %s, %s (%s)" % (fault.number, fault.kind, fault.code[0], node.name))
    world.disturb()
    world.active += 1
    world.rules.disturbed()
    shortest, longest = KILLED_S if killed else STALLED_S
    ends_at = world.now + shortest + (longest - shortest) * dice
    world.restless(ends_at)
    change(world, fault, node, killed, True)
    world.at(ends_at, end, (world, fault, node, node.epoch, killed))


def end(what) -> None:
    world, fault, node, epoch, killed = what
    world.disturb()
    world.active -= 1
    if node.epoch == epoch:
        change(world, fault, node, killed, False)


def change(world, fault, node, killed: bool, begins: bool) -> None:
    """Counted with the other faults of its kind."""
    name, apply = ("service_off", service) if killed else ("stalled", stall)
    before = getattr(node, name)
    setattr(node, name, before + (1 if begins else -1))
    if before == (0 if begins else 1):
        apply(world, node, fault, begins)
    world.fates.note()

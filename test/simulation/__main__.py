"""npm run simulate [-- --seeds N] [--from N] [--mode stable|standing-master] [--mutants] [--seed N] [--fleet N]
  [--connections] [--record]

  --seeds N   so many seeds, each one history of faults in both modes (20000), from --from on (1)
  --mutants   instead: what decides with one rule dropped, again and again; each has to be caught within these seeds
  --record    with --mutants: writes the history that catches each to hints.json, where the next run begins; --from,
              --seeds and --mode leave those hints out, so that each hunt begins with the first seed
  --seed N    one history, told in lines; --keep and --dice as a broken rule prints them
  --connections  with --seeds or --seed: histories in which connections are kept, with clients (2000)
  --fleet N   instead: N pairs of one account, which all start, fail and return at once; --seeds N or --seed N: which

Exit codes: 0 every rule held, or every mutant was caught; 1 not so; 2 wrong usage.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter

import hints
import history
import hunt
import runtime
from bounds import RULES
from fleet import report
from kept import fates
from kept.world import KeptWorld
from plan import MODES
from world import World

SEEDS, KEPT_SEEDS = 20000, 2000
CHUNK = 250
WIDTH = 40
EXAMPLES = 3  # broken rules that are told as their shortest history

loaded = None


def run_chunk(work):
    """In a process of its own: what came of some seeds."""
    global loaded
    loaded = loaded or runtime.load()
    first, last, modes, world_class = work
    faults, judged, broken, longest = Counter(), Counter(), [], (0.0,)
    for seed in range(first, last):
        for mode in modes:
            world, failure = history.play(loaded, seed, mode, world_class=world_class)
            faults.update(world.counts)
            for rule, times in world.judged.items():
                judged[rule, mode] += times
            if failure:
                broken.append((failure.rule, mode, seed, failure.text))
            took, allowed = world.rules.took_s, world.rules.allowed_s
            longest = max(longest, (took / allowed, took, allowed, seed, mode))
    return last - first, faults, judged, broken, longest


class Progress:
    """A bar on a terminal, a line for each tenth otherwise."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.started = total, 0, time.monotonic()
        self.shown = 0

    def step(self, count: int, broken: int) -> None:
        """broken: so far."""
        self.done += count
        share = self.done / self.total
        if sys.stdout.isatty():
            sys.stdout.write("\r[%-*s] %3d %% %7d seeds" % (WIDTH, "#" * int(WIDTH * share), 100 * share, self.done))
            if self.done == self.total:
                sys.stdout.write("\r\033[K")
            sys.stdout.flush()
        elif int(share * 10) > self.shown:
            self.shown = int(share * 10)
            seconds = time.monotonic() - self.started
            print("%d of %d seeds, %.0f s, rules broken: %d" % (self.done, self.total, seconds, broken), flush=True)


def simulate(pool, first: int, count: int, modes, world_class=World) -> int:
    faults, judged, broken, longest = Counter(), Counter(), [], (0.0,)
    last = first + count
    progress = Progress(count)
    chunks = [(start, min(start + CHUNK, last), modes, world_class) for start in range(first, last, CHUNK)]
    for done, some_faults, some_judged, some_broken, some_longest in pool.imap_unordered(run_chunk, chunks):
        faults.update(some_faults)
        judged.update(some_judged)
        broken += some_broken
        longest = max(longest, some_longest)
        progress.step(done, len(broken))
        for rule, mode, seed, text in some_broken:  # at once: a long run may be cut off
            print("broken in %s: %s (seed %d): %s" % (mode, rule, seed, text), flush=True)
    seconds = time.monotonic() - progress.started
    print("\n%d histories (seeds %d to %d) in %.0f s" % (count * len(modes), first, last - 1, seconds))
    print("\nHow often each fault occurred:")
    cells = ["%9d  %-22s" % (times, name) for name, times in faults.most_common()]
    for row in range(0, len(cells), 3):
        print("".join(cells[row : row + 3]).rstrip())
    print("\nHow often each rule was put to the test:")
    print("          " + " ".join("%15s" % mode for mode in modes))
    meanings = dict(RULES, **fates.RULES) if world_class is KeptWorld else RULES
    for rule, meaning in meanings.items():
        times = [judged[rule, mode] or judged["call", mode] for mode in modes]
        print("%-9s %s   %s" % (rule, " ".join("%15d" % count for count in times), meaning))
    _, took, allowed, seed, mode = longest
    print("\nNearest to its bound: all was right %.1f s after the last fault, of %.0f s (seed %d, %s)" % (
        took, allowed, seed, mode))  # fmt: skip
    broken.sort(key=lambda one: one[2])
    rules = {}
    for rule, mode, seed, text in broken:
        rules.setdefault((rule, mode), (seed, text))
    for (rule, mode), (seed, text) in list(rules.items())[:EXAMPLES]:
        print("\nBROKEN in %s: %s (seed %d): %s" % (mode, rule, seed, text))
        keep, dice = history.shortest(runtime.load(), seed, mode, rule, world_class)
        replay(seed, mode, keep, dice, world_class)
    failed, tests = len(rules), len(meanings) * len(modes)
    verdict = "every rule held" if not failed else "broken: %s; %d histories" % (
        ", ".join(sorted("%s in %s" % key for key in rules)), len(broken))  # fmt: skip
    print("\n%d passed, %d failed: %s" % (tests - failed, failed, verdict))
    return 1 if failed else 0


def replay(seed: int, mode: str, keep=None, dice: int = 0, world_class=World) -> int:
    plan = world_class.PLAN(seed, mode, keep, dice)
    options = "" if keep is None else " --keep %s --dice %d" % (",".join(map(str, sorted(keep))) or "-", dice)
    options += " --connections" * (world_class is KeptWorld)
    print("npm run simulate -- --seed %d --mode %s%s" % (seed, mode, options))
    print(plan.text())
    trace = []
    _, broken = history.play(runtime.load(), seed, mode, keep, dice, trace, world_class)
    history.tell(trace, print)
    print("BROKEN: %s: %s" % (broken.rule, broken.text) if broken else "every rule held")
    return 1 if broken else 0


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__.strip(), add_help=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--from", type=int, dest="first")
    parser.add_argument("--mode", choices=MODES)
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep")
    parser.add_argument("--dice", type=int, default=0)
    parser.add_argument("--fleet", type=int)
    parser.add_argument("--connections", action="store_true")
    asked = parser.parse_args()
    world_class = KeptWorld if asked.connections else World
    modes = (asked.mode,) if asked.mode else MODES
    first = 1 if asked.first is None else asked.first
    for option in ("seeds", "fleet"):
        if getattr(asked, option) is not None and getattr(asked, option) < 1:
            parser.error("--%s: at least 1" % option)
    if asked.record and not asked.mutants:
        parser.error("--record: goes with --mutants only")
    if asked.connections and (asked.mutants or asked.fleet is not None):
        parser.error("--connections: not with --mutants, which plays both, or --fleet")
    if asked.fleet is not None and (asked.mode or asked.mutants):
        parser.error("--fleet: goes with --seeds, --from and --seed only")
    if asked.seed is not None and asked.fleet is None:
        keep = None if asked.keep is None else {int(number) for number in asked.keep.split(",") if number != "-"}
        return max(replay(asked.seed, mode, keep, asked.dice, world_class) for mode in modes)
    ignore = (signal.SIGINT, signal.SIG_IGN)
    with multiprocessing.Pool(len(os.sched_getaffinity(0)), signal.signal, ignore) as pool:
        try:
            if asked.fleet is not None:
                first, seeds = (first, asked.seeds or report.SEEDS) if asked.seed is None else (asked.seed, 1)
                return report.fleets(pool, first, seeds, asked.fleet)
            if asked.mutants:
                anew = asked.first is not None or asked.seeds is not None or asked.mode is not None
                places = {} if anew else hints.read()
                return hunt.catch(pool, first, asked.seeds or SEEDS, modes, places, asked.record)
            seeds = asked.seeds or (KEPT_SEEDS if asked.connections else SEEDS)
            return simulate(pool, first, seeds, modes, world_class)
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main())

"""The pairs of a fleet: each is a world of the simulation, with the node's real code, on the fleet's clock."""

import heapq
import random

from keepalived import MASTER
from node import ANSWER_S
from plan import MODES, Plan
from world import World

from fleet.account import TOO_MANY, Account

OF_CLOUD = ("rtt_s", "move_s", "listing", "gap_s", "lag_s", "wrong_source_code", "young_tasks", "eip_late_s")


class Pair(World):
    """One pair. Its calls count as its account's."""

    __slots__ = ("back_at", "fleet")

    def __init__(self, fleet, plan) -> None:
        self.fleet = fleet
        self.back_at = None  # when the VIP came to where it is
        super().__init__(fleet.runtime, plan)

    now = property(lambda self: self.fleet.now, lambda self, value: None)

    def at(self, when: float, do, what) -> None:
        self.fleet.at(when, do, what)

    def process(self, what) -> None:
        node, call, pending, back, code, heard = what
        if not self.fleet.account.takes(pending.action, self.now):
            code = TOO_MANY
            node.record.trouble_until = self.now + ANSWER_S  # excuses it from being prompt
        super().process((node, call, pending, back, code, heard))

    def moved(self, source: str, target: str) -> None:
        super().moved(source, target)
        self.back_at = self.now

    def master(self):
        """The node that is MASTER; None if not exactly one is."""
        masters = [node for node in self.nodes if node.powered and node.keepalived.state == MASTER]
        return masters[0] if len(masters) == 1 else None


class Fleet:
    """Also stands for the module `time` of the runtime."""

    def __init__(self, runtime, seed: int, size: int, counts: str) -> None:
        self.runtime = runtime
        self.rng = random.Random(seed)
        self.now = 0.0
        self.heap, self.order = [], 0
        self.account = Account(counts)
        cloud = Plan(self.rng.randrange(1 << 32), MODES[0], ())
        self.pairs = []
        for number in range(size):
            plan = Plan(self.rng.randrange(1 << 32), MODES[number % 2], ())
            for name in OF_CLOUD:
                setattr(plan, name, getattr(cloud, name))
            self.pairs.append(Pair(self, plan))
        runtime.use(self)

    # -- as the module `time` -----------------------------------------------------------------------------------------

    def monotonic(self) -> float:
        return self.now

    time = monotonic

    # -- events -------------------------------------------------------------------------------------------------------

    def at(self, when: float, do, what) -> None:
        self.order += 1
        heapq.heappush(self.heap, (when, self.order, do, what))

    def run_until(self, until: float) -> None:
        heap, pop = self.heap, heapq.heappop
        while heap and heap[0][0] <= until:
            self.now, _, do, what = pop(heap)
            do(what)
        self.now = until

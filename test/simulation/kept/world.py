"""A history in which connections are kept."""

import heapq

from faults import Fault, Kind
from keepalived import MASTER
from node import Node
from plan import Plan
from runtime import ENIS
from world import World

from kept import words
from kept.clients import Clients
from kept.fates import Fates
from kept.kernel import Kernel

KEEP_S = (15, 40, 90)
AFTER_S = 47.0  # the news that the VIP has gone, the last words, looks of the kernel, and an address that was lent


def shut(world, fault, begins: bool) -> None:
    world.shut += 1 if begins else -1
    if begins:
        world.count(fault.kind)


SHUT, SHUT_SHARE = Kind("tunnel shut", 0, 1.0, 60.0, (None,), shut), 1 / 8


class KeptPlan(Plan):
    __slots__ = ("dice", "keep_s")

    def __init__(self, seed: int, mode: str, keep=None, dice: int = 0) -> None:
        super().__init__(seed, mode, keep, dice)
        self.dice = dice
        self.keep_s = KEEP_S[seed % len(KEEP_S)]

    def draw(self):
        """One in eight with a firewall between the nodes that drops the tunnel's packets, and lets words pass."""
        faults = super().draw()
        if self.rng.random() < SHUT_SHARE:
            faults.append(Fault(len(faults), self.rng, SHUT, faults[0].at + 20 * self.rng.random() - 10))
        return faults + words.draw(self, faults)

    def text(self) -> str:
        return "%s; connections are kept for %d s" % (super().text(), self.keep_s)


class KeptNode(Node):
    __slots__ = ("kernel",)

    def __init__(self, world, index: int, plan) -> None:
        super().__init__(world, index, plan)
        self.conf.keep_s = plan.keep_s
        self.kernel = Kernel(self)

    def noted(name: str):
        """What may keep a node from its part, or change whose the VIP is."""

        def change(self, *args):
            done = getattr(Node, name)(self, *args)
            self.world.fates.note()
            return done

        return change

    word, end_keepalived, power_on = noted("word"), noted("end_keepalived"), noted("power_on")
    start_service, end_service, resume = noted("start_service"), noted("end_service"), noted("resume")

    def power_off(self) -> None:
        if self.powered:
            self.kernel.dies()
        super().power_off()
        self.world.fates.note()


class KeptWorld(World):
    NODE, PLAN = KeptNode, KeptPlan
    __slots__ = ("awaited", "clients", "fates", "left_at", "shut")

    def __init__(self, runtime, plan, trace=None) -> None:
        self.awaited = []  # faults that come with a word
        self.shut = 0  # nothing passes through the tunnel; counted by the faults in force
        self.fates = Fates(self)
        self.left_at = [0.0, 0.0]  # when the VIP left each node's ENI
        self.clients = Clients(self, "%d %s %d" % (plan.seed, plan.mode, plan.dice))
        super().__init__(runtime, plan, trace)
        self.fates.begin()
        for fault in plan.faults:
            fault.apply = self.fates.noted(fault.apply)
        self.clients.begin(min([fault.at for fault in plan.faults] + [plan.calm_s + 1.0]))

    def run(self) -> None:
        """And on, until the time is over for whatever is kept."""
        super().run()
        end = self.now + self.plan.keep_s + AFTER_S
        while self.heap[0][0] <= end:
            self.now, _, do, what = heapq.heappop(self.heap)
            do(what)
        self.fates.left()

    def moved(self, source: str, target: str) -> None:
        super().moved(source, target)
        for node in self.nodes:
            # From when its peer has it, should it be away from both in between.
            if source == node.eni or (target == node.peer().eni and source not in ENIS):
                self.left_at[node.index] = self.now
                self.fates.given_up[node.index] = node.peer().keepalived.state != MASTER
        self.at(self.now, self.has_moved, None)

    def said(self, node, message: dict, lost: bool) -> None:
        words.said(self, node, self.fates.said(node, message, lost))

    def has_moved(self, _) -> None:
        self.fates.note()

    def send(self, node, call, pending) -> None:
        super().send(node, call, pending)
        self.fates.called(node)
        if call.step[0] in ("migrate", "assign", "give"):  # what is asked for the EIP moves no VIP
            self.fates.asked(node, call.step[0] == "give")

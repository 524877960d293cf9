"""What a history may meet. Faults overlap: each is counted where it acts, and is over when the last of its kind is."""

import planned
from cloud import NOBODY, THIRD
from keepalived import MASTER

# The codes that a fault of the API may answer with.
THROTTLED = ("RequestLimitExceeded", "LimitExceeded.ActionLimited", "RequestLimitExceeded.UinLimitExceeded")
ERRORS = ("InternalError", "InternalError.ModuleError", "ServiceUnavailable", "FailedOperation", "UnknownCode.Strange")
FOR_GOOD = "UnauthorizedOperation"  # the role may not: a person's doing, and mended by one
WAIT_S = 5.0  # so long a fault waits for a request


class Fault:
    """One fault, from `at` on for `lasts` seconds, on a node or, with None, on the pair or the cloud."""

    __slots__ = (
        "apply", "at", "code", "epoch", "for_ever", "in_call", "kind", "lasts", "node", "number", "share", "who",
    )  # fmt: skip

    def __init__(self, number: int, rng, kind, at: float) -> None:
        self.number, self.kind, self.at = number, kind.name, at
        self.apply = kind.apply
        self.lasts = kind.shortest * (kind.longest / kind.shortest) ** rng.random() if kind.longest else 0.0
        self.who = rng.choice(kind.whose)
        self.share = rng.choice((0.3, 0.7, 1.0))  # of the calls, where it is about calls
        self.code = rng.choice(THROTTLED if kind.name == "throttled" else ERRORS + (FOR_GOOD,) * (rng.random() < 0.2))
        self.in_call = rng.random() < 0.4  # it waits until a request is on its way: between two steps of the runtime
        self.node, self.epoch = None, 0
        self.for_ever = False

    def due(self, world) -> None:
        if self.in_call:
            world.waiting.append(self)
            world.at(self.at + WAIT_S, self.come, world)
        else:
            self.begin(world)

    def come(self, world) -> None:
        if self in world.waiting:
            world.waiting.remove(self)
            self.begin(world)

    def begin(self, world) -> None:
        if self.who is not None:
            master = [node for node in world.nodes if node.keepalived.state == MASTER][:1] or world.nodes[:1]
            index = {"a": 0, "b": 1, "MASTER": master[0].index, "standby": 1 - master[0].index}[self.who]
            self.node = world.nodes[index]
            self.epoch = self.node.epoch
        if world.trace is not None:
            world.tell("", "FAULT %d: %s" % (self.number, self.text()))
        world.disturb()
        world.active += 1
        world.rules.disturbed()
        self.apply(world, self, True)
        if self.lasts and not self.for_ever:
            world.restless(world.now + self.lasts)
            world.at(world.now + self.lasts, self.end, world)
        elif not self.for_ever:
            world.active -= 1

    def end(self, world) -> None:
        if world.trace is not None:
            world.tell("", "end of fault %d: %s" % (self.number, self.kind))
        world.disturb()
        world.active -= 1
        self.apply(world, self, False)

    def text(self) -> str:
        how = "%s (%s)" % (self.kind, self.node.name) if self.node else self.kind
        return "%s, for ever" % how if self.for_ever else "%s for %.1f s" % (how, self.lasts) if self.lasts else how


NODE = ("MASTER", "MASTER", "standby", "a", "b")
PAIR = (None,)
API = (None, None, None, "MASTER", "MASTER", "standby")  # the cloud's own trouble, or that of a node's way to it


class Kind:
    """How often it is drawn, how long it lasts in seconds (0: a moment), whose it is, and what it does."""

    __slots__ = ("apply", "longest", "name", "shortest", "weight", "whose")

    def __init__(self, name, weight, shortest, longest, whose, apply) -> None:
        self.name, self.weight, self.shortest, self.longest = name, weight, shortest, longest
        self.whose, self.apply = whose, apply


def counter(name: str, change=None):
    """A fault that is a counter of its node; `change` is called when the first begins and when the last ends."""

    def apply(world, fault, begins: bool) -> None:
        node = fault.node
        if node.epoch != fault.epoch or not node.powered:
            return
        before = getattr(node, name)
        setattr(node, name, before + (1 if begins else -1))
        if begins:
            world.count(fault.kind)
        if change is not None and before == (0 if begins else 1):
            change(world, node, fault, begins)

    return apply


def power(world, fault, begins: bool) -> None:
    switch_power(world, fault, fault.node, begins)


def switch_power(world, fault, node, begins: bool) -> None:
    node.off += 1 if begins else -1
    if begins:
        world.count(fault.kind)
        unheard(world)  # a peer that took it in a partition dies with it
        node.power_off()
    elif node.off == 0:
        node.power_on()


def both_down(world, fault, begins: bool) -> None:
    switch_power(world, fault, fault.node, begins)
    other = world.nodes[1 - fault.node.index]
    if begins:
        switch_power(world, fault, other, True)
    else:
        on_at = world.now + 4 * fault.share * world.rng.random()
        world.restless(on_at)
        world.at(on_at, later_on, (world, fault, other))


def later_on(what) -> None:
    world, fault, node = what
    world.disturb()
    switch_power(world, fault, node, False)


def stop(killed: bool):
    def change(world, node, fault, begins: bool) -> None:
        if begins:
            world.rules.halts(node)
            node.end_keepalived(killed)
        else:
            node.start_keepalived(node.epoch)

    return change


def partition(world, fault, begins: bool) -> None:
    for index in (0, 1):
        cut(world, fault, index, begins)
    if begins:
        world.count(fault.kind)
        world.rules.parted()
    else:
        world.rules.joined(words_pass(fault))


def deafness(world, fault, begins: bool) -> None:
    if begins:
        world.count(fault.kind)
    cut(world, fault, 1 - fault.node.index, begins)


def words_pass(fault) -> bool:
    """Whether VRRP alone is lost, as by a rule that knows nothing of it."""
    return fault.share < 0.5


def cut(world, fault, index: int, begins: bool) -> None:
    world.cut[index] += 1 if begins else -1
    if not words_pass(fault):
        world.mute[index] += 1 if begins else -1


def stall(world, node, fault, begins: bool) -> None:
    if begins:
        world.rules.halts(node)
        world.rules.whole()
    else:
        world.rules.goes_on(node)
        if fault.share == 1.0:  # a virtual machine that did not run: nothing was kept for it
            node.keepalived.backlog.clear()
        node.resume()


def hang(world, node, fault, begins: bool) -> None:
    if not begins:
        node.unhang()


def hung_keepalived(world, fault, begins: bool) -> None:
    node = fault.node
    if node.epoch != fault.epoch or not node.powered:
        return
    if begins:
        world.count(fault.kind)
        world.rules.hangs(node)
        node.hang_keepalived(fault.number)
    else:
        world.rules.hung(node)
        node.unhang_keepalived(fault.number)


def wall(world, fault, begins: bool) -> None:
    """The rules of a node's own firewall drop what the peer says; often from a boot on."""
    if begins:
        world.count(fault.kind)
        world.rules.walled(fault.node)
    else:
        world.rules.unwalled(fault.node)
    fault.node.walled += 1 if begins else -1
    if begins and fault.share == 1.0:
        reboot(world, fault, fault.node)


def two_walls(world, fault, begins: bool) -> None:
    """Both nodes boot behind such rules; often the one that serves then dies."""
    if begins:
        world.count(fault.kind)
        world.rules.walled(None)
    else:
        world.rules.unwalled(None)
    for node in world.nodes:
        node.walled += 1 if begins else -1
        if begins:
            reboot(world, fault, node)
    if begins and fault.share == 1.0:
        world.at(world.now + fault.lasts / 2, master_off, (world, fault))


def master_off(what) -> None:
    world, fault = what
    world.disturb()
    for node in [node for node in world.nodes if node.keepalived.state == MASTER][:1]:
        switch_power(world, fault, node, True)
        world.restless(world.now + fault.lasts)
        world.at(world.now + fault.lasts, later_on, (world, fault, node))


def reboot(world, fault, node) -> None:
    switch_power(world, fault, node, True)
    on_at = world.now + 2 * world.rng.random()
    world.restless(on_at)
    world.at(on_at, later_on, (world, fault, node))


def fitness(world, node, fault, begins: bool) -> None:
    node.keepalived.judge()


def service(world, node, fault, begins: bool) -> None:
    if begins:
        unheard(world)  # a peer that gives up does not say so
        node.end_service()
    else:
        node.start_service(node.epoch)


def silence(world, node, fault, begins: bool) -> None:
    node.blind += (1 if begins else -1) * (fault.share < 1.0)


def api(world, fault, begins: bool) -> None:
    """Counted for each call that it meets."""
    if begins:
        world.api_faults.append(fault)
    else:
        world.api_faults.remove(fault)


def of_cloud(name: str):
    def apply(world, fault, begins: bool) -> None:
        setattr(world.cloud, name, getattr(world.cloud, name) + (1 if begins else -1))

    return apply


def leaving_eip(world, fault, begins: bool) -> None:
    how = "behind" if fault.share < 1.0 else "unbound"
    if begins:
        world.cloud.leaving.append(how)
    else:
        world.cloud.leaving.remove(how)


def unheard(world) -> None:
    """The VIP may be elsewhere without a word: only the next look of a MASTER finds it."""
    if world.plan.calm_s:
        world.count("unheard after a long calm")


def by_hand(to: str):
    def apply(world, fault, begins: bool) -> None:
        if world.cloud.take_away(to):
            world.count(fault.kind)
            unheard(world)
            for node in world.nodes:
                node.record.injected += 1

    return apply


def off_the_nic(world, fault, begins: bool) -> None:
    node = fault.node
    if node.keepalived.state == MASTER and node.nic and not node.stalled:
        world.count(fault.kind)
        node.put_vip(False)
        node.keepalived.vip_removed()


KINDS = [
    Kind(*row)
    for row in (
        ("power cut", 7, 0.3, 20.0, NODE, power),
        ("both down", 2, 0.5, 15.0, NODE, both_down),
        ("keepalived restarted", 4, 0.1, 5.0, NODE, counter("stopped", stop(False))),
        ("keepalived killed", 4, 1.0, 1.5, NODE, counter("stopped", stop(True))),
        ("partition", 9, 0.2, 150.0, PAIR, partition),
        ("one-way loss", 5, 0.2, 30.0, NODE, deafness),
        ("stall", 8, 0.2, 12.0, NODE, counter("stalled", stall)),
        ("service hangs", 4, 0.2, 8.0, NODE, counter("hung", hang)),
        ("keepalived hangs", 5, 0.5, 120.0, NODE, hung_keepalived),
        ("firewall", 4, 0.5, 60.0, NODE, wall),
        ("two firewalls", 2, 100.0, 200.0, PAIR, two_walls),
        ("NIC down", 3, 0.3, 15.0, NODE, counter("nic_down", fitness)),
        ("drained", 3, 0.1, 15.0, NODE, counter("drained", fitness)),
        ("service killed", 6, 1.0, 1.5, NODE, counter("service_off", service)),
        ("words lost", 5, 0.1, 10.0, NODE, counter("deaf", silence)),
        ("VIP taken off the NIC", 2, 0.0, 0.0, NODE, off_the_nic),
        ("API down", 4, 0.5, 30.0, API, api),
        ("throttled", 3, 0.5, 20.0, API, api),
        ("API error", 3, 0.5, 20.0, API, api),
        ("lost request", 3, 0.5, 10.0, API, api),
        ("lost reply", 4, 0.5, 10.0, API, api),
        ("late request", 3, 0.5, 10.0, API, api),
        ("late reply", 3, 0.5, 10.0, API, api),
        ("no credentials", 3, 0.5, 20.0, API, api),
        ("failing tasks", 4, 0.5, 15.0, PAIR, of_cloud("failing")),
        ("slow tasks", 2, 0.5, 15.0, PAIR, of_cloud("slow")),
        ("forgotten tasks", 2, 0.5, 20.0, PAIR, of_cloud("forgetful")),
        ("stuck tasks", 1, 0.5, 6.0, PAIR, of_cloud("sticky")),
        ("EIP left behind", 4, 0.5, 20.0, PAIR, leaving_eip),
        ("planned switch", 9, 0.0, 0.0, PAIR, planned.switch),
        ("VIP unassigned", 3, 0.0, 0.0, PAIR, by_hand(NOBODY)),
        ("VIP on a third ENI", 3, 0.0, 0.0, PAIR, by_hand(THIRD)),
    )
]

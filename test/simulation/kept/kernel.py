"""A node's kernel as far as connections meet it: its sockets, the sets of nft and their ends, the tunnel.

The rules are those of connections.sh. What speaks to them, agent/vip/kept.py and kept_kernel.py, and what
agent/node/flows.py words for nft, is the node's own.
"""

import re

LOOK_S = (0.002, 0.04)  # a look of the thread takes so long
FROZEN_S = 0.05  # a machine that stands still is asked again
NEVER = float("inf")
SET = re.compile(r"(flush set|add element) ip keepalived_vip (\w+)(?: \{ (.*) \})?$")
TIMEOUT = re.compile(r"timeout (\d+)ms")
OPENED_S, ENDED_S = 60.0, 120.0
KNOWN_MORE_S = 180.0


class Sets:
    """In place of the module flows: what the node's thread says to nft, and reads in /proc."""

    def __init__(self, kernel, flows) -> None:
        self.kernel, self.TABLE, self.THROUGH_S = kernel, flows.TABLE, flows.THROUGH_S
        self.is_so, self.known, self.SETS = flows.is_so, flows.known, flows.SETS
        self.has = kernel.has

    def connections(self, _) -> list:
        kernel = self.kernel
        found = [key + (True,) for key in sorted(kernel.sockets)]
        kernel.node.world.clients.meanwhile(0.1)
        return found

    def load(self, lines) -> None:
        for line in lines:
            verb, name, content = SET.match(line).groups()
            self.kernel.load(verb == "add element", name, content)
        # What is known is asked for anew: just then each has something to send.
        self.kernel.node.world.clients.meanwhile(0.1 if any("forward" in line for line in lines) else 1.0)

    def begins(self) -> list:
        forgotten = () if self.kernel.has("forward") else ("alone",) + self.SETS
        return ["flush set %s %s" % (self.TABLE, name) for name in forgotten]

    def forwarded(self) -> tuple:
        kernel = self.kernel
        return kernel.forwarded, 1000 * kernel.forwarded, kernel.forwarded, kernel.came


class Jobs:
    """The queue to the thread: a look that is asked for is made a moment later."""

    def __init__(self, thread) -> None:
        self.thread = thread

    def put(self, job) -> None:
        world = self.thread.node.world
        world.at(world.now + world.clients.rng.uniform(*LOOK_S) / 2, self.thread.begin, job)


class Done:
    """The queue from the thread."""

    def __init__(self) -> None:
        self.found = []

    def empty(self) -> bool:
        return not self.found

    def get(self):
        return self.found.pop(0)


class Resets:
    """Nobody is told that a connection is gone: a client finds out when it asks, which the rules judge."""

    def asking(self) -> list:
        return []

    def provoke(self, vip, connections) -> None:
        pass

    def abort(self, vip) -> None:
        pass


def played(real):
    """kept_kernel.Kernel, whose thread is events of the world."""

    class Kernel(real):
        def __init__(self, conf) -> None:
            from keepalived_vip.agent.node import flows

            self.node = conf.interface
            self.vip, self.flows = conf.vip, Sets(self.node.kernel, flows)
            self.resets = Resets()
            self.recorded_until, self.made_anew = 0.0, False
            self.jobs, self.done = Jobs(self), Done()

        def bridge(self, seconds: int) -> None:
            self.node.kernel.bridged_until = self.node.world.now + seconds

        def lives(self) -> bool:
            service = self.node.service
            return service is not None and service.kept.kernel is self

        def begin(self, job) -> None:
            world = self.node.world
            if not self.lives():
                return
            if self.node.stalled:
                world.at(world.now + FROZEN_S, self.begin, job)
                return
            try:
                answer = self.look(*job), None
            except OSError as error:
                answer = None, error
            world.at(world.now + world.clients.rng.uniform(*LOOK_S) / 2, self.end, answer)

        def end(self, answer) -> None:
            self.done.found.append(answer)

    return Kernel


class Tunnel:
    """In place of NicRepair: what stands is right."""

    def __init__(self, *_) -> None:
        pass

    def soon(self, now: float) -> None:
        pass

    def turn(self, now: float, busy: bool) -> float:
        return NEVER


def passage(real):
    """The node's Passage, whose question goes through the played tunnel."""

    class Passage(real):
        def __init__(self, conf, mover) -> None:
            super().__init__(conf, mover)
            self.node, self.replied = conf.interface, False

        def ask(self, ear, now: float) -> None:
            super().ask(ear, now)
            node, peer = self.node, self.node.peer()
            speaks = peer.service is not None and not peer.stalled and not peer.hung and not peer.nic_down
            if speaks and not node.nic_down and not any(node.world.mute):
                node.world.at(now + 0.001, self.spoke, now)

        def spoke(self, at: float) -> None:
            """The peer's word, which answers the same question among the services."""
            self.spoke_at = max(self.spoke_at, at)

        def send(self, now: float) -> None:
            self.soon, self.sent_at = False, now
            node = self.node
            self.replied = node.kernel.works() and node.kernel.passes() and node.peer().kernel.passes()

        def answer(self) -> bool:
            replied, self.replied = self.replied, False
            return replied

    return Passage


class Kernel:
    __slots__ = ("bridged_until", "came", "ended", "ends", "forwarded", "known", "node", "sockets")

    def __init__(self, node) -> None:
        self.node = node
        self.dies()

    def dies(self) -> None:
        """With the machine."""
        self.sockets = set()  # (client's address, its port, own port)
        self.ends = {"recording": 0.0, "forward": 0.0, "alone": 0.0, "through": 0.0}
        self.known, self.ended = {}, {}
        self.bridged_until = 0.0  # the VIP is on the tunnel's interface as well
        self.forwarded = self.came = 0  # packets that went to the peer, and answers of the peer's

    # -- nft ----------------------------------------------------------------------------------------------------------

    def load(self, add: bool, name: str, content) -> None:
        now = self.node.world.now
        if name in self.ends:
            self.ends[name] = now + int(TIMEOUT.search(content).group(1)) / 1000.0 if add else 0.0
        elif not add:
            getattr(self, name, {}).clear()
        else:
            for one in content.split(", "):
                client, port, own = one.split(" . ")
                self.known[client, int(port), int(own)] = now + self.node.conf.keep_s + KNOWN_MORE_S

    def has(self, name: str) -> bool:
        return self.node.world.now < self.ends[name]

    # -- packets, each gives (what became of it, where) ---------------------------------------------------------------

    def works(self) -> bool:
        node = self.node
        return node.powered and not node.stalled and not node.nic_down

    def from_nic(self, key, syn: bool = False, fin: bool = False):
        """One that the cloud delivers here."""
        if not self.works():
            return "lost", self.node
        now = self.node.world.now
        self.ends["through"] = 0.0
        if syn and self.has("recording"):
            self.known[key] = now + OPENED_S
            self.ended.pop(key, None)
        if syn or not (self.has("forward") or self.has("alone")):
            return self.local(key, syn, fin)
        if self.ended.get(key, 0.0) > now:
            self.ended[key] = now + ENDED_S
            return self.local(key, syn, fin)
        if self.known.get(key, 0.0) > now:
            self.known[key] = now + self.node.conf.keep_s + KNOWN_MORE_S
            if fin:  # by both sides at once
                self.ended[key] = now + ENDED_S
                del self.known[key]
            return self.local(key, syn, fin)
        if self.has("alone"):
            return "reset" if self.answers() else "lost", self.node
        self.forwarded += 1
        self.node.world.fates.forwarded(self.node)
        return self.node.peer().kernel.from_tunnel(key, fin) if self.passes() else ("lost", self.node)

    def from_tunnel(self, key, fin: bool):
        if not self.works():
            return "lost", self.node
        self.ends["through"] = self.node.world.now + 5.0
        return self.local(key, False, fin)

    def passes(self) -> bool:
        """Whether the tunnel takes what this node sends."""
        world, peer = self.node.world, self.node.peer()
        return not world.mute[self.node.index] and not world.shut and peer.kernel.works()

    def local(self, key, syn: bool, fin: bool):
        node = self.node
        absent = node.nic == node.ABSENT and node.world.now >= self.bridged_until
        if absent or not self.answers():
            return "lost", node
        if self.has("through"):
            node.peer().kernel.came += 1
        if syn:
            self.sockets.add(key)
        elif key not in self.sockets:
            return "reset", node
        if fin:
            self.sockets.discard(key)
        return "served", node

    def answers(self) -> bool:
        """Whether what this node says by the VIP comes to a client: the cloud lets only its holder speak for it."""
        node = self.node
        if not self.works():
            return False
        if self.has("through"):
            return self.passes() and node.world.cloud.holder == node.peer().eni
        return node.world.cloud.holder == node.eni

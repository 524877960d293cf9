"""An operator's planned switch: the MASTER is asked to yield, there or by the peer, and asks the peer's service whether
that is ready. From outside of both nodes, or from the peer's, the standby is prepared before.

Any fault may come in between, the end of the operator as well. One that nothing disturbs has to end as asked, and all
the while the node to which the cloud delivers has the VIP on its NIC.
"""

from keepalived import BACKUP, DOWN, LISTEN, MASTER

LEASE_S = 30  # operator/switchover.py's
COUNTED_S = 3.0
POLL_S = 0.05
AGAIN_S = 0.5  # the peer asks so often
PATIENCE_S = 33.0  # GIVE_S, TAKE_S and ANSWER_S
KEEP_S = 10.0  # in maintenance afterwards, where the VIP would return at once


def switch(world, fault, begins: bool) -> None:
    if begins:
        Switch(world, fault).prepare()


class Switch:
    __slots__ = ("asked_at", "by_peer", "clean", "dies", "giver", "id", "taker", "typed", "unready", "world")

    def __init__(self, world, fault) -> None:
        self.world = world
        masters = [node for node in world.nodes if node.keepalived.state == MASTER]
        self.giver = masters[0] if masters else world.nodes[0]
        self.taker = self.giver.peer()
        self.id = "switch-%d" % fault.number
        self.by_peer = fault.share == 0.3
        self.dies = fault.share == 0.7 and fault.in_call
        self.typed = fault.share == 1.0  # on the MASTER itself: nothing is prepared
        self.unready = set()  # why the taker was not, when the MASTER was asked, as far as it has been so since
        self.clean = world.active == 1 and world.now > world.restless_until and self.healthy()
        self.asked_at = None

    def healthy(self) -> bool:
        """As `npm run ha -- status` would say."""
        if self.world.rules.wrong() is not None or self.giver.service is None or self.taker.service is None:
            return False
        if self.taker.service.role.state["state"] != BACKUP:
            return False  # its keepalived has said so once, and that word was lost
        record = self.giver.record
        if record.here_by < max(record.master_since, record.lower_at):
            return False  # what it was shown may be of before the peer had it
        if record.late:
            return False  # or of before it stood still: another look confirms it
        known = self.giver.service.known
        return known.here() and known.seen.task is None and not known.asked.claim

    def prepare(self) -> None:
        taker, world = self.taker, self.world
        if self.typed and world.switch is None:
            world.switch = self
            self.ask()
            return
        # As `vip.py prepare` checks it: what the service has told last.
        ready = taker.service is not None and taker.keepalived.state == BACKUP and not taker.reasons
        ready = ready and taker.state_file and taker.state_file["state"] == BACKUP
        if not ready or taker.stalled or world.switch is not None:
            world.count("planned switch, not prepared")
            return
        taker.lease(LEASE_S)
        world.switch = self
        self.await_lease(world.now + COUNTED_S)

    def await_lease(self, deadline: float) -> None:
        taker, world = self.taker, self.world
        world.restless(world.now + POLL_S)
        if self.dies:
            world.count("planned switch, operator lost")
            self.end()
        elif taker.service is not None and taker.service.vip.on_nic == taker.LEASED and not taker.stalled:
            self.ask()
        elif world.now < deadline:
            world.at(world.now + POLL_S, self.await_lease, deadline)
        else:
            self.undo()

    def undo(self) -> None:
        if not self.typed:
            self.world.count("planned switch, undone")
            if self.taker.nic == self.taker.LEASED:
                self.taker.lease(1)
        self.end()

    def hopeless(self) -> set:
        """Why the taker can't be ready, as its service knows, or is no more."""
        taker = self.taker
        away = {"off": not taker.powered, "no service": taker.service is None, "stalled": taker.stalled}
        away.update({"unheard": any(self.world.mute), "down": taker.keepalived.state in (DOWN, LISTEN)})
        return {why for why, so in away.items() if so}

    def ask(self) -> None:
        giver, world = self.giver, self.world
        if giver.service is None or giver.nic != giver.PRESENT or giver.left_behind or giver.stalled:
            self.undo()
            return
        world.count("planned switch")
        self.unready = self.hopeless()
        if self.unready:
            world.count("planned switch, taker not ready")
        self.asked_at = giver.record.switch_at = world.now
        if self.by_peer:
            self.ask_again(None)
        else:
            keep_s = KEEP_S if giver.conf.preferred else None
            request = {"id": self.id, "at": world.now, "why": "planned", "keepS": keep_s}
            world.runtime.files.files[giver.conf.switch_request] = request
            giver.words.append(("NOTIFY", "YIELD"))
            giver.wake(world.now)
        self.wait(None)

    def ask_again(self, _) -> None:
        """`vip.py take` on the standby; it asks as often as it likes."""
        world = self.world
        if world.switch is self and self.answer() is None and self.taker.powered:
            self.giver.record.switch_at = world.now  # the first to arrive may be one of the last, after a partition
            world.runtime.watch.peer.say(self.taker, {"id": self.id, "why": "take"}, self.giver)
            world.at(world.now + AGAIN_S, self.ask_again, None)

    def answer(self):
        found = self.world.runtime.files.files.get(self.giver.conf.switch_answer)
        return found["phase"] if found and found["id"] == self.id else None

    def wait(self, _) -> None:
        world, phase = self.world, self.answer()
        self.unready &= self.hopeless()
        world.restless(world.now + POLL_S)
        if phase in world.runtime.switch.ENDS:
            world.count("planned switch, " + phase)
            if self.clean:
                world.rules.switched(self, phase)
            self.end()
        elif world.now > self.asked_at + PATIENCE_S:
            self.end()
        else:
            world.at(world.now + POLL_S, self.wait, None)

    def end(self) -> None:
        self.world.switch = None
        self.world.restless(self.world.now + KEEP_S + 3.0)

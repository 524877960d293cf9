"""What becomes of packets, and the rules on it.

A node is at home while it is MASTER and the cloud delivers to it. What it opened then is its own; away from home it
keeps that, until it is at home again or the time is over. What keeps the nodes from their words excuses a reset.
"""

from keepalived import MASTER

RULES = {
    "kept": "a connection is reset by nobody while the node that has it lives, until the time is over",
    "dead": "nothing is sent on to a dead node for more than three seconds, counted from the request for the VIP "
    "and not before it is here, nor for long into a tunnel that is shut",
    "time": "a node serves none of its connections for longer than the time, and 42 s, after the VIP has left it",
    "stuck": "while both nodes live, no packet of a connection is lost for more than a few seconds",
    "left": "once the time is over nothing is kept, sent on or lent any more",
}
SILENT_S = 3.0
ANSWER_S = 0.5  # one last question, once the VIP is here
UNANSWERED_S = 5.0  # three questions, 2 s apart
SHUT_S = 20.0  # three questions in a row without an answer, the first up to 10 s later
PASSAGE_S = 12.0  # a tunnel that is open again is asked so much later at most
IN_VAIN_S, REST_S = 8.0, 600.0  # packets that went into a shut tunnel for so long have none sent there for so long
SOON_S = 1.3  # a word once a second, and the look that follows it
TURN_S = 0.2
LONG_AGO = -1000.0
BEFORE_S = 12.0
STUCK_S = 6.0
HOME_S = 8.0  # by then a node that is at home again has seen it and ended
# A planned switch whose answers are lost ends after 20 s (GIVE_S); the peer has the VIP 20 s later at most (GONE_S).
TIME_S = 42.0


class Fates:
    def __init__(self, world) -> None:
        self.world = world
        self.away_since = [None, None]
        self.home_since = [None, None]
        self.asked_at = [float("inf")] * 2  # when the other one did for the VIP
        self.asked_since = [None, None]  # and first did, since the node came home
        self.dead_since = [None, None]
        self.sent_since = [LONG_AGO] * 2  # when the first packet went into the tunnel since the VIP came
        # What hinders: since when, and all that is over, as (from, until).
        self.since = {}
        self.over = {}

    def begin(self) -> None:
        self.away_since = [None, None]  # the first MASTER was none for a moment, as the world was made
        self.note()

    def noted(self, apply):
        def change(world, fault, begins: bool) -> None:
            apply(world, fault, begins)
            self.note()

        return change

    # -- what happens -------------------------------------------------------------------------------------------------

    def note(self) -> None:
        world = self.world
        if not hasattr(world, "cloud"):
            return
        now = world.now
        for node in world.nodes:
            index = node.index
            holds = world.cloud.holder == node.eni
            home = holds and node.keepalived.state == MASTER
            if home and self.home_since[index] is None:
                self.home_since[index], self.asked_since[index] = now, None
            elif not home:
                self.leaves(index)
            if not node.powered:
                self.dead_since[index] = now if self.dead_since[index] is None else self.dead_since[index]
            else:
                self.dead_since[index] = None
            speaks = node.powered and node.service is not None and not node.hung and not node.stalled
            self.mark("speaks", index, not speaks, now)
            self.mark("off", index, not node.powered, now)
            self.mark("words", index, bool(world.mute[index] or node.nic_down), now)
            self.mark("tunnel", index, bool(world.shut), now)
            self.mark("stands", index, not node.kernel.works(), now)

    def leaves(self, index: int) -> None:
        """It is at home no more. Its time goes on if that was for a moment only, and counts from the peer's request."""
        home_since, self.home_since[index] = self.home_since[index], None
        if self.away_since[index] is None or (home_since is not None and self.world.now - home_since > HOME_S):
            self.away_since[index] = max(home_since or 0.0, min(self.world.now, self.asked_at[index]))

    def asked(self, node) -> None:
        """It asks the cloud for the VIP."""
        index = 1 - node.index
        self.asked_at[index] = self.world.now
        if self.asked_since[index] is None:
            self.asked_since[index] = self.world.now

    def mark(self, what: str, index: int, so: bool, now: float) -> None:
        key = what, index
        if so and key not in self.since:
            self.since[key] = now
        elif not so and key in self.since:
            self.over.setdefault(key, []).append((self.since.pop(key), now))

    def hindered(self, what: str, index: int, longer_than: float, since: float, counted_from: float = LONG_AGO) -> bool:
        """Whether that was so for longer than that at a time, ending after `since`."""
        spans = self.spans(what, index)
        return any(end >= since and end - max(start, counted_from) > longer_than for start, end in spans)

    def broken(self, rule: str, text: str, *args) -> None:
        self.world.rules.broken(rule, text, *args)

    # -- packets ------------------------------------------------------------------------------------------------------

    def forwarded(self, node) -> None:
        """A packet goes into the tunnel."""
        world, peer = self.world, node.peer()
        world.count("packet sent on")
        shut_since = self.since.get(("tunnel", node.index), world.now)
        if world.now > shut_since:
            world.judge("dead")
        if world.now - max(shut_since, self.spoke_since()) > SHUT_S:
            self.broken("dead", "%s sends into a tunnel that is shut for %.1f s", node.name, world.now - shut_since)
        since = self.dead_since[peer.index]
        if since is None:
            return
        world.judge("dead")
        if self.sent_since[node.index] < world.cloud.held_since:
            self.sent_since[node.index] = world.now
        worked_at = max([end for _, end in self.over.get(("speaks", node.index), [])] + [LONG_AGO])
        here_at = world.cloud.held_since
        if node.record.trouble_until > here_at:
            here_at = max(here_at, self.sent_since[node.index])  # no look has shown it the VIP: the packets do
        asked_at = min(here_at, self.asked_at[peer.index])
        silent_since = max(since, asked_at, worked_at, node.record.master_since)
        if world.now > max(here_at + ANSWER_S, silent_since + SILENT_S) + SOON_S:
            self.broken("dead", "%s sends to %s, which is dead for %.1f s", node.name, peer.name, world.now - since)

    def spoke_since(self) -> float:
        """Since when both services can speak and hear."""
        ends = [LONG_AGO]
        for what in ("words", "speaks", "stands"):
            for index in (0, 1):
                ends += [self.world.now] * ((what, index) in self.since)
                ends += [end for _, end in self.over.get((what, index), [])[-1:]]
        return max(ends)

    def judge(self, client, fate: str, where, pushed: bool) -> None:
        world, owner = self.world, client.owner
        world.count("packet " + fate)
        alive = client.key in owner.kernel.sockets or fate == "served"
        if world.trace is not None and (fate != "served" or where is not client.owner):
            world.tell("", "packet of %s, opened on %s: %s%s" % (
                client.key[0], owner.name, fate, " by %s" % where.name if where else ""))  # fmt: skip
        if fate == "served":
            self.served(owner)
        elif fate == "reset":
            if alive:
                self.reset(client, where)
        elif alive:
            self.lost(client, pushed)

    def served(self, owner) -> None:
        world = self.world
        if world.cloud.holder == owner.eni:
            return
        world.judge("time")
        away_s = world.now - world.left_at[owner.index]
        if away_s > world.plan.keep_s + TIME_S:
            self.broken("time", "%s serves a connection %.0f s after the VIP has left it", owner.name, away_s)

    def excused(self, owner) -> bool:
        """Whether what has happened since the owner was at home kept the nodes from their words."""
        world, away_at = self.world, self.away_since[owner.index]
        if away_at is None:
            away_at = world.now
        since, peer = away_at - BEFORE_S, owner.peer()
        held_since = world.cloud.held_since
        takes = peer.keepalived.state == MASTER  # in a planned switch the new holder does not ask
        return (
            world.cloud.holder != peer.eni
            and world.cloud.holder != owner.eni
            or any(self.unheard(index, away_at) for index in (0, 1))
            or self.hindered("speaks", owner.index, SILENT_S - SOON_S, since, held_since if takes else LONG_AGO)
            or self.stood_still(owner.index)
            or self.hindered("speaks", peer.index, SILENT_S - SOON_S, since)
            or self.hindered("tunnel", owner.index, 0.0, since - PASSAGE_S)
            or self.off_at(peer.index, held_since)
            or any(self.rests(node) for node in (owner, peer))
            or self.booted(peer.index)
        )

    def stood_still(self, index: int) -> bool:
        """Whether as the VIP went it had been silent, its kernel as well, ever since the other node asked for that."""
        asked_at, since = self.asked_since[index], self.world.cloud.held_since - SOON_S
        return asked_at is not None and self.hindered("stands", index, SILENT_S - SOON_S, since, asked_at)

    def spans(self, what: str, index: int) -> list:
        """(from, until) of each time that it was so."""
        since = self.since.get((what, index))
        return self.over.get((what, index), []) + ([] if since is None else [(since, self.world.now)])

    def unheard(self, index: int, away_at: float) -> bool:
        """Whether words were lost that would have begun it, or are lost now: those in between are said anew. Unless it
        was for so long that the tunnel seems to be shut, for its packets are lost as well."""
        soon = self.world.now - SILENT_S - SOON_S
        began = away_at - BEFORE_S, away_at + SOON_S
        return any(
            end >= soon or (end >= began[0] and (start <= began[1] or end - start >= UNANSWERED_S))
            for start, end in self.spans("words", index)
        )

    def booted(self, index: int) -> bool:
        """Whether its rules went with its machine, and no word has come since its service has started."""
        off_at = max([start for start, _ in self.spans("off", index)] + [LONG_AGO])
        return any(start <= off_at <= end >= self.world.now - SOON_S for start, end in self.spans("speaks", index))

    def rests(self, node) -> bool:
        """Whether it sends nothing into the tunnel, for minutes, because all was in vain while that was shut."""
        if node.service is None:
            return False
        rests_until = node.service.kept.passage.rests_until
        found_at, spans = rests_until - REST_S, self.spans("tunnel", node.index)
        return self.world.now < rests_until and any(start + IN_VAIN_S <= found_at <= end for start, end in spans)

    def off_at(self, index: int, at: float) -> bool:
        """Whether the service was off as the VIP came: it may have been killed before its rules were in force."""
        return any(start <= at <= end for start, end in self.spans("speaks", index))

    def reset(self, client, where) -> None:
        world, owner = self.world, client.owner
        away_at = self.away_since[owner.index]
        world.judge("kept")
        if self.over_for(owner):
            world.count("reset at the end of the time")
            return
        if self.excused(owner):
            world.count("reset, excused")
            return
        away_s = 0.0 if away_at is None else world.now - away_at
        self.broken("kept", "%s resets a connection that %s has, away for %.1f s", where.name, owner.name, away_s)

    def over_for(self, owner) -> bool:
        """Whether the owner's time is over."""
        away_at = self.away_since[owner.index]
        return away_at is not None and self.world.now >= away_at + self.world.plan.keep_s - 2.0

    def lost(self, client, pushed: bool) -> None:
        world, owner = self.world, client.owner
        holder = world.clients.holder()
        if client.lost_since is None:
            return
        hindered = holder is None or any(
            self.hindered(what, node.index, 0.0, client.lost_since - 5.0)
            for node in (owner, owner.peer())
            for what in ("stands", "words", "speaks", "tunnel")
        )
        hindered = hindered or holder.nic == holder.ABSENT
        hindered = hindered or pushed and (self.over_for(owner) or self.excused(owner))
        if hindered:
            client.lost_since = world.now
        client.lost_since = max(client.lost_since, world.cloud.held_since)
        if hindered:
            return
        lost_s = world.now - client.lost_since
        if lost_s > STUCK_S:
            self.broken("stuck", "packets of a connection of %s are lost for %.1f s", owner.name, lost_s)

    # -- the end ------------------------------------------------------------------------------------------------------

    def left(self) -> None:
        world = self.world
        world.judge("left")
        for node in world.nodes:
            if not node.powered:
                continue
            keeping = node.service.kept.keeping
            if keeping.until is not None:
                self.broken("left", "%s keeps connections", node.name)
            for name in ("forward", "through"):
                if node.kernel.has(name):
                    self.broken("left", "the set %s of %s is in force", name, node.name)
            if node.nic == node.LEASED:
                self.broken("left", "the VIP is lent to %s", node.name)

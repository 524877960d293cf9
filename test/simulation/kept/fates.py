"""What becomes of packets, and the rules on it. What keeps the nodes from their words excuses a reset."""

from bounds import NOBODY_S

from kept.excuses import LONG_AGO, SILENT_S, SOON_S
from kept.homes import UNTOLD_S, Homes

RULES = {
    "kept": "a connection is reset by nobody while the node that has it lives, until the time is over",
    "dead": "nothing is sent on to a dead node for more than three seconds, counted from the request for the VIP "
    "and not before it is here, nor for long into a tunnel that is shut",
    "time": "a node serves none of its connections for longer than the time, and what the news of the move takes",
    "stuck": "while both nodes live, no packet of a connection is lost for more than a few seconds",
    "left": "once the time is over nothing is kept, sent on or lent any more",
}
BY_ITSELF_S = 5.0  # the three seconds of silence, and two more in which the service would have ended it
ANSWER_S = 0.5  # one last question, once the VIP is here
SHUT_S = 20.0  # three questions in a row without an answer, the first up to 10 s later
STUCK_S = 6.0
# Who takes the VIP says so until a look shows it there: a poll of the task, a view that is old, a word once a second. A
# MASTER that has just looked looks again within five seconds, or by its peer's word.
LEARNS_S = 5.2
SELDOM_S = 55.0  # so far apart the looks of a MASTER are at most
CALL_S = 5.0  # so long a call waits for its answer


class Fates(Homes):
    def __init__(self, world) -> None:
        super().__init__(world)
        self.given_up = [False, False]  # who had asked for its VIP was no longer MASTER as it came
        self.in_trouble = [[], []]  # (from, until): a call that has no answer, or none that is one
        self.sent_since = [LONG_AGO] * 2  # when the first packet went into the tunnel since the VIP came

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
        if world.plan.listing == "gap":
            here_at += NOBODY_S  # a look may still show it on no ENI, and the next one comes so much later
        if self.untold(node, here_at):
            here_at = max(here_at, self.sent_since[node.index])  # no look has shown it the VIP: the packets do
        asked_at = min(here_at, self.asked_at[peer.index])
        silent_since = max(since, asked_at, worked_at, node.record.master_since)
        # A service that hangs just now, or is off, ends nothing: the kernel does so by itself, somewhat later.
        hangs_since = self.since.get(("speaks", node.index), LONG_AGO)
        if world.now > max(here_at + ANSWER_S, silent_since + SILENT_S, hangs_since + BY_ITSELF_S) + SOON_S:
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
        if world.cloud.holder == owner.eni or self.given_back(owner):
            return
        world.judge("time")
        # One that is on its way to a MASTER may be shown there from the beginning, and get stuck.
        shown_at = owner.record.here_at if owner.record.here_at >= owner.record.master_since else LONG_AGO
        away_s = world.now - max(world.left_at[owner.index], shown_at)
        if away_s > world.plan.keep_s + self.news_s(owner):
            self.broken("time", "%s serves a connection %.0f s after the VIP has left it", owner.name, away_s)

    def given_back(self, owner) -> bool:
        """Whether its peer is just giving it the VIP: it will serve them itself in a moment."""
        cloud = self.world.cloud
        return cloud.locked and cloud.lock_began - CALL_S <= self.given_at[owner.peer().index] <= cloud.lock_began

    def news_s(self, owner) -> float:
        """How long after the VIP has left it a node may learn of it."""
        left_at = self.world.left_at[owner.index]
        gives = left_at - UNTOLD_S <= self.given_at[owner.index] <= left_at
        silent = any(
            start <= left_at + UNTOLD_S and end >= left_at - LEARNS_S
            for index in ([owner.index] * gives + [1 - owner.index])
            for start, end in self.spans("speaks", index)
        )
        silent = silent or self.deafened(owner.index, left_at)
        asks = left_at <= self.asked_at[1 - owner.index] <= self.world.now
        given_up = self.given_up[owner.index] and not gives
        untold_by = any(self.untold(node, left_at) for node in self.world.nodes)
        unaware = self.spans("unaware", 1 - owner.index)
        untold_by = untold_by or any(start <= left_at + LEARNS_S and end >= left_at for start, end in unaware)
        return LEARNS_S + max(UNTOLD_S * (asks or given_up or silent or untold_by), self.unheard_s(left_at))

    def deafened(self, index: int, left_at: float) -> bool:
        """Whether what it was told as the VIP left waited for a node that stood still, and went with its service."""
        return any(
            since <= left_at + LEARNS_S and until >= left_at - LEARNS_S and start <= until and end >= since
            for since, until in self.spans("stands", index)
            for start, end in self.spans("gone", index)
        )

    def called(self, node) -> None:
        """It has called the cloud."""
        if node.record.trouble_until > self.world.now:
            self.in_trouble[node.index].append((self.world.now, node.record.trouble_until))

    def untold(self, node, left_at: float) -> bool:
        """Whether the cloud has kept from this node what became of the move that ended then."""
        record = node.record
        told = [(at, at) for at in (record.late_until, record.unknown_at)] + self.in_trouble[node.index]
        return any(end >= left_at - CALL_S and begin <= left_at + UNTOLD_S + CALL_S for begin, end in told)

    def unheard_s(self, left_at: float) -> float:
        """How long after the VIP went no word passed between the nodes: a MASTER of long calm seldom looks."""
        spans = [span for index in (0, 1) for span in self.spans("words", index)]
        ends = [end - left_at for start, end in spans if start <= left_at + LEARNS_S]
        return min(max(ends + [0.0]), SELDOM_S)

    def reset(self, client, where) -> None:
        world, owner = self.world, client.owner
        away_at = self.away_since[owner.index]
        world.judge("kept")
        if self.over_for(owner):
            world.count("reset at the end of the time")
            return
        # Opened where nobody was MASTER, and its address has run out: a reset is better than no answer.
        if self.excused(owner) or (not client.at_home and owner.nic == owner.ABSENT):
            world.count("reset, excused")
            return
        away_s = 0.0 if away_at is None else world.now - away_at
        self.broken("kept", "%s resets a connection that %s has, away for %.1f s", where.name, owner.name, away_s)

    def over_for(self, owner) -> bool:
        """Whether the owner's time is over. It waits for so long at most for a peer that asks for the VIP in vain, and
        for one that asks for it only after nobody has been MASTER for a while."""
        away_at, asked_since, record = self.away_since[owner.index], self.asked_since[owner.index], owner.record
        if away_at is not None and record.lost_at > record.master_since:
            away_at = min(away_at, max(record.lost_at, record.here_at) + UNTOLD_S)
        if away_at is not None and asked_since is not None:
            away_at = min(away_at, asked_since + UNTOLD_S)
        spent_at = owner.service and owner.service.kept.keeping.spent_at
        if spent_at is not None and self.untold(owner, spent_at) and owner.record.here_at < spent_at:
            return True  # it was over, and the cloud has not said that the VIP was here after all
        return away_at is not None and self.world.now >= away_at + self.world.plan.keep_s - 2.0

    def lost(self, client, pushed: bool) -> None:
        world, owner = self.world, client.owner
        holder = world.clients.holder()
        if client.lost_since is None:
            return
        hindered = holder is None or any(
            self.hindered(what, node.index, 0.0, client.lost_since - 5.0)
            for node in (owner, owner.peer())
            for what in ("stands", "words", "speaks", "tunnel", "unaware")
        )
        hindered = hindered or holder.nic == holder.ABSENT
        # Where nobody is MASTER the address that is lent runs out.
        nobody = not any(node.service and node.service.known.master for node in world.nodes)
        hindered = hindered or (nobody and owner.nic == owner.ABSENT)
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

"""What excuses a reset: what kept the nodes from their part for that connection, in the move that has taken the VIP
from the node that has it, or just now. A word that was lost excuses until a later one of its kind has come."""

SILENT_S, ASK_S = 3.0, 0.5
EVERY_S = 2.0  # a question, where the one before it was not answered
UNANSWERED_S = 2 * EVERY_S  # three of these, from the first to the last
PASSAGE_S = 12.0  # a tunnel that is open again is asked so much later at most
IN_VAIN_S, REST_S = 8.0, 600.0  # packets that went into a shut tunnel for so long have none sent there for so long
ANSWER_S = 1.5  # the last of which is given so long
SETTLED_S = 5.0  # a look so long after the peer's request shows that nothing came of it, but where that was late
SOON_S = 1.3  # a word once a second, and the look that follows it
TURN_S = 0.2
LONG_AGO = -1000.0
BEFORE_S = 12.0  # what had to be said for a move was said so long before at most
TAKES = "takes"  # "ready" of no question


class Excuses:
    def __init__(self, world) -> None:
        self.world = world
        self.away_since = [None, None]
        self.asked_at = [float("inf")] * 2  # when the other one did for the VIP
        self.asked_since = [None, None]  # and first did, since the node came home
        # What hinders: since when, and all that is over, as (from, until).
        self.since, self.over = {}, {}
        # Of each node's words of each kind: when each was said that came, or was lost.
        self.came_at, self.lost_at = {}, {}
        self.first_at, self.last_at = [LONG_AGO] * 2, [LONG_AGO] * 2  # of those that it keeps some: of the last row

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

    def said(self, node, message: dict, lost: bool) -> str:
        """Gives which word it is."""
        kind = message["id"] if message["id"] != "ready" or "of" in message else TAKES
        if kind == "keeps" and message["leftS"] == 0:
            self.last_at[node.index] = LONG_AGO
            return "farewell"
        if lost:
            self.lost_at.setdefault((kind, node.index), []).append(self.world.now)
        else:
            self.came_at.setdefault((kind, node.index), []).append(self.world.now)
        if kind == "keeps":
            if self.world.now > self.last_at[node.index] + 2 * SOON_S:
                self.first_at[node.index] = self.world.now
            self.last_at[node.index] = self.world.now
        return kind

    def excused(self, owner) -> bool:
        return bool(self.excuses(owner))

    def excuses(self, owner) -> list:
        """What kept the nodes from what they have to do for it: in the move that has taken the VIP from there, or by
        which it is on its way, or just now."""
        world, peer, away_at = self.world, owner.peer(), self.away_since[owner.index]
        if away_at is None:
            away_at = world.now
        held_since, holder = world.cloud.held_since, world.cloud.holder
        found = {
            "nobody's": holder not in (owner.eni, peer.eni),
            "words": self.unheard(owner, away_at),
            "silenced": self.silenced(owner.index),
            "owner silent": self.idle(owner.index, away_at, held_since),
            "stood still": self.stood_still(owner.index, held_since),
            "holder silent": self.idle(peer.index, away_at, held_since),
            "tunnel": self.closed(away_at, held_since) or self.shut_out(owner),
            # It may have been killed before its rules were in force.
            "killed": self.off_at(peer.index, held_since) or self.killed_soon(peer.index, self.first_at[owner.index]),
            "no time": self.no_time(peer.index, self.asked_at[owner.index])
            or self.no_time(peer.index, self.first_at[owner.index]),
            "rests": any(self.rests(node) for node in (owner, peer)),
            "late": peer.record.late_until > self.asked_at[owner.index] < held_since - SETTLED_S,
            "booted": self.booted(owner),
            "unsaid": self.unsaid(owner),
            # Its peer's request was about to end, and what it opens cannot be known there at once.
            "just MASTER": world.now - owner.record.master_since < TURN_S,
            # The VIP was here before: its own keepalived put it on the NIC, and rules are in force only after that.
            "here before": held_since < peer.record.master_since and world.now - peer.record.master_since < TURN_S,
            "unaware": self.hindered("unaware", owner.index, SOON_S, away_at - SOON_S)
            or self.hindered("unaware", owner.index, 0.0, world.now - TURN_S)
            or self.hindered("never aware", owner.index, 0.0, away_at - SOON_S),
        }
        return [why for why, so in found.items() if so]

    def silenced(self, index: int) -> bool:
        """Whether for three seconds since the other node asked for the VIP nothing of this one's has come there: since
        the last answer of its kernel, which is asked every half a second."""
        first_at, now = self.asked_since[index], self.world.now
        if now - (self.asked_at[index] if first_at is None else first_at) <= SILENT_S:
            return False
        return self.hindered("words", index, SILENT_S - ASK_S, now - TURN_S)

    def closed(self, away_at: float, held_since: float) -> bool:
        """Whether nothing passed through the tunnel, as that had to begin or just now, or for so long that it seemed to
        be shut. One that is open again is asked later."""
        began = away_at - BEFORE_S - PASSAGE_S, max(away_at, held_since) + SOON_S
        spans = self.spans("tunnel", 0) + self.unanswered()
        soon = self.world.now - PASSAGE_S
        return any(end >= soon or (start <= began[1] and end >= began[0]) for start, end in spans)

    def unanswered(self) -> list:
        """Spans in which no word passed for as long as three questions take."""
        spans = [span for index in (0, 1) for span in self.spans("words", index)]
        return [span for span in spans if span[1] - span[0] >= UNANSWERED_S]

    def shut_out(self, owner) -> bool:
        """Whether it has ended what it keeps because nothing came out of the tunnel, as was so for three questions."""
        spent_at = owner.service and owner.service.kept.keeping.spent_at
        spans = self.spans("tunnel", 0) + self.unanswered()
        return spent_at is not None and any(
            start + UNANSWERED_S <= min(end, spent_at) and end >= spent_at - EVERY_S - SOON_S for start, end in spans
        )

    def idle(self, index: int, away_at: float, held_since: float) -> bool:
        """Whether its service did not speak for too long: as that had to begin, or just now."""
        soon, began = self.world.now - SILENT_S - SOON_S, (away_at - BEFORE_S, max(away_at, held_since) + SOON_S)
        return any(
            end - start > SILENT_S - SOON_S and (end >= soon or (start <= began[1] and end >= began[0]))
            for start, end in self.spans("speaks", index)
        )

    def killed_soon(self, index: int, told_at: float) -> bool:
        """Whether its service was killed as it was told, and is off, or has just started."""
        in_force_at, soon = told_at + TURN_S, self.world.now - SOON_S
        return any(start <= in_force_at <= end and end >= soon for start, end in self.spans("gone", index))

    def no_time(self, index: int, since: float) -> bool:
        """Whether it has stood still since it asked for the VIP, or as it was told: its rules are in force a moment
        after it goes on."""
        just_now = self.world.now - TURN_S
        spans = self.spans("speaks", index)
        return any(start <= since + TURN_S and end >= max(since, just_now) for start, end in spans)

    def stood_still(self, index: int, held_since: float) -> bool:
        """Whether as the VIP went it had been silent, its kernel as well, ever since the other node asked for that."""
        asked_at, since = self.asked_since[index], held_since - SOON_S
        return asked_at is not None and self.hindered("stands", index, SILENT_S - SOON_S, since, asked_at)

    def spans(self, what: str, index: int) -> list:
        """(from, until) of each time that it was so."""
        since = self.since.get((what, index))
        return self.over.get((what, index), []) + ([] if since is None else [(since, self.world.now)])

    def unheard(self, owner, away_at: float) -> bool:
        """Whether the words that matter were said, and lost: each for so long that those that follow came too late."""
        world, peer = self.world, owner.peer()
        now, keeping = world.now, owner.service and owner.service.kept.keeping
        if keeping is None:
            keeps = now - self.last_at[owner.index] < SILENT_S + SOON_S
        else:
            keeps = world.runtime.connections.keeps(keeping)
        # A word that came just now is not in force yet; nor is one that comes as the three seconds end.
        if keeps and self.was_lost("keeps", owner, now - SILENT_S - SOON_S, now - SILENT_S):
            return True
        if keeps and self.first_at[owner.index] < now - TURN_S:
            return False
        asked_at = min(self.asked_at[owner.index], now)
        if asked_at > away_at - BEFORE_S and self.was_lost(TAKES, peer, asked_at - TURN_S, asked_at - TURN_S):
            return True
        began_at = away_at - BEFORE_S
        return self.was_lost("prepare", owner, began_at, began_at) or self.was_lost("ready", peer, began_at, began_at)

    def was_lost(self, kind: str, node, since: float, none_since: float) -> bool:
        """Whether such a word was since then, and none has come since `none_since` but just now."""
        just_now = self.world.now - TURN_S
        came = any(none_since <= at and heard_at < just_now for at, heard_at in self.taken_in(kind, node))
        return not came and any(at >= since for at in self.missed(kind, node))

    def taken_in(self, kind: str, node) -> list:
        """(when it was said, when it was heard) of each of its words that came: one that comes to a peer that stands
        still is heard once that goes on."""
        came = [at for at in self.came_at.get((kind, node.index), []) if not self.off_at(node.peer().index, at)]
        silent = self.spans("speaks", node.peer().index)
        return [(at, max([at] + [end for start, end in silent if start <= at])) for at in came]

    def missed(self, kind: str, node) -> list:
        """When each of its words was said that never came, or to a service that was killed just then."""
        came = self.came_at.get((kind, node.index), [])
        return self.lost_at.get((kind, node.index), []) + [at for at in came if self.off_at(node.peer().index, at)]

    def booted(self, owner) -> bool:
        """Whether its peer's rules went with the machine, and each word that was said since the service there has
        started was lost."""
        peer, now = owner.peer().index, self.world.now
        off_at = max([start for start, _ in self.spans("off", peer)] + [LONG_AGO])
        started_at = max([end for start, end in self.spans("speaks", peer) if start <= off_at <= end] + [LONG_AGO])
        if started_at == LONG_AGO:
            return False
        # Nor is the tunnel open that has answered nothing since then.
        spans = [span for index in (0, 1) for span in self.spans("words", index)]
        shut = any(start < now - TURN_S and end >= now - SOON_S for start, end in spans if start <= started_at + SOON_S)
        shut = shut or self.was_lost("serves", owner.peer(), started_at, started_at)
        return started_at >= now - SOON_S or shut or self.was_lost("keeps", owner, started_at, started_at)

    def unsaid(self, owner) -> bool:
        """Whether its service was off as the VIP went, and had said nothing since its machine booted."""
        index = owner.index
        booted_at = max([end for _, end in self.over.get(("off", index), [])] + [LONG_AGO])
        said = any(at > booted_at for word in ("keeps", "takes") for at in self.came_at.get((word, index), []))
        return booted_at > LONG_AGO and not said and self.off_at(index, self.world.cloud.held_since)

    def rests(self, node) -> bool:
        """Whether it sends nothing into the tunnel, for minutes, for all was in vain while nothing passed there."""
        if node.service is None:
            return False
        rests_until = node.service.kept.passage.rests_until
        found_at = rests_until - REST_S
        whats = [(what, index) for what in ("tunnel", "words", "unaware") for index in (0, 1)]
        spans = [span for what in whats for span in self.spans(*what)]
        # What was sent a moment before the tunnel was shut had no answer either; and it is counted once a second.
        return self.world.now < rests_until and any(
            start + IN_VAIN_S - TURN_S <= found_at <= end + SOON_S + ANSWER_S for start, end in spans
        )

    def off_at(self, index: int, at: float) -> bool:
        """Whether the service was off then."""
        return any(start <= at <= end for start, end in self.spans("gone", index))

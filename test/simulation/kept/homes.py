"""Where each node is at home: while it is MASTER and the cloud delivers to it. What it opened then is its own; away
from home it keeps that, until it is at home again or the time is over. And since when each is hindered by what.
"""

from keepalived import MASTER

from kept.excuses import Excuses

HOME_S = 8.0  # by then a node that is at home again has seen it and ended
# Where the cloud is down, or answers late, who takes the VIP says so for as long as it does not know, and the time
# waits for that up to a bound (GONE_S); and who gives it learns from the cloud that it has moved, or gives up (GIVE_S).
# The same where the taker's service starts anew, and asks once more for what it has; and where the one that gives it
# stands still as it goes, and is told of that by the cloud once it goes on. And where the old one asks for it in vain:
# as long as that request runs it may come back, and the peer may have to take it anew; or the peer has given up before
# it came, and finds it when it is MASTER again.
UNTOLD_S = 20.0


class Homes(Excuses):
    def __init__(self, world) -> None:
        super().__init__(world)
        self.home_since = [None, None]
        self.dead_since = [None, None]
        self.master_at = [None, None]  # since when keepalived is MASTER, whether the service knows of it or not
        self.given_at = [float("inf")] * 2  # when it was asked to give the VIP away, once it has asked the cloud

    def begin(self) -> None:
        self.away_since = [None, None]  # the first MASTER was none for a moment, as the world was made
        self.note()

    def noted(self, apply):
        def change(world, fault, begins: bool) -> None:
            apply(world, fault, begins)
            self.note()

        return change

    def note(self) -> None:
        world = self.world
        if not hasattr(world, "cloud"):
            return
        now = world.now
        for node in world.nodes:
            index = node.index
            if node.keepalived.state != MASTER:
                self.master_at[index] = None
            elif self.master_at[index] is None:
                self.master_at[index] = now
            holds = world.cloud.holder == node.eni
            home = holds and node.keepalived.state == MASTER and not self.hidden(node)
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
            self.mark("gone", index, node.powered and node.service is None, now)
            unaware = self.unaware(node)
            if not unaware and self.master_at[index] is None and ("unaware", index) in self.since:
                self.over.setdefault(("never aware", index), []).append((self.since["unaware", index], now))
            self.mark("unaware", index, unaware, now)

    def unaware(self, node) -> bool:
        """Whether its service does not know that it is MASTER: keepalived's word was lost, and the address that it took
        over was lent, so that nothing shows it; or the service was killed before."""
        if node.keepalived.state != MASTER:
            return False
        before = ("unaware", node.index) in self.since
        if node.service is None:
            return before or self.master_at[node.index] > self.since["gone", node.index]
        return not node.service.known.master and (node.deaf or before)

    def hidden(self, node) -> bool:
        """Whether it is not at home as far as it can know: the cloud shows the VIP elsewhere, where its peer has asked
        for it before this one was MASTER."""
        cloud = self.world.cloud
        return cloud.locked and cloud.listed != node.eni and self.asked_at[node.index] < node.record.master_since

    def leaves(self, index: int) -> None:
        """It is at home no more. Its time goes on if that was for a moment only, or no look has shown it, and counts
        from the peer's request."""
        home_since, self.home_since[index] = self.home_since[index], None
        shown = home_since is not None and self.world.nodes[index].record.here_at >= home_since
        if self.away_since[index] is None or (shown and self.world.now - home_since > HOME_S):
            asked_at = self.asked_at[index]
            given_at = self.given_at[index]
            killed = any(start <= given_at + UNTOLD_S and end >= given_at for start, end in self.spans("gone", index))
            record = self.world.nodes[index].record
            if killed or max(record.trouble_until, record.late_until) > given_at:
                asked_at = min(asked_at, given_at)  # what came of it the cloud has not said
            elif self.world.plan.listing == "target":
                # Shown there from the beginning, as if it had gone.
                asked_at = min(asked_at, max(given_at, record.here_at))
            self.away_since[index] = max(home_since or 0.0, min(self.world.now, asked_at))

    def asked(self, node, gives: bool) -> None:
        """It asks the cloud for the VIP, or gives it."""
        index = 1 - node.index
        if gives:
            self.given_at[node.index] = min(self.world.now, node.record.switch_at)
            return
        self.asked_at[index] = self.world.now
        if self.asked_since[index] is None:
            self.asked_since[index] = self.world.now

"""What happens to a fleet: all of it starts at once and becomes calm; then every MASTER loses its power in the same
moment, which is the most that a zone can do to pairs and leave them something to move to; and it comes back."""

from rules import Broken

from fleet.account import COUNTS
from fleet.pairs import Fleet

LOOK, MOVE, TASK = "DescribeNetworkInterfaces", "MigratePrivateIpAddress", "DescribeVpcTaskResult"
# Seconds on the fleet's clock. After ten minutes a pair looks as rarely as it ever does.
SETTLED_S, CALM_FROM_S, FAILS_S, HALF_FROM_S, RETURNS_S, END_S = 300, 600, 900, 1200, 1500, 1800

RULES = {
    "calm": "some minutes after a start, and after a failure, no call is refused, and looks have become rare",
    "back": "when all MASTERs fail at once, every VIP is on its survivor within the bound",
    "herd": "a request for a VIP is refused so often at most, on the mean of all pairs",
    "returns": "when the machines that failed come back at once, all is right within five minutes",
}
# calm. Calls of a pair in a second: a look in 50 s on the mean, more while the calm is short yet.
CALM_CALLS_S, SOON_CALLS_S = 1 / 45.0, 1 / 25.0
# back. An election at the slowest speed (4 s), the slowest move (8 s) and the first few pauses; then so many pairs in a
# second until the last is through. The limit lets 50 pass, but none knows when it is its turn. With 1,000 pairs 43 s of
# 64 s were seen, and 95 s of 104 s.
BACK_S, BACK_PAIRS_S = 24.0, {"begun by a call": 25.0, "sliding": 25.0, "sliding, refused too": 12.5}
# herd. The pauses get longer by 1.6 from a second on: eight refusals take half a minute. 4.4 and 8.8 were seen.
HERD = {"begun by a call": 6.0, "sliding": 6.0, "sliding, refused too": 11.0}


class Story:
    """One fleet's life, and what was seen of it."""

    def __init__(self, runtime, seed: int, size: int) -> None:
        self.seed, self.size = seed, size
        self.fleet = Fleet(runtime, seed, size, sorted(COUNTS)[seed % len(COUNTS)])
        self.account = self.fleet.account
        self.back_s = []  # how long each VIP took to be where it should be, the quickest first

    def play(self) -> None:
        """Raises Broken."""
        fleet = self.fleet
        fleet.run_until(CALM_FROM_S)
        self.calm(SETTLED_S, CALM_FROM_S, SOON_CALLS_S)
        fleet.run_until(FAILS_S)
        self.calm(CALM_FROM_S, FAILS_S, CALM_CALLS_S)
        dead = self.fail()
        fleet.run_until(HALF_FROM_S)
        self.back(dead)
        fleet.run_until(RETURNS_S)
        self.calm(HALF_FROM_S, RETURNS_S, SOON_CALLS_S)
        for node in dead:
            node.world.disturb()
            node.off -= 1
            node.power_on()
        fleet.run_until(END_S)
        wrong = [text for text in (pair.rules.wrong() for pair in fleet.pairs) if text]
        if wrong:
            self.broken("returns", "%d pairs are not right %d s later: %s", len(wrong), END_S - RETURNS_S, wrong[0])

    def fail(self) -> list:
        """Every MASTER's power goes at once."""
        dead = []
        for pair in self.fleet.pairs:
            node = pair.master()
            if node is None or pair.rules.wrong():
                self.broken("calm", "a pair is not right before anything has failed: %s", pair.rules.wrong())
            dead.append(node)
        for node in dead:
            node.world.back_at = None
            node.world.count("power cut")
            node.world.disturb()
            node.off += 1
            node.power_off()
        return dead

    def back(self, dead: list) -> None:
        for node in dead:
            pair, survivor = node.world, node.peer()
            if pair.back_at is None or not pair.cloud.right(survivor.eni):
                self.broken("back", "a VIP is not back after %d s", HALF_FROM_S - FAILS_S)
            self.back_s.append(pair.back_at - FAILS_S)
        self.back_s.sort()
        bound = BACK_S + self.size / BACK_PAIRS_S[self.account.counts]
        if self.back_s[-1] > bound:
            self.broken("back", "the last VIP is back after %.0f s, of %.0f s", self.back_s[-1], bound)
        refused = sum(refused for _, refused in self.account.called(MOVE, FAILS_S, HALF_FROM_S))
        if refused > HERD[self.account.counts] * self.size:
            self.broken("herd", "%d requests for %d VIPs were refused", refused, self.size)

    def calm(self, first: int, last: int, most: float) -> None:
        for action in self.account.limits:
            seconds = self.account.called(action, first, last)
            calls, refused = sum(calls for calls, _ in seconds), sum(refused for _, refused in seconds)
            if refused:
                self.broken("calm", "%d of %d %s are refused, nothing having happened", refused, calls, action)
            if calls > most * self.size * (last - first) + 1:
                self.broken("calm", "%.1f %s in a second, nothing having happened", calls / (last - first), action)

    def broken(self, rule: str, text: str, *args) -> None:
        raise Broken(rule, "%s (seed %d)" % (text % args, self.seed))

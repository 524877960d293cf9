"""How long to wait before the next look or the next try. No I/O, no clock and no dice of its own."""

POLL_S = 0.5  # between two looks at a running task: the cloud needs seconds
UNSETTLED_S = 15.0  # an address that is MIGRATING is looked at every POLL_S for so long, then every SLOW_S
SLOW_S = 5.0
EIP_S = 1.5  # the cloud may bind it itself a moment after the move
# After anything unusual the pair is looked at more often for a minute: what went wrong once may do so again.
ALERT_S = 60.0
ALERT_INTERVAL_S = 4.0
# ... and the longer nothing happens, the more rarely: an account's limit on looks is for all of its pairs together.
CALM_SHARE = 0.1  # of the time that has been calm
CALM_TIMES = 2.5  # the interval of a pair that is well, at the most
# Adverts of a lower peer come at every advert interval while a link is one-way: looks get rarer within such a storm.
STORM_FIRST_S = 0.3
STORM_MAX_S = 5.0
STORM_OVER_S = 10.0
# A peer that takes the VIP back and forth means a partition: each side claims less and less often.
DUEL_FIRST_S = 4.0
DUEL_MAX_S = 120.0
DUEL_OVER_S = 600.0
RETRY_FIRST_S = 0.5
RETRY_MAX_S = 15.0
RETRY_SOON_MAX_S = 3.0  # for ALERT_S after an event: clients wait, and half of all calls refused must not cost a minute
# One call too many: of many pairs that call at once each has to find a time of its own, and the more they are, the more
# time they need. A second is what the cloud counts by. Each pause is longer than the one before by this: doubled, the
# last of many would wait long for nothing, and so would a pair of which half of all calls are refused.
LATER_TIMES = 1.6
LATER_FIRST_S = 1.0
LATER_MAX_S = 32.0
# Most likely a person has to mend it. The first is short: a passing refusal should not cost a failover a minute.
STOP_FIRST_S = 5.0
STOP_MAX_S = 60.0

# The kinds of steps: failures in a row are counted for each by itself.
LOOK, CHANGE, BIND = "look", "change", "bind"
KIND_OF = {
    "idle": LOOK,
    "describe": LOOK,
    "migrate": CHANGE,
    "give": CHANGE,
    "assign": CHANGE,
    "task": CHANGE,
    "rebind": BIND,
}
# By the reaction to an error's code: the first pause and the longest; each is twice the one before. All others: RETRY.
STOP, RETRY, SOON = (STOP_FIRST_S, STOP_MAX_S), (RETRY_FIRST_S, RETRY_MAX_S), (RETRY_FIRST_S, RETRY_SOON_MAX_S)
MANY = 10  # failures in a row, beyond which no pause grows


def pause_s(reaction: str, before: int, soon: bool, jitter: float) -> float:
    """After a failure that has so many in a row before it; soon: clients wait."""
    if reaction == "describe" and before == 0:
        return 0.0
    if reaction == "later":
        return min(LATER_MAX_S, LATER_FIRST_S * LATER_TIMES**before) * (0.1 + 0.9 * jitter)
    first_s, longest_s = STOP if reaction == "stop" else SOON if soon else RETRY
    return min(longest_s, first_s * 2**before) * (0.75 + 0.5 * jitter)


def interval_s(calm_s: float, reassert_s: float) -> float:
    """Between two looks of a MASTER at what is as it should be: nothing unusual has happened for so long, less than
    nothing if it has just now. reassert_s: after a minute."""
    if calm_s < 0:
        return min(ALERT_INTERVAL_S, reassert_s)
    return min(CALM_TIMES * reassert_s, max(reassert_s, CALM_SHARE * calm_s))


class Patience:
    def __init__(self) -> None:
        self.not_before = 0.0  # the next step is due then, unless an event asks for one
        self.alert_until = 0.0
        self.in_a_row = {LOOK: 0, CHANGE: 0}  # without an answer; refused, or accepted and failed
        self.rebind_at = None  # the EIP is missing, and is bound if a look from then on still finds it so
        self.rebinds = 0  # tries in a row, the one on its way included
        self.duels = 0  # times in a row that the VIP was taken from a MASTER
        self.storm_gap = 0.0  # between two looks of a storm of events
        self.storm_at = None  # its last event
        self.looked_for_event_at = None

    def begin(self, now: float) -> None:
        """A new MASTER."""
        self.in_a_row = {LOOK: 0, CHANGE: 0}
        self.duels = 0
        self.rebind_at = self.storm_at = None
        self.not_before = now
        self.alert(now)

    def alert(self, now: float) -> None:
        """Something unusual has happened."""
        self.alert_until = now + ALERT_S

    def crowded(self, now: float) -> None:
        """A call was one too many: whoever looks more often for that keeps the account where it is."""
        self.alert_until = min(self.alert_until, now)

    def settled(self, now: float, reassert_s: float, jitter: float) -> None:
        """All is as it should be: looked at again after an interval, more or less."""
        self.rebind_at = None
        self.not_before = now + interval_s(now - self.alert_until, reassert_s) * (0.9 + 0.2 * jitter)

    def failed(self, kind: str, reaction: str, now: float, event_at: float, jitter: float) -> float:
        """Takes in a step that failed; gives the seconds until the next one. event_at: when the last event came."""
        before = self.rebinds - 1 if kind == BIND else self.in_a_row[kind]
        delay_s = pause_s(reaction, before, now - event_at < ALERT_S, jitter)
        if kind != BIND:
            self.in_a_row[kind] = min(before + 1, MANY)
            return delay_s
        if self.rebind_at is not None:  # as it is after a demotion in between
            self.rebind_at = max(self.rebind_at, now + delay_s)
        return min(delay_s, ALERT_INTERVAL_S)  # the VIP itself is looked at meanwhile

    @property
    def in_vain(self) -> int:
        """Looks and changes in a row that failed."""
        return self.in_a_row[LOOK] + self.in_a_row[CHANGE]

    # -- the EIP ------------------------------------------------------------------------------------------------------

    def bind_later(self, now: float) -> None:
        """It has just been found missing, or something was done about it that takes effect later."""
        self.rebind_at, self.rebinds = now + EIP_S, 0

    def binding(self, now: float) -> None:
        """A try is on its way; the next one comes later than the one before."""
        self.rebinds = min(self.rebinds + 1, MANY)
        self.rebind_at = now + min(RETRY_MAX_S, EIP_S * 2**self.rebinds)

    # -- a peer that takes the VIP back -------------------------------------------------------------------------------

    def duel_s(self, jitter: float) -> float:
        """Taken from us while we are MASTER and without an event: after a partition that is the black hole and must end
        at once; within one, the peer believes the same as we, and fighting costs both sides' connections."""
        self.duels += 1
        if self.duels == 1:
            return 0.0
        return min(DUEL_MAX_S, DUEL_FIRST_S * 2 ** (self.duels - 2)) * (0.75 + 0.5 * jitter)

    # -- a storm of events --------------------------------------------------------------------------------------------

    def storm(self, now: float) -> bool:
        """Takes in an event that may come in a storm; whether one begins with it."""
        begins = self.storm_at is None or now - self.storm_at > STORM_OVER_S
        if begins:
            self.storm_gap = STORM_FIRST_S
            self.looked_for_event_at = None
        self.storm_at = now
        return begins

    def next_look_of_storm(self, now: float) -> float:
        since = self.looked_for_event_at
        return now if since is None else max(now, since + self.storm_gap)

    def looked_for_event(self, now: float) -> None:
        self.looked_for_event_at = now
        self.storm_gap = min(self.storm_gap * 2, STORM_MAX_S) if self.storm_at is not None else STORM_FIRST_S

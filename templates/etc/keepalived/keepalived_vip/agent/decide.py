"""What to do next, as a pure function of what is known. No I/O, no clock and no dice of its own.

The VIP is where the cloud says, not where we wish it: every step is followed by another look, and only "listed on my
ENI and AVAILABLE" counts as done. Times are seconds of one clock that never goes back; jitter is 0.0-1.0, drawn by the
caller.
"""

from keepalived_vip.agent.knowledge import (
    ABANDON,
    ABANDONED,
    ASKED,
    ASSIGN,
    DESCRIBE,
    DONE,
    EIP_MISSING,
    IDLE,
    MOVED,
    MOVING,
    NOBODY,
    REBIND,
    REFUSED,
    YIELD,
    YIELDED,
    Knowledge,
    Switch,
)

POLL_S = 0.5  # between two looks at a running task: the cloud needs seconds
YOUNG_S = 1.0  # so long after a task was accepted a look may show what was before
TASK_LIMIT_S = 30.0  # then the task is forgotten and the address itself is looked at
UNSETTLED_S = 15.0  # an address that is MIGRATING is looked at every POLL_S for so long, then every SLOW_S
SLOW_S = 5.0
STUCK_S = 45.0  # an address that has been MIGRATING for so long is asked for once more
NOBODY_S = 1.0  # where an address shows while it moves is not documented: a moment on no ENI proves nothing
EIP_S = 1.5  # the cloud may bind it itself a moment after the move
RECENT_S = 3.0  # so long a confirmed holder is still believed to be the holder
# After anything unusual the pair is looked at more often for a minute: what went wrong once may do so again.
ALERT_S = 60.0
ALERT_INTERVAL_S = 4.0
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
# Most likely a person has to mend it. The first is short: a passing refusal should not cost a failover a minute.
STOP_FIRST_S = 5.0
STOP_MAX_S = 60.0
# A planned switch. Both together end before the peer's NIC loses the address that was put there ahead (30 s).
GIVE_S = 20.0  # the cloud has so long for its part
TAKE_S = 8.0  # and so long the peer, once this node has given up
GIVE_LOOKS = 2  # looks in a row that find the VIP still here: a look may show what was a moment ago


def here(known: Knowledge) -> bool:
    """Whether the cloud has the VIP here, as far as known."""
    return known.holder == known.me and known.available


def became_master(known: Knowledge, now: float, trigger: str) -> None:
    """keepalived's word. The peer most likely has the VIP: ask first, look afterwards."""
    if switching(known):
        known.switch.go(ABANDONED, "MASTER again before the peer took over")
    known.master = True
    known.claim = True
    known.trigger = trigger
    known.wakes += 1
    known.look_at = None
    known.task = None
    known.fresh = False
    known.had_it_since = None
    known.shown_here = False
    known.duels = known.failures = known.refusals = 0
    known.nobody_since = known.unsettled_since = known.rebind_at = None
    known.not_before = now
    known.event_at = now
    known.alert_until = now + ALERT_S


def found_master(known: Knowledge, now: float, trigger: str) -> None:
    """The service starts on a node that is MASTER already: the VIP is most likely here."""
    became_master(known, now, trigger)
    known.claim = False
    known.look_at = now


def heard_lower(known: Knowledge, now: float) -> None:
    """A peer that also called itself MASTER yields to us: it may have moved the VIP meanwhile."""
    if not known.master:
        return
    known.wakes += 1
    known.duels = 0
    known.unsettled_since = None
    known.event_at = now
    known.alert_until = now + ALERT_S
    if known.storm_at is None or now - known.storm_at > STORM_OVER_S:
        known.storm_gap = STORM_FIRST_S
        known.looked_for_event_at = None
    known.storm_at = now
    if known.look_at is None:
        since = known.looked_for_event_at
        known.look_at = now if since is None else max(now, since + known.storm_gap)


def lost_master(known: Knowledge) -> None:
    """Whatever runs in the cloud is the peer's business now. What was known of the holder is soon untrue."""
    if switching(known) and known.switch.phase != YIELDED:
        known.switch.go(ABANDONED, "no longer MASTER")
    known.master = False
    known.wakes += 1
    known.claim = False
    known.look_at = None
    known.task = None
    known.fresh = False
    known.had_it_since = None
    known.shown_here = False


def ask_switch(known: Knowledge, now: float):
    """Begins a planned switch; gives why not, None when it has begun."""
    if switching(known):
        return "a switch is under way already"
    if not known.master:
        return "this node is not MASTER"
    if known.claim or known.task is not None or not here(known):
        return "the cloud does not have the VIP on this node's ENI yet"
    known.switch = Switch(now + GIVE_S)
    return None


def switching(known: Knowledge) -> bool:
    return known.switch is not None and known.switch.phase not in (DONE, REFUSED, ABANDONED)


def yielded(known: Knowledge, now: float) -> None:
    """keepalived was told to give up."""
    known.switch.go(YIELDED)
    known.switch.until = now + TAKE_S


def heard_peer(known: Knowledge) -> None:
    """The peer's voice after this node gave up: it is MASTER."""
    if switching(known) and known.switch.phase == YIELDED and not known.master:
        known.switch.go(DONE)


def abandoned(known: Knowledge, now: float, why=None) -> None:
    known.switch.go(ABANDONED, why or "%s for too long" % known.switch.phase)
    known.fresh = False
    known.not_before = now


def decide(known: Knowledge, now: float):
    """The next step: idle, describe, migrate(source ENI), task(id), assign, rebind, wait(until), or one of a switch."""
    if known.busy:
        return IDLE
    if switching(known):
        return switch_step(known, now)
    if not known.master:
        return IDLE
    if known.claim:
        if here(known) and now - known.seen_at <= RECENT_S:
            return DESCRIBE  # the one case in which the cloud could only refuse
        return ("migrate", source(known))
    if known.look_at is not None and now >= known.look_at:
        return DESCRIBE
    if now < known.not_before:
        return ("wait", known.not_before if known.look_at is None else min(known.not_before, known.look_at))
    if known.task is not None:
        return ("task", known.task)
    if not known.fresh:
        return DESCRIBE
    if known.holder == NOBODY:
        return ASSIGN if known.seen_at >= known.nobody_since + NOBODY_S else DESCRIBE
    if not known.available:
        stuck = known.unsettled_since is not None and now - known.unsettled_since >= STUCK_S
        return ("migrate", known.holder) if stuck and known.holder != known.me else DESCRIBE
    if known.holder != known.me:
        return ("migrate", known.holder)
    if known.rebind_at is not None and known.seen_at >= known.rebind_at:
        return REBIND
    return DESCRIBE


def switch_step(known: Knowledge, now: float):
    switch = known.switch
    if now >= switch.until:
        return ABANDON
    if switch.phase == YIELDED:
        return ("wait", switch.until)
    if switch.phase == ASKED:
        return ("give", known.peer)
    if switch.phase == MOVED:
        return YIELD
    if now < known.not_before:
        return ("wait", min(known.not_before, switch.until))
    return DESCRIBE if known.task is None else ("task", known.task)


def source(known: Knowledge) -> str:
    """The ENI to take the VIP from without having looked: the last known holder, unless that was us."""
    if known.holder in (None, NOBODY, known.me):
        return known.peer
    return known.holder


def issued(known: Knowledge, now: float, step) -> None:
    """A step is on its way; nothing else is decided until its answer came."""
    known.busy = True
    known.step = step
    known.fresh = False
    known.asked, known.asked_at = known.wakes, now
    if step == DESCRIBE and known.look_at is not None and now >= known.look_at:
        known.look_at = None  # an event from now on asks for another look, at the distance that a storm has
        known.looked_for_event_at = now
        known.storm_gap = min(known.storm_gap * 2, STORM_MAX_S) if known.storm_at is not None else STORM_FIRST_S
    if step == ASSIGN:
        known.nobody_since = None  # to be missed as long again before it is assigned again
    if step == REBIND:
        known.rebinds = min(known.rebinds + 1, 10)
        known.rebind_at = now + min(RETRY_MAX_S, EIP_S * 2**known.rebinds)


def saw(known: Knowledge, now: float, holder: str, available: bool, eip: str, jitter: float) -> None:
    """A look's answer."""
    known.busy = False
    known.holder, known.available, known.eip_seen, known.seen_at = holder, available, eip, now
    known.failures = 0
    if not known.master:
        return
    known.fresh = True
    if known.asked == known.wakes:
        known.claim = False
        known.look_at = None
    if switching(known):
        saw_switching(known, now)
        return
    if here(known):
        saw_here(known, now, jitter)
        return
    known.alert_until = now + ALERT_S
    known.rebind_at = None
    if holder != NOBODY:
        known.nobody_since = None
    if holder == NOBODY:
        if known.nobody_since is None:
            known.nobody_since = now
        known.not_before = known.nobody_since + NOBODY_S
    elif not available:
        if known.unsettled_since is None:
            known.unsettled_since = now
        known.not_before = now + (POLL_S if now - known.unsettled_since < UNSETTLED_S else SLOW_S)
    else:
        known.unsettled_since = None
        if known.task is not None and now - known.task_since > YOUNG_S:
            task_said(known, now, False)  # an address on its way is not AVAILABLE
        known.not_before = now + duel_delay(known, jitter)


def saw_switching(known: Knowledge, now: float) -> None:
    switch = known.switch
    known.rebind_at = None
    known.alert_until = now + ALERT_S
    known.not_before = now + POLL_S
    switch.looks = switch.looks + 1 if here(known) else 0
    if known.holder == known.peer and known.available:
        switch.go(MOVED)
    elif switch.phase == MOVING and switch.looks >= GIVE_LOOKS:
        switch.go(REFUSED, "the cloud did not move it")
    elif known.available and known.holder != known.me:
        abandoned(known, now, "the VIP went to %s" % known.holder)


def saw_here(known: Knowledge, now: float, jitter: float) -> None:
    known.task = None
    known.refusals = 0
    known.shown_here = True
    known.nobody_since = known.unsettled_since = None
    if known.had_it_since is None:
        known.had_it_since = now
    elif now - known.had_it_since > DUEL_OVER_S:
        known.duels = 0
    if known.eip_seen == EIP_MISSING:
        known.alert_until = now + ALERT_S
        if known.rebind_at is None or now - known.asked_at > RECENT_S:
            known.rebind_at, known.rebinds = now + EIP_S, 0
        # Nothing is bound but right after a look that was quick: the VIP may have gone meanwhile, its EIP with it.
        known.not_before = min(known.rebind_at, now + ALERT_INTERVAL_S)
        return
    known.rebind_at = None
    interval = min(ALERT_INTERVAL_S, known.reassert_s) if now < known.alert_until else known.reassert_s
    known.not_before = now + interval * (0.9 + 0.2 * jitter)


def duel_delay(known: Knowledge, jitter: float) -> float:
    """Taken from us while we are MASTER and without an event: after a partition that is the black hole and must end at
    once; within one, the peer believes the same as we, and fighting costs both sides' connections."""
    if known.had_it_since is None:
        return 0.0
    known.had_it_since = None
    known.shown_here = False
    known.duels += 1
    if known.duels == 1:
        return 0.0
    return min(DUEL_MAX_S, DUEL_FIRST_S * 2 ** (known.duels - 2)) * (0.75 + 0.5 * jitter)


def retry_delay(known: Knowledge, now: float, count: int) -> float:
    """After so many refusals in a row before this one."""
    longest_s = RETRY_SOON_MAX_S if now - known.event_at < ALERT_S else RETRY_MAX_S
    return min(longest_s, RETRY_FIRST_S * 2**count)


def accepted(known: Knowledge, now: float, task: str) -> None:
    """A move or an assignment was accepted: it runs in the cloud under this id."""
    known.busy = False
    if not known.master:
        return
    if known.claim and known.asked != known.wakes:
        known.look_at = now + POLL_S  # asked for before a quick fall and rise: one move under way is enough
    if switching(known):
        known.switch.go(MOVING)
    known.claim = False
    known.task = task
    known.task_since = known.asked_at  # the answer may have waited, with all that happened since
    known.not_before = now + POLL_S


def task_said(known: Knowledge, now: float, running: bool, failed: bool = False) -> None:
    """However it ended, what is true is looked up afterwards."""
    known.busy = False
    if not known.master or known.task is None:
        return  # no longer MASTER, or asked about a task from before
    if running and now - known.task_since < TASK_LIMIT_S:
        known.not_before = now + POLL_S
        return
    known.task = None
    known.not_before = now
    if failed:
        known.not_before += retry_delay(known, now, known.refusals) if known.refusals else 0.0
        known.refusals = min(known.refusals + 1, 10)
        return
    known.refusals = 0
    if not running and known.had_it_since is None:
        known.had_it_since = now  # it was here, however short: a peer may take it back before the next look


def rebound(known: Knowledge, now: float, again: bool) -> None:
    """A step towards the EIP was accepted and takes effect later; again: another is needed after it."""
    known.busy = False
    known.refusals = 0
    if again:
        known.rebind_at, known.rebinds = now + EIP_S, 0
    known.not_before = now + EIP_S


def failed(known: Knowledge, now: float, reaction: str, jitter: float) -> None:
    """A call was refused or got no answer. Whatever it was, look before acting again."""
    known.busy = False
    if not known.master:
        return
    if known.asked == known.wakes:
        known.claim = False
        known.look_at = None
    elif known.claim and known.step[0] == "migrate":
        known.claim = False  # asked for before the last event; the same again would be refused again
        known.look_at = now
    if known.task is not None and known.step[0] == "task" and known.had_it_since is None:
        known.had_it_since = now  # how it ended is not known: it may have been here
    known.task = None
    known.alert_until = now + ALERT_S
    looking = known.step in (DESCRIBE, IDLE)
    count = known.failures if looking else known.rebinds - 1 if known.step == REBIND else known.refusals
    if reaction == "stop":
        delay = min(STOP_MAX_S, STOP_FIRST_S * 2**count)
    elif reaction == "describe" and count == 0:
        delay = 0.0
    else:
        delay = retry_delay(known, now, count)
    if looking:
        known.failures = min(count + 1, 10)
    elif known.step == REBIND:
        if known.rebind_at is not None:  # as it is after a demotion in between
            known.rebind_at = max(known.rebind_at, now + delay)
        delay = min(delay, ALERT_INTERVAL_S)  # the VIP itself is looked at meanwhile
    else:
        known.refusals = min(count + 1, 10)
    if known.step[0] == "give" and switching(known):
        known.switch.go(MOVING)  # an answer may have been lost: what is true is looked up at once
        delay = 0.0
    known.not_before = now + delay * (0.75 + 0.5 * jitter)

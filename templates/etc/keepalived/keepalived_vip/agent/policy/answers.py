"""What a call's answer changes in what is known. No I/O, no clock and no dice of its own: `now` is in seconds of one
clock that never goes back, jitter is 0.0-1.0, drawn by the caller."""

from keepalived_vip.agent.policy import decide, patience, switch
from keepalived_vip.agent.policy.knowledge import DESCRIBE, EIP_MISSING, NOBODY, Knowledge

YOUNG_S = 1.0  # so long after a task was accepted a look may show what was before
TASK_LIMIT_S = 30.0  # then the task is forgotten and the address itself is looked at
LATE_S = 1.0  # a look that took longer may have met a stall of this node, in which the peer took the VIP


def saw(known: Knowledge, now: float, holder: str, available: bool, eip: str, jitter: float) -> None:
    """A look's answer."""
    asked, seen = known.asked, known.seen
    asked.busy = False
    if holder != seen.holder:
        seen.unsettled_since = None  # it moves: what is stuck on its way shows in one place
    seen.holder, seen.available, seen.eip, seen.at, seen.asked_at = holder, available, eip, now, None
    known.patience.in_a_row[patience.LOOK] = 0
    if not known.master:
        return
    seen.fresh = True
    # Not twice in a row: a cloud that is slow for long is believed as well.
    seen.doubted = known.here() and now - asked.step_at > LATE_S and not seen.doubted
    if seen.doubted:
        asked.events += 1  # one that nobody has told
        asked.look_at = now
    if asked.knew_all():
        asked.claim = False
        asked.look_at = None
    if switch.active(known):
        switch.saw(known, now)
        return
    if known.here():
        saw_here(known, now, jitter)
    else:
        saw_elsewhere(known, now, jitter)
    crossed(known, now)


def crossed(known: Knowledge, now: float) -> None:
    """After an answer. To what was asked before this node became MASTER anew, which still owes its claim, it puts off
    nothing, and says nothing of the EIP."""
    if known.asked.claim:
        known.patience.not_before, known.patience.rebind_at = now, None


def saw_elsewhere(known: Knowledge, now: float, jitter: float) -> None:
    seen = known.seen
    known.patience.alert(now)
    known.patience.rebind_at = None
    if seen.holder != NOBODY:
        seen.nobody_since = None
    if seen.holder == NOBODY:
        if seen.nobody_since is None:
            seen.nobody_since = now
        known.patience.not_before = seen.nobody_since + decide.NOBODY_S
    elif not seen.available:
        if seen.unsettled_since is None:
            seen.unsettled_since = now
        soon = now - seen.unsettled_since < patience.UNSETTLED_S
        known.patience.not_before = now + (patience.POLL_S if soon else patience.SLOW_S)
    else:
        seen.unsettled_since = None
        if seen.task is not None and now - seen.task_since > YOUNG_S:
            task_said(known, now, False)  # an address on its way is not AVAILABLE
        told = known.asked.events != seen.events
        seen.taken = seen.holder == known.peer and not told and (seen.taken or seen.had_it_since is not None)
        pause_s = duel_s(known, jitter)
        hung = decide.claim(known, now, seen.holder) == DESCRIBE
        known.patience.not_before = now + (max(pause_s, patience.SLOW_S) if hung else pause_s)


def saw_here(known: Knowledge, now: float, jitter: float) -> None:
    seen = known.seen
    seen.task = None
    seen.taken, seen.events = False, known.asked.step_events
    seen.nobody_since = seen.unsettled_since = None
    known.patience.in_a_row[patience.CHANGE] = 0
    # One that crossed a change of the role may show what was before it.
    seen.shown_here = seen.shown_here or known.asked.knew_all()
    if seen.had_it_since is None:
        seen.had_it_since = now if seen.shown_here else None
    elif now - seen.had_it_since > patience.DUEL_OVER_S:
        known.patience.duels = 0
    if seen.eip != EIP_MISSING:
        known.patience.settled(now, known.reassert_s, jitter)
        return
    known.patience.alert(now)
    if known.patience.rebind_at is None or now - known.asked.step_at > decide.RECENT_S:
        known.patience.bind_later(now)
    # Nothing is bound but right after a look that was quick: the VIP may have gone meanwhile, its EIP with it.
    known.patience.not_before = min(known.patience.rebind_at, now + patience.ALERT_INTERVAL_S)


def duel_s(known: Knowledge, jitter: float) -> float:
    """How long the claim to a VIP that is elsewhere has to wait, because the peer takes it back again and again."""
    if known.seen.had_it_since is None:
        return 0.0
    known.seen.had_it_since = None
    known.seen.shown_here = False
    return known.patience.duel_s(jitter)


def accepted(known: Knowledge, now: float, task: str) -> None:
    """A move or an assignment was accepted: it runs in the cloud under this id."""
    asked = known.asked
    asked.busy = False
    if not known.master:
        return
    if asked.claim and not asked.knew_all():
        asked.look_at = now + patience.POLL_S  # asked for before a quick fall and rise: one move under way is enough
    switch.tell(known, switch.ACCEPTED)
    known.claimed_at = None if asked.step[0] == "give" else now
    asked.claim, known.left_until, known.seen.taken = False, 0.0, False
    known.seen.unsettled_since = None  # a move of its own runs now, and may take as long as the one before
    known.seen.task = task
    known.seen.task_since = asked.step_at  # the answer may have waited, with all that happened since
    known.patience.not_before = now + patience.POLL_S


def task_said(known: Knowledge, now: float, running: bool, failed: bool = False) -> None:
    """However it ended, what is true is looked up afterwards."""
    seen = known.seen
    known.asked.busy = False
    if not known.master or seen.task is None:
        return  # no longer MASTER, or asked about a task from before
    if running and now - seen.task_since < TASK_LIMIT_S:
        known.patience.not_before = now + patience.POLL_S
        return
    seen.task = None
    known.patience.not_before = now
    if failed:
        known.patience.not_before += known.patience.failed(patience.CHANGE, "describe", now, known.asked.event_at, 0.5)
        return
    known.patience.in_a_row[patience.CHANGE] = 0
    if not running and seen.had_it_since is None:
        seen.had_it_since = now  # it was here, however short: a peer may take it back before the next look


def rebound(known: Knowledge, now: float, again: bool) -> None:
    """A step towards the EIP was accepted and takes effect later; again: another is needed after it."""
    known.asked.busy = False
    known.patience.in_a_row[patience.CHANGE] = 0
    if again:
        known.patience.bind_later(now)
    known.patience.not_before = now + patience.EIP_S
    crossed(known, now)


def failed(known: Knowledge, now: float, reaction: str, jitter: float, why=None) -> None:
    """A call was refused or got no answer, and why. Whatever it was, look before acting again."""
    asked, seen, name = known.asked, known.seen, known.asked.step[0]
    asked.busy = False
    if not known.master:
        return
    if reaction == "later":
        # Nothing was looked at: a claim is still owed, and asked for anew without a look, of which there are too many.
        known.patience.crowded(now)
    elif asked.knew_all():
        asked.claim = False
        asked.look_at = None
    elif asked.claim and name == "migrate":
        asked.claim = False  # asked for before the last event; the same again would be refused again
        asked.look_at = now
    if seen.task is not None and name == "task" and seen.had_it_since is None:
        seen.had_it_since = now  # how it ended is not known: it may have been here
    seen.task = None
    if reaction != "later":
        known.patience.alert(now)
    delay_s = known.patience.failed(patience.KIND_OF[name], reaction, now, asked.event_at, jitter)
    if name == "give" and switch.tell(known, switch.UNANSWERED, why):
        delay_s = 0.0  # an answer may have been lost: what is true is looked up at once
    known.patience.not_before = now + delay_s
    if reaction != "later":
        crossed(known, now)

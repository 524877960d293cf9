"""What to do next, as a pure function of what is known. No I/O, no clock and no dice of its own.

The VIP is where the cloud says, not where we wish it: every step is followed by another look, and only "listed on my
ENI and AVAILABLE" counts as done. Times are seconds of one clock that never goes back; jitter is 0.0-1.0, drawn by the
caller.
"""

from keepalived_vip.agent.policy import patience, switch
from keepalived_vip.agent.policy.knowledge import ASK, ASSIGN, DESCRIBE, EIP_MISSING, IDLE, NOBODY, REBIND, Knowledge

YOUNG_S = 1.0  # so long after a task was accepted a look may show what was before
TASK_LIMIT_S = 30.0  # then the task is forgotten and the address itself is looked at
STUCK_S = 45.0  # an address that has been MIGRATING for so long is asked for once more
NOBODY_S = 1.0  # where an address shows while it moves is not documented: a moment on no ENI proves nothing
RECENT_S = 3.0  # so long a confirmed holder is still believed to be the holder
LEFT_S = 15.0  # a peer that has given up may be MASTER again later, without a word to a node that hears none
# A peer that has taken the VIP from a MASTER that hears nothing of it, as in a partition, may serve: it is asked, and
# has so long to answer, which is more than until it has looked itself.
ANSWER_S, AGAIN_S = 1.5, 0.3
LATE_S = 1.0  # a look that took longer may have met a stall of this node, in which the peer took the VIP


# -- the role ---------------------------------------------------------------------------------------------------------


def became_master(known: Knowledge, now: float) -> None:
    """keepalived's word. The peer most likely has the VIP: ask first, look afterwards."""
    switch.tell(known, switch.BECAME_MASTER, "MASTER again before the peer took over")
    known.master = True
    known.left_until = 0.0
    known.asked.anew(claim=True)
    known.asked.event_at = now
    known.seen.outdate()
    known.seen.nobody_since = known.seen.unsettled_since = None
    known.patience.begin(now)


def found_master(known: Knowledge, now: float) -> None:
    """The service starts on a node that is MASTER already: the VIP is most likely here."""
    became_master(known, now)
    known.asked.claim = False
    known.asked.look_at = now


def heard_lower(known: Knowledge, now: float) -> bool:
    """A peer that also called itself MASTER yields to us: it may have moved the VIP meanwhile. Whether it is the first
    such event, or the first of a storm."""
    if not known.master:
        return False
    known.asked.events += 1
    known.asked.event_at = now
    known.patience.duels = 0
    known.patience.alert(now)
    known.seen.unsettled_since = None
    known.seen.taken = False
    begins = known.patience.storm(now)
    if known.asked.look_at is None:
        known.asked.look_at = known.patience.next_look_of_storm(now)
    return begins


def peer_left(known: Knowledge, now: float) -> None:
    """The peer's own word that it is MASTER no longer. Looked at at once, whatever storm there was: what a look finds
    once the peer may have risen again says nothing of this word."""
    known.left_until = now + LEFT_S
    heard_lower(known, now)
    if known.master:
        known.asked.look_at = now


def asked_peer(known: Knowledge, now: float) -> None:
    """The peer was asked whether it serves."""
    seen = known.seen
    seen.asked_at, seen.ask_again_at = now if seen.asked_at is None else seen.asked_at, now + AGAIN_S


def peer_has(known: Knowledge, now: float, said_at: float) -> None:
    """The peer's own word that it is MASTER and has the VIP: where that is so, and nobody hears the other, taking it
    back would cost each client's connections, and the peer would do the same. One from before it was asked is old."""
    if said_at > known.left_until - LEFT_S:
        known.left_until = 0.0
    if known.seen.taken and known.seen.asked_at is not None and said_at >= known.seen.asked_at:
        known.seen.fresh, known.seen.asked_at = False, None
        known.patience.not_before = now + patience.ALERT_INTERVAL_S


def lost_master(known: Knowledge) -> None:
    """Whatever runs in the cloud is the peer's business now. What was known of the holder is soon untrue."""
    switch.tell(known, switch.LOST_MASTER, "no longer MASTER")
    known.left_until = 0.0
    known.master = False
    known.claimed_at = None
    known.asked.anew(claim=False)
    known.seen.outdate()


def keepalived_hangs(known: Knowledge, now: float, hung: bool) -> None:
    """keepalived gives no sign of life any more, or gives one again."""
    if known.hung and not hung and known.master:
        known.asked.look_at = now
    known.hung = hung


# -- the next step ----------------------------------------------------------------------------------------------------


def decide(known: Knowledge, now: float):
    """The next step: idle, describe, migrate(source ENI), task(id), assign, rebind, wait(until), or one of a switch."""
    asked, seen, not_before = known.asked, known.seen, known.patience.not_before
    if asked.busy:
        return IDLE
    if switch.active(known):
        return switch.step(known, now)
    if not known.master:
        return IDLE
    if asked.claim and now >= not_before:
        if known.here() and now - seen.at <= RECENT_S:
            return DESCRIBE  # the one case in which the cloud could only refuse
        return claim(known, now, source(known))
    if asked.look_at is not None and now >= asked.look_at:
        return DESCRIBE
    if now < not_before:
        return ("wait", not_before if asked.look_at is None else min(not_before, asked.look_at))
    if seen.task is not None:
        return ("task", seen.task)
    if not seen.fresh:
        return DESCRIBE
    if seen.holder == NOBODY:
        # A look of a planned switch counts no time: it has rules of its own for what it sees.
        missed = seen.nobody_since is not None and seen.at >= seen.nobody_since + NOBODY_S
        return ASSIGN if missed else DESCRIBE
    if not seen.available:
        stuck = seen.unsettled_since is not None and now - seen.unsettled_since >= STUCK_S
        return claim(known, now, seen.holder) if stuck and seen.holder != known.me else DESCRIBE
    if seen.holder != known.me:
        return contest(known, now)
    if known.patience.rebind_at is None or seen.at < known.patience.rebind_at:
        return DESCRIBE
    # The answer may have waited for this process; and nothing else asks first whose the VIP is.
    return REBIND if now - asked.step_at <= RECENT_S else DESCRIBE


def contest(known: Knowledge, now: float):
    """The VIP is elsewhere, and AVAILABLE there."""
    seen = known.seen
    if seen.taken and not known.hung:
        silent_at = now + ANSWER_S if seen.asked_at is None else seen.asked_at + ANSWER_S
        if seen.asked_at is None or seen.ask_again_at <= now < silent_at:
            return ASK
        if now < silent_at:
            return ("wait", min(seen.ask_again_at, silent_at))
    return claim(known, now, seen.holder)


def claim(known: Knowledge, now: float, holder: str):
    """The VIP is on another ENI. A hung keepalived hears no peer and yields to none: claimed back, the VIP would go
    back and forth for as long as it hangs, and the peer, which hears nothing, is in the right. Unless that one has
    given up: then nobody else serves, and each time that it does costs one move."""
    return DESCRIBE if known.hung and now >= known.left_until else ("migrate", holder)


def source(known: Knowledge) -> str:
    """The ENI to take the VIP from without having looked: the last known holder, unless that was us."""
    if known.seen.holder in (None, NOBODY, known.me):
        return known.peer
    return known.seen.holder


def issued(known: Knowledge, now: float, step) -> None:
    """A step is on its way; nothing else is decided until its answer came."""
    asked = known.asked
    asked.busy = True
    asked.step, asked.step_at, asked.step_events = step, now, asked.events
    known.seen.fresh = False
    if step == DESCRIBE and asked.look_at is not None and now >= asked.look_at:
        asked.look_at = None  # an event from now on asks for another look, at the distance that a storm has
        known.patience.looked_for_event(now)
    if step == ASSIGN:
        known.seen.nobody_since = None  # to be missed as long again before it is assigned again
    if step == REBIND:
        known.patience.binding(now)


# -- what came of it --------------------------------------------------------------------------------------------------


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
        known.patience.not_before = seen.nobody_since + NOBODY_S
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
        hung = claim(known, now, seen.holder) == DESCRIBE
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
    if known.patience.rebind_at is None or now - known.asked.step_at > RECENT_S:
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

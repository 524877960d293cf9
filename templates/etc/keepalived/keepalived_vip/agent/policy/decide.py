"""What to do next, as a pure function of what is known. No I/O, no clock and no dice of its own.

The VIP is where the cloud says, not where we wish it: every step is followed by another look, and only "listed on my
ENI and AVAILABLE" counts as done (answers.py). Times are seconds of one clock that never goes back.
"""

from keepalived_vip.agent.policy import patience, switch
from keepalived_vip.agent.policy.knowledge import ASK, ASSIGN, DESCRIBE, IDLE, NOBODY, REBIND, Knowledge

STUCK_S = 45.0  # an address that has been MIGRATING for so long is asked for once more
NOBODY_S = 1.0  # where an address shows while it moves is not documented: a moment on no ENI proves nothing
RECENT_S = 3.0  # so long a confirmed holder is still believed to be the holder
LEFT_S = 15.0  # a peer that has given up may be MASTER again later, without a word to a node that hears none
# A peer that has taken the VIP from a MASTER that hears nothing of it, as in a partition, may serve: it is asked, and
# has so long to answer, which is more than until it has looked itself.
ANSWER_S, AGAIN_S = 1.5, 0.3


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

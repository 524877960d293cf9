"""A planned switch, make before break, as the MASTER sees it: a machine of its own. No I/O, no clock and no dice.

It begins with ask(known, now): the peer's service is asked whether it could take over, and puts the VIP on its NIC;
what it says comes by peer_is. While a switch is active, decide.py takes every step from here:
    ("give", peer ENI)      a call: the VIP to the peer, whose NIC has it already
    ("task", id), DESCRIBE  calls, as in any move
    YIELD                   local: give up MASTER for a short while (the drain reason `switch`) -> yielded
    ABANDON                 local: a deadline has passed, let go of that reason -> abandon
and tells it what became of them, and of the role. Then this node loses MASTER, and the peer's first advert as MASTER,
heard_peer, ends it: done. No call is made after the demotion.
"""

from keepalived_vip.agent.policy import patience
from keepalived_vip.agent.policy.knowledge import ABANDON, DESCRIBE, YIELD, Knowledge

PREPARE_S = 2.0  # the peer has so long to say that it is ready
# Both together end before the peer's NIC loses the address that was put there ahead (30 s).
GIVE_S = 20.0  # the cloud has so long for its part
# And the peer, once this node has given up: it takes over within milliseconds, or after three adverts and their skew if
# the farewell was lost. Below 10 s at each speed.
TAKE_S, TAKE_ADVERTS = 2.0, 4
GIVE_LOOKS = 2  # looks in a row that find the VIP still here: a look may show what was a moment ago

# Phases. The last three are its ends.
ASKED, READY, MOVING, MOVED, YIELDED = "asked", "ready", "moving", "moved", "yielded"
DONE = "done"  # the peer is MASTER and has the VIP
REFUSED = "refused"  # nothing has changed
ABANDONED = "abandoned"  # the ordinary rules hold; `reached` says how far it came
ENDS = (DONE, REFUSED, ABANDONED)

# Events
PREPARED, UNPREPARED = "prepared", "unprepared"  # the peer's word
ACCEPTED, UNANSWERED = "accepted", "unanswered"  # the request to give; a refusal is no answer either
THERE, STILL_HERE, ELSEWHERE = "there", "still here", "elsewhere"  # where looks have found the VIP
GAVE_UP = "gave up"  # keepalived was told so
LOST_MASTER, BECAME_MASTER, HEARD_PEER = "lost master", "became master", "heard peer"
OVER = "over"  # a deadline has passed, or a step could not be made

# What an event makes of each phase; one that is not named changes nothing.
NEXT = {
    ASKED: {
        PREPARED: READY,
        UNPREPARED: REFUSED,
        LOST_MASTER: REFUSED,
        BECAME_MASTER: REFUSED,
        OVER: REFUSED,
    },
    READY: {
        ACCEPTED: MOVING,
        UNANSWERED: MOVING,  # it may have been accepted all the same: what is true is looked up
        THERE: MOVED,
        ELSEWHERE: ABANDONED,
        LOST_MASTER: ABANDONED,
        BECAME_MASTER: ABANDONED,
        OVER: ABANDONED,
    },
    MOVING: {
        THERE: MOVED,
        STILL_HERE: REFUSED,
        ELSEWHERE: ABANDONED,
        LOST_MASTER: ABANDONED,
        BECAME_MASTER: ABANDONED,
        OVER: ABANDONED,
    },
    MOVED: {GAVE_UP: YIELDED, LOST_MASTER: ABANDONED, BECAME_MASTER: ABANDONED, OVER: ABANDONED},
    YIELDED: {HEARD_PEER: DONE, BECAME_MASTER: ABANDONED, OVER: ABANDONED},
}


class Switch:
    def __init__(self, until: float, asked) -> None:
        self.phase = ASKED
        self.asked = asked  # by whom and why, for who reads of it later; nothing rests on it
        self.reached = ASKED  # the last phase before the end
        self.until = until  # when it is abandoned
        self.looks = 0  # in a row that found the VIP still here
        self.why = None  # why it did not end as asked


def ask(known: Knowledge, now: float, asked=None):
    """Begins a planned switch; gives why not, None when it has begun. asked: {"by", "why"}."""
    if active(known):
        return "a switch is under way already"
    if not known.master:
        return "this node is not MASTER"
    if not has_vip(known):
        return "the cloud does not have the VIP on this node's ENI yet"
    known.switch = Switch(now + PREPARE_S, asked)
    return None


def has_vip(known: Knowledge) -> bool:
    """Whether this MASTER has it for certain. By no look from before it was MASTER: the peer may have had it since."""
    return known.here() and known.seen.shown_here and not known.asked.claim and known.seen.task is None


def asking(known: Knowledge) -> bool:
    """Whether the peer has yet to say that it is ready."""
    return active(known) and known.switch.phase == ASKED


def peer_is(known: Knowledge, now: float, why_not=None) -> None:
    """The peer's word: it is ready and has the VIP on its NIC, or why not."""
    if asking(known):
        known.switch.until = now + GIVE_S
        tell(known, UNPREPARED if why_not else PREPARED, why_not and "the peer is not ready: %s" % why_not)


def active(known: Knowledge) -> bool:
    """Whether one is under way; known.switch says how it stands, or how the last one ended."""
    return known.switch is not None and known.switch.phase in NEXT


def step(known: Knowledge, now: float):
    """What the active one does next."""
    switch, not_before = known.switch, known.patience.not_before
    if now >= switch.until:
        return ABANDON
    if switch.phase in (ASKED, YIELDED):
        return ("wait", switch.until)
    if switch.phase == READY:
        return ("give", known.peer)
    if switch.phase == MOVED:
        return YIELD
    if now < not_before:
        return ("wait", min(not_before, switch.until))
    return DESCRIBE if known.seen.task is None else ("task", known.seen.task)


def tell(known: Knowledge, event: str, why=None) -> bool:
    """Whether the event has brought a switch further, or to its end; why: if that is not as it was asked."""
    switch = known.switch
    phase = NEXT[switch.phase].get(event) if active(known) else None
    if phase is None:
        return False
    switch.reached = switch.phase if phase in ENDS else phase
    switch.phase = phase
    switch.why = switch.why or why
    return True


def saw(known: Knowledge, now: float) -> None:
    """A look's answer, which is in `known` already."""
    switch, seen = known.switch, known.seen
    known.patience.rebind_at = None
    known.patience.alert(now)
    known.patience.not_before = now + patience.POLL_S
    switch.looks = switch.looks + 1 if known.here() else 0
    if seen.holder == known.peer and seen.available:
        tell(known, THERE)
    elif switch.looks >= GIVE_LOOKS:
        tell(known, STILL_HERE, "the cloud did not move it")
    elif seen.available and seen.holder != known.me and tell(known, ELSEWHERE, "the VIP went to %s" % seen.holder):
        look_anew(known, now)


def take_s(advert_s: float) -> float:
    """How long the peer has to become MASTER."""
    return TAKE_S + TAKE_ADVERTS * advert_s


def gave_up(known: Knowledge, now: float, advert_s: float) -> None:
    """keepalived was told to give up."""
    tell(known, GAVE_UP)
    known.switch.until = now + take_s(advert_s)


def heard_peer(known: Knowledge) -> None:
    """The peer's voice after this node gave up: it is MASTER."""
    if not known.master:
        tell(known, HEARD_PEER)


def abandon(known: Knowledge, now: float, why=None) -> None:
    """From here on the ordinary rules hold, and a MASTER whose VIP is elsewhere claims it back."""
    if asking(known):
        why = why or "the peer's service does not answer"
    tell(known, OVER, why or "%s for too long" % known.switch.phase)
    look_anew(known, now)


def look_anew(known: Knowledge, now: float) -> None:
    known.seen.fresh = False
    known.patience.not_before = now

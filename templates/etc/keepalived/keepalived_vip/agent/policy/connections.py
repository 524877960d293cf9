"""Connections that outlive a move: which node keeps those that it has, for whom, until when, how many are left. No
I/O and no clock.

The order of a planned switch from A to B:
    1. A, MASTER, asks B to prepare, and says that it will keep connections. B is ready once its rules send it those
       that are not B's own: before the cloud delivers there.
    2. The cloud changes the path. A's answers leave by the way by which a packet has come last; once the cloud says
       that it delivers to B, through B.
    3. A is no longer MASTER: from now on its time runs. It says once a second that it keeps connections, B that it
       carries them. At three seconds of silence B's rules go, and its kernel resets what is not its own.
    4. All are closed, or the time is over, or A is MASTER again: A says that it keeps no more.
Each node may be both at once: in a switch back to A it is B that begins, while A still keeps what it has.

After a fault B begins, which takes the VIP: it became MASTER, or claims it back from a peer that had it meanwhile.
    1. From the moment that it asks the cloud, B takes it that A keeps connections, and tells it that it takes the VIP:
       the path changes within seconds, and what is not B's own would be reset.
    2. A, which lives, says that it keeps them, whatever its role: after a stall or in a partition it is MASTER, too.
    3. An A that is dead says nothing, and its kernel answers nothing through the tunnel. At three seconds of that since
       B's request (policy/silence.py), and not before B has the VIP, its rules go.
A, should it have the VIP in the end, keeps no more once a look shows that which no earlier request can change.

Here is the state, and what follows from it. What changes it: how this node stands (stand.py), what the peer says
(peer_says.py), and what a service before this one has left (anew.py).
"""

from keepalived_vip.agent.policy.carrying import AGAIN_S, SAY_S, Carrying

FAREWELLS = 3
# The peer waits `switch.PREPARE_S` for an answer. A kernel that is slower than this is not waited for: a move on
# purpose is worth more than the connections.
READY_S = 1.5
# So long after the peer's word that it takes the VIP a look proves nothing: its request may be on its way. Longer than
# a move takes.
SETTLED_S = 5.0
# The time counts from when the VIP has left. The peer, which takes it, may learn that long after, from a cloud that is
# down.
GONE_S = 20.0
# So long a node from which MASTER or the VIP has gone waits for a word of the one that has it. Longer than the VIP is
# lent: a peer that missed its keepalived's word finds that it is MASTER as the lease runs out.
PENDING_S = 45.0
HEARD_S = 10.0  # so long a word proves that the peer understands these: an older release takes them for a request

ALL_CLOSED, TIME_OVER, MASTER_AGAIN = "all are closed", "the time is over", "MASTER again"
SILENT = "nothing comes out of the tunnel"
RESETS = (TIME_OVER, SILENT)  # what is open then is reset


class Keeping(Carrying):
    """What this node knows of its own connections, which the peer is asked to carry; and of those that it carries."""

    def __init__(self, keep_s: int) -> None:
        super().__init__()
        self.keep_s = keep_s
        self.master = False
        self.giving = False  # MASTER, in a planned switch
        self.giving_until = 0.0  # what a service that is killed meanwhile leaves to the next
        self.until = None  # not MASTER any more, and keeps them until then
        self.left = None  # how many, None = not counted yet
        self.why_ended = None  # None also where it has kept none since this node was MASTER
        self.spent_at = None  # its time was over then, and the VIP has not been here since
        self.shown_at = 0.0  # when the cloud showed the VIP here: by a look, or by a move of it that still ran
        self.listed_since = None  # every look since then found it on its way here, or here
        self.gone_at = None  # and when the first one after that did elsewhere, or the peer said that it has it
        self.moved_at = None  # when a planned switch had brought it to the peer
        self.reset = 0  # since the service has started: those that were open as it ceased to keep them
        self.peer_can = False  # it has said that it will carry them
        self.peer_has = False  # the cloud delivers to it, as far as known
        self.peer_had_at = 0.0  # when it last said so
        self.carried_until = 0.0  # so long its last word counts that it does
        self.served_until = 0.0  # ... and that it is MASTER
        self.next_word_at, self.farewells = 0.0, 0
        self.began_at = 0.0
        self.pending_until = 0.0  # it would keep them, and has yet to hear that the peer understands
        self.heard_at = None  # when the peer last showed that it does
        self.took_at = None  # when the peer last said that it takes the VIP
        self.leaving = False  # the VIP is on its way, and this has begun for it
        self.awaits = False  # MASTER, and the VIP may be on its way here
        self.master_since = 0.0
        self.resumed = False  # MASTER all along, and this service has not seen yet where the VIP is


# -- what happens -----------------------------------------------------------------------------------------------------


def gave_at(keeping: Keeping) -> float:
    """From when on the time counts in a planned switch of this node's. Where the cloud has not said that the VIP was
    moved it may have been as soon as that was asked for, unless the cloud showed it here later."""
    return keeping.moved_at or max(keeping.giving_until - keeping.keep_s, keeping.shown_at)


def understands(keeping: Keeping, now: float) -> bool:
    return keeping.heard_at is not None and now - keeping.heard_at < HEARD_S


def begin(keeping: Keeping, now: float, since=None) -> None:
    """Nothing, where the time is over and the VIP has not been here since: each word of the peer's would begin anew.
    since: from when on the time counts, which this node may learn of late, as after it stood still."""
    if keeping.spent_at is not None:
        return
    since = min(now if since is None else since, now if keeping.gone_at is None else keeping.gone_at)
    keeping.until, keeping.left, keeping.next_word_at = since + keeping.keep_s, None, now
    keeping.began_at, keeping.pending_until, keeping.why_ended = since, 0.0, None


def end(keeping: Keeping, why: str, now: float = 0.0) -> None:
    if why in RESETS:
        keeping.spent_at = now
        keeping.reset += keeping.left or 0
    keeping.until, keeping.left, keeping.why_ended = None, None, why
    keeping.peer_can = keeping.peer_has = False
    keeping.carried_until = 0.0
    keeping.farewells, keeping.next_word_at = FAREWELLS, 0.0


def counted(keeping: Keeping, left: int) -> None:
    if keeping.until is None:
        return
    keeping.left = left
    # Until the peer has the VIP the cloud delivers here, what is opened as well.
    if left == 0 and keeping.peer_has:
        end(keeping, ALL_CLOSED)


# -- what follows -----------------------------------------------------------------------------------------------------


def keeps(keeping: Keeping) -> bool:
    """Whether this node's connections are, or are about to be, the peer's to carry."""
    return keeping.until is not None or (keeping.giving and keeping.peer_can)


def stays(keeping: Keeping, now: float) -> bool:
    """Whether the VIP has to stay on the NIC of this node, which is not MASTER. Not where nobody is: this node's own
    keepalived may be, unheard, and that shows as the address runs out."""
    return not keeping.master and keeping.until is not None and now < keeping.served_until


def through(keeping: Keeping, now: float):
    """Whether answers go out through the peer: True, False, or None where the packets show it."""
    if not keeps(keeping):
        return False
    return True if keeping.peer_has and now < keeping.carried_until else None


def word(keeping: Keeping, now: float):
    """(seconds, connections) to tell the peer now, None for nothing; 0 seconds: no more."""
    if now < keeping.next_word_at or not (keeps(keeping) or keeping.farewells):
        return None
    if not keeps(keeping):
        # The peer may have taken the VIP while this node stood still, and waits for words of what it keeps by then.
        late = 0.0 < keeping.next_word_at < now - AGAIN_S
        keeping.next_word_at, keeping.farewells = now + SAY_S, 0 if late else keeping.farewells - 1
        return None if late else (0, 0)
    keeping.next_word_at, keeping.farewells = now + AGAIN_S, 0
    time_s = keeping.keep_s if keeping.until is None else max(1, int(keeping.until - now))
    return time_s, keeping.left

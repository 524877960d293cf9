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
"""

from keepalived_vip.agent.policy import carrying
from keepalived_vip.agent.policy.carrying import AGAIN_S, SAY_S, Carrying
from keepalived_vip.agent.policy.silence import SILENT_S

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
LOOKS_S = 5.0  # a MASTER whose VIP is on its way looks again by then; else at GONE_S, and nothing is over before
EARLY_S = 2.0  # and so long the word of a peer that it has the VIP may be of before
# So long a node from which MASTER or the VIP has gone waits for a word of the one that has it. Longer than the VIP is
# lent: a peer that missed its keepalived's word finds that it is MASTER as the lease runs out.
PENDING_S = 45.0
STUCK_S = 30.0  # so long a move that nobody asks for any more may yet come to its end: longer than a slow one takes
HEARD_S = 10.0  # so long a word proves that the peer understands these: an older release takes them for a request

ALL_CLOSED, TIME_OVER, MASTER_AGAIN = "all are closed", "the time is over", "MASTER again"
SILENT = "nothing comes out of the tunnel"


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
        self.why_ended = None
        self.spent_at = None  # its time was over then, and the VIP has not been here since
        self.shown_at = 0.0  # when the cloud showed the VIP here: by a look, or by a move of it that still ran
        self.listed_since = None  # every look since then found it on its way here, or here
        self.gone_at = None  # and when the first one after that did elsewhere, or the peer said that it has it
        self.moved_at = None  # when a planned switch had brought it to the peer
        self.reset = 0  # since the service has started: those that were open when the time was over
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


def stands(
    keeping: Keeping,
    now: float,
    master: bool,
    switching: bool,
    moved: bool,
    taking=False,
    here_at=None,
    there_at=None,
    listed_at=None,
    leaving=False,
    moving_at=None,
) -> None:
    """How this node stands now. switching: a planned switch of its own is under way; moved: it has brought the VIP to
    the peer, in the cloud; taking: it asks the cloud for the VIP; here_at: when the last look at the cloud has found it
    here, None = it has not; there_at: or for certain elsewhere; listed_at: or still here, even on its way; leaving:
    it is on its way by no request of this node's; moving_at: when the move to the peer that this node has asked for
    still ran, by the cloud's word."""
    gave, keeping.giving = keeping.giving, master and switching
    gave = gave and keeping.peer_can
    if keeping.giving and not gave:
        keeping.giving_until = now + keeping.keep_s
    if master and not keeping.master:
        keeping.master_since, keeping.pending_until, keeping.comes_until = now, 0.0, 0.0
        if keeping.until is None and keeping.took_at is not None and now - keeping.took_at < SETTLED_S:
            begin(keeping, now)  # what the peer has asked for while it was MASTER may come yet
    here = master and here_at is not None and here_at >= keeping.master_since
    if here:
        keeping.pending_until = 0.0
    # A move may be stuck for as long as it likes before the path changes.
    shown = listed_at is not None and listed_at >= keeping.master_since
    if shown:
        # The answer may come after the end of MASTER: the VIP has been here all the same.
        keeping.shown_at = max(keeping.shown_at, listed_at)
    listed = master and shown
    if listed:
        keeping.listed_since = keeping.listed_since or listed_at
    else:
        keeping.listed_since = None
    if moving_at is not None:
        keeping.shown_at = max(keeping.shown_at, moving_at)
    if keeping.spent_at is not None and keeping.shown_at > keeping.spent_at:
        keeping.spent_at = None
    on_its_way(keeping, now, master and leaving and not switching)
    there = master and there_at is not None and there_at >= keeping.master_since
    wants, awaited = master and not switching, keeping.awaits
    carrying.takes(keeping, now, wants and (taking or carrying.pending(keeping, now, here_at, there_at)), taking, here)
    if keeping.taking or (listed and (keeping.gone_at is None or listed_at > keeping.gone_at)):
        keeping.gone_at = None
    elif there:
        keeping.gone_at, keeping.peer_has = keeping.gone_at or there_at, True
    if keeping.resumed and (not master or here_at is not None or there_at is not None):
        keeping.resumed = False
        if master and there_at is not None and keeping.until is None:
            begin(keeping, now)  # the service before this one was killed as the peer said that it takes the VIP
    if switching and moved:
        keeping.moved_at, keeping.peer_has = keeping.moved_at or now, True
    elif keeping.taking or (here and not switching and here_at > keeping.peer_had_at):
        keeping.peer_has = False
    if keeping.master and not master:
        if awaited:
            # It may come all the same, and be the VIP of a peer that was MASTER all along, as in a partition, or has
            # booted since: that has heard no word of it, and its connections would be reset here.
            keeping.comes_until, keeping.next_take_at = now + SETTLED_S, now
        if gave and keeping.moved_at is None:
            keeping.took_at = now  # its own request may be on its way: a look proves nothing as yet
        if gave:
            switch_over(keeping, now)
        elif keeping.until is None and understands(keeping, now):
            begin(keeping, now)
        elif keeping.until is None:
            keeping.pending_until = now + PENDING_S
    elif master and gave and not keeping.giving:
        # Given up half way: where the path leads a look has yet to show, and the request may be on its way. Or all the
        # way, and its own keepalived hangs.
        keeping.took_at = now
        switch_over(keeping, now)
    elif keeping.until is not None:
        if moving_at is not None and not keeping.giving:
            keeping.until = max(keeping.until, moving_at + keeping.keep_s)  # a switch that was given up moves it yet
        if listed and not keeping.giving:
            # It serves them itself as yet, and looks again before that is in doubt.
            keeping.until = max(keeping.until, min(now, listed_at + LOOKS_S) + keeping.keep_s)
        settled = keeping.took_at is None or (here and here_at >= keeping.took_at + SETTLED_S)
        # A move that brings the VIP here may show it here before the path changes.
        stuck_since = max(keeping.took_at or 0.0, keeping.began_at, keeping.listed_since or 0.0)
        stuck = listed and listed_at >= stuck_since + STUCK_S
        if not keeping.giving and ((here and settled) or stuck):
            end(keeping, MASTER_AGAIN)
        elif now >= keeping.until and not (listed and now < listed_at + GONE_S):
            end(keeping, TIME_OVER, now)
    if not switching:
        keeping.moved_at = None
    keeping.master, keeping.awaits = master, keeping.taking or (wants and not here and not there)


def gave_at(keeping: Keeping) -> float:
    """From when on the time counts in a planned switch of this node's. Where the cloud has not said that the VIP was
    moved it may have been as soon as that was asked for, unless the cloud showed it here later."""
    return keeping.moved_at or max(keeping.giving_until - keeping.keep_s, keeping.shown_at)


def switch_over(keeping: Keeping, now: float) -> None:
    """A planned switch of this node's is over."""
    if keeping.until is None:
        begin(keeping, now, gave_at(keeping))
    elif keeping.shown_at > keeping.began_at:
        # It has kept some already, for a switch that was given up before this one, and has had the VIP since.
        keeping.until = max(keeping.until, gave_at(keeping) + keeping.keep_s)


def on_its_way(keeping: Keeping, now: float, leaving: bool) -> None:
    """The cloud takes the VIP of this MASTER elsewhere: the peer has asked for it, and its word did not come, for one
    of both was just about to start, or a partition hid it. Once for each time: one that is stuck may show so for
    good."""
    if leaving and keeping.until is None and not keeping.leaving:
        if understands(keeping, now):
            begin(keeping, now)
        elif now >= keeping.pending_until:
            keeping.pending_until = now + PENDING_S
    keeping.leaving = leaving and (keeping.leaving or keeping.until is not None)


def understands(keeping: Keeping, now: float) -> bool:
    return keeping.heard_at is not None and now - keeping.heard_at < HEARD_S


def begin(keeping: Keeping, now: float, since=None) -> None:
    """Nothing, where the time is over and the VIP has not been here since: each word of the peer's would begin anew.
    since: from when on the time counts, which this node may learn of late, as after it stood still."""
    if keeping.spent_at is not None:
        return
    since = min(now if since is None else since, now if keeping.gone_at is None else keeping.gone_at)
    keeping.until, keeping.left, keeping.next_word_at = since + keeping.keep_s, None, now
    keeping.began_at, keeping.pending_until = since, 0.0


def end(keeping: Keeping, why: str, now: float = 0.0) -> None:
    if why in (TIME_OVER, SILENT):
        keeping.spent_at = now
    if why == TIME_OVER:
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


def heard(keeping: Keeping, said_at: float, now: float) -> None:
    """A word of the peer's by which it shows that it understands these."""
    keeping.heard_at = said_at if keeping.heard_at is None else max(keeping.heard_at, said_at)
    if now < keeping.pending_until:
        begin(keeping, now, keeping.pending_until - PENDING_S)


def peer_takes(keeping: Keeping, said_at: float, now: float, has_vip: bool) -> None:
    """The peer's word that it asks the cloud for the VIP. has_vip: it is on this node's NIC. One that is no MASTER may
    have it there, and in the cloud, by a planned switch that was never brought to its end. One that keeps nothing says
    so: the peer would wait three seconds for a word, and its clients with it."""
    heard(keeping, said_at, now)
    keeping.took_at = said_at if keeping.took_at is None else max(keeping.took_at, said_at)
    keeping.peer_would = True
    if (has_vip or keeping.master) and not keeps(keeping):
        begin(keeping, now, max(said_at, keeping.shown_at))
    elif keeping.until is not None:
        began_at = max(keeping.began_at, keeping.shown_at)
        if keeping.shown_at < said_at < keeping.began_at:
            # It has waited to be heard: the VIP may have gone long before this node began.
            keeping.began_at, keeping.until = said_at, said_at + keeping.keep_s
        elif not keeping.peer_has and keeping.peer_had_at <= began_at:
            # As far as the peer knows it has yet to come. Not where it has had it since, and this node was MASTER for a
            # moment, while the cloud was down.
            keeping.until = max(keeping.until, min(said_at, began_at + GONE_S) + keeping.keep_s)
    if not keeps(keeping) and not keeping.farewells:
        keeping.farewells, keeping.next_word_at = 1, now


def vip_comes(keeping: Keeping, now: float) -> None:
    """The VIP comes to the NIC of this node, ahead of a planned switch: what is opened here by it, until the cloud has
    moved it to the peer as that has asked before, is to be kept."""
    asked = keeping.took_at is not None and now - keeping.took_at < SETTLED_S
    if asked and not keeping.master and keeping.until is None:
        begin(keeping, now)


def peer_holds(keeping: Keeping, said_at: float, would: bool) -> None:
    """The peer's word that it has the VIP; would: and that it would keep its connections."""
    keeping.peer_would = would
    if keeping.until is None:
        # It has stood still meanwhile, or heard nothing of the move, and is MASTER as far as it knows.
        if keeping.master and said_at >= max(keeping.master_since, keeping.shown_at) + EARLY_S:
            keeping.gone_at = keeping.gone_at or said_at
    elif said_at >= keeping.began_at + EARLY_S:
        keeping.peer_has, keeping.peer_had_at = True, said_at
        if said_at > keeping.shown_at:
            keeping.until = min(keeping.until, said_at + keeping.keep_s)


def peer_gives(keeping: Keeping, said_at: float, time_s: int) -> None:
    """The peer's word that it is about to give the VIP to this node, and keeps its connections for so long."""
    keeping.spent_at = keeping.gone_at = None
    carrying.peer_keeps(keeping, said_at, time_s)


def peer_can(keeping: Keeping, can: bool) -> None:
    """The peer's word as it is ready to take over."""
    keeping.peer_can = can


def peer_carries(keeping: Keeping, said_at: float, serves: bool) -> None:
    """The peer's word that it carries them; serves: and that it is MASTER."""
    keeping.carried_until = max(keeping.carried_until, said_at + SILENT_S)
    if keeps(keeping):
        keeping.next_word_at = max(keeping.next_word_at, said_at + SAY_S)
    if serves:
        keeping.served_until = keeping.carried_until


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



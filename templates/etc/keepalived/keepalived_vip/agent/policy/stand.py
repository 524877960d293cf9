"""How a node stands, in its role and by what the cloud shows, and what that changes for the connections that it keeps.
No I/O and no clock.
"""

from typing import NamedTuple, Optional

from keepalived_vip.agent.policy import carrying, switch
from keepalived_vip.agent.policy.connections import (
    GONE_S,
    MASTER_AGAIN,
    PENDING_S,
    SETTLED_S,
    TIME_OVER,
    Keeping,
    begin,
    end,
    gave_at,
    understands,
)
from keepalived_vip.agent.policy.knowledge import Knowledge

LOOKS_S = 5.0  # a MASTER whose VIP is on its way looks again by then; else at GONE_S, and nothing is over before
STUCK_S = 30.0  # so long a move that nobody asks for any more may yet come to its end: longer than a slow one takes


class Stand(NamedTuple):
    """A node's role, what it does in the cloud, and what that shows."""

    master: bool
    switching: bool = False  # a planned switch of its own is under way
    moved: bool = False  # and has brought the VIP to the peer, in the cloud
    taking: bool = False  # it asks the cloud for the VIP
    leaving: bool = False  # the VIP is on its way by no request of this node's
    # When the last look at the cloud has found the VIP here, for certain elsewhere, or still here, even on its way;
    # None: it has not.
    here_at: Optional[float] = None
    there_at: Optional[float] = None
    listed_at: Optional[float] = None
    # When the move to the peer that this node has asked for still ran, by the cloud's word.
    moving_at: Optional[float] = None


class Shown(NamedTuple):
    """By looks since it is MASTER."""

    here: bool
    there: bool
    listed: bool


def of(known: Knowledge) -> Stand:
    """By what the service knows."""
    seen, asked = known.seen, known.asked
    phase = known.switch.phase if switch.active(known) else None
    # A service that has just started does not know what the one before it has asked for.
    # A claim is none any more once a look has shown where the VIP is, and the request after it counts as well.
    asks = asked.busy and asked.step[0] in ("migrate", "assign")
    here_at = seen.at if known.here() else None
    on_its_way = seen.holder in (known.me, known.peer) and not seen.available
    # Any other answer than that it still runs is the end of the task.
    runs = not asked.busy and seen.task is not None and asked.step == ("task", seen.task)
    # A task of a MASTER that was granted no claim since is the one by which it gives the VIP, in a switch that may
    # have been given up meanwhile.
    gives = runs and known.claimed_at is None
    return Stand(
        master=known.master,
        switching=phase is not None,
        moved=phase in (switch.MOVED, switch.YIELDED),
        taking=asked.claim or asks or seen.task is not None or seen.at is None,
        leaving=on_its_way and seen.task is None,
        here_at=here_at,
        there_at=seen.at if seen.available and here_at is None else None,
        # A look whose answer was late may show what was before this node stood still.
        listed_at=seen.at if seen.holder == known.me and not seen.doubted else None,
        moving_at=asked.step_at if gives else None,
    )


def stands(keeping: Keeping, now: float, stand: Stand) -> None:
    """This node stands so now."""
    gave, keeping.giving = keeping.giving and keeping.peer_can, stand.master and stand.switching
    if keeping.giving and not gave:
        keeping.giving_until = now + keeping.keep_s
    if stand.master and not keeping.master:
        became_master(keeping, now)
    shown = shown_since_master(keeping, stand)
    saw_here(keeping, stand, shown)
    on_its_way(keeping, now, stand.master and stand.leaving and not stand.switching)
    wants = stand.master and not stand.switching
    takes = stand.taking or carrying.pending(keeping, now, stand.here_at, stand.there_at)
    carrying.takes(keeping, now, wants and takes, stand.taking, shown.here)
    saw_elsewhere(keeping, now, stand, shown)
    if keeping.master and not stand.master:
        lost_master(keeping, now, gave)
    elif stand.master and gave and not keeping.giving:
        # Given up half way: where the path leads a look has yet to show, and the request may be on its way. Or all the
        # way, and its own keepalived hangs.
        keeping.took_at = now
        switch_over(keeping, now)
    elif keeping.until is not None:
        keeps_on(keeping, now, stand, shown)
    if not stand.switching:
        keeping.moved_at = None
    keeping.master, keeping.awaits = stand.master, keeping.taking or (wants and not shown.here and not shown.there)


def became_master(keeping: Keeping, now: float) -> None:
    keeping.master_since, keeping.pending_until, keeping.comes_until = now, 0.0, 0.0
    if keeping.until is None and keeping.took_at is not None and now - keeping.took_at < SETTLED_S:
        begin(keeping, now)  # what the peer has asked for while it was MASTER may come yet


def shown_since_master(keeping: Keeping, stand: Stand) -> Shown:
    if not stand.master:
        return Shown(False, False, False)
    looks = stand.here_at, stand.there_at, stand.listed_at
    return Shown(*[at is not None and at >= keeping.master_since for at in looks])


def saw_here(keeping: Keeping, stand: Stand, shown: Shown) -> None:
    """What follows where the cloud shows the VIP here."""
    if shown.here:
        keeping.pending_until = 0.0
    # A move may be stuck for as long as it likes before the path changes. And the answer may come after the end of
    # MASTER: the VIP has been here all the same.
    if stand.listed_at is not None and stand.listed_at >= keeping.master_since:
        keeping.shown_at = max(keeping.shown_at, stand.listed_at)
    keeping.listed_since = (keeping.listed_since or stand.listed_at) if shown.listed else None
    if stand.moving_at is not None:
        keeping.shown_at = max(keeping.shown_at, stand.moving_at)
    if keeping.spent_at is not None and keeping.shown_at > keeping.spent_at:
        keeping.spent_at = None


def saw_elsewhere(keeping: Keeping, now: float, stand: Stand, shown: Shown) -> None:
    """What follows where the cloud shows the VIP elsewhere, or has moved it there, and where not."""
    if keeping.taking or (shown.listed and (keeping.gone_at is None or stand.listed_at > keeping.gone_at)):
        keeping.gone_at = None
    elif shown.there:
        keeping.gone_at, keeping.peer_has = keeping.gone_at or stand.there_at, True
    if keeping.resumed and (not stand.master or stand.here_at is not None or stand.there_at is not None):
        keeping.resumed = False
        if stand.master and stand.there_at is not None and keeping.until is None:
            begin(keeping, now)  # the service before this one was killed as the peer said that it takes the VIP
    if stand.switching and stand.moved:
        keeping.moved_at, keeping.peer_has = keeping.moved_at or now, True
    elif keeping.taking or (shown.here and not stand.switching and stand.here_at > keeping.peer_had_at):
        keeping.peer_has = False


def lost_master(keeping: Keeping, now: float, gave: bool) -> None:
    """gave: in a planned switch."""
    keeping.why_ended = None
    if keeping.awaits:
        # It may come all the same, and be the VIP of a peer that was MASTER all along, as in a partition, or has booted
        # since: that has heard no word of it, and its connections would be reset here.
        keeping.comes_until, keeping.next_take_at = now + SETTLED_S, now
    if gave and keeping.moved_at is None:
        keeping.took_at = now  # its own request may be on its way: a look proves nothing as yet
    if gave:
        switch_over(keeping, now)
    elif keeping.until is None and understands(keeping, now):
        begin(keeping, now)
    elif keeping.until is None:
        keeping.pending_until = now + PENDING_S


def keeps_on(keeping: Keeping, now: float, stand: Stand, shown: Shown) -> None:
    """It keeps some, and its role is as it was: whether that ends, and when it is to."""
    if stand.moving_at is not None:
        # Its own switch, or one that was given up and moves it yet: the VIP is here for as long as that runs.
        keeping.until = max(keeping.until, stand.moving_at + keeping.keep_s)
    if shown.listed and not keeping.giving:
        # It serves them itself as yet, and looks again before that is in doubt.
        keeping.until = max(keeping.until, min(now, stand.listed_at + LOOKS_S) + keeping.keep_s)
    settled = keeping.took_at is None or (shown.here and stand.here_at >= keeping.took_at + SETTLED_S)
    # A move that brings the VIP here may show it here before the path changes.
    stuck_since = max(keeping.took_at or 0.0, keeping.began_at, keeping.listed_since or 0.0)
    stuck = shown.listed and stand.listed_at >= stuck_since + STUCK_S
    if not keeping.giving and ((shown.here and settled) or stuck):
        end(keeping, MASTER_AGAIN)
    elif now >= keeping.until and not (shown.listed and now < stand.listed_at + GONE_S):
        end(keeping, TIME_OVER, now)


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


def vip_comes(keeping: Keeping, now: float) -> None:
    """The VIP comes to the NIC of this node, ahead of a planned switch: what is opened here by it, until the cloud has
    moved it to the peer as that has asked before, is to be kept."""
    asked = keeping.took_at is not None and now - keeping.took_at < SETTLED_S
    if asked and not keeping.master and keeping.until is None:
        begin(keeping, now)

"""What the peer says of connections, and what that changes for those that this node keeps. No I/O and no clock. Of
those that it carries: carrying.py.
"""

from keepalived_vip.agent.policy import carrying
from keepalived_vip.agent.policy.carrying import SAY_S
from keepalived_vip.agent.policy.connections import GONE_S, PENDING_S, Keeping, begin, keeps
from keepalived_vip.agent.policy.silence import SILENT_S

EARLY_S = 2.0  # so long the word of a peer that it has the VIP may be of before


def heard(keeping: Keeping, said_at: float, now: float) -> None:
    """A word of the peer's by which it shows that it understands these."""
    keeping.heard_at = said_at if keeping.heard_at is None else max(keeping.heard_at, said_at)
    if now < keeping.pending_until:
        begin(keeping, now, keeping.pending_until - PENDING_S)


def takes(keeping: Keeping, said_at: float, now: float, has_vip: bool) -> None:
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


def holds(keeping: Keeping, said_at: float, would: bool) -> None:
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


def gives(keeping: Keeping, said_at: float, time_s: int) -> None:
    """The peer's word that it is about to give the VIP to this node, and keeps its connections for so long."""
    keeping.spent_at = keeping.gone_at = None
    carrying.peer_keeps(keeping, said_at, time_s)


def can(keeping: Keeping, carry: bool) -> None:
    """The peer's word as it is ready to take over; carry: and that it will carry this node's connections."""
    keeping.peer_can = carry


def carries(keeping: Keeping, said_at: float, serves: bool) -> None:
    """The peer's word that it carries them; serves: and that it is MASTER."""
    keeping.carried_until = max(keeping.carried_until, said_at + SILENT_S)
    if keeps(keeping):
        keeping.next_word_at = max(keeping.next_word_at, said_at + SAY_S)
    if serves:
        keeping.served_until = keeping.carried_until

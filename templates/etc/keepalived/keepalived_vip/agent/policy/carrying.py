"""The connections that the peer keeps, and this node carries once it has the VIP: from when, and until when. No I/O and
no clock. What it keeps itself: connections.py.
"""

from keepalived_vip.agent.policy import silence
from keepalived_vip.agent.policy.silence import SILENT_S

SAY_S, AGAIN_S = 1.0, 0.3  # a word; and one that has no answer yet
ASKED_S = 60.0  # so long a request may have an effect that no look shows, or one that is neither here nor elsewhere


class Carrying:
    def __init__(self) -> None:
        self.peer_keeps_until = 0.0  # so long its last word counts that it keeps some
        self.peer_left = None
        # By its last word as the VIP's holder. None: this service has heard none yet, after a boot for example, and a
        # MASTER of long calm seldom says one. Without a tunnel at the peer nothing is sent there.
        self.peer_would = None
        self.taking = False  # MASTER, and has asked the cloud for the VIP
        self.asked_at = 0.0  # when it last did
        self.arrives = False  # packets show that the VIP is here, whatever the cloud says
        self.silence = silence.Silence()  # the peer's
        self.sent_on, self.counted_at = None, 0.0  # how many went to the peer, as they were last counted
        self.peer_said_at = 0.0  # when it last said that it keeps some
        self.peer_done = False  # it has said since then that it keeps none
        self.next_take_at = 0.0
        self.comes_until = 0.0  # no MASTER any more, and so long the VIP may come
        self.peer_time_s = 0


# -- what happens -----------------------------------------------------------------------------------------------------


def takes(carrying: Carrying, now: float, taking: bool, asks: bool, here: bool) -> None:
    """Whether this node takes the VIP. The rules have to be in force before the path changes: no word is waited for, of
    a peer that would keep its connections. asks: its request is on its way, or its task runs; here: it has the VIP."""
    if asks:
        carrying.asked_at = now
    if taking and not carrying.taking:
        carrying.peer_done, carrying.next_take_at = False, now
        carrying.arrives = False
        silence.begins(carrying.silence, now)
    elif carrying.taking and not taking and here:
        arrived(carrying, now, now)
    elif not taking:
        if carrying.taking and forwards(carrying, now):
            # What it has asked for may come yet, and a peer that is dead by then has been so since that was asked.
            carrying.peer_keeps_until = max(carrying.peer_said_at + SILENT_S, silence.over_at(carrying.silence, now))
        silence.breaks_off(carrying.silence)
    carrying.taking = taking
    if taking and carrying.peer_would is not False and not carrying.peer_done and not carrying.arrives:
        carrying.peer_keeps_until = max(carrying.peer_keeps_until, now + SILENT_S)


def arrived(carrying: Carrying, at: float, now: float) -> None:
    """The VIP is here since then at least; from now on the peer's silence counts."""
    if carrying.arrives:
        return
    carrying.arrives = True
    silence.vip_is_here(carrying.silence, at, now)
    if forwards(carrying, now):
        carrying.peer_keeps_until = max(carrying.peer_said_at + SILENT_S, silence.over_at(carrying.silence))


def lives(carrying: Carrying, at: float, now: float) -> None:
    """A sign of life of the peer's, as it was last seen. One that is too late brings nothing back."""
    silence.lives(carrying.silence, at)
    if carrying.silence.vip_at is not None and forwards(carrying, now):
        carrying.peer_keeps_until = max(carrying.peer_keeps_until, silence.over_at(carrying.silence))


def sent_on(carrying: Carrying, packets: int, now: float) -> None:
    """So many have gone to the peer by now. The first of them shows that the VIP is here: the cloud may have moved it,
    and be down since."""
    if carrying.taking and carrying.sent_on is not None and packets > carrying.sent_on:
        arrived(carrying, carrying.counted_at, now)
    carrying.sent_on, carrying.counted_at = packets, now


def peer_keeps(carrying: Carrying, said_at: float, time_s: int, left=None) -> None:
    """The peer's word that it keeps connections, or is about to, for so long at most; 0: that it does no more."""
    carrying.peer_keeps_until = max(carrying.peer_keeps_until, said_at + SILENT_S) if time_s > 0 else 0.0
    carrying.peer_left, carrying.peer_time_s = left, time_s
    if time_s > 0:
        carrying.peer_said_at = max(carrying.peer_said_at, said_at)
        carrying.peer_would = True
    else:
        carrying.peer_done = True


# -- what follows -----------------------------------------------------------------------------------------------------


def pending(carrying: Carrying, now: float, here_at, there_at) -> bool:
    """Whether this node has asked the cloud for the VIP, and no look has shown since then what came of it: calls that
    fail say nothing."""
    looked = any(at is not None and at >= carrying.asked_at for at in (here_at, there_at))
    return carrying.taking and not looked and now < carrying.asked_at + ASKED_S


def forwards(carrying: Carrying, now: float) -> bool:
    """Whether what is not of this node's own connections goes to the peer."""
    return now < carrying.peer_keeps_until


def silent(carrying: Carrying, now: float) -> bool:
    """Whether the peer was to keep connections, and has said no word for too long: not even that it keeps no more."""
    return 0.0 < carrying.peer_keeps_until <= now


def says_no_more(carrying: Carrying, now: float) -> bool:
    """Whether the peer kept connections until just now, and has said that it does no more."""
    return carrying.peer_keeps_until == 0.0 < carrying.peer_said_at and now - carrying.peer_said_at < SILENT_S


def wants_sign(carrying: Carrying, now: float) -> bool:
    """Whether the peer's kernel is to be asked now whether it lives."""
    return forwards(carrying, now) and silence.wants_sign(carrying.silence, now)


def next_sign(carrying: Carrying, now: float) -> float:
    """When it is to be asked next."""
    return silence.next_ask(carrying.silence, now) if forwards(carrying, now) else float("inf")


def tells_of_taking(carrying: Carrying, now: float) -> bool:
    """Whether the peer is to be told now that this node takes the VIP."""
    if now < next_take(carrying, now):
        return False
    answered = carrying.peer_done or carrying.peer_said_at > max(now - 2 * SAY_S, carrying.silence.since)
    carrying.next_take_at = now + (SAY_S if answered else AGAIN_S)
    return True


def next_take(carrying: Carrying, now: float) -> float:
    """When it is to be told that next. As long as its word is waited for once the VIP is here as well: its service may
    have been about to start as it was told before."""
    waits = carrying.arrives and forwards(carrying, now) and carrying.peer_said_at < carrying.silence.vip_at
    return carrying.next_take_at if carrying.taking or waits or now < carrying.comes_until else float("inf")

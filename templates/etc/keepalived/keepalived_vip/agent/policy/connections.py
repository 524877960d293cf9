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
"""

SAY_S = 1.0
SILENT_S = 3.0  # a word may be lost, two are not; and a client of a dead node is to connect anew, not to hang
FAREWELLS = 3
# The peer waits `switch.PREPARE_S` for an answer. A kernel that is slower than this is not waited for: a move on
# purpose is worth more than the connections.
READY_S = 1.5

ALL_CLOSED, TIME_OVER, MASTER_AGAIN, NOT_MOVED = "all are closed", "the time is over", "MASTER again", "not moved"


class Keeping:
    def __init__(self, keep_s: int) -> None:
        self.keep_s = keep_s
        self.master = False
        # The connections of this node, for which the peer is asked to carry them.
        self.giving = False  # MASTER, in a planned switch
        self.until = None  # not MASTER any more, and keeps them until then
        self.left = None  # how many, None = not counted yet
        self.why_ended = None
        self.peer_can = False  # it has said that it will carry them
        self.peer_has = False  # the cloud delivers to it, as far as known
        self.carried_until = 0.0  # so long its last word counts that it does
        self.next_word_at, self.farewells = 0.0, 0
        # The peer's connections, which this node carries.
        self.peer_keeps_until = 0.0  # so long its last word counts that it keeps some
        self.peer_left = None
        self.peer_time_s = 0


# -- what happens -----------------------------------------------------------------------------------------------------


def stands(keeping: Keeping, now: float, master: bool, switching: bool, moved: bool) -> None:
    """How this node stands now. switching: a planned switch of its own is under way; moved: it has brought the VIP to
    the peer, in the cloud."""
    gave, keeping.giving = keeping.giving, master and switching
    keeping.peer_has = keeping.peer_has or (switching and moved)
    if keeping.master and not master and gave and keeping.peer_can:
        keeping.until, keeping.left, keeping.next_word_at = now + keeping.keep_s, None, now
    elif master and not keeping.giving:
        if keeping.until is not None:
            end(keeping, MASTER_AGAIN)
        elif gave and keeping.peer_can:
            end(keeping, NOT_MOVED)
        keeping.peer_has = False
    elif keeping.until is not None and now >= keeping.until:
        end(keeping, TIME_OVER)
    keeping.master = master


def end(keeping: Keeping, why: str) -> None:
    keeping.until, keeping.left, keeping.why_ended = None, None, why
    keeping.peer_can, keeping.carried_until = False, 0.0
    keeping.farewells, keeping.next_word_at = FAREWELLS, 0.0


def resume(keeping: Keeping, until: float, now: float) -> None:
    """This service was started anew, and the one before it kept connections until then."""
    if now < until <= now + keeping.keep_s:
        keeping.until, keeping.peer_can, keeping.peer_has = until, True, True


def counted(keeping: Keeping, left: int) -> None:
    if keeping.until is None:
        return
    keeping.left = left
    if left == 0:
        end(keeping, ALL_CLOSED)


def peer_can(keeping: Keeping, can: bool) -> None:
    """The peer's word as it is ready to take over."""
    keeping.peer_can = can


def peer_carries(keeping: Keeping, said_at: float) -> None:
    keeping.carried_until = max(keeping.carried_until, said_at + SILENT_S)


def peer_keeps(keeping: Keeping, said_at: float, time_s: int, left=None) -> None:
    """The peer's word that it keeps connections, or is about to, for so long at most; 0: that it does no more."""
    keeping.peer_keeps_until = max(keeping.peer_keeps_until, said_at + SILENT_S) if time_s > 0 else 0.0
    keeping.peer_left, keeping.peer_time_s = left, time_s


# -- what follows -----------------------------------------------------------------------------------------------------


def keeps(keeping: Keeping) -> bool:
    """Whether this node's connections are, or are about to be, the peer's to carry."""
    return keeping.until is not None or (keeping.giving and keeping.peer_can)


def stays(keeping: Keeping, now: float) -> bool:
    """Whether the VIP has to stay on the NIC of this node, which is not MASTER."""
    return keeping.until is not None and now < keeping.carried_until


def through(keeping: Keeping, now: float):
    """Whether answers go out through the peer: True, False, or None where the packets show it."""
    if not keeps(keeping):
        return False
    return True if keeping.peer_has and now < keeping.carried_until else None


def forwards(keeping: Keeping, now: float) -> bool:
    """Whether what is not of this node's own connections goes to the peer."""
    return now < keeping.peer_keeps_until


def word(keeping: Keeping, now: float):
    """(seconds, connections) to tell the peer now, None for nothing; 0 seconds: no more."""
    if now < keeping.next_word_at or not (keeps(keeping) or keeping.farewells):
        return None
    keeping.next_word_at = now + SAY_S
    if not keeps(keeping):
        keeping.farewells -= 1
        return 0, 0
    keeping.farewells = 0
    time_s = keeping.keep_s if keeping.until is None else max(1, int(keeping.until - now))
    return time_s, keeping.left

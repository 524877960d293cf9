"""Which of two MASTERs of equal priority stays, once they hear each other: the one that has asked the cloud last, for
that is where the VIP is, or will be. Without it the higher address wins, and after a stall the VIP goes back.

keepalived learns of it by its track_file, a number that it adds to its priority: less than what makes a node preferred.
"""

from keepalived_vip.agent.node import drain

# Seconds since this node has asked, and what that is worth: to be compared with a peer's, whose clock is another.
WORTH = ((5.0, 4), (20.0, 3), (90.0, 2), (600.0, 1))


def of(known, now: float):
    """(what to add to the priority, until when)."""
    if known.claimed_at is not None:
        for seconds, worth in WORTH:
            if now < known.claimed_at + seconds:
                return worth, known.claimed_at + seconds
    return 0, float("inf")


def tell(conf, worth: int) -> None:
    """Raises OSError."""
    drain.write_in_place(conf.rank_file, b"%d\n" % worth)

"""Whether this node hears its peer, or a firewall of its own stands in between; and what then. No I/O and no clock.

keepalived takes a peer that it does not hear for dead. But the NIC has the adverts before any firewall has: where they
arrive and are not heard, the peer lives and is MASTER, and this node stays away from the VIP for as long as they come.
"""

# Adverts in a row that arrived and were not heard. One may be on its way; at the third keepalived becomes MASTER.
UNHEARD = 2
# In advert intervals since the last one: the next is missing; and a BACKUP that hears none is MASTER, skew and all.
MISSED, RISEN = 1.5, 4
SEEN_S = 2.0  # and so long until that is seen here, by a service that lost keepalived's word


class Hearing:
    def __init__(self) -> None:
        self.unheard = 0
        self.silent_from = 0.0  # without another advert of a MASTER, the peer counts as gone from then on
        self.rises = 0.0, 0.0  # and keepalived becomes MASTER in this time

    def took(self, now: float, arrived, heard: bool) -> None:
        """arrived: (priority, seconds to the next one) of each advert that the NIC got since; heard: whether a program
        got one. Priority 0 is the farewell of a MASTER."""
        for priority, interval_s in arrived:
            self.silent_from = now + 3 * interval_s if priority else now
            missed_at = now + MISSED * interval_s if priority else now
            self.rises = missed_at, now + RISEN * interval_s + SEEN_S
        self.unheard = 0 if heard else self.unheard + len(arrived)

    def deaf(self) -> bool:
        return self.unheard >= UNHEARD

    def keeps_away(self, now: float) -> bool:
        """Whether this node must not be MASTER. Of two that are and hear nothing, the first to see it gives up, and its
        farewell lets the other one stay."""
        return self.deaf() and now < self.silent_from

    def rising(self, now: float) -> bool:
        """Whether a keepalived that is BACKUP may be about to become MASTER, or just has: an advert is missing. Not
        for ever: one that has not risen by then will not."""
        return self.rises[0] <= now < self.rises[1]

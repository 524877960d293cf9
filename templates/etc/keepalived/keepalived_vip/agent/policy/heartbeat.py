"""Whether keepalived works, and does not merely exist: one that was stopped, or hangs, is a process with a pid file,
sends nothing, and leaves the VIP on the NIC. No I/O and no clock of its own.
"""

HUNG_S = 6.0  # three of its checks
OWN_GAP_S = 3.0  # a tick comes every 2 s: what is longer is a time in which this process did not run either


class Heartbeat:
    """Its signs of life: the file that check_self.sh renews every 2 s, and its words. Where neither was ever seen, as
    where SELinux lets no check write, nothing is concluded."""

    def __init__(self) -> None:
        self.beat = None  # when the file was renewed, by whatever clock: only that it changes matters
        self.alive_at = None  # the last sign of life
        self.looked_at = None

    def spoke(self, now: float) -> None:
        self.alive_at = now

    def look(self, beat, age_s: float, now: float) -> None:
        """Takes in the file's time, None if there is no file. age_s: how long ago that seems to be, for the first look,
        which nothing can be compared with."""
        gap_s = 0.0 if self.looked_at is None else now - self.looked_at
        self.looked_at = now
        if beat is not None and beat != self.beat:
            self.alive_at = now if self.beat is not None else now - max(0.0, age_s)
            self.beat = beat
        elif self.alive_at is not None and gap_s > OWN_GAP_S:
            self.alive_at += gap_s

    def hangs(self, now: float) -> bool:
        return self.beat is not None and now - self.alive_at > HUNG_S

"""When keepalived has to be started anew, for it lives and does not do its part. No I/O and no clock."""

HANGS, CUT_OFF = "hangs", "cut off"
PATIENCE_S = {
    HANGS: 60.0,  # a machine that stood still goes on, and what a person has stopped he may look at
    CUT_OFF: 5.0,  # three looks: a start of keepalived is no moment's work
}
AGAIN_S = 600.0  # what one start has not mended, the next will hardly


class Revival:
    def __init__(self) -> None:
        self.since = {}
        self.not_before = dict.fromkeys(PATIENCE_S, 0.0)

    def due(self, now: float, wrong, spares=()):
        """Which of what is wrong with it, but for what is spared now, has been so for long enough; None if none has."""
        self.since = {what: self.since.get(what, now) for what in wrong}
        for what, since in self.since.items():
            if what not in spares and now - since >= PATIENCE_S[what] and now >= self.not_before[what]:
                self.not_before[what] = now + AGAIN_S
                return what
        return None

"""What the rules keep in mind of one node."""

LONG_AGO = -1000.0


class Record:
    __slots__ = (
        "was_master", "master_since", "moves", "losses", "injected", "troubles", "refusals", "heard_lower", "lower_at",
        "accepted_at", "refused_at", "unknown_at", "upset_at", "trouble_until", "late_until", "expected_by",
        "shown_on", "shown_at", "here_at", "here_by", "late", "switch_at", "left_at", "lost_at", "calls_at",
    )  # fmt: skip

    def __init__(self) -> None:
        self.was_master = False  # the service knew so after its last round
        # Since it has been MASTER:
        self.master_since = 0.0
        self.moves = 0  # own moves that ended well
        self.losses = 0  # times that the VIP went from its ENI elsewhere
        self.injected = 0  # times that somebody moved it by hand
        self.troubles = 0  # calls without an answer
        self.refusals = 0  # changes that were refused, had no answer, or failed
        self.heard_lower = False
        # When it last
        self.lower_at = LONG_AGO  # heard MASTER_RX_LOWER_PRI
        self.accepted_at = LONG_AGO  # had a change accepted
        self.refused_at = LONG_AGO  # had one refused, or fail
        self.unknown_at = LONG_AGO  # was told that a task is not known, or was never told how one ended
        self.upset_at = LONG_AGO  # was kept from being prompt
        self.switch_at = LONG_AGO  # was asked to give the VIP to its peer
        self.left_at = LONG_AGO  # was told that its peer has given up
        self.lost_at = LONG_AGO  # was no longer MASTER
        self.shown_at = LONG_AGO  # was shown the VIP on an ENI
        self.shown_on = None  # ... by its last look, and AVAILABLE there
        self.here_at = LONG_AGO  # was shown it on its own
        self.here_by = LONG_AGO  # ... by a look that was asked for then
        self.late = False  # ... which took longer than SOON_S
        self.trouble_until = LONG_AGO  # a call without an answer, or an answer that is none, may keep it so long
        self.late_until = LONG_AGO  # a late answer will come then
        self.expected_by = LONG_AGO  # an event has to be answered by then
        self.calls_at = []

    def begin(self, now: float) -> None:
        """The service has become MASTER."""
        self.master_since = now
        self.moves = self.losses = self.injected = self.troubles = self.refusals = 0
        self.heard_lower = False

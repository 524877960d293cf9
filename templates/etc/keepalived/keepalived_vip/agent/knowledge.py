"""What a decision rests on, and the words for what is decided. Plain data."""

# A step is a tuple: its name, then its arguments.
IDLE = ("idle",)
DESCRIBE = ("describe",)
ASSIGN = ("assign",)
REBIND = ("rebind",)
YIELD = ("yield",)
ABANDON = ("abandon",)

NOBODY = ""  # the address is on no ENI

# The EIP, as the look at the VIP shows it.
EIP_OK = "ok"  # bound to the VIP, or none is configured
EIP_MISSING = "missing"  # the VIP has no EIP
EIP_FOREIGN = "foreign"  # the VIP has another one: a person's doing, left alone

# Phases of a planned switch. The last three are its ends.
ASKED, MOVING, MOVED, YIELDED = "asked", "moving", "moved", "yielded"
DONE = "done"  # the peer is MASTER and has the VIP
REFUSED = "refused"  # nothing has changed
ABANDONED = "abandoned"  # the ordinary rules hold; `reached` says how far it came


class Switch:
    """A planned switch, make before break, as the MASTER sees it.

    It begins with decide.ask_switch(known, now): None, or why not. Then `decide` gives these, each followed by what
    came of it:
        ("give", peer ENI)      a call: the VIP to the peer, whose NIC has it already -> accepted or failed
        ("task", id), DESCRIBE  calls, as in any move -> task_said, saw or failed
        YIELD                   local: give up MASTER for a short while (the drain reason `switch`) -> yielded
        ABANDON                 local: a deadline has passed, let go of that reason -> abandoned; from here the ordinary
                                rules hold, and a MASTER whose VIP is elsewhere claims it back
    Then lost_master(known), and heard_peer(known) at the peer's first advert as MASTER: done. No call is made after the
    demotion. switching(known) says whether one is under way, known.switch how it stands or how it ended.
    """

    def __init__(self, until: float) -> None:
        self.phase = ASKED
        self.reached = ASKED  # the last phase before the end
        self.until = until  # when it is abandoned
        self.looks = 0  # in a row that found the VIP still here
        self.why = None  # why it did not end as asked

    def go(self, phase: str, why=None) -> None:
        self.reached = self.phase if phase in (DONE, REFUSED, ABANDONED) else phase
        self.phase = phase
        self.why = self.why or why


class Knowledge:
    """All that a decision rests on. Changed by the functions of decide.py only."""

    def __init__(self, me: str, peer: str, eip: bool, reassert_s: float) -> None:
        self.me = me  # own ENI
        self.peer = peer  # the peer's ENI
        self.eip = eip  # whether an EIP belongs to the VIP
        self.reassert_s = reassert_s
        self.master = False
        self.busy = False  # a call is on its way
        # What was asked for
        self.claim = False  # became MASTER and has not asked for the VIP since
        self.look_at = None  # a look was asked for, at this time; None = none was
        self.wakes = 0  # counts events: an answer to a question asked before one says nothing about the time after it
        self.event_at = 0.0  # the last of them
        self.asked = 0  # `wakes` when the call on its way was made
        self.asked_at = 0.0  # when that was
        self.trigger = None  # the event that the next move will be due to
        # What the cloud said
        self.holder = None  # ENI that had the VIP when last looked, NOBODY, None = never looked
        self.available = False
        self.eip_seen = EIP_OK
        self.seen_at = None
        self.fresh = False  # seen, and nothing done since
        self.task = None  # request id of a move that runs
        self.task_since = 0.0
        # Patience
        self.not_before = 0.0
        self.alert_until = 0.0
        self.step = IDLE  # the call on its way
        self.failures = 0  # looks in a row without an answer
        self.refusals = 0  # changes in a row that were refused or whose task failed
        self.nobody_since = None  # every look since then found the address on no ENI
        self.rebind_at = None  # the EIP is missing, and is bound if a look from then on still finds it so
        self.rebinds = 0  # in a row
        self.unsettled_since = None
        self.storm_gap = 0.0  # between two looks of a storm of events
        self.storm_at = None
        self.looked_for_event_at = None
        self.had_it_since = None  # the VIP came here then, and has not been seen elsewhere since
        self.shown_here = False  # a look has found it here since; the end of the move's task alone is no proof
        self.duels = 0
        self.switch = None  # the planned switch, also after its end

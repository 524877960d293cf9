"""What a decision rests on, and the words for what is decided. Plain data."""

from keepalived_vip.agent.policy.patience import Patience

# A step is a tuple: its name, then its arguments.
IDLE = ("idle",)
DESCRIBE = ("describe",)
ASSIGN = ("assign",)
REBIND = ("rebind",)
YIELD = ("yield",)
ABANDON = ("abandon",)
ASK = ("ask",)  # the peer, whether it serves

NOBODY = ""  # the address is on no ENI

# The EIP, as the look at the VIP shows it.
EIP_OK = "ok"  # bound to the VIP, or none is configured
EIP_MISSING = "missing"  # the VIP has no EIP
EIP_FOREIGN = "foreign"  # the VIP has another one: a person's doing, left alone


class Seen:
    """What the cloud has said."""

    def __init__(self) -> None:
        self.holder = None  # ENI that had the VIP when last looked, NOBODY, None = never looked
        self.available = False
        self.eip = EIP_OK
        self.at = None  # when that was
        self.fresh = False  # does the last look still hold? Seen as MASTER, and no call was made since
        self.doubted = False  # the last look found it here, but so late that another one has to confirm it
        self.task = None  # request id of a move that runs
        self.task_since = 0.0
        self.nobody_since = None  # every look since then found the address on no ENI
        self.unsettled_since = None  # every look since then found it on its way
        self.had_it_since = None  # the VIP came here then, and has not been seen elsewhere since
        self.shown_here = False  # a look of this MASTER's has found it here since; the end of a task alone is no proof
        self.events = 0  # how many had come before the last look that has found it here
        self.taken = False  # it was here, and the peer has it since, without an event
        self.asked_at = None  # whether it serves; since the last look
        self.ask_again_at = 0.0

    def outdate(self) -> None:
        """The role changes: whatever runs in the cloud is another MASTER's business, what was seen soon untrue."""
        self.task = None
        self.fresh = self.doubted = False
        self.had_it_since = None
        self.shown_here = self.taken = False


class Asked:
    """What the events ask for, and the call that is on its way."""

    def __init__(self) -> None:
        self.claim = False  # does this MASTER still owe the cloud a request for the VIP? It asks before it looks
        self.look_at = None  # a look was asked for, at this time; None = none was
        self.events = 0  # how many have come?
        self.event_at = 0.0  # the last of them
        self.busy = False  # a call is on its way
        self.step = IDLE  # that call, or the last one
        self.step_at = 0.0  # when it was made
        self.step_events = 0  # how many events had come by then?

    def anew(self, claim: bool) -> None:
        """The role changes."""
        self.claim = claim
        self.look_at = None
        self.events += 1

    def knew_all(self) -> bool:
        """Was the call made after every event so far? Else its answer says nothing about the time after the last."""
        return self.step_events == self.events


class Knowledge:
    """All that a decision rests on. Anybody may read it; only decide.py, answers.py and switch.py change it, which are
    told what has happened."""

    def __init__(self, me: str, peer: str, eip: bool, reassert_s: float) -> None:
        self.me = me  # own ENI
        self.peer = peer  # the peer's ENI
        self.eip = eip  # whether an EIP belongs to the VIP
        self.reassert_s = reassert_s
        self.master = False
        self.claimed_at = None  # when this MASTER was last granted the VIP, None = not yet
        self.hung = False  # keepalived hangs: what it last said is no role any more
        self.left_until = 0.0  # so long the peer's word counts that it has given up; 0.0 = there is none
        self.seen = Seen()
        self.asked = Asked()
        self.patience = Patience()
        self.switch = None  # the planned switch, also after its end

    def here(self) -> bool:
        """Whether the cloud has the VIP here, as far as known."""
        return self.seen.holder == self.me and self.seen.available

"""When a peer is dead that was to keep connections, and says nothing as this node takes the VIP. No I/O and no clock.

It has three seconds from when this node asks the cloud for the VIP, not from when the VIP is here: a client of a dead
node asks in vain from the move on, and is to connect anew soon. A sign of life is a word of the peer's, or the answer
of its kernel to a question through the tunnel: its service may be about to start again. As long as there are any, the
three seconds begin with the VIP.
"""

SILENT_S = 3.0  # a word may be lost, two are not; and a client of a dead node is to connect anew, not to hang
ASK_S = 0.5
# Before a peer that has been silent for long is taken for dead it is asked once more: it may have stood still, and go
# on just now. A kernel answers within a millisecond, and whoever reads the answer may be slower.
ANSWER_S = 0.5


class Silence:
    def __init__(self) -> None:
        self.asks = False  # this node asks the cloud for the VIP
        self.since = 0.0  # when it began to
        self.lived_at = 0.0  # the peer's last sign of life
        self.vip_at = None  # when the VIP came
        self.found_at = 0.0  # and when this node found out
        self.next_ask_at = 0.0


def begins(silence: Silence, now: float) -> None:
    silence.asks, silence.since, silence.vip_at, silence.next_ask_at = True, now, None, now


def breaks_off(silence: Silence) -> None:
    """This node asks for the VIP no more, and does not have it."""
    silence.asks = False


def vip_is_here(silence: Silence, at: float, now: float) -> None:
    """at: since when, by what is known now."""
    silence.asks, silence.vip_at, silence.found_at, silence.next_ask_at = False, at, now, now


def lives(silence: Silence, at: float) -> None:
    silence.lived_at = max(silence.lived_at, at)


def over_at(silence: Silence, now=None) -> float:
    """Until when the peer may say its first word: once the VIP is here, or were it to come now."""
    at, found_at = (silence.vip_at, silence.found_at) if now is None else (now, now)
    return max(min(at, max(silence.lived_at, silence.since)) + SILENT_S, found_at + ANSWER_S)


def wants_sign(silence: Silence, now: float) -> bool:
    """Whether the peer's kernel is to be asked now whether it lives."""
    if now < silence.next_ask_at or not (silence.asks or now < waits_until(silence)):
        return False
    silence.next_ask_at = now + ASK_S
    return True


def waits_until(silence: Silence) -> float:
    """So long a sign of life can change anything."""
    return 0.0 if silence.vip_at is None else silence.vip_at + SILENT_S


def next_ask(silence: Silence, now: float) -> float:
    """When the next question is due."""
    return silence.next_ask_at if silence.asks or now < waits_until(silence) else float("inf")

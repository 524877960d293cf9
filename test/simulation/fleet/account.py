"""What one account may call: so many calls of an action in a second, those of all its pairs together."""

import os
import re
from collections import deque

RATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "lab", "cloud", "wire", "rates.ts")
TOO_MANY = "RequestLimitExceeded"
# Not documented: what makes a second, and whether a refused call counts as one.
COUNTS = {
    "begun by a call": "a second begins with the first call after the last one, as the lab's cloud has it",
    "sliding": "no second may have more accepted calls",
    "sliding, refused too": "no second may have more calls, those that were refused included",
}


def limits() -> dict:
    """Action: calls in a second, as Tencent documents them; those that the lab's cloud plays."""
    with open(RATES) as file:
        text = file.read()
    vpc = text.partition("  vpc: {")[2].partition("  },")[0]
    found = re.findall(r"(\w+): (\d+),", vpc)
    usual = re.search(r"usualPerSecond = (\d+);", text)
    assert found and usual, "rates.ts has another form by now"
    counted = {action: int(calls) for action, calls in found}
    return dict(dict.fromkeys(("DescribeVpcTaskResult", "DescribeAddresses"), int(usual.group(1))), **counted)


class Account:
    """Takes calls in, in the order of time, and notes for each second how many were accepted and how many refused."""

    def __init__(self, counts: str) -> None:
        self.counts = counts
        self.limits = limits()
        self.counted = {}  # action: when each call came that counts
        self.ends = {}  # action: when the second that runs is over
        self.seconds = {}  # (action, second): [accepted, refused]

    def takes(self, action: str, now: float) -> bool:
        """Whether this call is not one too many."""
        times = self.counted.setdefault(action, deque())
        if self.counts == "begun by a call":
            if now >= self.ends.get(action, 0.0):
                self.ends[action] = now + 1.0
                times.clear()
        else:
            while times and now - times[0] >= 1.0:
                times.popleft()
        accepted = len(times) < self.limits[action]
        if accepted or self.counts == "sliding, refused too":
            times.append(now)
        self.seconds.setdefault((action, int(now)), [0, 0])[not accepted] += 1
        return accepted

    def called(self, action: str, first: float, last: float) -> list:
        """[calls, those refused] for each second from first on and before last."""
        seconds = (self.seconds.get((action, second), (0, 0)) for second in range(int(first), int(last)))
        return [(accepted + refused, refused) for accepted, refused in seconds]

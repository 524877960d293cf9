"""What a seed stands for: the pair's settings, what the cloud is like, and the faults."""

import random

from faults import KINDS, Fault

WEIGHTS = [kind.weight for kind in KINDS]
MODES = ("stable", "standing-master")
CALM_S = 700.0  # the interval of looks has become as long as it gets


class Plan:
    """Everything is drawn from one generator: first this, then what happens on the way."""

    __slots__ = (
        "seed", "mode", "rng", "advert_s", "preferred", "preempt_delay", "higher_address", "first_master", "eip",
        "hooks", "rtt_s", "move_s", "listing", "gap_s", "lag_s", "wrong_source_code", "young_tasks", "eip_late_s",
        "calm_s", "faults",
    )  # fmt: skip

    def __init__(self, seed: int, mode: str, keep=None, dice: int = 0) -> None:
        """keep: the numbers of the faults to keep; dice: another course for them. Both make a history shorter."""
        rng = self.rng = random.Random(2 * seed + MODES.index(mode))
        self.seed, self.mode = seed, mode
        self.advert_s = rng.choice((1.0, 0.5, 0.5, 0.5, 0.5, 0.3, 0.3, 0.1))
        self.preferred = rng.randrange(2)
        self.preempt_delay = rng.choice((0.0, 2.0, 5.0))
        self.higher_address = rng.randrange(2)
        self.first_master = rng.randrange(2) if mode == "stable" else self.preferred
        self.eip = rng.random() < 0.5
        self.hooks = rng.random() < 0.5  # else the machine's own confinement keeps keepalived from running them
        self.rtt_s = rng.choice((0.01, 0.03, 0.1))
        self.move_s = rng.choice((0.8, 2.5, 2.5, 6.0))
        # Not documented: where an address shows while it moves, and the code for a wrong source.
        self.listing = rng.choice(("source", "target", "gap"))
        self.gap_s = 0.2 + 0.6 * rng.random()
        self.lag_s = rng.choice((0.0, 0.0, 0.0, 0.0, 0.4))
        self.wrong_source_code = rng.choice(
            ("UnauthorizedOperation.AttachmentNotFound", "UnsupportedOperation", "UnsupportedOperation.InvalidState")
        )
        self.young_tasks = rng.random() < 0.2
        self.eip_late_s = rng.choice((0.0, 0.0, 0.5))
        self.calm_s = CALM_S if rng.random() < 0.2 else 0.0  # so long nothing has happened yet
        self.faults = self.draw()
        if keep is not None:
            self.faults = [fault for fault in self.faults if fault.number in keep]
        if dice:
            rng.seed(1000 * seed + dice)

    def draw(self):
        rng, at = self.rng, self.calm_s + 1.0 + 3.0 * self.rng.random()
        faults = []
        for number, kind in enumerate(rng.choices(KINDS, WEIGHTS, k=rng.choice((1, 2, 3, 3, 4, 5, 6, 8)))):
            faults.append(Fault(number, rng, kind, at))
            # Often one into the other, sometimes after so long that the pair has calmed down.
            dice = rng.random()
            at += 2 * rng.random() if dice < 0.5 else 2 + 8 * rng.random() if dice < 0.9 else 10 + 70 * rng.random()
        crashes = [fault for fault in faults if fault.kind == "power cut"]
        if crashes and rng.random() < 0.3:
            crashes[-1].for_ever = True
        return faults

    def text(self) -> str:
        """The settings in two lines."""
        pair = "%s, adverts every %g s, first MASTER %s, higher address %s" % (
            self.mode, self.advert_s, "ab"[self.first_master], "ab"[self.higher_address])  # fmt: skip
        if self.mode != MODES[0]:
            pair += ", preferred %s after %g s" % ("ab"[self.preferred], self.preempt_delay)
        pair += "" if self.hooks else ", hooks do not run"
        pair += ", calm for %g s before" % self.calm_s if self.calm_s else ""
        cloud = "a move takes about %g s, shown on %s; round trip %g s%s%s%s" % (
            self.move_s,
            {"source": "its source", "target": "its target", "gap": "no ENI for %.1f s" % self.gap_s}[self.listing],
            self.rtt_s,
            "; looks are %g s old" % self.lag_s if self.lag_s else "",
            "; an EIP" if self.eip else "",
            " that follows %g s later" % self.eip_late_s if self.eip and self.eip_late_s else "",
        )
        return pair + "\n" + cloud

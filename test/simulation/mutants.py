"""Mutants of decide.py: each drops one rule, and a simulation that proves anything catches each."""


class Mutant:
    """Texts of decide.py, each replaced by another. A text that is no longer there is an error: mend the mutant."""

    def __init__(self, name: str, *changes) -> None:
        self.name, self.changes = name, changes

    def apply(self, text: str) -> str:
        for old, new in self.changes:
            if text.count(old) != 1:
                raise LookupError("mutant %r: decide.py has this %d times:\n%s" % (self.name, text.count(old), old))
            text = text.replace(old, new)
        return text


MUTANTS = [
    Mutant(
        "an event does not lead to a look",
        ("    known.wakes += 1\n    known.duels = 0\n", "    return\n"),
    ),
    Mutant(
        "a demotion does not stop it",
        ("    known.master = False\n    known.wakes += 1\n", "    return\n"),
    ),
    Mutant(
        "no pause in a duel",
        ("    known.duels += 1\n", "    return 0.0\n"),
    ),
    Mutant(
        "a third ENI is forgotten for the peer",
        (
            "    if known.holder != known.me:\n        return (\"migrate\", known.holder)\n",
            "    if known.holder != known.me:\n        return (\"migrate\", known.peer)\n",
        ),
    ),
    Mutant(
        "a task that has ended is believed without a look",
        ("    if failed:\n", "    saw(known, now, known.me, True, \"ok\", 0.5)\n    if False:\n"),
    ),
    Mutant(
        "an address on its way counts as here",
        ("return known.holder == known.me and known.available\n", "return known.holder == known.me\n"),
    ),
    Mutant(
        "what was once right is not looked at again",
        ("    known.not_before = now + interval * (0.9 + 0.2 * jitter)\n", "    known.not_before = now + 86400.0\n"),
    ),
    Mutant(
        "assigned after one look at nobody",
        ("ASSIGN if known.seen_at >= known.nobody_since + NOBODY_S else DESCRIBE", "ASSIGN"),
        ("        known.not_before = known.nobody_since + NOBODY_S\n", "        known.not_before = now\n"),
    ),
    Mutant(
        "an EIP left behind stays there",
        ("    if known.eip_seen == EIP_MISSING:\n", "    if False:\n"),
    ),
    Mutant(
        "an answer from before an event counts as one after it",
        ("    known.fresh = True\n    if known.asked == known.wakes:\n", "    known.fresh = True\n    if True:\n"),
    ),
    Mutant(
        "MASTER is given up before the cloud has moved the VIP",
        ("        known.switch.go(MOVING)\n    known.claim", "        known.switch.go(MOVED)\n    known.claim"),
    ),
    Mutant(
        "an abandoned switch claims nothing back",
        ("    known.not_before = now\n\n\ndef decide", "    known.not_before = now + 86400.0\n\n\ndef decide"),
    ),
]

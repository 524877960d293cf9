"""Mutants of what decides: each drops one rule, and a simulation that proves anything catches each."""


class Mutant:
    """Texts of a module of agent/, each replaced by another; a third value names another module. One that is gone is an
    error: mend the mutant."""

    def __init__(self, name: str, module: str, *changes) -> None:
        self.name, self.module, self.changes = name, module, changes

    def apply(self, module: str, text: str) -> str:
        for old, new, *elsewhere in self.changes:
            if module not in (elsewhere or [self.module]):
                continue
            if text.count(old) != 1:
                raise LookupError("mutant %r: %s.py has this %d times:\n%s" % (self.name, module, text.count(old), old))
            text = text.replace(old, new)
        return text


MUTANTS = [
    Mutant(
        "an event does not lead to a look",
        "decide",
        ("    known.asked.events += 1\n", "    return False\n"),
    ),
    Mutant(
        "the VIP is claimed back while keepalived hangs",
        "decide",
        (
            "return DESCRIBE if known.hung and now >= known.left_until else (\"migrate\", holder)\n",
            "return (\"migrate\", holder)\n",
        ),
    ),
    Mutant(
        "a peer that serves is asked nothing before the VIP is taken back from it",
        "decide",
        ("    if seen.taken and not known.hung:\n", "    if False:\n"),
    ),
    Mutant(
        "a demotion does not stop it",
        "decide",
        ("    known.master = False\n", "    return\n"),
    ),
    Mutant(
        "no pause in a duel",
        "patience",
        ("        self.duels += 1\n", "        return 0.0\n"),
    ),
    Mutant(
        "only who has the VIP for certain goes on answering, not one to which it may be on its way",
        "vip_on_nic",
        (
            "        if self.keeps or not self.gone:\n",
            "        if self.known.here():\n",
        ),
    ),
    Mutant(
        "a MASTER whose keepalived was killed does not go on answering",
        "vip_on_nic",
        ("left_s = math.ceil(self.lent_until - now)\n", "left_s = math.ceil(self.lent_until - now) * self.kept\n"),
    ),
    Mutant(
        "the peer's word that it has the VIP counts before this node's last request does",
        "vip_on_nic",
        ("EARLY_S = 2.0\n", "EARLY_S = 0.0\n"),
    ),
    Mutant(
        "who has asked for the VIP last yields to the higher address",
        "rank",
        ("    if known.claimed_at is not None:\n", "    if False:\n"),
    ),
    Mutant(
        "a keepalived that hangs is left to hang",
        "revival",
        ("HANGS: 60.0", "HANGS: 86400.0"),
    ),
    Mutant(
        "a peer that a firewall drops is taken for dead",
        "hearing",
        ("return self.unheard >= UNHEARD\n", "return False\n"),
    ),
    Mutant(
        "a node that hears nothing stays away when its peer is gone",
        "hearing",
        (
            "self.silent_from = now + 3 * interval_s if priority else now\n",
            "self.silent_from = now + 86400.0\n",
        ),
    ),
    Mutant(
        "a third ENI is forgotten for the peer",
        "decide",
        (
            ">= known.left_until else (\"migrate\", holder)\n",
            ">= known.left_until else (\"migrate\", known.peer)\n",
        ),
    ),
    Mutant(
        "a task that has ended is believed without a look",
        "answers",
        ("    if failed:\n", "    saw(known, now, known.me, True, \"ok\", 0.5)\n    if False:\n"),
    ),
    Mutant(
        "an address on its way counts as here",
        "knowledge",
        ("return self.seen.holder == self.me and self.seen.available\n", "return self.seen.holder == self.me\n"),
    ),
    Mutant(
        "what was once right is not looked at again",
        "patience",
        ("interval_s(now - self.alert_until, reassert_s) * (0.9 + 0.2 * jitter)\n", "86400.0\n"),
    ),
    Mutant(
        "assigned after one look at nobody",
        "decide",
        ("ASSIGN if missed else DESCRIBE", "ASSIGN"),
        ("not_before = seen.nobody_since + decide.NOBODY_S\n", "not_before = now\n", "answers"),
    ),
    Mutant(
        "an EIP left behind stays there",
        "answers",
        ("    if seen.eip != EIP_MISSING:\n", "    if True:\n"),
    ),
    Mutant(
        "an answer from before an event counts as one after it",
        "answers",
        ("        asked.look_at = now\n    if asked.knew_all():\n", "    if True:\n"),
    ),
    Mutant(
        "a look from before a stall counts as one after it",
        "answers",
        ("LATE_S = 1.0 ", "LATE_S = 86400.0 "),
    ),
    Mutant(
        "a peer that does not answer is taken for one that is ready",
        "switch",
        ("        OVER: REFUSED,\n", "        OVER: READY,\n"),
        ("    if now >= switch.until:\n", "    if now >= switch.until and switch.phase != READY:\n"),
    ),
    Mutant(
        "MASTER is given up before the cloud has moved the VIP",
        "switch",
        ("        ACCEPTED: MOVING,\n", "        ACCEPTED: MOVED,\n"),
    ),
    Mutant(
        "an abandoned switch claims nothing back",
        "switch",
        ("    known.patience.not_before = now\n", "    known.patience.not_before = now + 86400.0\n"),
    ),
    Mutant(
        "MASTER is given up for a VIP that is still on its way to the peer",
        "switch",
        ("if seen.holder == known.peer and seen.available:", "if seen.holder == known.peer:"),
    ),
]

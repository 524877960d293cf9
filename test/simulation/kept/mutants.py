"""Mutants of what decides on connections, each caught by a history in which some are kept."""

from mutants import Mutant

MUTANTS = [
    Mutant(
        "a peer that says nothing any more is sent packets for half a minute",
        "connections",
        ("SILENT_S = 3.0 ", "SILENT_S = 30.0 "),
    ),
    Mutant(
        "the time has no end",
        "connections",
        ("        elif now >= keeping.until:\n", "        elif False:\n"),
    ),
    Mutant(
        "the time begins anew with each word",
        "connections",
        ("    if keeping.spent_at is not None:\n", "    if False:\n"),
    ),
    Mutant(
        "the rules are in force once the VIP is here, not before",
        "connections",
        ("    if taking and keeping.peer_would and", "    if False and"),
    ),
    Mutant(
        "what is the peer's goes there before what is this node's own is known",
        "kept",
        ("        lines = flows.known(found) if fill else []\n", "        lines = []\n"),
    ),
    Mutant(
        "what is opened while they are counted is missed",
        "kept",
        (
            'flows.load(flows.begins() + flows.is_so("recording", vip, self.left_s(forward_until) + LOOK_S))\n',
            "flows.load(flows.begins())\n",
        ),
    ),
    Mutant(
        "a service that starts forgets its node's own connections for a moment",
        "kept",
        ("flows.load(flows.begins() +", 'flows.load(["flush set ip keepalived_vip known"] +'),
    ),
    Mutant(
        "a service that starts does not know that the one before it kept connections",
        "connections",
        ("    if isinstance(until, float) and", "    if False and"),
    ),
    Mutant(
        "after a stall a node's own connections are taken for known",
        "kept",
        ("time.monotonic() >= self.recorded_until\n", "self.recorded_until == 0.0\n"),
    ),
    Mutant(
        "who is demoted keeps nothing before it is asked",
        "connections",
        ("        if keeping.until is None and (gave or understands(keeping, now)):\n", "        if False:\n"),
        ("            keeping.pending_until = now + PENDING_S\n", "            pass\n"),
    ),
    Mutant(
        "a MASTER whose VIP is taken keeps nothing",
        "connections",
        ("    if (has_vip or keeping.master) and not", "    if False and not"),
    ),
    Mutant(
        "a word that comes after a stall counts as new",
        "kept",
        ('name, said_at = news["id"], now - news["waitedS"]\n', 'name, said_at = news["id"], now + 0.0\n'),
    ),
    Mutant(
        "answers go where the last packet came from, whatever is known of the cloud",
        "connections",
        ("    return True if keeping.peer_has and now < keeping.carried_until else None\n", "    return None\n"),
    ),
    Mutant(
        "answers go through the peer, which the VIP has left",
        "connections",
        (
            "        keeping.peer_has = False\n    if keeping.master and not master",
            "        pass\n    if keeping.master and not master",
        ),
    ),
    Mutant(
        "a MASTER again ends at the first look, whatever the peer has asked for",
        "connections",
        ("here_at >= keeping.took_at + SETTLED_S):\n", "True):\n"),
    ),
    Mutant(
        "the address goes from the old node's NIC as without connections",
        "kept",
        ("        if connections.stays(keeping, now):\n", "        if False:\n"),
    ),
    Mutant(
        "the address stays on the NIC of a node whose keepalived is MASTER, unheard",
        "connections",
        ("keeping.until is not None and now < keeping.served_until\n", "keeping.until is not None\n"),
    ),
    Mutant(
        "packets that come are no sign that the VIP is here",
        "connections",
        ("        keeping.arrives = True\n", "        pass\n"),
    ),
    Mutant(
        "a request that failed is none that was made",
        "connections",
        ("    return keeping.taking and not looked and", "    return False and"),
    ),
    Mutant(
        "a node carries although nothing comes out of its tunnel",
        "kept",
        ("wanted = self.passage.passes() and connections", "wanted = connections"),
        ("        if self.passage.silent() and keeping.until", "        if False and keeping.until"),
    ),
    Mutant(
        "what a planned switch has asked for may not come late",
        "connections",
        ("        keeping.took_at = now\n        if keeping.until is None:\n", "        if False:\n"),
    ),
]

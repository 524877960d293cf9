"""Mutants of what decides on connections, each caught by a history in which some are kept."""

from mutants import Mutant

MUTANTS = [
    Mutant(
        "a peer that says nothing any more is sent packets for half a minute",
        "silence",
        ("SILENT_S = 3.0 ", "SILENT_S = 30.0 "),
    ),
    Mutant(
        "the silence of a dead peer counts from when the VIP is here",
        "silence",
        ("max(min(at, max(silence.lived_at, silence.since)) + SILENT_S,", "max(at + SILENT_S,"),
    ),
    Mutant(
        "the time has no end",
        "stand",
        ("    elif now >= keeping.until and not (shown", "    elif False and not (shown"),
    ),
    Mutant(
        "the rules are in force once the VIP is here, not before",
        "carrying",
        ("    if taking and carrying.peer_would is not False and", "    if False and"),
    ),
    Mutant(
        "what is the peer's goes there before what is this node's own is known",
        "kept_kernel",
        ("        lines = flows.known(found) if fill else []\n", "        lines = []\n"),
    ),
    Mutant(
        "what is opened while they are counted is missed",
        "kept_kernel",
        (
            'flows.load(flows.begins() + flows.is_so("recording", vip, self.left_s(forward_until) + LOOK_S))\n',
            "flows.load(flows.begins())\n",
        ),
    ),
    Mutant(
        "what is opened on a node whose peer has died is missed",
        "kept_kernel",
        ("        known_s = left_s or alone_s\n", "        known_s = left_s\n"),
    ),
    Mutant(
        "a service that starts does not know that the one before it kept connections",
        "anew",
        ("    if isinstance(until, float) and now", "    if False and now"),
    ),
    Mutant(
        "who is demoted keeps nothing before it is asked",
        "stand",
        ("    elif keeping.until is None and understands(keeping, now):\n", "    elif False:\n"),
        (
            "    elif keeping.until is None:\n        keeping.pending_until = now + PENDING_S\n",
            "    elif keeping.until is None:\n        pass\n",
        ),
    ),
    Mutant(
        "a MASTER whose VIP is taken keeps nothing",
        "peer_says",
        ("    if (has_vip or keeping.master) and not", "    if False and not"),
    ),
    Mutant(
        "who is MASTER again goes on keeping",
        "stand",
        ("    if not keeping.giving and ((shown.here and settled) or stuck):\n", "    if False:\n"),
    ),
    Mutant(
        "the peer is told that all is ready before the rules are in force",
        "kept",
        ("        if self.in_force():\n            self.prepared_at", "        if True:\n            self.prepared_at"),
    ),
    Mutant(
        "packets go into a tunnel from which none comes out",
        "kept",
        ("wanted = self.passage.passes() and carrying", "wanted = carrying"),
    ),
    Mutant(
        "who has given up says nothing of the VIP that may come",
        "stand",
        ("    if keeping.awaits:\n", "    if False:\n"),
    ),
    # Lines that stand in for one another: only without all of them does a history show it.
    Mutant(
        "a VIP that is on its way is not kept for",
        "stand",
        ("    if leaving and keeping.until is None and", "    if False and"),
        ("    if keeping.awaits:\n", "    if False:\n"),
        (
            "    if keeping.until is None and keeping.took_at is not None and now - keeping.took_at < SETTLED_S:\n",
            "    if False:\n",
        ),
    ),
    Mutant(
        "what is kept for a stuck move has no end",
        "stand",
        ("((shown.here and settled) or stuck)", "(shown.here and settled)"),
    ),
    Mutant(
        "until the peer has the VIP none left is the end",
        "connections",
        ("    if left == 0 and keeping.peer_has:\n", "    if left == 0:\n"),
    ),
    Mutant(
        "a request that follows a look is none until it is accepted",
        "stand",
        ('asks = asked.busy and asked.step[0] in ("migrate", "assign")', "asks = False"),
    ),
    Mutant(
        "a service that starts makes what is known to its rules anew",
        "kept_kernel",
        (
            "flows.load(flows.begins() + ",
            'flows.load(["flush set %s %s" % (flows.TABLE, name) for name in flows.SETS] + ',
        ),
    ),
    Mutant(
        "a MASTER whose VIP goes before it has heard the peer keeps nothing",
        "stand",
        ("        elif now >= keeping.pending_until:\n            keeping.pending_until = now + PENDING_S\n", ""),
        ("    if keeping.awaits:\n", "    if False:\n"),
    ),
    Mutant(
        "who is demoted does not wait for a peer that lost the word that it is MASTER",
        "connections",
        ("PENDING_S = 45.0\n", "PENDING_S = 20.0\n"),
    ),
    Mutant(
        "a peer that takes the VIP anew, which it has had all along, makes the time longer",
        "peer_says",
        (" and keeping.peer_had_at <= began_at:\n", ":\n"),
    ),
    Mutant(
        "what the peer's words add to the time they add once more for each service",
        "anew",
        ("began if isinstance(began, float) and began < latest else latest", "latest"),
    ),
    Mutant(
        "a planned switch that was given up moves nothing any more",
        "stand",
        ("gives = runs and known.claimed_at is None\n", "gives = runs and phase == switch.MOVING\n"),
    ),
    Mutant(
        "a service that starts after the end of the time begins it again",
        "anew",
        ("        spent = until\n", "        pass\n"),
    ),
    Mutant(
        "a planned switch does not show that the VIP has been here since the end of the time",
        "stand",
        (
            "    if keeping.spent_at is not None and keeping.shown_at >",
            "    if keeping.spent_at is not None and (stand.listed_at or 0.0) >",
        ),
    ),
    Mutant(
        "the time of what it keeps already runs on while its own switch moves the VIP",
        "stand",
        (
            "    if stand.moving_at is not None:\n        # Its own switch,",
            "    if stand.moving_at is not None and not keeping.giving:\n        # Its own switch,",
        ),
    ),
    Mutant(
        "a tunnel counts as silent while nobody is MASTER",
        "kept",
        ("self.passage.went(now, self.in_force() and known.master, ", "self.passage.went(now, self.in_force(), "),
    ),
    Mutant(
        "the peer's word that it keeps some is not heard",
        "kept",
        ('            carrying.peer_keeps(keeping, said_at, time_s, news.get("count"))\n', "            pass\n"),
    ),
    Mutant(
        "the peer's word that it carries them is not heard",
        "kept",
        ("            peer_says.carries(keeping, said_at, time_s > 0)\n", "            pass\n"),
    ),
    Mutant(
        "the peer's word that it takes the VIP is not heard",
        "kept",
        (
            "            peer_says.takes(keeping, said_at, now, self.vip.on_nic != nic.ABSENT)\n",
            "            pass\n",
        ),
    ),
    Mutant(
        "the peer's word that it is about to give the VIP is not heard",
        "kept",
        ("            peer_says.gives(keeping, said_at, time_s)\n", "            pass\n"),
    ),
    Mutant(
        "the peer's word that it is ready is not heard",
        "kept",
        ("            peer_says.can(keeping, time_s > 0)\n", "            pass\n"),
    ),
    Mutant(
        "a look that shows the VIP at the peer does not end that its words make the time longer",
        "stand",
        (
            "keeping.gone_at, keeping.peer_has = keeping.gone_at or stand.there_at, True",
            "keeping.gone_at = keeping.gone_at or stand.there_at",
        ),
        # Their bound would stand in for it.
        ("min(said_at, began_at + GONE_S) + keeping.keep_s", "said_at + keeping.keep_s", "peer_says"),
    ),
    Mutant(
        "one that stood still as it was to be ready has no time left for that",
        "kept",
        ("now - self.prepare_heard_at > STOOD_STILL_S", "now - self.prepared_at > 2 * connections.READY_S"),
    ),
    Mutant(
        "what the peer said that it has counts for nothing after a stall",
        "peer_says",
        ("            keeping.gone_at = keeping.gone_at or said_at\n", "            pass\n"),
    ),
    Mutant(
        "a look from before it was MASTER anew delays the claim",
        "answers",
        ("        known.patience.not_before, known.patience.rebind_at = now, None\n", "        pass\n"),
    ),
    Mutant(
        "a look from before it was MASTER proves that it has the VIP to give",
        "switch",
        ("return known.here() and known.seen.shown_here and", "return known.here() and"),
    ),
]

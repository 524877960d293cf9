"""The rules in words, and their bounds, each with its reason."""

RULES = {
    "settles": "after the faults the VIP and its EIP are on the one live MASTER within the bound",
    "stays": "then nobody changes anything any more",
    "calm": "a MASTER whose peer takes the VIP back moves it only so often",
    "prompt": "an event, a stall during a look or a failed task leads to an accepted move within a second",
    "silent": "a node that knows that it is not MASTER makes no call",
    "modest": "nothing is touched but the VIP and its EIP, and only for the own ENI",
    "keeps": "nothing unassigned, no EIP unbound that was seen in place, no VIP assigned that is on its way",
    "few": "a partition of VRRP alone costs one move, and so does a stall, kill or stop of the MASTER; two where the"
    " VIP returns to a preferred node",
    "yields": "a MASTER whose keepalived hangs claims nothing back, and the VIP is the peer's; it is started anew",
    "hears": "a standby whose firewall drops a MASTER's adverts takes nothing from it; of two such nodes one serves",
    "answers": "while both machines and NICs live, whoever the cloud delivers to has the VIP on its NIC",
    "switches": "a planned switch that nothing disturbs ends as asked, and never on a NIC without the VIP",
    "honest": "a move is called done only after the cloud has shown it done",
    "civil": "one call at a time, and not too many",
    "alive": "the runtime does not fail by itself",
}

# settles. After the last fault: a boot, the wait for the peer's voice and an election (8 s), a preempt delay and an
# election (8 s), the longest pause after failures (19 s), a move (10 s). They never come all together: 28 s was seen.
SETTLE_S = 45.0
# More if that was among the faults: a code that only a person can mend is asked about once a minute; an address stuck
# on its way is asked for again after 45 s, and its lock held for 20 s; slow tasks, the peer's and the own; the EIP.
SETTLE_MORE_S = {"refused for good": 75.0, "stuck on its way": 65.0, "slow task": 45.0, "EIP left behind": 10.0}
# A pair that has been calm for long looks within 55 s, not 22 s: what nobody tells it, it finds so much later.
SETTLE_MORE_S["unheard after a long calm"] = 33.0
# A peer that gives up after a duel is heard, by its last advert or by its word, and the pause ends. These keep it from
# both: then the pause comes on top.
SILENT = {"power cut", "both down", "service killed", "service hangs"}
DUEL_PAUSE_MAX_S = 150.0  # DUEL_MAX_S and jitter
CHECK_S = 0.25
AFTERMATH_S = 1.5  # a stalled node goes on, an election that was due comes to its end: within an advert interval

# stays. Longer than until the next look.
STAY_S = 5.0

# prompt. Look and move are two round trips of at most 0.1 s each, four if the holder is not the expected one.
PROMPT_S = 1.0
PROMPT_STORM_S = 6.0  # adverts of a lower peer in a row are looked at every 5 s (STORM_MAX_S)
STORM_OVER_S = 10.0
POLL_S = 0.5  # an address on its way, and a task, is looked at so often (POLL_S), after a while more rarely (SLOW_S)
LONG_TASK_S, SLOW_S = 14.0, 5.0
NOBODY_S = 1.0  # a VIP on no ENI is looked at again after this
NEWS_S = 1.0  # so long the end of a task may go unseen
EPSILON_S = 1e-6

# keeps, prompt. A request that took no longer was not delayed; nobody can know what has become right since so long.
SOON_S = 1.0

# few. In a time that nothing else disturbs. One that has asked for it within that time may win, see rank.WORTH.
FEW = {"stable": 1, "standing-master": 2}
FEW_AFTER_S = 20.0
FEW_SAID_S = 0.2

# yields. The last sign of life is seen within a tick, is old after HUNG_S, and that is seen within a tick.
HUNG_S = 6.0 + 2 * 2.0 + 0.1
LEFT_S = 15.0  # a peer that has given up is followed, if that was so long ago at most
# Then it is killed (PATIENCE_S), at a look that comes every two seconds.
REVIVED_S = HUNG_S + 60.0 + 2.0 + 0.1
# The peer's election, a claim of the hung one before it counts as hung, slow tasks, and the peer's claims in a duel.
YIELDED_S = 60.0

# answers. keepalived takes the VIP off the NIC, and the service, woken by the kernel, puts it back.
SILENCE_S = 0.2
LEASE_S = 23.0  # so long at least after a demotion (LINGER_S); a cloud that takes longer leaves nobody to answer
# What takes a machine, its NIC or the service that would do so, or moves the VIP to where nobody expects it. A firewall
# most often comes with a boot.
LOSSY = {
    "power cut", "both down", "firewall", "two firewalls", "NIC down", "service killed", "service hangs", "words lost",
    "VIP unassigned", "VIP on a third ENI", "late request", "planned switch, undone", "planned switch, operator lost",
}  # fmt: skip

# switches. PREPARE_S, GIVE_S and take_s: a node that was asked to yield claims nothing for so long at the most.
SWITCH_S = 28.0

# civil. Two polls a second and the looks of a storm, of two requests each if the VIP is outside the pair.
CALLS, CALLS_IN_S = 50, 10.0


def duel_pause(seconds: float) -> float:
    """How long a MASTER may pause after a duel of so many: its last pause is about as long as all before it."""
    return min(DUEL_PAUSE_MAX_S, seconds * 1.25 / 0.75 + 5.0) if seconds else 0.0


def claims_within(seconds: float) -> int:
    """calm. How often a MASTER may take the VIP: at once, back at once, then after 3, 6, 12 ... 90 s (DUEL_*)."""
    count, pause = 2, 3.0
    while seconds >= pause:
        seconds -= pause
        pause = min(90.0, pause * 2)
        count += 1
    return count


def moves_within(seconds: float) -> int:
    """What a partition of so many seconds costs at most, when nothing else happens: both sides claim."""
    return 2 * claims_within(seconds)

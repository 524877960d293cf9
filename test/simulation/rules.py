"""What must hold in every history; `bounds` has the bounds."""

import bounds
from cloud import NOBODY
from keepalived import BACKUP, MASTER
from prompt import Prompt
from runtime import EIP, VIP

# The changes that a node may ask for: the field that names its own ENI, and the one with the only value there is.
CHANGES = {
    "MigratePrivateIpAddress": ("DestinationNetworkInterfaceId", "PrivateIpAddress", VIP),
    "AssignPrivateIpAddresses": ("NetworkInterfaceId", "PrivateIpAddresses", [{"PrivateIpAddress": VIP}]),
    "AssociateAddress": ("NetworkInterfaceId", "PrivateIpAddress", VIP),
    "DisassociateAddress": (None, "AddressId", EIP),
}


class Broken(BaseException):
    """A rule does not hold. No Exception: the runtime survives those."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(rule, text)
        self.rule, self.text = rule, text


class Rules:
    __slots__ = (
        "world", "prompt", "done", "quiet_at", "right_since", "both_since", "both_s", "parted_since", "moves", "took_s",
        "allowed_s", "hangs_since", "silent_since",
        "few_since", "walled_since", "knew",
    )  # fmt: skip

    def __init__(self, world) -> None:
        self.world = world
        self.prompt = Prompt(world, self.broken)
        self.done = False
        self.quiet_at = self.right_since = None
        self.both_since, self.both_s = None, 0.0  # both services know that they are MASTER
        self.parted_since, self.moves = None, 0  # by a partition that nothing else disturbs; moves since then
        self.knew = False  # the MASTER's service, at its beginning, that the VIP was here
        self.hangs_since = None  # the MASTER's keepalived, and nothing else disturbs
        self.few_since = None  # a stall, kill or stop of the MASTER, and nothing else disturbs
        self.silent_since = None  # the cloud delivers to a live node without the VIP on its NIC
        self.walled_since = None  # a standby, or both nodes, hear nothing, and nothing else disturbs
        self.took_s, self.allowed_s = 0.0, bounds.SETTLE_S  # from the last fault until all was right

    def broken(self, rule: str, text: str, *args) -> None:
        raise Broken(rule, text % args)

    # -- calls --------------------------------------------------------------------------------------------------------

    def begin(self, node, step) -> None:
        if node.call is not None:
            self.broken("civil", "%s begins %s while %s is on its way", node.name, step[0], node.call.step[0])

    def request(self, node, call, pending) -> None:
        """A node sends a request."""
        world, action, request, calls_at = self.world, pending.action, pending.request, node.record.calls_at
        world.judge("call")
        if not node.master():
            self.broken("silent", "%s knows that it is not MASTER and calls %s", node.name, action)
        calls_at.append(world.now)
        if len(calls_at) > bounds.CALLS and world.now - calls_at.pop(0) < bounds.CALLS_IN_S:
            self.broken("civil", "%s makes more than %d calls in %d s", node.name, bounds.CALLS, bounds.CALLS_IN_S)
        if action.startswith("Describe"):
            return
        if action not in CHANGES:
            self.broken("keeps", "%s calls %s", node.name, action)
        eni, key, value = CHANGES[action]
        mine = not eni or request[eni] == node.eni
        if call.step[0] == "give":
            asked = world.now - node.record.switch_at <= bounds.SWITCH_S
            mine = asked and request[eni] == node.peer().eni and request["SourceNetworkInterfaceId"] == node.eni
            switch = self.world.switch
            if switch is not None and switch.giver is node and switch.unready & switch.hopeless():
                self.broken("switches", "%s gives the VIP to a peer that was not ready when it was asked", node.name)
        if action == "MigratePrivateIpAddress" and node.hung_by and call.step[0] != "give":
            may_until = max(node.hung_since, node.record.upset_at) + bounds.HUNG_S
            if world.now > max(may_until, node.record.left_at + bounds.LEFT_S):
                self.broken("yields", "%s claims the VIP, hung for %.1f s", node.name, world.now - node.hung_since)
        if request[key] != value or not mine:
            self.broken("modest", "%s calls %s with %s", node.name, action, request)

    def arrived(self, node, call, action: str) -> None:
        """A request has reached the cloud."""
        world, cloud = self.world, self.world.cloud
        if action == "DescribeAddresses":
            call.eip_shown_at = world.now
        elif action == "DisassociateAddress":
            world.judge("keeps")
            if cloud.eip == cloud.holder:
                right_for = call.eip_shown_at - max(cloud.eip_since, cloud.held_since) - world.plan.lag_s
                if right_for > bounds.SOON_S:
                    self.broken("keeps", "%s unbinds an EIP that it saw in its place", node.name)
                world.count("EIP unbound as it arrived")
        elif action == "AssignPrivateIpAddresses":
            world.judge("keeps")
            # One that was delayed may meet another move; and it may have been gone twice.
            gone_before = max(cloud.held_since, cloud.lock_ended) > node.record.shown_at
            excused = world.now - call.started > bounds.SOON_S or gone_before
            if cloud.state == "MIGRATING" and not excused:
                self.broken("keeps", "%s assigns the VIP, which is on its way", node.name)

    def accepted(self, node, action: str, started: float) -> None:
        """The cloud has accepted a change."""
        if self.right_since is None:
            return
        if started > self.right_since:
            self.broken("stays", "%s calls %s, all being right since %.2f", node.name, action, self.right_since)
        self.right_since = None  # asked for before

    def result(self, node, call, result) -> None:
        """A step has come to its end."""
        if getattr(result, "code", None) == "Network" and str(result) != str(self.world.refusal("Network")):
            self.broken("alive", "%s: %s: %s", node.name, " ".join(call.step), result)
        if call.step[0] == "describe" and isinstance(result, tuple) and result[0] != NOBODY:
            node.record.shown_at = self.world.now
            if result[0] == node.eni:
                node.record.here_at, node.record.here_by = self.world.now, call.started

    # -- moves and roles ----------------------------------------------------------------------------------------------

    def said_moved(self, node, eni: str) -> None:
        self.world.judge("honest")
        if node.record.shown_on != eni:
            self.broken("honest", "%s says that the VIP has moved, which the cloud has not shown", node.name)

    def moved(self, node, target: str, begun: float) -> None:
        """A move of a node has ended well."""
        record = node.record
        self.moves += 1
        if self.few_since is not None:
            self.world.judge("few")
            if self.moves > bounds.FEW[self.world.plan.mode]:
                self.broken("few", "%d moves since %.2f", self.moves, self.few_since)
        if target != node.eni or not record.was_master or begun < record.master_since:
            return
        self.world.judge("calm")
        record.moves += 1
        lasts = self.world.now - record.master_since
        # One that hears the peer knows the way to be open: it takes back what the other, which is bounded, took.
        claims = 2 + record.losses if record.heard_lower else bounds.claims_within(lasts)
        # A call without an answer may hide that a claim succeeded, and so that it was taken back.
        if record.moves > claims + record.injected + record.troubles:
            self.broken("calm", "%s moves the VIP the %dth time in %.1f s as MASTER", node.name, record.moves, lasts)

    def round(self, node, lower: bool, again: bool = False, stale: bool = False) -> None:
        """The service has taken in what there was; `lower`: MASTER_RX_LOWER_PRI or the peer's "left" among it; `again`:
        a fall and a rise, which a service that hung takes in at once; `stale`: a look's answer from before a stall, by
        which the VIP is here."""
        now, master, record = self.world.now, node.master(), node.record
        if master != record.was_master:
            record.was_master = master
            record.lost_at = record.lost_at if master else now
            both = self.world.nodes[0].record.was_master and self.world.nodes[1].record.was_master
            if both:
                self.both_since = now
            elif self.both_since is not None:
                self.both_s += now - self.both_since
                self.both_since = None
            again = master
        if master and again:
            record.begin(now)
            self.prompt.expect(node, bounds.PROMPT_S)
        elif master and lower:
            storm = now - record.lower_at < bounds.STORM_OVER_S
            record.lower_at, record.heard_lower = now, True
            self.prompt.expect(node, bounds.PROMPT_STORM_S if storm else bounds.PROMPT_S)
        elif master and stale and record.losses <= 1:  # else a duel, in which it waits
            self.prompt.expect(node, bounds.PROMPT_S)

    # -- what nothing disturbs ----------------------------------------------------------------------------------------

    def disturbed(self) -> None:
        """A fault begins."""
        self.parted_since = self.hangs_since = self.few_since = self.walled_since = None
        if self.world.switch is not None:
            self.world.switch.clean = False

    def parted(self) -> None:
        if self.world.active == 1 and self.world.switch is None and self.wrong() is None:
            self.parted_since, self.moves = self.world.now, 0
            masters = [node.service for node in self.world.nodes if node.keepalived.state == MASTER]
            self.knew = all(service is not None and self.knows(service.known) for service in masters)

    def knows(self, known) -> bool:
        """Whether a service has seen the VIP here since the last event, and no look is on its way: an answer that comes
        late is such an event."""
        seen, asked = known.seen, known.asked
        seen_here = known.here() and seen.had_it_since is not None
        return seen_here and seen.events == asked.events and not asked.busy

    def joined(self, words_pass: bool) -> None:
        """words_pass: the services hear each other all the while; a new one does not know yet what was."""
        if self.parted_since is None:
            return
        words_pass = words_pass and self.knew
        self.world.judge("few" if words_pass else "calm")
        lasted = self.world.now - self.parted_since
        if words_pass and self.moves > 1:
            self.broken("few", "%d moves in a partition of VRRP alone of %.0f s", self.moves, lasted)
        if self.moves > bounds.moves_within(lasted):
            self.broken("calm", "%d moves in a partition of %.0f s", self.moves, lasted)

    def halts(self, node) -> None:
        """The MASTER, or its keepalived, stands still, is killed or stopped. Not while a request of the peer is on its
        way: one that wakes asks for the VIP in its last moment as MASTER, and has it 2 ms after the other stands."""
        recent = self.world.now - node.record.accepted_at <= bounds.FEW_AFTER_S
        asked = recent or node.peer().call is not None
        if self.world.active == 1 and node.keepalived.state == MASTER and self.wrong() is None and not asked:
            self.few_since, self.moves = self.world.now, 0

    def goes_on(self, node) -> None:
        """One that wakes while its peer has not yet said by an advert that it has asked for the VIP may win."""
        if self.world.now - node.peer().record.master_since < self.world.plan.advert_s + bounds.FEW_SAID_S:
            self.few_since = None

    def hangs(self, node) -> None:
        if self.world.active == 1 and node.keepalived.state == MASTER and self.wrong() is None:
            self.hangs_since = self.world.now

    def hung(self, node) -> None:
        if self.hangs_since is None or self.world.now - self.hangs_since < bounds.YIELDED_S:
            return
        self.world.judge("yields")
        holder, hung_s = self.world.cloud.holder, self.world.now - self.hangs_since
        if node.hung_by and hung_s > bounds.REVIVED_S:
            self.broken("yields", "%s has hung for %.1f s", node.name, hung_s)
        if node.hung_by and holder != node.peer().eni:
            self.broken("yields", "the VIP is on %s while %s hangs", self.world.name_of(holder), node.name)

    def walled(self, node) -> None:
        """node: None for both."""
        # One that has missed adverts already takes the peer for dead before two have come that it does not hear.
        stands_by = node is None or (node.keepalived.state == BACKUP and node.keepalived.missed_none())
        calm = self.world.active == 1 and self.world.switch is None and self.world.now > self.world.restless_until
        if calm and stands_by and self.wrong() is None:
            self.walled_since, self.moves = self.world.now, 0

    def unwalled(self, node) -> None:
        if self.walled_since is None:
            return
        self.world.judge("hears")
        masters = [one for one in self.world.nodes if one.keepalived.state == MASTER]
        if node is None and (len(masters) != 1 or not self.world.cloud.right(masters[0].eni)):
            self.broken("hears", "of two nodes that hear nothing %d are MASTER", len(masters))
        elif node is not None and (self.moves or masters != [node.peer()]):
            self.broken("hears", "%s, which hears nothing, has taken the VIP from a MASTER", node.name)

    def whole(self) -> None:
        """Where the cloud delivers, or what is on a NIC, has changed. While nothing disturbs a planned switch, both go
        together at every moment; while both machines and NICs live, but for a moment."""
        world, switch = self.world, self.world.switch
        holder = [node for node in world.nodes if node.eni == world.cloud.holder]
        silent = bool(holder) and holder[0].nic == holder[0].ABSENT and not holder[0].stalled
        if silent and switch is not None and switch.clean:
            self.broken("switches", "the cloud delivers to %s, whose NIC has no VIP", holder[0].name)
        if bounds.LOSSY.isdisjoint(world.counts):
            world.judge("answers")
        if not silent:
            self.silent_since = None
        elif self.silent_since is None:
            self.silent_since = world.now
            if world.now - holder[0].record.lost_at < bounds.LEASE_S:
                world.at(world.now + bounds.SILENCE_S + bounds.EPSILON_S, self.unanswered, world.now)

    def unanswered(self, since: float) -> None:
        if since == self.silent_since and bounds.LOSSY.isdisjoint(self.world.counts):
            self.broken("answers", "nobody has answered at the VIP for %.1f s", self.world.now - since)

    def switched(self, switch, phase: str) -> None:
        """One that nothing disturbed has ended."""
        self.world.judge("switches")
        there = self.world.cloud.holder == switch.taker.eni and switch.taker.keepalived.state == MASTER
        if phase != "done" or not there:
            self.broken("switches", "a planned switch that nothing disturbed ended as %s", phase)

    # -- at the end ---------------------------------------------------------------------------------------------------

    def quiet(self, _) -> None:
        """The faults are over, and what they had delayed has arrived."""
        world = self.world
        if world.now < world.restless_until:
            world.at(world.restless_until, self.quiet, None)
            return
        self.quiet_at = world.now
        world.judge("settles")
        if world.trace is not None:
            world.tell("", "the faults are over")
        world.at(world.now + bounds.AFTERMATH_S, self.check, None)

    def check(self, _) -> None:
        now, wrong = self.world.now, self.wrong()
        if wrong:
            if self.right_since is not None:
                self.broken("stays", "all was right at %.2f, now %s", self.right_since, wrong)
            if now - self.quiet_at > self.bound():
                self.broken("settles", "%.0f s after the last fault %s", now - self.quiet_at, wrong)
        elif self.right_since is None:
            self.world.judge("stays")
            self.right_since = now
            self.took_s, self.allowed_s = now - self.quiet_at, self.bound()
        elif now - self.right_since > bounds.STAY_S:
            self.done = True
        self.world.at(now + bounds.CHECK_S, self.check, None)

    def bound(self) -> float:
        duel = self.both_s + (self.world.now - self.both_since if self.both_since is not None else 0.0)
        more = sum(more for what, more in bounds.SETTLE_MORE_S.items() if what in self.world.counts)
        if bounds.SILENT.isdisjoint(self.world.counts):
            duel = 0.0
        return bounds.SETTLE_S + bounds.duel_pause(duel) + more

    def wrong(self):
        """What is not as it should be; None when all is."""
        world, cloud = self.world, self.world.cloud
        live = [node for node in world.nodes if node.powered]
        masters = [node for node in live if node.keepalived.state == MASTER]
        if len(masters) != 1:
            return "%d nodes are MASTER" % len(masters)
        master = masters[0]
        if any(node.keepalived.state != BACKUP for node in live if node is not master):
            return "a node is not ready to take over"
        if len(live) == 2 and world.plan.mode == "standing-master" and master.index != world.plan.preferred:
            return "MASTER is not the preferred node"
        if any((node.nic == node.PRESENT) != (node is master) for node in live):
            return "the VIP is on the wrong NICs"
        if not cloud.right(master.eni):
            eip = "" if cloud.eip in (cloud.holder, None) and not world.plan.eip else ", the EIP on %s" % (
                world.name_of(cloud.eip or ""))  # fmt: skip
            return "%s is MASTER, the VIP is on %s, %s%s" % (master.name, world.name_of(cloud.holder), cloud.state, eip)
        return None

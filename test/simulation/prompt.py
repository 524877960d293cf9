"""The rule `prompt`: what has told a MASTER to look leads to an accepted move within a second, the black hole after a
heal before all. Whatever else keeps the node from it moves the term, or excuses it."""

import bounds
from cloud import NOBODY
from keepalived import MASTER


class Prompt:
    __slots__ = ("broken", "world")

    def __init__(self, world, broken) -> None:
        self.world, self.broken = world, broken

    def expect(self, node, within: float) -> None:
        """A MASTER has been told to look; if the VIP is elsewhere, or on its way, it has to ask for it soon."""
        cloud, now = self.world.cloud, self.world.now
        seen = now - self.world.plan.lag_s
        elsewhere = cloud.held_since <= seen if cloud.holder != node.eni else cloud.locked and cloud.lock_began <= seen
        if elsewhere and node.record.expected_by < now:
            self.expect_at(node, now + within, within, now, node.service, node.record.losses)

    def expect_at(self, node, at: float, *what) -> None:
        node.record.expected_by = at
        self.world.at(at, self.judge, (node,) + what)

    def excused(self, node, since: float, service, losses: int) -> bool:
        record, cloud = node.record, self.world.cloud
        if node.service is not service or not record.was_master or record.master_since > since:
            return True
        if record.losses != losses:
            return True  # it was here, and has gone again without an event
        if cloud.lock_began > since > record.accepted_at:
            return True  # the peer has asked for it since then: a duel
        if node.stalled or node.hung or record.upset_at > since or record.trouble_until >= since:
            return True
        peer_serves = node.peer().keepalived.state == MASTER and cloud.holder == node.peer().eni
        if node.hung_by and (record.left_at < since or peer_serves):
            return True  # it claims nothing from a peer that has not given up, or serves again
        if record.refusals > 1 and record.refused_at >= since - bounds.NEWS_S:
            return True  # asked for again later and later
        if record.switch_at >= since - bounds.SWITCH_S:
            return True  # it gives the VIP away on purpose
        if record.unknown_at >= min(since, cloud.lock_began):
            return True  # a task of unknown end counts as one of a duel
        return cloud.state == "MIGRATING" and not cloud.locked  # stuck on its way

    def unseen_s(self) -> float:
        """How long the end of the last task may go unseen."""
        long = self.world.cloud.lock_ended - self.world.cloud.lock_began > bounds.LONG_TASK_S
        return bounds.SLOW_S if long else bounds.POLL_S

    def judge(self, what) -> None:
        node, within, since, service, losses = what
        world, cloud, record, now = self.world, self.world.cloud, node.record, self.world.now
        if self.excused(node, since, service, losses):
            return
        if cloud.locked or record.late_until > now:
            if record.accepted_at < since:
                self.expect_at(node, now + bounds.POLL_S, *what[1:])
            return
        if record.accepted_at >= since or cloud.holder == node.eni:
            world.judge("prompt")
            return
        # One that hangs may claim nothing before its peer has given up.
        free = max(since, record.left_at) if node.hung_by else since
        hindered = max(free, cloud.lock_ended, cloud.held_since, record.late_until) + world.plan.lag_s
        if hindered > free:
            within += self.unseen_s()
        if cloud.holder == NOBODY:
            within += 2 * bounds.NOBODY_S
        if now < hindered + within:
            self.expect_at(node, hindered + within + bounds.EPSILON_S, *what[1:])
            return
        self.broken("prompt", "%s has not asked for the VIP for %.1f s", node.name, now - since)

    def refused(self, node, call, error) -> None:
        """A call of a node has met a refusal, or no answer."""
        if getattr(error, "code", None) == "Network":
            node.record.troubles += 1
        if call.step[0] != "describe":
            self.count_refusal(node.record)

    def task_failed(self, node) -> None:
        """The first time it is asked for again at once."""
        record = node.record
        self.count_refusal(record)
        if record.was_master and record.refusals == 1:
            self.expect(node, bounds.PROMPT_S + self.unseen_s())

    def count_refusal(self, record) -> None:
        record.refusals += 1
        record.refused_at = self.world.now

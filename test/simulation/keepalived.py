"""keepalived 2.x as a state machine: VRRP version 3, unicast, one peer, as rendered in keepalived.conf.hbs.

Adverts that change nothing are not simulated one by one: a MASTER whose adverts only keep a standby waiting, or reach
nobody, rests until the scenario changes; `wake` then works out what the last advert was.
"""

import math

DOWN, LISTEN, BACKUP, MASTER, FAULT = "DOWN", "LISTEN", "BACKUP", "MASTER", "FAULT"
NEVER = math.inf
FLIGHT_S = 0.0003  # one advert on its way
BACKLOG = 30  # adverts that wait in the socket of a stalled node


class Keepalived:
    __slots__ = (
        "world", "node", "peer", "index", "priority", "rank", "nopreempt", "preempt_delay", "interval", "skew",
        "down_s", "state", "deadline", "timer_at", "advert_at", "preempt_at", "rest_from", "rest_heard", "backlog",
        "bereft",
    )  # fmt: skip

    def __init__(self, world, node, plan) -> None:
        self.world, self.node, self.index, self.peer = world, node, node.index, None
        standing = plan.mode == "standing-master"
        preferred = standing and node.index == plan.preferred
        self.priority = 220 if standing and not preferred else 250
        self.rank = (self.priority, node.index == plan.higher_address)
        self.nopreempt = not standing
        self.preempt_delay = plan.preempt_delay if preferred else 0.0
        self.interval = plan.advert_s
        self.skew = (256 - self.priority) / 256 * plan.advert_s
        self.down_s = 3 * plan.advert_s + self.skew
        self.state = DOWN
        self.deadline, self.timer_at, self.advert_at, self.preempt_at = NEVER, None, None, None
        self.rest_from, self.rest_heard = None, False
        self.backlog = []
        self.bereft = False  # the VIP was taken off the NIC while it was halted

    # -- what the scenario does to it ---------------------------------------------------------------------------------

    def start(self) -> None:
        self.rank = (self.priority + self.node.ranked, self.rank[1])
        self.node.put_vip(False)  # one that was left behind
        self.enter(FAULT if self.node.unfit() else BACKUP)

    def stop(self) -> None:
        """systemctl stop: it tells its peer first."""
        self.resign()
        self.state = DOWN
        self.node.put_vip(False)
        self.node.word("STOP")

    def kill(self) -> None:
        """kill -9: not a word, and the VIP stays on the NIC."""
        self.state, self.rest_from, self.bereft = DOWN, None, False
        self.backlog.clear()

    @property
    def halted(self) -> bool:
        """Nothing is sent, nothing is taken in: the node stands still, or keepalived alone does."""
        return bool(self.node.stalled or self.node.hung_by)

    def judge(self) -> None:
        """A track file, or the NIC, has changed."""
        if self.node.hung_by:
            return
        self.rank = (self.priority + self.node.ranked, self.rank[1])
        if self.state in (BACKUP, MASTER) and self.node.unfit():
            self.resign()
            self.node.put_vip(False)
            self.enter(FAULT)
        elif self.state == FAULT and not self.node.unfit():
            self.enter(BACKUP)

    def vip_removed(self) -> None:
        """Somebody took the VIP off the NIC of a MASTER."""
        if self.state != MASTER:
            return
        if self.halted:
            self.bereft = True  # the kernel's message waits
        else:
            self.bereft = False
            self.resign()
            self.enter(BACKUP)
            self.arm(self.world.now + self.skew)

    def resume(self) -> None:
        """After a stall, or a hang: first what waits in the socket, then the timers that are overdue."""
        now = self.world.now
        for last_word in self.backlog:
            self.receive(last_word)
        self.backlog.clear()
        if self.bereft:
            self.vip_removed()
        elif self.state == MASTER:
            if self.advert_at is not None and self.advert_at <= now:
                self.schedule_advert(now)
        elif self.state == BACKUP and self.deadline < NEVER:
            self.timer_at = None
            self.arm(max(now, self.deadline))

    def wake(self) -> None:
        """The scenario changes: adverts count again, from the last that was due."""
        if self.rest_from is None:
            return
        last = self.rest_from + math.floor((self.world.now - self.rest_from) / self.interval) * self.interval
        self.rest_from = None
        if self.rest_heard:
            self.peer.arm(last + self.peer.down_s)
        self.schedule_advert(last + self.interval)

    # -- the state machine --------------------------------------------------------------------------------------------

    def enter(self, state: str) -> None:
        self.state, self.rest_from, self.preempt_at, self.bereft = state, None, None, False
        self.node.word(state)
        if state == BACKUP:
            self.arm(self.world.now + self.down_s)

    def resign(self) -> None:
        if self.state == MASTER:
            self.send(True)

    def arm(self, at: float) -> None:
        self.deadline = at
        if self.timer_at is None or at < self.timer_at:
            self.timer_at = at
            self.world.at(at, self.timer, at)

    def timer(self, at: float) -> None:
        if at != self.timer_at:
            return
        self.timer_at = None
        if self.state != BACKUP or self.deadline == NEVER or self.halted:
            return
        if at < self.deadline:
            self.arm(self.deadline)
            return
        self.state, self.preempt_at = MASTER, None
        self.send()
        self.node.put_vip(True)
        self.node.word(MASTER)
        self.schedule_advert(at + self.interval)

    def schedule_advert(self, at: float) -> None:
        self.advert_at = at
        self.world.at(at, self.advert, at)

    def advert(self, at: float) -> None:
        if at != self.advert_at or self.state != MASTER or self.rest_from is not None or self.halted:
            return
        self.send()
        peer = self.peer
        cut = self.world.cut[self.index] or self.node.nic_down or peer.node.nic_down
        unheard = cut or peer.node.walled or (peer.state in (DOWN, FAULT) and peer.node.listener is None)
        if not cut and peer.node.listens():
            self.schedule_advert(at + self.interval)
            return
        if unheard or (peer.state == BACKUP and not peer.halted and not peer.would_preempt()):
            self.rest_from, self.rest_heard = at, not unheard
            if self.rest_heard:
                peer.deadline = NEVER
            return
        self.schedule_advert(at + self.interval)

    def missed_none(self) -> bool:
        """Whether a BACKUP has heard the last advert that was due."""
        return self.world.now - (self.deadline - self.down_s) <= self.interval

    def would_preempt(self) -> bool:
        return not self.nopreempt and self.priority > self.peer.priority

    def send(self, last_word: bool = False) -> None:
        """An advert; with priority 0 as the last word of a MASTER that gives up."""
        peer = self.peer
        if self.world.cut[self.index] or self.node.nic_down or self.rest_from is not None:
            return
        if peer.node.listens() and not peer.node.nic_down:
            what = 0 if last_word else self.priority, self.interval
            self.world.at(self.world.now + FLIGHT_S, peer.node.advert, what)
        if peer.node.walled:
            return
        if peer.node.listener is not None and not last_word and not peer.node.nic_down:
            peer.node.listener.heard = True
        if peer.state == DOWN:
            return
        if peer.state == BACKUP and not last_word and not peer.halted:
            peer.receive(False)  # it only rewinds a timer: that it took no time is not seen
        else:
            self.world.at(self.world.now + FLIGHT_S, peer.arrive, last_word)

    def arrive(self, last_word: bool) -> None:
        if not self.halted:
            self.receive(last_word)
        elif len(self.backlog) < BACKLOG:
            self.backlog.append(last_word)

    def receive(self, last_word: bool) -> None:
        now = self.world.now
        if self.state == MASTER:
            # In MASTER nopreempt does not count: the higher priority, else the higher address, stays.
            if last_word:
                self.send()
            elif self.rank > self.peer.rank:
                self.send()
                self.node.word("MASTER_RX_LOWER_PRI")
            else:
                self.send()  # vrrp_higher_prio_send_advert
                self.node.put_vip(False)
                self.enter(BACKUP)
        elif self.state == BACKUP:
            if last_word:
                self.arm(now + self.skew)
            elif not self.would_preempt():
                self.preempt_at = None
                self.arm(now + self.down_s)
            elif self.preempt_delay:
                if self.preempt_at is None:
                    self.preempt_at = now + self.preempt_delay
                if now < self.preempt_at:
                    self.arm(now + self.down_s)
            # else a lower MASTER's advert is discarded: the timer runs out
        elif self.state == LISTEN:
            self.node.heard_peer()

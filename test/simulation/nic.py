"""A node's NIC, and what is said to its service: by the kernel, by keepalived, and by the peer."""

from keepalived import DOWN, LISTEN

TRACK_S = 0.012  # keepalived notices its track file within


class Nic:
    ABSENT, LEASED, PRESENT = 0, 1, 2  # the VIP on its NIC, as nic.py has it

    __slots__ = ()

    def unfit(self) -> bool:
        return bool(self.drained or self.nic_down or self.tracked)

    def keepalived_runs(self):
        return None if self.left_behind else self.keepalived.state not in (DOWN, LISTEN)

    def track(self, drained: bool) -> None:
        """drain.apply has written the track file."""
        if drained != self.tracked:
            self.tracked = drained
            self.world.at(self.world.now + TRACK_S * self.world.rng.random(), self.judge, self.epoch)

    def ranks(self, worth: int) -> None:
        """rank.tell has written the track file."""
        if worth != self.ranked:
            self.ranked = worth
            self.world.at(self.world.now + TRACK_S * self.world.rng.random(), self.judge, self.epoch)

    def judge(self, epoch: int) -> None:
        if epoch == self.epoch and not self.stalled:
            self.world.disturb()
            self.keepalived.judge()

    def put_vip(self, present: bool) -> None:
        """By keepalived. One that is there already it takes over, lifetime and all."""
        if present != (self.nic != self.ABSENT):
            self.set_nic(self.PRESENT if present else self.ABSENT)

    def lease(self, seconds) -> None:
        """The service, or a person, gives the address so many seconds; None: for ever."""
        if seconds is None:
            self.set_nic(self.PRESENT)
            return
        self.lease_until = self.world.now + seconds
        if self.nic == self.LEASED:
            self.feel()
        self.set_nic(self.LEASED)
        self.world.at(self.lease_until, self.lease_ends, self.lease_until)

    def lease_ends(self, until: float) -> None:
        if self.nic == self.LEASED and until == self.lease_until:
            self.set_nic(self.ABSENT)
            self.world.disturb()
            self.keepalived.vip_removed()

    def set_nic(self, state: int) -> None:
        if self.nic == state:
            return
        self.nic = state
        if self.world.trace is not None:
            self.world.tell(self.name, "VIP %s the NIC" % ("off", "lent to", "on")[state])
        self.world.rules.whole()
        self.feel()

    def feel(self) -> None:
        """The kernel tells of it."""
        if self.service is not None and not self.blind:
            self.touched = True
            self.wake(self.world.now + 0.001 * self.world.rng.random())
        else:
            self.unheard()

    def told(self, message: dict) -> None:
        """A datagram of the peer has arrived."""
        if self.service is not None:
            self.inbox.append((self.world.now, message))
            self.wake(self.world.now)

    def listens(self) -> bool:
        """Whether each advert that arrives matters: otherwise it is heard, as the last one was."""
        return self.service is not None and bool(self.walled or self.service.listener.hearing.deaf())

    def advert(self, what) -> None:
        """One of the peer's has arrived at the NIC."""
        priority, interval_s = what
        if self.service is not None:
            self.ears.arrived.append((priority, interval_s))
            self.ears.heard = self.ears.heard or not self.walled
            self.wake(self.world.now)

    def peer(self):
        return self.world.nodes[1 - self.index]

    def unheard(self) -> None:
        """Something changed that no message tells: the service's next look at everything will find it."""
        self.tick_after(self.world.now)

    def tick_after(self, at: float) -> None:
        """A look without an event is simulated only where there is something to see."""
        if self.service is not None:
            runtime = self.world.runtime
            tick_at = at + runtime.watch.TICK_S * self.world.rng.random()
            self.service.next_tick = min(self.service.next_tick, tick_at)
            self.wake(tick_at)
            self.world.restless(tick_at + runtime.role.LOST_WORD_S + 0.1)

    def word(self, word: str) -> None:
        """keepalived speaks: into the pipe, and through its hook, which starts a process and comes when it comes."""
        world = self.world
        if world.trace is not None:
            world.tell(self.name, "keepalived %s" % word)
        if self.deaf:
            world.count("word lost")
            self.upset()
            return
        self.words.append(("INSTANCE", word))
        self.wake(world.now + 0.0005 + 0.0025 * world.rng.random())
        if world.plan.hooks and word != "MASTER_RX_LOWER_PRI":
            world.at(world.now + 0.005 + 0.055 * world.rng.random(), self.hook, (self.epoch, word))

    def hook(self, what) -> None:
        epoch, word = what
        if epoch != self.epoch or self.deaf or (self.keepalived.state == DOWN and self.service is None):
            return
        self.words.append(("NOTIFY", word))
        self.wake(self.world.now + 0.001 * self.world.rng.random())

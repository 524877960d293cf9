"""One node: power, NIC, keepalived, the service, and the calls that it makes."""

from bounds import SOON_S
from keepalived import DOWN, LISTEN, MASTER, NEVER, Keepalived
from machine import Ears
from record import Record
from runtime import ENIS, Pending

ANSWER_S = 5.0  # http1.py gives up then
CONNECT_S = 2.0
HEAR_PEER_S = 3.0  # before_start.sh, once after each boot
ROUND_S = 1e-6  # a round of the service takes time: it would wait for ever for what is due by a rounding error later
TRACK_S = 0.012  # keepalived notices its track file within
CHECK_S = 2.0  # check_self.sh
START_S = 0.4  # from before_start.sh to keepalived
LEFT_BEHIND_S = 25  # before_start.sh: so long an address that a killed keepalived left is kept
RESTART_S = 1.0  # RestartSec= of both units


class Call:
    """One step of the service, which may take two requests."""

    __slots__ = ("answers", "eip_shown_at", "held", "service", "started", "step")

    def __init__(self, service, step, started: float) -> None:
        self.service, self.step, self.started, self.answers = service, step, started, []
        self.eip_shown_at = 0.0
        self.held = False  # an answer waited for the end of a stall


class Node:
    ABSENT, LEASED, PRESENT = 0, 1, 2  # the VIP on its NIC, as nic.py has it

    __slots__ = (
        "world", "index", "name", "eni", "conf", "keepalived", "service", "powered", "epoch", "off", "stalled",
        "stopped", "hung", "service_off", "nic", "left_behind", "drained", "nic_down", "deaf", "blind", "words",
        "answers", "held", "inbox", "touched", "wake_at", "state_file", "call", "record", "reasons", "tracked",
        "lease_until", "listener", "hung_by", "ranked", "hung_since", "beat_at",
        "walled", "ears",
    )  # fmt: skip

    def __init__(self, world, index: int, plan) -> None:
        self.world, self.index, self.name, self.eni = world, index, "ab"[index], ENIS[index]
        self.conf = world.runtime.conf_of(self, plan)
        self.powered = True
        self.epoch = 0  # counts power cuts: what was begun before one does not end after it
        # Faults, each counted by those in force.
        self.off = self.stalled = self.hung = self.stopped = self.service_off = self.drained = self.nic_down = 0
        self.deaf = self.blind = 0  # no word of keepalived, no message of the kernel reaches the service
        self.nic, self.lease_until, self.left_behind = self.ABSENT, None, False
        self.reasons, self.tracked = {}, False  # what drain holds, and what keepalived has been told of it
        self.words, self.answers, self.held, self.inbox = [], [], [], []
        self.listener = None
        self.hung_by, self.hung_since = set(), 0.0  # the faults by which keepalived stands still
        self.beat_at = None
        self.ranked = 0  # what keepalived has been told to add to its priority
        self.walled = 0  # its own firewall drops what the peer says; outlives a boot
        self.ears = Ears()
        self.touched = False  # the kernel has said that the NIC changed
        self.wake_at = None
        self.state_file = None
        self.service = self.call = None
        self.record = Record()
        self.keepalived = Keepalived(world, self, plan)

    def say(self, event: str, **fields) -> None:
        """The service's log."""
        if event == "moved":
            self.world.rules.said_moved(self, fields["to"])
        if self.world.trace is not None:
            self.world.tell(self.name, "log %s %s" % (event, " ".join("%s=%s" % item for item in fields.items())))

    def upset(self) -> None:
        """Something happened that excuses the service from being prompt."""
        self.record.upset_at = self.world.now

    # -- power, stalls, processes -------------------------------------------------------------------------------------

    def power_off(self) -> None:
        world = self.world
        if not self.powered:
            return
        self.powered = False
        self.epoch += 1
        self.service, self.call, self.wake_at, self.state_file = None, None, None, None
        self.keepalived.kill()
        self.stalled = self.hung = self.stopped = self.service_off = self.drained = self.nic_down = 0
        self.deaf = self.blind = 0
        self.nic, self.lease_until, self.left_behind = self.ABSENT, None, False
        lasting = world.runtime.drain.LASTING
        self.reasons = {name: until for name, until in self.reasons.items() if name == lasting}
        self.tracked, self.ranked, self.listener = False, 0, None
        self.beat_at = None
        self.hung_by.clear()
        self.ears.listen()
        for path in [path for path in world.runtime.files.files if path.startswith(self.conf.run)]:
            del world.runtime.files.files[path]
        for waiting in (self.words, self.answers, self.held, self.inbox):
            waiting.clear()
        self.world.rules.round(self, False)

    def power_on(self) -> None:
        world, rng = self.world, self.world.rng
        self.powered = True
        self.epoch += 1
        world.at(world.now + 0.3 + 0.7 * rng.random(), self.start_service, self.epoch)
        world.at(world.now + 0.2 + 0.6 * rng.random(), self.listen, self.epoch)

    def listen(self, epoch: int) -> None:
        if epoch == self.epoch and self.keepalived.state == DOWN:
            self.world.disturb()
            self.keepalived.state = LISTEN
            self.world.at(self.world.now + HEAR_PEER_S, self.start_keepalived, epoch)

    def heard_peer(self) -> None:
        self.start_keepalived(self.epoch)

    def start_keepalived(self, epoch: int) -> None:
        if epoch == self.epoch and self.keepalived.state in (DOWN, LISTEN) and not self.stopped:
            self.world.disturb()
            if self.left_behind:  # before_start.sh
                self.left_behind = False
                if self.nic == self.PRESENT:
                    if self.service is not None and not self.deaf:
                        self.words.append(("INSTANCE", "STOP"))
                    self.lease(LEFT_BEHIND_S)
            self.world.at(self.world.now + START_S * self.world.rng.random(), self.keepalived_starts, epoch)

    def keepalived_starts(self, epoch: int) -> None:
        if epoch == self.epoch and self.keepalived.state in (DOWN, LISTEN) and not self.stopped:
            self.world.disturb()
            self.keepalived.start()

    def end_keepalived(self, killed: bool) -> None:
        if self.keepalived.state in (DOWN, LISTEN):
            return
        self.hung_by.clear()  # systemd has one that stands still go on before it ends it
        if killed:
            self.keepalived.kill()
            self.left_behind = True
            self.unheard()
        else:
            self.keepalived.stop()
        if self.service is None:
            self.words.clear()  # nobody holds the pipe any more

    def start_service(self, epoch: int) -> None:
        if epoch != self.epoch or self.service is not None or self.service_off:
            return
        self.service = self.world.runtime.service(self.conf, self)
        self.touched = True
        self.wake(self.world.now)

    def end_service(self) -> None:
        self.service, self.call, self.wake_at = None, None, None
        self.listener = None
        for waiting in (self.answers, self.held, self.inbox):
            waiting.clear()
        if self.keepalived.state == DOWN:
            self.words.clear()
        self.world.rules.round(self, False)

    def resume(self) -> None:
        """After a stall keepalived and the service go on, one or the other first."""
        world = self.world
        self.upset()
        world.rules.whole()
        held, self.held = self.held, []
        for call, answer in held:
            self.arrive(call, answer)
        if self.service is not None:
            self.wake_at = world.now
            if world.rng.random() < 0.5:
                self.serve(world.now)
            else:
                world.at(world.now, self.serve, world.now)
        if not self.hung_by:
            self.keepalived.resume()
            self.keepalived.judge()  # the track file, written just before the stall

    def unhang(self) -> None:
        """The service's main thread goes on."""
        self.upset()
        self.wake(self.world.now)

    def hang_keepalived(self, by: int) -> None:
        if self.keepalived.state in (DOWN, LISTEN):
            return
        if not self.hung_by:
            self.heartbeat()
            self.hung_since = self.world.now
        self.hung_by.add(by)
        self.unheard()

    def unhang_keepalived(self, by: int) -> None:
        if by not in self.hung_by:
            return
        self.hung_by.discard(by)
        if not self.hung_by:
            self.upset()  # until now it claimed nothing
            self.unheard()
            if not self.stalled:
                self.keepalived.resume()
                self.keepalived.judge()

    def revive(self) -> None:
        """The service has its keepalived killed."""
        self.world.count("keepalived revived")
        self.end_keepalived(True)
        self.world.restless(self.world.now + RESTART_S)
        self.world.at(self.world.now + RESTART_S, self.start_keepalived, self.epoch)

    def heartbeat(self):
        """As nic.heartbeat has it: the last time that keepalived's check has run."""
        now = self.world.now
        if self.keepalived.state not in (DOWN, LISTEN) and not self.keepalived.halted:
            self.beat_at = now // CHECK_S * CHECK_S
        return self.beat_at, 0.0 if self.beat_at is None else now - self.beat_at

    # -- the NIC and keepalived's words -------------------------------------------------------------------------------

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

    # -- the service --------------------------------------------------------------------------------------------------

    def wake(self, at: float) -> None:
        if self.service is not None and at < NEVER and (self.wake_at is None or at < self.wake_at):
            self.wake_at = at
            self.world.at(at, self.serve, at)

    def serve(self, at: float) -> None:
        """One round of the service's loop, as `watch.Service.serve` has it."""
        if at != self.wake_at:
            return
        self.wake_at = None
        if self.stalled or self.hung:
            return
        service, lower, fell, again, stale = self.service, False, False, False, False
        if self.words or self.touched:
            self.touched = False
            service.role.look()
        if self.words:
            words, self.words = self.words, []
            for kind, word in words:
                lower = lower or word == "MASTER_RX_LOWER_PRI"
                again = again or fell and word == "MASTER"
                fell = fell or word == "BACKUP"
                service.word(kind, word)
        if self.answers:
            answers, self.answers, call, self.call = self.answers, [], self.call, None
            for taken in answers:
                task = service.known.seen.task
                service.mover.take(*taken)
                if taken[0][0] == "describe" and task is not None and service.known.seen.task is None:
                    self.record.unknown_at = at  # a look for another reason came before it was told how its task ended
                stale = self.stale(call, taken[1])
            service.tell_peer()
        if self.inbox:
            left = service.vip.left
            service.hear_peer()
            if service.vip.left != left:
                lower, self.record.left_at = True, at
        if service.next_tick <= at:
            # `tick_after` asks for the next; a silence is seen by what does not come.
            service.next_tick = at + self.world.runtime.watch.TICK_S if self.hung_by else NEVER
            service.role.look()
            service.apply_drain()
            service.tend(at)
        self.wake(at + service.turn() + ROUND_S)
        self.world.rules.round(self, lower, again, stale)

    def stale(self, call: Call, result) -> bool:
        """Whether that is a look's answer from before a stall, by which the VIP is here. Twice in a row it is believed:
        a slow cloud looks the same."""
        if call.step[0] != "describe" or not isinstance(result, tuple):
            return False
        before, self.record.late = self.record.late, self.world.now - call.started > SOON_S
        return call.held and self.record.late and not before and result[:2] == (self.eni, True)

    def master(self) -> bool:
        """Whether the service knows that it is MASTER, by what it last heard and saw itself."""
        service = self.service
        known = service is not None and service.role.state["state"] == MASTER and service.vip.on_nic == self.PRESENT
        return known and not service.role.dead

    # -- calls --------------------------------------------------------------------------------------------------------

    def begin(self, step) -> None:
        self.world.rules.begin(self, step)
        self.call = Call(self.service, step, self.world.now)
        self.go_on(self.call)

    def go_on(self, call: Call) -> None:
        """Makes the call as far as the answers go."""
        mover = call.service.mover
        mover.api.answers = iter(call.answers)
        try:
            result, _, ended = mover.make(call.step)
        except Pending as pending:
            self.world.rules.request(self, call, pending)
            self.world.send(self, call, pending)
            return
        self.world.rules.result(self, call, result)
        if self.world.trace is not None:
            self.world.tell(self.name, "%s -> %s" % (" ".join(call.step), result))
        self.answers.append((call.step, result, call.started, ended))
        self.wake(ended)

    def arrive(self, call: Call, answer) -> None:
        """An answer, or the error in its place, has come to the worker."""
        if call.service is not self.service:
            return
        if self.stalled:
            call.held = True
            self.held.append((call, answer))
        else:
            call.answers.append(answer)
            self.go_on(call)

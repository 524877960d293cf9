"""One node: its power, and what runs on it."""

from keepalived import DOWN, LISTEN, Keepalived
from machine import Ears
from nic import Nic
from record import Record
from rounds import Rounds
from runtime import ENIS

ANSWER_S = 5.0  # http1.py gives up then
CONNECT_S = 2.0
HEAR_PEER_S = 3.0  # before_start.sh, once after each boot
CHECK_S = 2.0  # check_self.sh
START_S = 0.4  # from before_start.sh to keepalived
LEFT_BEHIND_S = 25  # before_start.sh: so long an address that a killed keepalived left is kept
RESTART_S = 1.0  # RestartSec= of both units


class Node(Nic, Rounds):
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
        if self.hung_by:
            self.upset()  # until now it claimed nothing
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

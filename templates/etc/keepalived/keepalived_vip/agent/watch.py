"""The service: hears keepalived and the kernel, decides, and lets one worker make one call at a time."""

import os
import selectors
import signal
import time

from keepalived_vip import VERSION, settings, systemd
from keepalived_vip.agent import ready
from keepalived_vip.agent.node import drain, nic, peer, promise, rank
from keepalived_vip.agent.node.ears import Listener
from keepalived_vip.agent.node.nic_repair import NicRepair
from keepalived_vip.agent.node.upkeep import Upkeep
from keepalived_vip.agent.policy import decide, knowledge
from keepalived_vip.agent.report import Report
from keepalived_vip.agent.role import LOST_WORD_S, Role
from keepalived_vip.agent.threads import Threads
from keepalived_vip.agent.vip.handover import Handover
from keepalived_vip.agent.vip.kept import Kept
from keepalived_vip.agent.vip.mover import Mover, take_lock
from keepalived_vip.agent.vip.scheduled import Scheduled
from keepalived_vip.agent.vip.vip_on_nic import VipOnNic
from keepalived_vip.agent.writer import Writer
from keepalived_vip.log import Log, plain

TICK_S = 2.0  # how often the NIC and keepalived's process are looked at without an event
FLUSH_S = 1.0  # for the last words; the next service is not kept waiting by a disk


class Service:
    def __init__(self, conf, announcer) -> None:
        """announcer: a class, what lets the user's own side know; see user/announce.py. Nothing here rests on it."""
        self.conf = conf
        # Two: what is in memory must not wait for what goes to the disk and the journal.
        self.memory, self.disk = self.writers = Writer(), Writer()
        self.log = Log(conf.log, self.disk.put)
        self.mover = Mover(conf, self.log, self.disk.put)
        self.known = self.mover.known
        self.handover = Handover(conf, self.known, self.log, self.disk.put)
        self.scheduled = Scheduled(conf, self.known, self.handover, self.disk.put, self.lapsed)
        self.vip = VipOnNic(conf, self.known)
        self.later = []  # what to log once the step is on its way
        self.role = Role(conf, self.mover, self.vip, self.say_later)
        self.kept = Kept(conf, self.mover, self.vip, self.handover, self.memory.put, self.say_later)
        self.listener = Listener(conf, self.mover)
        self.upkeep = Upkeep(conf, self.mover, self.handover.hand_over, self.restarts)
        self.nic_repair = NicRepair(conf.nic_script, self.mover, lambda: self.later.append(("nic-restored", {})))
        self.failed = set()  # what beside the core has failed, and not worked since
        self.next_tick = 0.0
        self.report = Report(conf, self.memory)
        self.fifos = {}  # descriptor -> text that is no whole line yet
        self.announcer = announcer(conf, self.mover)
        self.ear = None  # where the peer's words are heard
        self.ranked = None  # what keepalived was told to add to its priority
        self.drained = {}  # what keeps this node from being MASTER

    def say_later(self, event: str, **fields) -> None:
        self.later.append((event, fields))

    def lapsed(self, **switch) -> None:
        self.later.append(("switch-lapsed", switch))
        self.announcer.lapsed(switch)

    # -- what keepalived and the peer say -----------------------------------------------------------------------------

    def word(self, kind: str, word: str) -> None:
        """See Role.word. YIELD and ASKED are not keepalived's: who asks for something writes to the same pipe."""
        self.role.word(kind, word)
        if word == "YIELD":
            self.handover.ask(time.monotonic())
        elif word == "ASKED":
            asked = settings.read_json(self.conf.asked)
            if isinstance(asked, dict):
                self.later.append(("asked", {name: asked.get(name) for name in ("what", "by", "why")}))

    def hear_peer(self) -> None:
        """The peer asks for the VIP, has it, or has given up. Raises ValueError for what cannot be read, at the end."""
        now = time.monotonic()
        unreadable = False
        for news in self.handover.asked_by_peer(self.ear, now):
            if self.kept.hears(self.ear, news, now):
                continue
            if news["id"] == "has":
                self.vip.peer_has(now, now - news["waitedS"])
            elif news["id"] == peer.SERVES:
                self.vip.answer(self.ear, news)
            elif news["id"] == peer.UNREADABLE:
                unreadable = True
            elif news["id"] == peer.PREPARE:
                self.role.look()
                self.vip.prepare(self.ear, news, self.why_not_ready, now, self.kept.offer())
            elif news["id"] in (peer.READY, peer.UNREADY):
                self.handover.peer_is(news, now)
            elif self.vip.peer_left(news, now):
                self.mover.due_to("peer-left", now)
        if unreadable:
            raise ValueError("%s has said what cannot be read" % self.conf.peer_address)

    def why_not_ready(self):
        return ready.why_not(self, drain.reasons(self.conf), promise.current(self.conf))

    def tell_peer(self) -> None:
        if self.ear is not None:
            self.vip.tell_has(self.ear)

    def aside(self, what: str, do, otherwise=None):
        """Does what the core can do without: however it fails, that is a trouble with its name, and no end."""
        try:
            done = do()
        except Exception as error:
            self.failed.add(what)
            self.mover.trouble(what, "%s: %s" % (type(error).__name__, plain(str(error))), type(error).__name__)
            return otherwise
        if what in self.failed:
            self.failed.discard(what)
            self.mover.well(what)
        return done

    def apply_drain(self) -> None:
        """A reason may have ended by itself. Should it fail, what keepalived was told stays in force."""
        found = drain.apply(self.conf)
        if sorted(found) != sorted(self.drained):
            self.later.append(("drained", {"reasons": {name: reason["why"] for name, reason in found.items()}}))
        self.drained = found

    def tell_rank(self, now: float) -> float:
        worth, until = rank.of(self.known, now)
        if worth != self.ranked:
            rank.tell(self.conf, worth)
            self.ranked = worth
        return until

    def restarts(self, why: str) -> None:
        self.later.append(("keepalived-restarted", {"why": why}))

    def tend(self, now: float) -> None:
        rising = self.listener.hearing.rising(now)
        self.aside("upkeep", lambda: self.upkeep.turn(now, self.role.runs is True, self.known, rising))

    def read_fifo(self, descriptor: int) -> None:
        try:
            text = self.fifos[descriptor] + os.read(descriptor, 65536).decode(errors="replace")
        except BlockingIOError:
            return
        whole, _, self.fifos[descriptor] = text.rpartition("\n")
        self.role.look()
        for kind, word in nic.words(whole):
            self.word(kind, word)

    # -- the loop -----------------------------------------------------------------------------------------------------

    def turn(self) -> float:
        """Makes every step that is due; gives the seconds until the next one."""
        now = time.monotonic()
        if now >= self.next_tick:
            self.next_tick = now + TICK_S
            self.role.look()
            self.aside("drain", self.apply_drain)
            self.tend(now)
        elif self.role.overdue(now):
            self.role.look()  # it may have passed unheard, and an address lent since must not be taken for the MASTER's
        self.role.weigh(now, "nic" if self.role.started else "start")
        self.role.started = True
        self.announcer.see(self.role.state["state"])
        due = [self.next_tick] + self.handover.listen(now) + self.handover.prepare_peer(self.ear, now)
        if not self.known.master and self.ear is not None:
            due += self.vip.tell_left(self.ear, now)
        due.append(self.aside("rank", lambda: self.tell_rank(now), now + TICK_S))
        step = decide.decide(self.known, now)
        if step == knowledge.ASK:
            self.vip.ask_peer(self.ear, now)
            step = decide.decide(self.known, now)
        if step in (knowledge.YIELD, knowledge.ABANDON):
            self.handover.local(step, now)
            self.aside("upkeep", lambda: self.upkeep.handed(now, self.known))
            step = decide.decide(self.known, now)
        elif step[0] == "migrate" and not self.known.asked.claim:
            self.role.look()  # a keepalived that was killed says nothing, and the peer that has the VIP is in the right
            self.role.weigh(now)
            step = decide.decide(self.known, now)
        if step[0] == "wait":
            due.append(step[1])
        elif step != knowledge.IDLE:
            decide.issued(self.known, now, step)
            self.threads.steps.put(step)
        # Only now what takes time.
        if self.role.odd_since is not None:
            due.append(self.role.odd_since + LOST_WORD_S)
        later = now + TICK_S
        if self.listener.ears is not None:
            due.append(self.aside("adverts", lambda: self.listener.turn(now), later))
        due.append(self.aside("scheduled", lambda: self.scheduled.turn(now), later))
        due.append(self.aside("connections", lambda: self.kept.turn(self.ear, now), later))
        due.append(self.aside("nic", lambda: self.put_nic_right(now), later))
        due.append(self.aside("announce", lambda: self.announcer.turn(now, self.status(), self.drained), later))
        due.append(self.aside("write", lambda: self.write(now), later))
        return max(0.0, min(due) - time.monotonic())

    def put_nic_right(self, now: float) -> float:
        return self.nic_repair.turn(now, self.known.asked.busy)

    def write(self, now: float) -> float:
        """Tells what changed; gives the time at which there is something to tell without a change."""
        later, self.later = self.later, []
        for event, fields in later:
            self.log.say(event, **fields)
        self.handover.progress()
        return self.report.turn(self, now)

    def status(self) -> dict:
        return self.report.status(self)

    def answered(self) -> None:
        try:
            os.read(self.threads.reader, 4096)
        except BlockingIOError:
            pass
        while not self.threads.results.empty():
            step, first, second, third = self.threads.results.get()
            if step is not None:
                self.mover.take(step, first, second, third)
            elif second is None:
                self.mover.well(first)
            else:
                self.mover.trouble(first, second)

    def open_ear(self) -> None:
        """Again and again, should another program have the port: the peer's words are missed, and no move is."""
        if self.ear is None:
            self.ear = peer.listen(self.conf)
            self.selector.register(self.ear, selectors.EVENT_READ, "peer")

    def open_ears(self) -> None:
        """Only beside a keepalived: where a socket takes them the kernel refuses no adverts, and by a refusal a MASTER
        knows that no keepalived runs here."""
        ears, runs = self.listener.ears, self.role.runs is True
        if ears is not None and not (runs and ears.current()):
            self.selector.unregister(ears)
            self.listener.close()
        if runs and self.listener.open():
            self.selector.register(self.listener.ears, selectors.EVENT_READ, "adverts")

    def open_fifo(self) -> None:
        """Also one that was made anew under the same name; the old one is still read, keepalived may write to it."""
        descriptor = nic.open_fifo(self.conf.fifo)
        if any(os.path.sameopenfile(descriptor, other) for other in self.fifos):
            os.close(descriptor)
        else:
            self.fifos[descriptor] = ""
            self.selector.register(descriptor, selectors.EVENT_READ, "fifo")

    def serve(self, lock) -> None:
        """Until the folder of its files is removed. lock: the open file in there that makes it the only service."""
        self.selector = selectors.DefaultSelector()
        kernel = nic.subscribe()
        self.selector.register(kernel, selectors.EVENT_READ, "kernel")
        self.threads = Threads(self.mover)
        for writer in self.writers:
            writer.start()
        self.selector.register(self.threads.reader, selectors.EVENT_READ, "threads")
        self.role.restore(settings.read_json(self.conf.state_file))
        self.log.say("started", version=VERSION, pid=os.getpid(), state=self.role.state["state"])
        next_open, next_ping, ran = 0.0, 0.0, None
        while True:
            now = time.monotonic()
            if now >= next_open or self.role.runs is not ran:
                next_open, ran = now + TICK_S, self.role.runs
                if not os.path.exists(lock.name) or not os.path.samestat(os.fstat(lock.fileno()), os.stat(lock.name)):
                    self.log.say("ended", why="%s was removed, with the lock of this service" % self.conf.run)
                    return
                self.open_fifo()
                self.aside("peer", self.open_ear)
                self.aside("adverts", self.open_ears)
                for descriptor in list(self.fifos):
                    self.read_fifo(descriptor)
            wait_s = self.turn()
            if now >= next_ping:
                # Here, for it is the thread that decides whose hanging must not go unseen. The first says READY.
                systemd.tell("WATCHDOG=1" if next_ping else "READY=1")
                next_ping = now + systemd.WATCHDOG_S
            for key, _ in self.selector.select(wait_s):
                if key.data == "fifo":
                    self.read_fifo(key.fd)
                elif key.data == "kernel":
                    nic.drain(kernel)
                    self.role.look()
                    self.nic_repair.soon(time.monotonic())
                    self.kept.soon(time.monotonic())
                elif key.data == "peer":
                    self.aside("peer", self.hear_peer)
                elif key.data == "threads":
                    self.answered()
                    self.tell_peer()


def serve(conf, announcer) -> int:
    for folder in (conf.run, conf.lib):
        os.makedirs(folder, exist_ok=True)
    for _ in range(20):  # `vip.py status` holds it for a moment to see whether we do
        lock = take_lock(conf.service_lock)
        if lock is not None:
            break
        time.sleep(0.05)
    else:
        Log(conf.log).say("another-service-runs")
        return 4
    service = Service(conf, announcer)

    def end(code: int) -> int:
        for writer in service.writers:
            writer.flush(FLUSH_S)
        return code

    signal.signal(signal.SIGTERM, lambda *_: os._exit(end(0)))
    service.serve(lock)
    return end(1)

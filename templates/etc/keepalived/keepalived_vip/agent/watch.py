"""The service: hears keepalived and the kernel, decides, and lets one worker make one call at a time."""

import os
import selectors
import signal
import time

from keepalived_vip import VERSION, settings, systemd
from keepalived_vip.agent import decide, drain, knowledge, nic, peer, rank, ready
from keepalived_vip.agent.ears import Listener
from keepalived_vip.agent.handover import Handover
from keepalived_vip.agent.heartbeat import Heartbeat
from keepalived_vip.agent.mover import Mover, take_lock
from keepalived_vip.agent.nic_repair import NicRepair
from keepalived_vip.agent.report import Report
from keepalived_vip.agent.threads import Threads
from keepalived_vip.agent.upkeep import Upkeep
from keepalived_vip.agent.vip_on_nic import VipOnNic
from keepalived_vip.agent.writer import Writer
from keepalived_vip.log import Log, plain

TICK_S = 2.0  # how often the NIC and keepalived's process are looked at without an event
LOST_WORD_S = 1.0  # so long keepalived's word and the NIC may differ; then the NIC is believed
FLUSH_S = 1.0  # for the last words; the next service is not kept waiting by a disk
HUNG = "keepalived hangs: a process, but it runs no check; until it does, the VIP is not claimed back from the peer"
ROLES = ("MASTER", "BACKUP", "FAULT", "STOP")


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
        self.state = {"state": "UNKNOWN", "since": time.time()}
        self.heard = False  # a word of keepalived's own since the service started
        self.said = False  # the state is such a word, neither a file's nor concluded from the NIC
        self.vip = VipOnNic(conf, self.known)
        self.runs = False  # keepalived, see nic.keepalived_runs
        self.dead = False  # it was killed
        self.heartbeat = Heartbeat()
        self.odd_since = None  # keepalived's word and the NIC differ since
        self.started = False
        self.listener = Listener(conf, self.mover)
        self.upkeep = Upkeep(conf, self.mover, self.handover.hand_over, self.restarts)
        self.nic_repair = NicRepair(conf.nic_script, self.mover, lambda: self.later.append(("nic-restored", {})))
        self.failed = set()  # what beside the core has failed, and not worked since
        self.next_tick = 0.0
        self.later = []  # what to log once the step is on its way
        self.report = Report(conf, self.memory)
        self.fifos = {}  # descriptor -> text that is no whole line yet
        self.announcer = announcer(conf, self.mover)
        self.ear = None  # where the peer's words are heard
        self.ranked = None  # what keepalived was told to add to its priority
        self.drained = {}  # what keeps this node from being MASTER

    # -- what keepalived and the kernel say ---------------------------------------------------------------------------

    def word(self, kind: str, word: str) -> None:
        """A word of keepalived (INSTANCE) or its hook (NOTIFY). Hooks start in no order: they only confirm the NIC."""
        now = time.monotonic()
        if kind == "INSTANCE":
            self.heartbeat.spoke(now)
            self.feel(now)
        if word == "MASTER_RX_LOWER_PRI":
            if self.known.master:
                if decide.heard_lower(self.known, now):
                    self.later.append(("heard-lower", {}))
                self.mover.due_to("rx-lower", now)
            return
        if word == "YIELD":
            self.handover.ask(now)
        if word not in ROLES:
            return
        if kind == "INSTANCE":
            self.heard = True
        elif self.heard:
            # Only to make good a word that was lost: the FAULT of a node that gave up may come after its BACKUP.
            master = word == "MASTER"
            if master != (self.vip.on_nic == nic.PRESENT) or master == (self.state["state"] == "MASTER"):
                return
        self.change(word, "keepalived" if kind == "INSTANCE" else "hook")

    def change(self, word: str, trigger: str) -> None:
        if word == "MASTER":
            self.vip.master_again()
        self.said = trigger in ("keepalived", "hook")
        if word != self.state["state"]:
            self.state = {"state": word, "since": round(time.time(), 3)}
            self.odd_since = None
            self.later.append(("state", {"state": word, "trigger": trigger}))
        self.weigh(time.monotonic(), trigger)

    def weigh(self, now: float, trigger: str = "nic") -> None:
        """The role is keepalived's last word, as long as the NIC does not contradict it and keepalived lives."""
        if self.vip.keep(self.state["state"], self.said and not self.dead, now):
            trigger = "prepared"  # the VIP has most likely come as planned: looked at first
        word, present = self.state["state"], self.vip.on_nic == nic.PRESENT
        if self.dead:
            self.odd_since = None
            if word == "MASTER":
                self.change("STOP", "process-gone")
                return
        elif word == "UNKNOWN":
            if present:
                # Not said yet, but seen to come: as good as the word. Found at the start: it may be old.
                self.change("MASTER", "kernel" if self.started else "start")
                return
        elif (word == "MASTER") != present:
            if self.odd_since is None:
                self.odd_since = now
            elif now - self.odd_since >= LOST_WORD_S:
                self.change("MASTER" if present else "BACKUP", "nic")
                return
        else:
            self.odd_since = None
        master = word == "MASTER" and present and not self.dead
        if master and not self.known.master:
            self.mover.due_to(trigger, now)
            self.vip.took_over()
            if trigger in ("keepalived", "hook", "kernel"):
                decide.became_master(self.known, now)
            else:
                decide.found_master(self.known, now)
        elif not master and self.known.master:
            self.vip.gave_up(now)
            decide.lost_master(self.known)
            self.mover.leave()
        if not self.known.master:
            self.vip.lend(word, now)

    def look(self) -> None:
        now = time.monotonic()
        self.vip.look(now)
        self.runs = nic.keepalived_runs(self.conf.pid_files)
        self.dead = self.runs is None
        self.heartbeat.look(*nic.heartbeat(self.conf.heartbeat), now=now)
        if self.runs is not True:
            self.heartbeat.spoke(now)  # it may start at any time, and then has yet to run its first check
        self.feel(now)

    def feel(self, now: float) -> None:
        """Whether keepalived works: a trouble with a name while it does not."""
        hung = self.heartbeat.hangs(now)
        if hung != self.known.hung:
            decide.keepalived_hangs(self.known, now, hung)
        if hung:
            self.mover.trouble("keepalived", HUNG)
        else:
            self.mover.well("keepalived")

    def hear_peer(self) -> None:
        """The peer asks for the VIP, has it, or has given up. Raises ValueError for what cannot be read, at the end."""
        now = time.monotonic()
        unreadable = False
        for news in self.handover.asked_by_peer(self.ear, now):
            if news["id"] == "has":
                self.vip.peer_has(now)
            elif news["id"] == peer.SERVES:
                self.vip.answer(self.ear)
            elif news["id"] == peer.UNREADABLE:
                unreadable = True
            elif news["id"] == peer.PREPARE:
                self.look()
                self.vip.prepare(self.ear, news, ready.why_not(self, drain.reasons(self.conf)), now)
            elif news["id"] in (peer.READY, peer.UNREADY):
                self.handover.peer_is(news, now)
            elif self.vip.peer_left(news, now):
                self.mover.due_to("peer-left", now)
        if unreadable:
            raise ValueError("%s has said what cannot be read" % self.conf.peer_address)

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
        self.aside("upkeep", lambda: self.upkeep.turn(now, self.runs is True, self.known))

    def read_fifo(self, descriptor: int) -> None:
        try:
            text = self.fifos[descriptor] + os.read(descriptor, 65536).decode(errors="replace")
        except BlockingIOError:
            return
        whole, _, self.fifos[descriptor] = text.rpartition("\n")
        self.look()
        for kind, word in nic.words(whole):
            self.word(kind, word)

    # -- the loop -----------------------------------------------------------------------------------------------------

    def turn(self) -> float:
        """Makes every step that is due; gives the seconds until the next one."""
        now = time.monotonic()
        if now >= self.next_tick:
            self.next_tick = now + TICK_S
            self.look()
            self.aside("drain", self.apply_drain)
            self.tend(now)
        elif self.odd_since is not None and now - self.odd_since >= LOST_WORD_S:
            self.look()  # it may have passed unheard, and an address lent since must not be taken for the MASTER's
        self.weigh(now, "nic" if self.started else "start")
        self.started = True
        self.announcer.see(self.state["state"])
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
            self.look()  # a keepalived that was killed says nothing, and the peer that has the VIP is in the right
            self.weigh(now)
            step = decide.decide(self.known, now)
        if step[0] == "wait":
            due.append(step[1])
        elif step != knowledge.IDLE:
            decide.issued(self.known, now, step)
            self.threads.steps.put(step)
        # Only now what takes time.
        if self.odd_since is not None:
            due.append(self.odd_since + LOST_WORD_S)
        later = now + TICK_S
        if self.listener.ears is not None:
            due.append(self.aside("adverts", lambda: self.listener.turn(now), later))
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
        ears, runs = self.listener.ears, self.runs is True
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
        last = settings.read_json(self.conf.state_file)
        if last and last.get("state") in ROLES:
            self.state = last
        self.log.say("started", version=VERSION, pid=os.getpid(), state=self.state["state"])
        next_open, next_ping, ran = 0.0, 0.0, None
        while True:
            now = time.monotonic()
            if now >= next_open or self.runs is not ran:
                next_open, ran = now + TICK_S, self.runs
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
                    self.look()
                    self.nic_repair.soon(time.monotonic())
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

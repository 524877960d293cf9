"""Which role this node has: keepalived's last word, held against the NIC, its process and its heartbeat."""

import time

from keepalived_vip.agent.node import nic
from keepalived_vip.agent.policy import decide
from keepalived_vip.agent.policy.heartbeat import Heartbeat

LOST_WORD_S = 1.0  # so long keepalived's word and the NIC may differ; then the NIC is believed
HUNG = "keepalived hangs: a process, but it runs no check; until it does, the VIP is not claimed back from the peer"
ROLES = ("MASTER", "BACKUP", "FAULT", "STOP")


class Role:
    def __init__(self, conf, mover, vip, say) -> None:
        """say: logs an event with its fields, as Log.say does, once the step is on its way."""
        self.conf = conf
        self.mover = mover
        self.known = mover.known
        self.vip = vip
        self.say = say
        self.state = {"state": "UNKNOWN", "since": time.time()}
        self.heard = False  # a word of keepalived's own since the service started
        self.said = False  # the state is such a word, neither a file's nor concluded from the NIC
        self.runs = False  # keepalived, see nic.keepalived_runs
        self.dead = False  # it was killed
        self.heartbeat = Heartbeat()
        self.odd_since = None  # keepalived's word and the NIC differ since
        self.started = False

    def restore(self, last) -> None:
        """last: the state as the service before this one wrote it down, None if there is none."""
        if last and last.get("state") in ROLES:
            self.state = last

    def overdue(self, now: float) -> bool:
        """Whether keepalived's word and the NIC have differed for too long."""
        return self.odd_since is not None and now - self.odd_since >= LOST_WORD_S

    def word(self, kind: str, word: str) -> None:
        """A word of keepalived (INSTANCE) or its hook (NOTIFY). Hooks start in no order: they only confirm the NIC."""
        now = time.monotonic()
        if kind == "INSTANCE":
            self.heartbeat.spoke(now)
            self.feel(now)
        if word == "MASTER_RX_LOWER_PRI":
            if self.known.master:
                if decide.heard_lower(self.known, now):
                    self.say("heard-lower")
                self.mover.due_to("rx-lower", now)
            return
        if word not in ROLES:
            return
        if kind == "INSTANCE":
            self.heard = True
        else:
            # A service that was killed leaves hooks unread: the MASTER of a node that is BACKUP again by now, too.
            master = word == "MASTER"
            if master != (self.vip.on_nic == nic.PRESENT):
                return
            # Only to make good a word that was lost: the FAULT of a node that gave up may come after its BACKUP.
            if self.heard and master == (self.state["state"] == "MASTER"):
                return
        # By whichever came first: keepalived starts its hook before it writes the word, and a machine may be busy.
        self.change(word, "keepalived")

    def change(self, word: str, trigger: str) -> None:
        if word == "MASTER":
            self.vip.master_again()
        self.said = trigger == "keepalived"
        if word != self.state["state"]:
            self.state = {"state": word, "since": round(time.time(), 3)}
            self.odd_since = None
            self.say("state", state=word, trigger=trigger)
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
            elif self.overdue(now):
                self.change("MASTER" if present else "BACKUP", "nic")
                return
        else:
            self.odd_since = None
        master = word == "MASTER" and present and not self.dead
        if master and not self.known.master:
            self.mover.due_to(trigger, now)
            self.vip.took_over()
            if trigger in ("keepalived", "kernel"):
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

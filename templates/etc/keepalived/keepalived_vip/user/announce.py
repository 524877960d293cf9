"""What the watching service lets the user's own side know: scripts for the node's state, POSTs for what happened.
Called after a step is on its way; nothing here waits.
"""

import json
import time

from keepalived_vip import settings
from keepalived_vip.agent.node import drain
from keepalived_vip.agent.node.child import Child
from keepalived_vip.agent.vip.mover import take_lock
from keepalived_vip.user import hooks
from keepalived_vip.user.notify import Lasting, Notifier

LOOK_S = 0.5  # between two looks at scripts that run
START_S = 2.0  # between two tries to have them run
START_LIMIT_S = 20.0  # systemctl returns at once, if systemd answers


class Announcer:
    def __init__(self, conf, mover) -> None:
        self.conf = conf
        self.mover = mover
        self.notifier = Notifier(conf, mover.api.context)
        self.lasting = Lasting()
        self.wanted = settings.read_json(conf.hooks_wanted)
        self.written = self.wanted
        self.done = settings.read_json(conf.hooks_done)
        self.state = None
        self.starter = None
        self.next_start = 0.0
        self.waits_for = None  # the run that is missing, as far as it has come
        self.waits_since = 0.0
        self.move_id = None  # of the last move that was told

    def see(self, role: str) -> None:
        """Before the next step is decided: that a peer has the VIP shows only until then."""
        self.state = hooks.state_of(self.mover.known, role) or self.state

    def turn(self, now: float, status: dict, drained: dict) -> float:
        """Passes on what is new; gives the time of the next turn."""
        self.tell(now, status, drained)
        return self.run_hooks(now, status)

    def tell(self, now: float, status: dict, drained: dict) -> None:
        move = status["lastMove"] or {}
        if self.move_id is None:
            self.move_id = move.get("id", "")  # told by the service before this one
        elif move and move["id"] != self.move_id:
            self.move_id = move["id"]
            names = {self.conf.eni: self.conf.node, self.conf.peer_eni: self.conf.peer}
            ends = {end: names.get(move[end], move[end]) for end in ("from", "to")}
            self.notifier.tell("move", move=dict(move, **ends))
        problem = self.notifier.problem
        if problem:
            self.mover.trouble("notify", "notifyUrl: " + problem)
        else:
            self.mover.well("notify")
        troubles = {what: text for what, text in self.mover.troubles.items() if what != "notify"}
        if "health" in drained:
            troubles["health"] = drained["health"]["why"]
        for event, what, message, lasted in self.lasting.turn(now, troubles):
            since = round(time.time() - lasted, 3)
            self.notifier.tell(event, trouble={"what": what, "message": message, "since": since})

    def lapsed(self, switch: dict) -> None:
        """A planned switch at a time was not carried out, or did not end as asked."""
        self.notifier.tell("switch-lapsed", switch=switch)

    def run_hooks(self, now: float, status: dict) -> float:
        if self.state and self.state != (self.wanted or {}).get("state"):
            self.wanted = {"state": self.state, "reason": self.reason(status), "since": round(time.time(), 3)}
        if not hooks.configured(self.conf):
            self.done = None
            return now + START_S
        if self.wanted != self.written:
            try:
                settings.write_atomically(self.conf.hooks_wanted, json.dumps(self.wanted))
                self.written = self.wanted
                self.next_start = now
            except OSError:
                return now + LOOK_S  # a full disk
        if self.starter is not None and self.starter.result(now, START_LIMIT_S) is not None:
            self.starter = None
        self.done = settings.read_json(self.conf.hooks_done)
        if not hooks.missing(self.wanted, self.done):
            self.judge()
            return now + START_S
        self.judge_wait(now)
        if self.starter is None and now >= self.next_start:
            self.next_start = now + START_S
            lock = take_lock(self.conf.hooks_lock)
            if lock is not None:  # else they are at it, and look at the end what is wanted then
                lock.close()
                try:
                    self.starter = Child(self.conf.start_hooks, now)
                except OSError as error:
                    self.mover.trouble("hooks", "hooks: cannot be started: %s" % error.strerror)
        return now + LOOK_S

    def judge_wait(self, now: float) -> None:
        """No script takes twice its limit: then whoever has the lock hangs, or nobody is there to run them."""
        run = (self.wanted, self.done)
        if run != self.waits_for:
            self.waits_for, self.waits_since = run, now
        elif now - self.waits_since > 2 * self.conf.hook_limit_s:
            name = (self.done or {}).get("running") or "no script of %s" % self.wanted["state"]
            self.mover.trouble("hooks", "hooks: %s has run for more than %d s" % (name, 2 * self.conf.hook_limit_s))

    def judge(self) -> None:
        last = (self.done or {}).get("scripts", [])[-1:]
        if last and last[0]["exit"] != 0:
            how = "was ended after %d s" % self.conf.hook_limit_s
            if last[0]["exit"] is not None:
                how = "ended with %d" % last[0]["exit"]
            self.mover.trouble("hooks", "hooks: %s/%s %s" % (self.done["state"], last[0]["script"], how))
        else:
            self.mover.well("hooks")

    def reason(self, status: dict) -> str:
        """In a word or a sentence, for KEEPALIVED_REASON."""
        if self.state == "active":
            move = status["lastMove"]
            # Without a move of ours since we were last told apart, the VIP was here already, or was handed to us.
            return move["trigger"] if move and move["startedAt"] >= (self.written or {}).get("since", 0) else "found"
        held = drain.reasons(self.conf)
        role = "taken" if status["state"] == "MASTER" else status["state"].lower()
        return "; ".join("%s: %s" % (name, held[name]["why"]) for name in sorted(held)) or role

"""The user's service: a node on which it fails gives up the VIP. A unit of its own, keepalived-vip-health.service, for
checks may hang, and commands need rights that the service which moves the VIP does without.

Failing is a reason in drain.py, so that keepalived hears of it within milliseconds. It holds for 30 s and is renewed:
should this service die or hang, the node takes part again, for nobody knows any more what keeps it away. Nothing known
is not failing, but for one case: a node that has just booted stays away until its service is seen to work.
"""

import os
import select
import signal
import time

from keepalived_vip import settings, systemd
from keepalived_vip.agent.node import drain, nic
from keepalived_vip.log import Log
from keepalived_vip.user import checks

NAME = "health"


class Verdict:
    """Whether the service fails, by the results in a row. No I/O."""

    def __init__(self, fall: int, rise: int, failing: bool, first: bool) -> None:
        """first: failing is but an assumption, which one good result ends."""
        self.fall, self.rise, self.failing, self.first = fall, rise, failing, first
        self.row = 0  # results in a row that say otherwise

    def take(self, outcome: str) -> bool:
        """Whether the verdict changes with this result."""
        first, self.first = self.first, False
        if (outcome != checks.ENDED) == self.failing:
            self.row = 0
            return False
        self.row += 1
        needed = self.rise if self.failing else self.fall
        if self.row < needed and outcome != checks.DIED and not first:
            return False
        self.failing = not self.failing
        self.row = 0
        return True


class Health:
    def __init__(self, conf, now: float) -> None:
        self.conf = conf
        self.log = Log(conf.log)
        self.prober = checks.Prober(conf, conf.health, now)
        held = drain.reasons(conf).get(NAME)
        # before_start.sh leaves this file at keepalived's first start since the boot, which is after ours.
        booting = held is None and not os.path.exists(conf.run + "/started-with")
        self.verdict = Verdict(conf.health["fall"], conf.health["rise"], held is not None or booting, booting)
        self.why = held["why"] if held else "not seen to work since the boot"
        self.told_at = None
        self.seen_well = False

    def turn(self, now: float) -> float:
        """Takes in what came, tells keepalived; gives the time of the next turn."""
        outcome = self.prober.turn(now)
        if outcome is not None:
            kind, why = outcome
            changed = self.verdict.take(kind)
            if self.verdict.failing and why:
                self.why = why
            if changed:
                self.told_at = None
                self.tell(now)  # before anything is written: every millisecond is one without service
                if self.verdict.failing:
                    self.log.say("health-failing", why=self.why)
            if not self.verdict.failing and (changed or (kind == checks.ENDED and not self.seen_well)):
                self.seen_well = True
                self.log.say("health-well")
        if self.told_at is None or now - self.told_at >= self.conf.health_lease_s / 3:
            self.tell(now)
        return min(self.prober.next_turn(), self.told_at + self.conf.health_lease_s / 3)

    def tell(self, now: float) -> None:
        try:
            if self.verdict.failing:
                drain.hold(self.conf, NAME, self.conf.health_lease_s, self.why)
            else:
                drain.release(self.conf, NAME)
            self.told_at = now
        except OSError as error:  # a full disk
            if self.told_at is None:
                self.log.say("trouble", what=NAME, message=str(error))
            self.told_at = now - self.conf.health_lease_s / 3 + 1.0

    def serve(self) -> None:
        children, waker = os.pipe()
        for end in (children, waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker)
        self.turn(time.monotonic())
        systemd.tell("READY=1")  # keepalived starts after us, and after a node that boots was held back
        alive_at = 0.0
        while True:
            now = time.monotonic()
            due = self.turn(now)
            if now - alive_at >= systemd.WATCHDOG_S:
                alive_at = now
                systemd.tell("WATCHDOG=1")
            wait_s = max(0.0, min(due, alive_at + systemd.WATCHDOG_S) - time.monotonic())
            select.select([children] + self.prober.descriptors(), [], [], wait_s)
            try:
                os.read(children, 4096)
            except BlockingIOError:
                pass


def serve(conf) -> int:
    os.makedirs(conf.run, exist_ok=True)
    if conf.health is None:
        print("no healthCheck is configured")
        return 0
    Health(conf, time.monotonic()).serve()
    return 0


def attempt(conf) -> int:
    """For the installation: 1 when this check would take a node out of service that is in it. A mistyped one would take
    out the second node after the first."""
    word = settings.read_json(conf.state_file) or {}
    in_service = word.get("state") in ("MASTER", "BACKUP") and not nic.keepalived_is_dead(conf.pid_files)
    if conf.health is None or not in_service or drain.reasons(conf):
        return 0
    prober = checks.Prober(conf, conf.health, time.monotonic())
    left = conf.health["fall"]
    while left > 0:
        kind, why = prober.turn(time.monotonic()) or (None, "")
        if kind == checks.ENDED:
            return 0
        left -= kind is not None
        time.sleep(0.02)
    print("healthCheck fails on this node, which is in service: %s" % why)
    return 1

"""nic.sh and its like, run without waiting for it: the service has to hear that it is no longer MASTER meanwhile."""

import os

from keepalived_vip.agent.node.child import Child

CHECK_S = 30.0
SETTLE_S = 1.0  # after the kernel's last word, before the NIC is put right
LIMIT_S = 20.0  # nic.sh waits 10 s for a NIC that is not there yet
POLL_S = 0.05


class NicRepair:
    """Looks after the second NIC, or what another script of the same verbs sets up: every CHECK_S, and soon after the
    kernel has told of a change."""

    def __init__(self, script: str, mover, tell, what: str = "nic") -> None:
        """tell: called when something had been removed and was put back. what: the name of the trouble."""
        self.script, self.what = script, what
        self.name = os.path.basename(script)
        self.mover = mover
        self.tell = tell
        self.verb = self.child = None
        self.next_check = self.checked_at = 0.0

    def soon(self, now: float) -> None:
        """Not now: it starts processes, and the same word of the kernel may have made this node MASTER."""
        self.next_check = min(self.next_check, now + SETTLE_S)

    def at_once(self, now: float) -> None:
        """For what is seen to be missing; where somebody removes it again and again no sooner than it settles."""
        self.next_check = min(self.next_check, max(now, self.checked_at + SETTLE_S))

    def turn(self, now: float, busy: bool) -> float:
        """Starts what is due, but nothing beside a call; sees whether it has ended; gives the time of the next turn."""
        if self.child is not None:
            code = self.child.result(now, LIMIT_S)
            if code is None:
                return now + POLL_S
            verb, self.child = self.verb, None
            if verb == "check" and code != 0:
                return self.start("up", now)
            if verb == "up" and code == 0:
                self.tell()
            if code == 0:
                self.mover.well(self.what)
            else:
                self.mover.trouble(self.what, "%s up: exit %d" % (self.name, code))
        elif now >= self.next_check and not busy:
            self.checked_at = now
            return self.start("check", now)
        return max(self.next_check, now + SETTLE_S)

    def start(self, verb: str, now: float) -> float:
        self.next_check = now + CHECK_S  # sooner for what is seen from now on
        try:
            self.child, self.verb = Child((self.script, verb), now), verb
        except OSError as error:
            self.mover.trouble(self.what, "%s %s cannot be started: %s" % (self.name, verb, error.strerror))
            return self.next_check
        return now + POLL_S

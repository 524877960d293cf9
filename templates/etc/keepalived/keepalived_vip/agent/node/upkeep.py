"""Has keepalived started anew where it lives and does not do its part: it hangs, or what it was started with is gone.

Neither ends by itself, and what looks at a process, a pid or a file alone sees nothing of it.
"""

import os

from keepalived_vip.agent.node.child import Child
from keepalived_vip.agent.policy import switch
from keepalived_vip.agent.policy.revival import CUT_OFF, HANGS, Revival

LIMIT_S = 10.0  # systemctl only asks
HANDS = "keepalived is started anew, for it hears no drain"
GONE = "keepalived hears no drain and is not heard: %s; it is started anew"


def cut_off(conf):
    """What keepalived was started with and is no more under its name, its folder or its pipe: it and all
    others talk past each other. None if all is. before_start.sh has written down what they were."""
    try:
        with open(conf.held) as file:
            held = file.read().splitlines()
    except OSError:
        # Without that list it was started by an earlier release; without the other, the folder is another one.
        return None if os.path.exists(conf.started_with) else "%s was removed, and made anew" % conf.run
    for line in held:
        number, _, path = line.partition(" ")
        try:
            found = os.stat(path)
        except OSError:
            return "%s was removed" % path
        if number != "%d:%d" % (found.st_dev, found.st_ino):
            return "%s is another one now" % path
    return None


class Upkeep:
    def __init__(self, conf, mover, hand_over, tell) -> None:
        """hand_over(why, now): has the peer take over if it can, and says whether that is under way. tell: called with
        the reason when keepalived is started anew."""
        self.conf = conf
        self.mover = mover
        self.hand_over = hand_over
        self.tell = tell
        self.revival = Revival()
        self.child = None
        self.handing = False  # the VIP is on its way to the peer, and keepalived is started anew once it is there

    def turn(self, now: float, runs: bool, known, rising: bool = False) -> None:
        """To be called every few seconds. rising: keepalived may be about to become MASTER. Raises OSError: no process
        can be started."""
        if self.child is not None and self.child.result(now, LIMIT_S) is not None:
            self.child = None
        gone = cut_off(self.conf) if runs else None
        if gone:
            self.mover.trouble("folder", GONE % gone)
        else:
            self.mover.well("folder")
        # One that hangs has left the VIP on the NIC, where it still answers: while the cloud delivers to this node, no
        # peer has taken over, and its end would be the VIP's.
        spares = [HANGS] if known.master and known.here() else []
        if rising or (known.master and not known.here()):
            # It takes over from a peer that has fallen silent. Started anew it would begin with that once more, and
            # nobody serve meanwhile: it is as deaf afterwards, and then has the VIP.
            spares.append(CUT_OFF)
        wrong = [what for what, is_so in ((HANGS, known.hung), (CUT_OFF, gone)) if is_so]
        due = self.revival.due(now, wrong, spares)
        if due == CUT_OFF:
            self.handing = known.master and self.hand_over(HANDS, now)
        if due is not None and not self.handing:
            self.start_anew(due, now)
        elif self.handing:
            self.handed(now, known)

    def handed(self, now: float, known) -> None:
        """How the switch stands for which this waits. Where the peer can't take over, it goes without."""
        if self.handing and (known.switch.phase == switch.YIELDED or not switch.active(known)):
            self.handing = False
            self.start_anew(CUT_OFF, now)

    def start_anew(self, due: str, now: float) -> None:
        self.tell(due)
        # What hangs may not end when asked, or go on for a moment as the MASTER that it was. One that is only cut off
        # says farewell: its peer takes over at once, and the VIP lingers on this NIC until the cloud has moved it.
        self.child = Child(self.conf.kill_keepalived if due == HANGS else self.conf.restart_keepalived, now)

"""A planned switch at a time that somebody has named: the MASTER keeps it, and hands the VIP over when it is due.

It belongs to the node that was MASTER when it was asked for. Once that one is MASTER no more, for whatever reason, it
lapses: nobody wants a switch by night that was meant for how the pair was by day. It is kept where it outlives a
reboot. It is not carried out after one, for then the peer is MASTER, but its end is told: nobody sits there.
"""

import json
import os
import time

from keepalived_vip import settings
from keepalived_vip.agent.policy import switch
from keepalived_vip.log import plain

LOOK_S = 2.0  # between two looks at the file
LATE_S = 60.0  # a service that is started anew at that moment still does it; later nobody expects it any more
AWAY_S = 5.0  # a role may flicker, and one that was just started does not know its own yet


def read(conf):
    """What is kept, None without one or if it can't be read."""
    wish = settings.read_json(conf.scheduled_file)
    kinds = (("id", str), ("at", (int, float)), ("forS", (int, float)), ("by", str), ("why", str))
    if not isinstance(wish, dict) or not all(isinstance(wish.get(name), kind) for name, kind in kinds):
        return None
    return dict(wish, by=plain(wish["by"]), why=plain(wish["why"]))


def why_lapsed(late_s: float, away_s: float, held_up_by):
    """Why it is not to be carried out, None if it still may. late_s: since its time, negative before; away_s: for how
    long this node has not been MASTER; held_up_by: what was in the way since its time, None if nothing was seen."""
    if late_s > LATE_S:
        return held_up_by or "this node was down, or stood still, at its time"
    if away_s >= AWAY_S:
        return "this node is no longer MASTER"
    return None


def in_the_way(known):
    """What is soon over by itself, as a rule: a service that was just started has yet to ask the cloud."""
    if switch.active(known):
        return "another switch was under way"
    if not switch.has_vip(known):
        return "the cloud did not have the VIP on this node's ENI"
    return None


def remove(path: str, wish_id: str) -> None:
    """By the thread that may wait for the disk. Raises OSError."""
    if (settings.read_json(path) or {}).get("id") == wish_id:
        os.unlink(path)


class Scheduled:
    def __init__(self, conf, known, handover, put, lapsed) -> None:
        """put: has a function called with what it is given, by a thread that may wait for the disk. lapsed: called with
        `id`, `at`, `by` and `why` of one that will not be carried out, or was and did not end as asked."""
        self.conf, self.known, self.handover = conf, known, handover
        self.put, self.lapsed = put, lapsed
        self.wish = None
        self.begun = None  # the id of the one that this service has begun
        self.over = None  # the id of the last one that has ended: its file may be there for a moment
        self.next_look = 0.0
        self.away_since = None
        self.held_up_by = None
        handover.on_told = self.hears

    def turn(self, now: float) -> float:
        """Begins it when it is due; gives the time of the next turn."""
        if now >= self.next_look:
            self.look(now)
        if self.known.master:
            self.away_since = None
        elif self.away_since is None:
            self.away_since = now
        if self.wish is None or self.begun == self.wish["id"]:
            return self.next_look
        late_s = time.time() - self.wish["at"]
        away_s = 0.0 if self.away_since is None else now - self.away_since
        why = why_lapsed(late_s, away_s, self.held_up_by)
        if why:
            self.end(why)
        elif late_s >= 0 and self.known.master:
            self.held_up_by = in_the_way(self.known)
            if self.held_up_by is None:
                self.look(now)  # it may have been dropped since
                self.begin(now)
                return now
        return min(self.next_look, now - late_s) if late_s < 0 else self.next_look

    def look(self, now: float) -> None:
        self.next_look = now + LOOK_S
        wish = read(self.conf)
        self.wish = wish if wish and wish["id"] != self.over else None
        if self.wish and self.wish.get("begun") and self.begun != self.wish["id"]:
            # By the service before this one, which was killed on the way; or the node was.
            self.begun = self.wish["id"]
            told = self.handover.told
            if told and told.get("id") == self.begun:
                self.hears(told)
            else:
                self.end("this node, or its service, ended while it was carried out")

    def begin(self, now: float) -> None:
        wish = self.wish
        if wish is None:
            return
        self.begun = wish["id"]
        self.put(settings.write_atomically, self.conf.scheduled_file, json.dumps(dict(wish, begun=True)))
        # A preferred node would take the VIP back at once.
        keep_s = wish["forS"] if self.conf.mode == "standing-master" and self.conf.preferred else None
        request = {"id": wish["id"], "why": wish["why"], "by": wish["by"], "keepS": keep_s}
        self.handover.begin(request, now)

    def hears(self, told: dict) -> None:
        """How a switch goes on, of those that this node hands the VIP over by."""
        if self.wish is None or told["id"] != self.wish["id"] or told["phase"] not in switch.ENDS:
            return
        how = told["phase"] if told["phase"] == switch.REFUSED else "%s after %s" % (told["phase"], told["reached"])
        self.end(None if told["phase"] == switch.DONE else how + (": %s" % told["why"] if told["why"] else ""))

    def end(self, why) -> None:
        """why: None if it was carried out."""
        wish, self.wish = self.wish, None
        self.over, self.held_up_by = wish["id"], None
        self.put(remove, self.conf.scheduled_file, wish["id"])
        if why:
            self.lapsed(id=wish["id"], at=wish["at"], by=wish["by"], why=why)

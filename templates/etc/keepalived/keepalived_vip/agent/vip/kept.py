"""Connections of the VIP that outlive a move (keepConnections): carries out what policy/connections.py decides, by
words with the peer, by the address on the NIC, and by a thread that speaks to the kernel (kept_kernel.py). With the
setting off it does nothing."""

import json
import time

from keepalived_vip import settings
from keepalived_vip.agent.node import nic, peer
from keepalived_vip.agent.node.nic_repair import NicRepair
from keepalived_vip.agent.node.passage import Passage
from keepalived_vip.agent.policy import anew, carrying, connections, peer_says, stand
from keepalived_vip.agent.vip.kept_kernel import ALONE_S, LOOK_S, TOLD_S, Kernel
from keepalived_vip.agent.vip.vip_on_nic import PREPARED_S

NEVER = float("inf")
POLL_S = 0.02  # while the thread is at work
# So much longer than the peer's word counts does the kernel forward, should this service not end it by then: on a busy
# machine nft may take seconds, and what is not forwarded meanwhile is reset.
SLACK_S = 2.0
# The peer asks five times a second whether this node is ready. One that has heard nothing for so long stood still, and
# so did what it waits for; or that was another switch.
STOOD_STILL_S = 0.5
# Closing what is open as the time ends begins by then or not at all: later the VIP may be here, with new ones.
ABORT_WITHIN_S = 1.0
TROUBLE = "connections"


class Kept:
    def __init__(self, conf, mover, vip, handover, put, say) -> None:
        """put: has a function called with what it is given, by a thread that may wait for the disk. say: logs an
        event."""
        self.conf, self.mover, self.known = conf, mover, mover.known
        self.vip, self.put, self.say = vip, put, say
        self.keeping = None
        if conf.keep_s is None:
            return
        self.keeping = connections.Keeping(conf.keep_s)
        self.kernel = Kernel(conf)
        self.passage = Passage(conf, mover)
        self.tunnel = NicRepair(conf.connections_script, mover, self.restored, "tunnel")
        self.asked = None  # what the look is for that the thread makes now
        self.next_look = 0.0
        self.made_until, self.has_forwarded = 0.0, False
        self.forwarded_until = 0.0  # as the kernel was last told; a new word of the peer's makes it later
        # (whether what is the peer's goes there, whether answers go out through the peer), as the last look has made
        # it. What a service before this one has left ends by itself.
        self.made = self.tried = (False, False)
        # When the peer first asked in vain whether this node is ready, and last.
        self.prepared_at, self.prepare_heard_at = None, 0.0
        self.forwarded = (0, 0)  # packets and bytes to the peer, and what the passage wants to know, by the last look
        self.had_vip = False  # on the NIC
        self.bridged = False  # on the tunnel's interface as well
        self.told = (None, False)  # what the log was last told of both
        self.abort_until = 0.0  # until then the kernel is to close the connections of this node
        handover.offer = vip.offer = {"leftS": conf.keep_s}
        before = settings.read_json(conf.kept_file)
        if isinstance(before, dict):
            anew.resume(self.keeping, before, time.monotonic())
            # A peer that stands still just now can't say that packets pass.
            self.passage.answered = before.get("passes") is True
        self.written = self.lasts()

    def restored(self) -> None:
        """The rules were made anew. Their sets are empty, or lack what was opened while there were none."""
        self.made, self.tried = (False, False), None
        self.kernel.made_anew = True
        self.mover.well(TROUBLE)
        self.say("connections-restored")

    def in_force(self) -> bool:
        """Whether what is the peer's goes there. Not after this node stood still, until the next look."""
        return self.made[0] and time.monotonic() < self.made_until

    def soon(self, now: float) -> None:
        """The kernel has told of a change."""
        if self.keeping is not None:
            self.tunnel.soon(now)

    # -- words --------------------------------------------------------------------------------------------------------

    def hears(self, ear, news: dict, now: float) -> bool:
        """Takes in a word of the peer's; gives whether nobody else has to, now."""
        name, said_at = news["id"], now - news["waitedS"]
        if self.keeping is None:
            return name in (peer.KEEPS, peer.CARRIES)
        if self.passage.heard(news, said_at):
            return True
        keeping, time_s = self.keeping, news.get("leftS", 0)
        if name in (peer.KEEPS, peer.CARRIES) or (name in ("has", peer.READY, peer.PREPARE) and time_s > 0):
            peer_says.heard(keeping, said_at, now)
        if name == "has":
            peer_says.holds(keeping, said_at, time_s > 0)
        elif name == peer.KEEPS:
            carrying.peer_keeps(keeping, said_at, time_s, news.get("count"))
            if self.in_force() and carrying.forwards(keeping, now):
                serves = {"leftS": time_s} if self.known.master else {}
                peer.say(ear, dict(serves, id=peer.CARRIES), (self.conf.peer_address, peer.PORT))
        elif name == peer.CARRIES:
            peer_says.carries(keeping, said_at, time_s > 0)
        elif name == peer.READY and "of" not in news:
            peer_says.takes(keeping, said_at, now, self.vip.on_nic != nic.ABSENT)
            return True
        elif name == peer.READY:
            peer_says.can(keeping, time_s > 0)
            peer_says.carries(keeping, said_at, False)
        elif name == peer.PREPARE and time_s > 0:
            peer_says.gives(keeping, said_at, time_s)
            return not self.ready(now)
        return name in (peer.KEEPS, peer.CARRIES)

    def ready(self, now: float) -> bool:
        """Whether the peer, which asks again and again, can be told that this node is ready for its connections, or
        that it is without."""
        if self.in_force():
            self.prepared_at = None
            return True
        if self.prepared_at is None or now - self.prepare_heard_at > STOOD_STILL_S:
            self.prepared_at = now
        self.prepare_heard_at = now
        return now - self.prepared_at >= connections.READY_S

    def offer(self) -> dict:
        """What "ready" says beside that."""
        return {"leftS": self.conf.keep_s} if self.keeping is not None and self.in_force() else {}

    # -- the loop -----------------------------------------------------------------------------------------------------

    def turn(self, ear, now: float) -> float:
        """Makes what is due so; gives the time of the next turn."""
        keeping, known = self.keeping, self.known
        if keeping is None:
            return NEVER
        stand.stands(keeping, now, stand.of(known))
        had_vip, self.had_vip = self.had_vip, self.vip.on_nic != nic.ABSENT
        if self.had_vip and not had_vip:
            stand.vip_comes(keeping, now)
        self.take(now)
        # While nobody is MASTER the peer has not even the address on its NIC (connections.stays).
        self.passage.went(now, self.in_force() and known.master, *self.forwarded[2:])
        if carrying.wants_sign(keeping, now):
            self.passage.ask_for_sign(now)
        due = [self.passage.turn(ear, now), carrying.next_sign(keeping, now)]
        carrying.lives(keeping, self.passage.lived_at(), now)
        if self.passage.silent() and keeping.until is not None:
            connections.end(keeping, connections.SILENT, now)
        was, self.vip.keeps = self.vip.keeps, connections.keeps(keeping)
        ended = was and not self.vip.keeps and self.elsewhere()
        if ended and keeping.why_ended in connections.RESETS:
            self.abort_until = now + ABORT_WITHIN_S
        due += [self.tunnel.turn(now, known.asked.busy), self.look(now)]
        if carrying.tells_of_taking(keeping, now) and ear is not None and self.passage.passes():
            # Of no question: an earlier release lets an answer to nothing pass.
            peer.say(ear, {"id": peer.READY, "leftS": self.conf.keep_s}, (self.conf.peer_address, peer.PORT))
        told = connections.word(keeping, now)
        if told is not None and ear is not None:
            time_s, left = told
            more = {} if left is None else {"count": left}
            message = dict({"id": peer.KEEPS, "leftS": time_s}, **more)
            peer.say(ear, message, (self.conf.peer_address, peer.PORT))
        if connections.keeps(keeping) or keeping.farewells:
            due.append(keeping.next_word_at)
        due.append(carrying.next_take(keeping, now))
        if keeping.until is not None and keeping.until > now:
            due.append(keeping.until)  # the last word may be of a moment ago, and the next one a second away
        if connections.stays(keeping, now):
            self.vip.prolong(now)
        elif ended:
            self.vip.end_linger(now)
        self.bridge()
        self.tell(now)
        return min(due)

    def elsewhere(self) -> bool:
        """Whether the VIP is, for certain."""
        return not self.known.master and self.vip.gone

    def bridge(self) -> None:
        """As keepalived gives up it takes the VIP from the NIC, and some milliseconds pass until the service has put it
        back: each packet that came meanwhile was lost, and its client waited 0.2 s for TCP to say it again. So the VIP
        is on the tunnel's interface too, from before a planned switch until then."""
        absent = self.vip.on_nic == nic.ABSENT
        wanted = connections.keeps(self.keeping) and (self.keeping.giving or (self.bridged and absent))
        if wanted == self.bridged:
            return
        self.bridged = wanted
        try:
            self.kernel.bridge(PREPARED_S if wanted else 1)
        except OSError:
            pass  # there is no tunnel just now: it is as without

    def look(self, now: float) -> float:
        """Has the thread make a look: at once where something is to change, and again and again while anything is
        kept, for each ends by itself; gives the time of the next."""
        keeping = self.keeping
        if self.asked is not None:
            return now + POLL_S
        # Where nothing comes out of the tunnel clients are reset at once, and do not hang.
        wanted = self.passage.passes() and carrying.forwards(keeping, now), connections.through(keeping, now)
        if wanted == self.made == (False, False):
            return NEVER
        until = keeping.peer_keeps_until + SLACK_S if wanted[0] else 0.0
        if now < self.next_look and wanted == self.tried and until < self.forwarded_until + LOOK_S / 2:
            return min(self.next_look, keeping.peer_keeps_until if wanted[0] else NEVER)
        self.next_look, self.asked = now + LOOK_S, wanted
        self.tried, self.forwarded_until = wanted, until
        self.has_forwarded = self.has_forwarded or wanted[0]
        alone_s = 0.0
        if keeping.master and self.in_force():
            silent, done = carrying.silent(keeping, now), carrying.says_no_more(keeping, now)
            alone_s = ALONE_S if silent else TOLD_S if done else 0.0
        # Not where a planned switch is about to bring the VIP back: it may be here, and the peer MASTER as yet.
        abort_until = self.abort_until if self.elsewhere() and not self.vip.comes_back() else 0.0
        self.abort_until = 0.0
        # What a service before this one has put in force ends by itself, or with a word of the peer's goes on.
        self.kernel.jobs.put((until if self.has_forwarded else None, wanted[1], alone_s, abort_until))
        return now + POLL_S

    def take(self, now: float) -> None:
        """Takes in what became of the look."""
        if self.asked is None or self.kernel.done.empty():
            return
        wanted, self.asked = self.asked, None
        found, error = self.kernel.done.get()
        if error is None:
            count, self.forwarded = found
            self.mover.well(TROUBLE)
            self.made, self.made_until = wanted, self.forwarded_until
            connections.counted(self.keeping, count)
            carrying.sent_on(self.keeping, self.forwarded[0], now)
        else:
            self.made = (False, None)
            if TROUBLE not in self.mover.troubles:
                self.tunnel.at_once(now)  # the rules are gone, most likely, as a firewall's service has flushed all
            self.mover.trouble(TROUBLE, str(error) or type(error).__name__, type(error).__name__)

    def tell(self, now: float) -> None:
        """Logs what has changed, and writes down what the next service has to know."""
        keeping = self.keeping
        told = keeping.until, self.in_force()
        if (told[0] is None) != (self.told[0] is None):
            if told[0] is None:
                self.say("connections-ended", why=keeping.why_ended)
            else:
                self.say("connections-kept", forS=max(0, int(told[0] - now)))
        if told[1] != self.told[1]:
            if told[1]:
                self.say("connections-carried")
            else:
                self.say("connections-carried-no-more")
        self.told = told
        lasts = self.lasts()
        if lasts != self.written:
            self.written = lasts
            self.put(settings.write_atomically, self.conf.kept_file, json.dumps(lasts))

    def lasts(self) -> dict:
        """What the next service has to know."""
        return dict(anew.lasts(self.keeping), passes=self.passage.answered)

    def status(self) -> dict:
        """For status.json."""
        keeping = self.keeping
        if keeping is None:
            return {}
        now = time.monotonic()
        own = peers = None
        if keeping.until is not None:
            own = {"count": keeping.left, "leftS": max(0, int(keeping.until - now))}
        if self.in_force():
            peers = {"count": keeping.peer_left, "leftS": keeping.peer_time_s}
        forwarded = dict(zip(("packets", "bytes"), self.forwarded))
        told = {"kept": own, "carried": peers, "forwarded": forwarded, "reset": keeping.reset}
        return {"connections": dict(told, ended=keeping.why_ended)}

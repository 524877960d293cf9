"""Whether packets pass through the tunnel of connections.sh, there and back: a firewall may drop the tunnel's and let
the services' words through, and what is sent into it would vanish, with the client hanging.

Asked by ARP, which the peer's kernel answers, and no firewall for IP has a say in. A question without an answer counts
only where the peer has said something since: a peer that stands still or is dead is left to the silence of its words.
What a firewall for IP does with what it does not know shows once it happens: packets go there, and none comes back.
"""

import socket

from keepalived_vip.agent.node import firewall, flows, nic, peer

ASK_S, AGAIN_S = 10.0, 2.0
MISSED = 3  # questions in a row
POLL_S = (0.005, 0.1)  # after a question: within a network an answer takes less than a millisecond
IN_VAIN, IN_VAIN_S = 10, 8.0  # packets and seconds without any answer: a client sends again and again
ANSWER_S = 1.5  # the last of them may have an answer that was not counted yet: that is done once a second
QUIET_S = 2.5  # what goes to a peer that says nothing for so long proves nothing: it says a word a second
REST_S = 600.0  # after that
TROUBLE = "silent-tunnel"
UNANSWERED = (
    "%s answers none of the packets that go there through the tunnel: a firewall there drops what comes in by "
    "vip-kept, or one of either node what goes out by it; both have to let it pass"
)


class Passage:
    def __init__(self, conf, mover) -> None:
        self.conf, self.mover = conf, mover
        self.here, self.there = [socket.inet_aton(end) for end in flows.ends(conf.node)]
        self.sock = None
        self.next_ask = self.asked_at = self.sent_at = 0.0
        self.soon = False  # it is asked once more meanwhile
        self.waits = self.wants_sign = False  # for an answer; for one that only shows that the peer's kernel lives
        self.answered_at = 0.0  # when that was asked which it has answered
        self.answered = False  # ever
        self.missed = 0
        self.spoke_at = -1.0  # when the peer last said something
        # What had gone and come when it last was not in vain, and when that was. None = not counted yet: what went in
        # vain before this service has started says nothing of now.
        self.base, self.base_at = None, 0.0
        self.owed = 0  # as last counted
        self.late_at = None  # when one went that long after the first
        self.rests_until = 0.0  # nothing is sent: all was in vain
        self.keeps = False  # the peer has a tunnel too: while a pair is installed it may not have it yet

    def passes(self) -> bool:
        """Whether what is sent into the tunnel comes out."""
        return self.answered and not self.silent()

    def silent(self) -> bool:
        return self.missed >= MISSED or self.rests_until > 0.0

    def went(self, now: float, goes: bool, owed=None, answers: int = 0) -> None:
        """So many have gone to the peer that want an answer, and so many have come, since the rules were made; None =
        not counted yet. goes: they go there now; what went to a peer that has died since proves nothing."""
        if owed is None:
            return
        goes = goes and now - self.spoke_at < QUIET_S
        more, self.owed = owed > self.owed, owed
        if self.base is None or not goes or owed <= self.base[0] or answers != self.base[1]:
            self.base, self.base_at, self.late_at = (owed, answers), now, None
        elif self.late_at is None:
            # Not by the clock alone: none may have gone since, as the VIP was at the peer, and the tunnel be open.
            self.late_at = now if more and now - self.base_at >= IN_VAIN_S else None
        elif owed - self.base[0] >= IN_VAIN and now - self.late_at >= ANSWER_S:
            self.base, self.late_at, self.rests_until = (owed, answers), None, now + REST_S
            self.mover.trouble("silent-tunnel", UNANSWERED % self.conf.peer_address, UNANSWERED)

    def heard(self, news: dict, said_at: float) -> bool:
        """Takes in any word of the peer's; gives whether it is the answer to a question of this one's."""
        self.spoke_at = max(self.spoke_at, said_at)
        # It may be up just now, and what was asked may have been lost.
        self.soon = self.soon or ((self.waits or not self.passes()) and news.get("leftS", 0) > 0)
        mine = news["id"] == peer.SERVES and "phase" in news
        if mine:
            self.keeps = news.get("leftS", 0) > 0
        return mine

    def lived_at(self) -> float:
        """When the peer last gave a sign of life."""
        return max(self.spoke_at, self.answered_at)

    def ask_for_sign(self, now: float) -> None:
        """Asks in between whether the peer's kernel lives. Without an answer it is no question that was missed."""
        self.wants_sign = True
        self.send(now)

    def turn(self, ear, now: float) -> float:
        """Asks when it is time to; gives the time of the next turn."""
        if (self.waits or self.wants_sign) and self.answer():
            if self.missed > 0:
                self.rests_until = 0.0  # nothing came through at all, and that is over
            self.waits, self.wants_sign, self.answered, self.missed = False, False, True, 0
            self.answered_at, self.next_ask = self.sent_at, self.asked_at + ASK_S
        if now >= self.rests_until:
            self.rests_until = 0.0
        if self.passes():
            self.mover.well(TROUBLE)
        if now >= self.next_ask:
            self.ask(ear, now)
        elif self.soon and self.waits and now >= self.sent_at + POLL_S[-1]:
            self.send(now)
        waits = self.waits or self.wants_sign
        polls = [self.sent_at + wait for wait in POLL_S if waits and now < self.sent_at + wait]
        return min(polls + [self.next_ask])

    def ask(self, ear, now: float) -> None:
        if self.waits:
            self.missed += self.spoke_at >= self.asked_at
            if self.missed >= MISSED and self.keeps:
                self.mover.trouble("silent-tunnel", told(self.conf), TROUBLE)
            if ear is not None:
                # Answered by each release, and with what it may keep by those that have a tunnel.
                peer.say(ear, {"id": peer.SERVES, "why": TROUBLE}, (self.conf.peer_address, peer.PORT))
        self.waits, self.asked_at, self.next_ask = True, now, now + AGAIN_S
        self.send(now)

    def send(self, now: float) -> None:
        self.soon, self.sent_at = False, now
        try:
            nic.ask(self.opened(), flows.LINK, self.here, self.there)
        except OSError:
            self.close()  # there is none, or it was made anew

    def opened(self):
        if self.sock is None:
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
            self.sock.bind((flows.LINK, nic.ARP))
        return self.sock

    def answer(self) -> bool:
        found = False
        while self.sock is not None:
            try:
                found = nic.answers(self.sock.recv(64), self.there) or found
            except BlockingIOError:
                return found
            except OSError:
                self.close()
        return found

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
            self.sock = None


def told(conf) -> str:
    name, command = firewall.named(conf)
    return "%s lets words pass, and nothing through the tunnel: UDP port %d is dropped, here or there; %s: %s" % (
        conf.peer_address,
        flows.PORT,
        name,
        command,
    )

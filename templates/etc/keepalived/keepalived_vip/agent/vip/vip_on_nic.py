"""The VIP on this node's NIC, as far as the service itself puts it there, and the words with the peer about it."""

import math

from keepalived_vip.agent.node import nic, peer, promise
from keepalived_vip.agent.policy import decide

# So long a node that has just been demoted goes on answering at the VIP, unless the peer says earlier that it has it:
# the cloud delivers to this node until it has moved the address, and once more where a move to this node is under way;
# each takes seconds. Not longer: a keepalived that becomes MASTER unheard takes the address over, lifetime and all, and
# that shows only when it ends.
LINGER_S = 25
LEFT_S = 15.0  # and so long, unless the same, it says that it has given up
# A look may show what was before this node's last request: too early a "has" proves nothing. It is said again.
EARLY_S = 2.0
SAY_S = 1.0  # a datagram may be lost
PREPARED_S = 30  # longer than a planned switch: the cloud may deliver before keepalived has changed roles


class VipOnNic:
    def __init__(self, conf, known) -> None:
        self.conf = conf
        self.known = known
        self.on_nic = nic.ABSENT
        self.kept = False  # this MASTER's address had been put there ahead of time, and was made endless
        self.keeps = False  # connections outlive the move: the address stays, whoever has it in the cloud
        self.offer = {}  # what the peer is told beside that the VIP is here
        self.gave_up_at = 0.0
        self.gone = False  # the VIP was elsewhere by then, or the peer has said since that it has it
        self.linger_until = 0.0  # so long the address stays on the NIC after a demotion
        self.lent_until = 0.0  # the end of the lease that was last seen on the NIC, whoever gave it
        self.left_until = 0.0  # so long the peer is told of the demotion
        self.next_left_at = 0.0
        self.told_of = None  # the look after which the peer was last told that the VIP is here
        self.left = None  # the peer's last word of a demotion that was taken in
        self.next_left_taken = 0.0

    def look(self, now: float) -> None:
        try:
            lifetime_s = nic.lifetime(self.conf.interface, self.conf.vip)
        except OSError:
            return  # what was true stays true until the next look
        self.on_nic = nic.ABSENT if lifetime_s == 0 else nic.PRESENT if lifetime_s == nic.ENDLESS_S else nic.LEASED
        # The kernel counts whole seconds: each of several leases in a row would be a second shorter than the last.
        if self.on_nic == nic.LEASED and abs(now + lifetime_s - self.lent_until) > 1.0:
            self.lent_until = now + lifetime_s

    def lease(self, seconds: int, add: bool = False) -> None:
        """Lets the kernel take the address from the NIC after so long; add: one that is not there. Raises OSError."""
        nic.set_lifetime(self.conf.interface, self.conf.vip, seconds, add)

    def master_again(self) -> None:
        """keepalived's word, which may have been overtaken by another."""
        self.linger_until = self.left_until = 0.0

    def took_over(self) -> None:
        """MASTER, and the address is its own."""
        self.lent_until = 0.0
        promise.end(self.conf)

    def gave_up(self, now: float) -> None:
        """No longer MASTER, for whatever reason: the cloud may deliver here, unless it has just said otherwise."""
        seen = self.known.seen
        # Not by a look while an own move runs, which may show what was before it.
        elsewhere = seen.fresh and seen.task is None and seen.available and seen.holder != self.known.me
        self.gave_up_at, self.gone = now, elsewhere
        self.left_until, self.next_left_at = now + LEFT_S, now
        if self.keeps or not self.gone:
            self.linger_until = self.lent_until = now + LINGER_S

    def lend(self, word: str, now: float) -> None:
        """Puts the VIP back that keepalived has taken from the NIC, as it gives up and once more as it starts: after a
        demotion, and ahead of a planned switch. Not where keepalived's word is MASTER, for that it would prove."""
        left_s = math.ceil(self.lent_until - now)
        if left_s < 1 or self.on_nic != nic.ABSENT or (word == "MASTER" and self.linger_until == 0.0):
            return
        try:
            # Never over one that is there by now: it would be a MASTER's own, and end with this.
            self.lease(left_s, add=True)
            self.look(now)
        except OSError:
            pass  # the NIC itself is gone

    def lent(self) -> bool:
        """Whether the VIP is on the NIC, and no MASTER's."""
        return self.on_nic == nic.LEASED

    def prepare(self, ear, message: dict, why_not, now: float, offer: dict) -> None:
        """The peer is to give the VIP away. why_not: gives why this node could not take it, None if it could, and says
        `offer`."""
        why = why_not()
        if why is None:
            try:
                promise.give(self.conf, PREPARED_S, to_peer=True)
                why = why_not()  # somebody may be taking this node out of service at the same moment
                if why is None:
                    self.lease(PREPARED_S, add=self.on_nic == nic.ABSENT)
                    self.look(now)
                else:
                    promise.end(self.conf)
            except OSError as error:
                why = "the VIP cannot be put on %s: %s" % (self.conf.interface, error)
        answer = {"id": peer.UNREADY, "why": why} if why else dict(offer, id=peer.READY)
        peer.say(ear, dict(answer, of=message.get("of")), (self.conf.peer_address, peer.PORT))

    def keep(self, word: str, said: bool, now: float) -> bool:
        """keepalived takes over an address that a planned switch has put there, lifetime and all; then the kernel would
        take it from the new MASTER. Whether one has just been made endless.

        said: keepalived, which lives, has said that word itself. One that was concluded may be wrong, and an address
        made endless would prove it for ever.
        """
        master = word == "MASTER" and self.linger_until == 0.0
        if master and self.on_nic == nic.LEASED and said:
            seconds = nic.ENDLESS_S
        elif not master and self.kept and self.on_nic == nic.PRESENT:
            # It came back by this, in the moment in which keepalived removed it, or keepalived was killed.
            seconds = LINGER_S if self.known.master else max(1, math.ceil(self.lent_until - now))
        else:
            self.kept = self.kept and self.on_nic == nic.PRESENT
            return False
        try:
            self.lease(seconds)
        except OSError:
            return False  # it runs out, and keepalived sets it anew
        self.kept = master
        self.look(now)
        return master

    # -- the peer -----------------------------------------------------------------------------------------------------

    def tell_has(self, ear) -> None:
        """Tells the peer that the VIP is here, after each look that finds it so: a datagram may be lost or early."""
        known = self.known
        if known.seen.fresh and known.asked.look_at is None and known.here() and known.seen.at != self.told_of:
            self.told_of = known.seen.at
            peer.tell(ear, self.conf, dict(self.offer, id="has"))

    def ask_peer(self, ear, now: float) -> None:
        """Asks whether the peer serves."""
        if ear is not None:
            peer.say(ear, {"id": peer.SERVES}, (self.conf.peer_address, peer.PORT))
        decide.asked_peer(self.known, now)

    def answer(self, ear, message: dict) -> None:
        """The peer asks that, which has just seen the VIP on this node's ENI. One that hangs is no MASTER. Its
        self-test says why it asks, and is answered in any case: an earlier release, too, takes that for no request to
        yield.
        """
        serves = self.known.master and self.known.here() and not self.known.hung
        if "why" in message:
            peer.say(ear, dict(self.offer, id=peer.SERVES, phase="yes" if serves else "no"), message["sender"])
        elif serves:
            peer.say(ear, dict(self.offer, id="has"), (self.conf.peer_address, peer.PORT))

    def tell_left(self, ear, now: float) -> list:
        """Tells the peer that this node has given up; gives the time of the next word. A peer that has been MASTER all
        along, as in a partition, hears of it by nothing else: keepalived resigns to a higher one without a word."""
        if now >= self.left_until:
            return []
        if now >= self.next_left_at and ear is not None:
            self.next_left_at = now + SAY_S
            # The same one each time, so that it is an event only once: each ends the peer's patience with a cloud that
            # refuses.
            peer.tell(ear, self.conf, {"id": "left", "of": self.left_until})
        return [self.next_left_at]

    def peer_has(self, now: float, said_at: float) -> None:
        decide.peer_has(self.known, now, said_at)
        if said_at < self.gave_up_at + EARLY_S:
            return
        self.left_until, self.gone = 0.0, True
        if not self.keeps:
            self.end_linger(now)

    def end_linger(self, now: float) -> None:
        """Nothing comes here for the address any more. Raises OSError."""
        if now < self.linger_until:
            if not self.comes_back():
                self.lent_until = now
                if self.on_nic == nic.LEASED:
                    self.lease(1)
            self.linger_until = now  # not 0.0: before a new word of keepalived's, this address is no MASTER's

    def comes_back(self) -> bool:
        """Whether a lease with another end was given since, ahead of a planned switch back to this node."""
        return abs(self.lent_until - self.linger_until) > 2.0

    def prolong(self, now: float) -> None:
        """It is served on, and goes on lingering: not too long ahead, for a keepalived that becomes MASTER unheard
        takes it over. One that has run out, for the peer did not say meanwhile that it serves, is put back: those whom
        this node serves get no answer by any other. Raises OSError."""
        # A keepalived that is MASTER, unheard, has put its own back by then.
        ran_out = self.on_nic == nic.ABSENT and now >= self.lent_until + SAY_S
        if self.lent_until - now < LINGER_S / 2 and (ran_out or self.on_nic != nic.ABSENT):
            self.linger_until = self.lent_until = now + LINGER_S
            if ran_out:
                self.lend("", now)
            elif self.on_nic == nic.LEASED:
                self.lease(LINGER_S)

    def peer_left(self, message: dict, now: float) -> bool:
        """Whether that is news. It is none yet to one that asks for the VIP already and looks where it is anyway."""
        known, word = self.known, (message["id"], message.get("of"))
        if not known.master or known.asked.claim or known.seen.task is not None or word == self.left:
            return False
        if now < self.next_left_taken:
            return False  # it is said again; and each costs a look
        self.left, self.next_left_taken = word, now + SAY_S
        decide.peer_left(known, now)
        return True

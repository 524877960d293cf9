"""The VIP on this node's NIC, as far as the service itself puts it there, and the words with the peer about it."""

from keepalived_vip.agent import decide, nic, peer

# So long a node that has just been demoted goes on answering at the VIP, and says that it has given up, unless the peer
# says earlier that it has it: the cloud delivers to this node until it has moved the address, which takes it seconds.
LINGER_S = 15
SAY_S = 1.0  # a datagram may be lost


class VipOnNic:
    def __init__(self, conf, known) -> None:
        self.conf = conf
        self.known = known
        self.on_nic = nic.ABSENT
        self.kept = False  # this MASTER's address had been put there ahead of time, and was made endless
        self.linger_until = 0.0  # so long the address stays on the NIC after a demotion
        self.left_until = 0.0  # so long the peer is told of the demotion
        self.next_left_at = 0.0
        self.peer_told = False  # that the VIP is here
        self.left = None  # the peer's last word of a demotion that was taken in
        self.next_left_taken = 0.0

    def look(self) -> None:
        try:
            self.on_nic = nic.look(self.conf.interface, self.conf.vip)
        except OSError:
            pass  # what was true stays true until the next look

    def lease(self, seconds: int, add: bool = False) -> None:
        """Lets the kernel take the address from the NIC after so long; add: one that is not there. Raises OSError."""
        nic.set_lifetime(self.conf.interface, self.conf.vip, seconds, add)

    def master_again(self) -> None:
        self.linger_until = self.left_until = 0.0

    def gave_up(self, now: float, well: bool) -> None:
        """No longer MASTER. well: keepalived has given up by itself."""
        self.peer_told = False
        self.left_until, self.next_left_at = now + LINGER_S, now
        if well and self.known.here():
            self.linger_until = now + LINGER_S

    def linger(self, now: float) -> None:
        """Puts the VIP back that keepalived has taken from the NIC, once as it gives up and once more as it starts."""
        left_s = int(self.linger_until - now)
        if left_s < 1 or self.on_nic != nic.ABSENT:
            return
        try:
            # Never over one that is there by now: it would be a MASTER's own, and end with this.
            self.lease(left_s, add=True)
            self.look()
        except OSError:
            pass  # the NIC itself is gone

    def keep(self, word: str, said: bool) -> bool:
        """keepalived takes over an address that a planned switch has put there, lifetime and all; then the kernel would
        take it from the new MASTER. Whether one has just been made endless.

        said: keepalived, which lives, has said that word itself. One that was concluded may be wrong, and an address
        made endless would prove it for ever.
        """
        master = word == "MASTER" and self.linger_until == 0.0
        if master and self.on_nic == nic.LEASED and said:
            seconds = nic.ENDLESS_S
        elif not master and self.kept and self.on_nic == nic.PRESENT:
            seconds = 1  # it came back by this, in the moment in which keepalived removed it
        else:
            self.kept = self.kept and self.on_nic == nic.PRESENT
            return False
        try:
            self.lease(seconds)
        except OSError:
            return False  # it runs out, and keepalived sets it anew
        self.kept = master
        self.look()
        return master

    # -- the peer -----------------------------------------------------------------------------------------------------

    def tell_has(self, ear) -> None:
        """Tells the peer, once, that the VIP is here. What was seen before this node became MASTER, or before the peer
        gave up, is from another time."""
        known = self.known
        seen = known.seen.had_it_since is not None and known.asked.look_at is None and known.here()
        if seen and not self.peer_told and ear is not None:
            self.peer_told = True
            peer.tell(ear, self.conf, {"id": "has"})

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

    def peer_has(self, now: float) -> None:
        self.left_until = 0.0
        if now < self.linger_until:
            self.linger_until = now  # not 0.0: before a new word of keepalived's, this address is no MASTER's
            # A longer one was put there since, ahead of a planned switch back to this node.
            if 0 < nic.lifetime(self.conf.interface, self.conf.vip) <= LINGER_S:
                self.lease(1)

    def peer_left(self, message: dict, now: float) -> bool:
        """Whether that is news. It is none yet to one that asks for the VIP already and looks where it is anyway."""
        known = self.known
        if not known.master or known.asked.claim or known.seen.task is not None or message == self.left:
            return False
        if now < self.next_left_taken:
            return False  # it is said again; and each costs a look
        self.left, self.next_left_taken = message, now + SAY_S
        self.peer_told = False
        decide.peer_left(known, now)
        return True

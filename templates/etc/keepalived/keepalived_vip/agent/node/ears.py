"""The peer's adverts, as the NIC gets them and as a program here hears them, and what follows where those differ."""

import ctypes
import socket
import struct

from keepalived_vip.agent.node import drain, firewall, nic
from keepalived_vip.agent.policy import hearing

ETH_P_ALL, SO_ATTACH_FILTER = 3, 26
REASON = "firewall"
LEASE_S = 10  # longer than a start of the service takes
NEVER = float("inf")


def attach(sock, lines) -> None:
    """Has the kernel keep for a socket only what passes a program of classic BPF: (code, jt, jf, k) a line."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(lines), ctypes.addressof(code)))


def from_peer(conf):
    """VRRP with the peer's address as its source: of a busy NIC, or of others' VRRP, nothing else may be kept."""
    peer = struct.unpack("!I", socket.inet_aton(conf.peer_address))[0]
    source, protocol = ((0x20, 0, 0, 12), (0x15, 0, 3, peer)), ((0x30, 0, 0, 9), (0x15, 0, 1, nic.VRRP))
    return source + protocol + ((0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))


def adverts(ear, conf) -> list:
    """(priority, seconds to the next one) of each that waits there. Both sockets give the IP header too."""
    found, peer = [], socket.inet_aton(conf.peer_address)
    while True:
        try:
            packet = ear.recv(128)
        except OSError:  # no more, or the NIC has gone down
            return found
        advert = packet[(packet[0] & 15) * 4 :]
        if len(advert) >= 6 and packet[12:16] == peer and nic.of_pair(advert, conf):
            # VRRPv3: the last 12 bits of the third pair of bytes, in hundredths.
            interval_s = (struct.unpack_from("!H", advert, 4)[0] & 0xFFF) / 100.0
            found.append((advert[2], interval_s or conf.advert_s))


class Ears:
    """The two sockets. Neither is written to."""

    def __init__(self, conf) -> None:
        """Raises OSError: the NIC is not there, or the machine's confinement refuses."""
        self.conf = conf
        self.index = socket.if_nametoindex(conf.interface)
        self.heard = nic.hear(conf.interface)
        # packet(7): a tap for all protocols has what comes in before tc, nftables and iptables do.
        self.arrived = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
        try:
            for ear in (self.heard, self.arrived):
                attach(ear, from_peer(conf))
            self.arrived.bind((conf.interface, ETH_P_ALL))
        except OSError:
            self.close()
            raise

    def current(self) -> bool:
        """Whether they are on the NIC that has the name now: it may have been taken out and put in again."""
        try:
            return socket.if_nametoindex(self.conf.interface) == self.index
        except OSError:
            return False

    def listen(self):
        """What `Hearing.took` takes: first what arrived, for all of that which is let through is heard by then."""
        arrived = adverts(self.arrived, self.conf)
        return arrived, bool(adverts(self.heard, self.conf))

    def fileno(self) -> int:
        return self.arrived.fileno()

    def close(self) -> None:
        self.heard.close()
        self.arrived.close()


class Listener:
    """Keeps this node from being MASTER while the peer is, and is not heard."""

    def __init__(self, conf, mover) -> None:
        self.conf = conf
        self.mover = mover
        self.hearing = hearing.Hearing()
        self.ears = None
        self.renew_at = None  # when to prolong the reason, while this holds it; one of a service before ends by itself

    def open(self) -> bool:
        """Whether there are ears now that were not before. Raises OSError."""
        if self.ears is not None:
            return False
        self.ears = Ears(self.conf)
        return True

    def close(self) -> None:
        if self.ears is not None:
            self.ears.close()
            self.ears = None

    def turn(self, now: float) -> float:
        """Takes in what came; gives the time of the next turn without an advert. Raises OSError."""
        before = self.hearing.deaf()
        if self.ears is not None:
            self.hearing.took(now, *self.ears.listen())
        deaf = self.hearing.deaf()
        if deaf and not before:
            self.mover.trouble("firewall", firewall.told(self.conf))
        elif not deaf:
            self.mover.well("firewall")
        if self.hearing.keeps_away(now):
            if self.renew_at is None or now >= self.renew_at:
                drain.hold(self.conf, REASON, LEASE_S, self.mover.troubles["firewall"])
                self.renew_at = now + LEASE_S / 2
            return min(self.renew_at, self.hearing.silent_from)
        if self.renew_at is not None:
            drain.release(self.conf, REASON)
            self.renew_at = None
        return NEVER

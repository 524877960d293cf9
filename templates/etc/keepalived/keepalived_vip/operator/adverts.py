"""The adverts between this node and its peer, as the NIC and the kernel see them. Nothing is sent."""

import select
import socket
import time

from keepalived_vip.agent.node import ears, nic

ICMP = 1  # IP protocol number
UNREACHABLE, NO_PROTOCOL = 3, 2  # its type and code
# Of a busy NIC only this may be copied: load byte 9, the protocol; take 112 and 1, drop all else.
ONLY_THESE = ((0x30, 0, 0, 9), (0x15, 1, 0, nic.VRRP), (0x15, 0, 1, ICMP), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))


def listen(conf, seconds: float, enough: str = "") -> set:
    """Which adverts there are within `seconds`, or until `enough` was among them: "out" to the peer; "refused" by its
    kernel, which says so when no program there listens to their protocol; "arrived" from the peer at the NIC; and
    "heard" here, for a firewall of this node stands between the two.
    """
    found = set()
    # Protocol 0: bound to nothing, and so to no other NIC, until the filter is there.
    with nic.hear(conf.interface) as ear, socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as tap:
        ears.attach(tap, ONLY_THESE)
        tap.bind((conf.interface, ears.ETH_P_ALL))
        deadline = time.monotonic() + seconds
        while enough not in found and time.monotonic() < deadline:
            ready = select.select([tap, ear], [], [], max(0.0, deadline - time.monotonic()))[0]
            if tap in ready:
                found.add(meaning(tap.recv(64), conf))
            if ear in ready and nic.heard(ear, conf):
                found.add("heard")
    return found


def meaning(packet: bytes, conf) -> str:
    """What a packet at the NIC is of that, or "other"."""
    own, peer = conf.address, conf.peer_address
    protocol, ends = header(packet)
    if protocol == nic.VRRP and ends in ((peer, own), (own, peer)):
        advert = packet[(packet[0] & 15) * 4 :]
        if not nic.of_pair(advert, conf) or advert[2:3] == b"\0":  # a farewell: nic.heard does not count it either
            return "other"
        return "arrived" if ends == (peer, own) else "out"
    at = (packet[0] & 15) * 4 if protocol == ICMP and ends == (peer, own) else len(packet)
    if packet[at : at + 2] == bytes([UNREACHABLE, NO_PROTOCOL]) and header(packet[at + 8 :]) == (nic.VRRP, (own, peer)):
        return "refused"
    return "other"


def header(packet: bytes):
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None, None
    return packet[9], (socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]))


def hears_peer(conf) -> bool:
    """Whether the peer is MASTER, by its adverts: within so long one of them arrives."""
    listener, deadline = nic.hear(conf.interface), time.monotonic() + 3 * conf.advert_s + 1
    while time.monotonic() < deadline:
        if nic.heard(listener, conf):
            return True
        time.sleep(0.02)
    return False

"""What can be told of the peer from here without sending it anything that it acts upon: its adverts, and an echo."""

import ctypes
import os
import select
import socket
import struct
import time

ICMP, VRRP = 1, 112  # IP protocol numbers
ETH_P_ALL, SO_ATTACH_FILTER, SO_BINDTODEVICE = 3, 26, 25
ECHO_REQUEST, ECHO_REPLY, UNREACHABLE, NO_PROTOCOL = 8, 0, 3, 2
# Classic BPF, for of a busy NIC only this may be copied: load byte 9, the protocol; take 112 and 1, drop all else.
ONLY_THESE = ((0x30, 0, 0, 9), (0x15, 1, 0, VRRP), (0x15, 0, 1, ICMP), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))


def adverts(interface: str, own: str, peer: str, seconds: float, enough: str = "") -> set:
    """Which adverts there are within `seconds`, or until `enough` was among them: "out" to the peer; "refused" by its
    kernel, which says so when no program there listens to their protocol; "arrived" from the peer at the NIC; and
    "heard" here, for a firewall of this node stands between the two.
    """
    found = set()
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in ONLY_THESE))
    program = struct.pack("HL", len(ONLY_THESE), ctypes.addressof(code))
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as tap, socket.socket(
        socket.AF_INET, socket.SOCK_RAW, VRRP
    ) as ear:
        tap.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
        tap.bind((interface, ETH_P_ALL))
        ear.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, interface.encode() + b"\0")
        deadline = time.monotonic() + seconds
        while enough not in found and time.monotonic() < deadline:
            ready = select.select([tap, ear], [], [], max(0.0, deadline - time.monotonic()))[0]
            if tap in ready:
                found.add(meaning(tap.recv(64), own, peer))
            if ear in ready and ear.recvfrom(64)[1][0] == peer:
                found.add("heard")
    return found


def meaning(packet: bytes, own: str, peer: str) -> str:
    """What a packet at the NIC is of that, or "other"."""
    protocol, ends = header(packet)
    if protocol == VRRP and ends in ((peer, own), (own, peer)):
        return "arrived" if ends == (peer, own) else "out"
    at = (packet[0] & 15) * 4 if protocol == ICMP and ends == (peer, own) else len(packet)
    if packet[at : at + 2] == bytes([UNREACHABLE, NO_PROTOCOL]) and header(packet[at + 8 :]) == (VRRP, (own, peer)):
        return "refused"
    return "other"


def header(packet: bytes):
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None, None
    return packet[9], (socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]))


def checksum(data: bytes) -> int:
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echoes(own: str, peer: str, seconds: float) -> bool:
    """Whether the peer answers an ICMP echo; asked three times."""
    mark = os.urandom(8)

    def request(number: int) -> bytes:
        head = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, os.getpid() & 0xFFFF, number)
        return head[:2] + struct.pack("!H", checksum(head + mark)) + head[4:] + mark

    with socket.socket(socket.AF_INET, socket.SOCK_RAW, ICMP) as wire:
        wire.bind((own, 0))
        for number in range(3):
            wire.sendto(request(number), (peer, 0))
            deadline = time.monotonic() + seconds / 3
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                wire.settimeout(left)
                try:
                    packet, (source, _) = wire.recvfrom(128)
                except socket.timeout:
                    break
                at = (packet[0] & 15) * 4
                if source == peer and packet[at] == ECHO_REPLY and packet[at + 8 :] == mark:
                    return True
    return False

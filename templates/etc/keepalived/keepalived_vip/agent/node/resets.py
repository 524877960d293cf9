"""Has clients find out at once that their connections are gone.

The TCP of a dead peer's has asked in vain meanwhile, and waits twice as long before each next try. A segment that does
not fit is answered at once by who has the connection; to that answer this node's kernel, which does not know the
connection, says RST. And this node's own, as their time is over, its kernel closes."""

import re
import socket
import struct
import subprocess
import time

from keepalived_vip.agent.node import flows, nic

ACK = 0x10
TCP_HEADER_WORDS = 5
AGAIN_S = 0.6  # Linux answers such a segment once in 0.5 s
ABORT_S = 2  # so long the VIP, which goes off the NIC meanwhile, is on the tunnel's interface: a reset needs its source
A_FLOW = re.compile(r"(\d+\.\d+\.\d+\.\d+) \. (\d+) \. (\d+)")


def asking() -> list:
    """(client's address, its port, own port) of the connections that were the peer's, as far as they were in use of
    late. Raises OSError."""
    told = flows.nft(["-n", "list", "set"] + flows.TABLE.split() + ["asking"])
    return [(client, int(client_port), int(port)) for client, client_port, port in A_FLOW.findall(told)]


def checksum(data: bytes) -> int:
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def segment(vip: str, client: str, client_port: int, port: int) -> bytes:
    """An acknowledgement of nothing, from the VIP to a client: header of TCP only."""
    head = struct.pack("!HHIIBBHHH", port, client_port, 0, 0, TCP_HEADER_WORDS << 4, ACK, 0, 0, 0)
    pseudo = socket.inet_aton(vip) + socket.inet_aton(client) + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(head))
    return head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]


def provoke(vip: str, connections) -> None:
    """For when nothing is sent to the peer any more. Twice, for a packet may be lost. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as out:
        out.bind((vip, 0))
        for pause_s in (0, AGAIN_S):
            time.sleep(pause_s)
            for client, client_port, port in connections:
                try:
                    out.sendto(segment(vip, client, client_port, port), (client, 0))
                except OSError:
                    pass  # to one client no way leads; it finds out by itself


def abort(vip: str) -> None:
    """Has this kernel close its connections of the VIP, which is elsewhere, with a reset to each client by the way that
    answers go. The programs here would hold them for as long as they have nothing to say, and a client that only
    listens would hear nothing. A kernel without CONFIG_INET_DIAG_DESTROY and a node without ss leave it at that."""
    own = ["src", vip, "and", "not", "dst", vip]
    try:
        nic.set_lifetime(flows.LINK, vip, ABORT_S)
        subprocess.run(
            ["ss", "-KHtn", "state", "connected", "exclude", "time-wait"] + own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=ABORT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        pass  # the new holder tells them, once they speak

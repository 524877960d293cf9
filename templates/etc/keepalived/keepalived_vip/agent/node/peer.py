"""The words between the nodes: a request to yield, from the one that is to take the VIP, which is answered; "prepare",
from the one that is to give it, answered by "ready" or "unready"; "has", from the one that has the VIP now; "serves",
from a MASTER without it, which is answered by "has", or from a self-test, which says why and is answered anyhow;
"left", from one that is no longer MASTER; and "keeps", from one that serves on the connections that it has, answered by
"carries", and "ready" of no question, from one that takes the VIP and can carry them (policy/connections.py).

One UDP datagram each between the VRRP addresses. No secret is needed: the cloud drops what an ENI sends from an
address that is not its own, the security group lets nobody but the peer reach these ports, and of the peer only root
speaks from a port below 1024, who could move the VIP anyhow, by the peer's role.
"""

import json
import re
import socket
import struct
import time

from keepalived_vip.log import plain

UNREADABLE = "?"  # in place of the id of what is no message
PREPARE, READY, UNREADY = "prepare", "ready", "unready"
SERVES = "serves"
KEEPS, CARRIES = "keeps", "carries"
# ids of what is no request to yield
NEWS = ("has", "left", SERVES, PREPARE, READY, UNREADY, KEEPS, CARRIES, UNREADABLE)
# Assigned to nothing, and below where net.ipv4.ip_unprivileged_port_start is at times lowered to: 53, 80.
PORT = 40  # the services', both ways
ASK_PORT = 36  # from which `vip.py take` asks
OLD_PORT = 5112  # of a peer with an earlier release, which minds no sender's port; spoken to, never listened to
IP_FREEBIND, SO_TIMESTAMPNS = 15, 35  # not named by the socket module
LARGEST = 1400  # bytes: in one packet on any network
MORE = 16  # datagrams taken at a time
ID = re.compile("[0-9a-z]{1,32}")
TEXTS = ("phase", "reached", "why", "by")
NUMBERS, MOST = ("leftS", "count"), 10**6


def listen(conf):
    """The socket on which this node is asked; its NIC may come later. Raises OSError: another program has the port."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        ear.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        ear.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        ear.bind((conf.address, PORT))
    except OSError as error:
        ear.close()
        raise OSError(error.errno, "UDP port %d: %s" % (PORT, error.strerror)) from error
    return ear


def said(ear, peer_address: str, ports=(PORT, ASK_PORT)):
    """(message, sender) of what the peer has said from one of the ports; what others have said is dropped. `waitedS` is
    for how long a message has been in the socket: a machine that stood still finds there what was true before."""
    for _ in range(MORE):
        try:
            data, more, _, sender = ear.recvmsg(LARGEST, 64)
        except OSError:  # nothing more, or the last answer could not be delivered
            return
        if sender[0] == peer_address and sender[1] in ports:
            yield dict(understood(data) or {"id": UNREADABLE}, waitedS=waited_s(more)), sender


def waited_s(more) -> float:
    """By the time that the kernel wrote beside a datagram; 0 without one, and where the clock was set back since."""
    stamps = [data for level, kind, data in more if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS)]
    if not stamps:
        return 0.0
    seconds, nanoseconds = struct.unpack("ll", stamps[0])
    return max(0.0, time.time() - seconds - nanoseconds / 1e9)


def understood(data: bytes):
    """What a datagram says: an id, texts that are short and printable, numbers; None if it says nothing."""
    try:
        found = json.loads(data.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not ID.fullmatch(found["id"]):
        return None
    message = {name: plain(found[name]) for name in TEXTS if isinstance(found.get(name), str)}
    if isinstance(found.get("of"), float):
        message["of"] = found["of"]
    message.update({name: found[name] for name in NUMBERS if type(found.get(name)) is int and 0 <= found[name] <= MOST})
    return dict(message, id=found["id"])


def say(sock, message: dict, to) -> None:
    short = {name: plain(value) if isinstance(value, str) else value for name, value in message.items()}
    try:
        sock.sendto(json.dumps(short, ensure_ascii=False).encode(), to)
    except OSError:
        pass  # who asks asks again


def tell(ear, conf, message: dict) -> None:
    """News, also to a peer with an earlier release."""
    for port in (PORT, OLD_PORT):
        say(ear, message, (conf.peer_address, port))


def ask(conf, message: dict, within_s: float, port: int = PORT):
    """One question and its answer, None if none came in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.settimeout(within_s)
        try:
            mouth.bind((conf.address, ASK_PORT))
        except OSError:
            return None
        say(mouth, message, (conf.peer_address, port))
        for answer, _ in said(mouth, conf.peer_address, (port,)):
            if answer["id"] == message["id"] and "phase" in answer:
                return answer
    return None

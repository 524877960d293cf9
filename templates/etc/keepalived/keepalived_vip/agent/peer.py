"""The words between the nodes: a request to yield, from the one that is to take the VIP, which is answered; "has", from
the one that has the VIP now; and "left", from one that is no longer MASTER.

One UDP datagram each between the VRRP addresses. No secret is needed: the cloud drops what an ENI sends from an
address that is not its own, the security group lets nobody but the peer reach this port, and who speaks for the peer
could move the VIP anyhow, by the peer's role.
"""

import json
import socket

NEWS = ("has", "left")  # ids of what asks for nothing
PORT = 5112  # registered for nothing; VRRP is IP protocol 112
IP_FREEBIND = 15  # not named by the socket module
LARGEST = 1400  # bytes: in one packet on any network
MORE = 16  # datagrams taken at a time


def listen(conf):
    """The socket on which this node is asked; its NIC may come later."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    ear.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    ear.bind((conf.address, PORT))
    return ear


def said(ear, peer_address: str):
    """(message, sender) of what the peer has said; everything else is dropped."""
    for _ in range(MORE):
        try:
            data, sender = ear.recvfrom(LARGEST)
        except OSError:  # nothing more, or the last answer could not be delivered
            return
        if sender[0] != peer_address:
            continue
        try:
            message = json.loads(data.decode())
        except ValueError:
            continue
        if isinstance(message, dict) and isinstance(message.get("id"), str):
            yield message, sender


def say(sock, message: dict, to) -> None:
    try:
        sock.sendto(json.dumps(message).encode()[:LARGEST], to)
    except OSError:
        pass  # who asks asks again


def ask(conf, message: dict, within_s: float):
    """One question and its answer, None if none came in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.settimeout(within_s)
        try:
            mouth.bind((conf.address, 0))
            mouth.sendto(json.dumps(message).encode(), (conf.peer_address, PORT))
            for answer, _ in said(mouth, conf.peer_address):
                if answer["id"] == message["id"]:
                    return answer
        except OSError:
            pass
    return None

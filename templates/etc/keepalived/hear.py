#!/usr/bin/python3 -Es
"""Hear who sends this node adverts of the pair's router id.

hear.py peer SECONDS    wait until the peer does, at most so long; always exits 0
hear.py others SECONDS  exit 1 and say who, if anybody else does: keepalived would take the adverts for its peer's, and
                        obey them; 0 if nobody does in that time
hear.py through ADVERTS exit 1 and say why, if the peer's adverts reach the NIC and no program here; 0 if they do, or if
                        none comes within so many of their intervals
"""

import json
import socket
import sys
import time

VRRP = 112  # IP protocol number, RFC 5798
SO_BINDTODEVICE = 25  # not named by the socket module of Python 3.6


def senders(config: dict, seconds: float):
    """Where each advert comes from, until the time is up."""
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, config["interface"].encode() + b"\0")
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            listener.settimeout(left)
            try:
                packet, (source, _) = listener.recvfrom(256)
            except socket.timeout:
                return
            # The router id is the second byte after the IP header.
            if packet[(packet[0] & 15) * 4 :][1:2] == bytes([config["virtualRouterId"]]):
                yield source


def kept_out(adverts: float):
    """Which firewall of this node keeps the peer's adverts from its programs, and what lets them in; else None."""
    from keepalived_vip import settings
    from keepalived_vip.agent.node import firewall
    from keepalived_vip.operator import adverts as wire

    conf = settings.load()
    for _ in range(2):  # one that comes as the time is up may be on its way still
        found = wire.listen(conf, adverts * conf.advert_s, "heard")
        if "arrived" not in found or "heard" in found:
            return None
    return firewall.told(conf)


def main(who: str, limit: str) -> int:
    if who == "through":
        problem = kept_out(float(limit))
        if problem:
            print(problem)
        return 1 if problem else 0
    with open("/etc/keepalived/vip.json") as file:
        config = json.load(file)
    peer = config["peerAddress"]
    for source in senders(config, float(limit)):
        if who == "peer" and source == peer:
            print("heard %s" % peer)
            return 0
        if who == "others" and source != peer:
            print("%s sends adverts of virtual_router_id %d to this node:" % (source, config["virtualRouterId"]))
            print("set virtualRouterId to a number that nobody else uses, or end keepalived there")
            return 1
    if who == "peer":
        print("no advert of %s yet, starting without" % peer)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, ValueError, KeyError) as error:
        # Listening is a precaution: keepalived must start also where it is not possible.
        print("cannot listen for adverts: %s" % error)

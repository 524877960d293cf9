"""Whether an address answers a ping. No external program."""

import json
import os
import socket
import struct
import time

from keepalived_vip.agent.node import nic

PING_S = 0.1


def probe(conf, args) -> int:
    """Whether the VIP answers a ping that the cloud delivers; asked from the node that does not have it."""
    here = nic.look(conf.interface, conf.vip) != nic.ABSENT
    answered_ms = None if here else ping(conf.interface, conf.address, conf.vip, args.within)
    if args.json:
        print(json.dumps({"here": here, "answeredMs": answered_ms}))
    elif here:
        print("the VIP is on this node's own NIC: ask the other node")
    else:
        print("no answer" if answered_ms is None else "answered after %.1f ms" % answered_ms)
    return 2 if here else 0 if answered_ms is not None else 1


def ping(interface: str, source: str, target: str, within_s: float):
    """Milliseconds until an ICMP echo by that way, repeated every PING_S, came back; None if none did."""
    mark = os.urandom(8)
    began = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.setsockopt(socket.SOL_SOCKET, nic.SO_BINDTODEVICE, interface.encode() + b"\0")
        raw.settimeout(PING_S)
        sequence = 0
        while time.monotonic() - began < within_s:
            sequence += 1
            sent = time.monotonic()
            try:
                raw.bind((source, 0))
                raw.sendto(echo(os.getpid() & 0xFFFF, sequence, mark), (target, 0))
                while time.monotonic() - sent < PING_S:
                    packet, (sender, _) = raw.recvfrom(512)
                    at = (packet[0] & 15) * 4
                    if sender == target and packet[at] == 0 and packet[at + 8 : at + 16] == mark:
                        return round((time.monotonic() - began) * 1000, 1)
            except socket.timeout:
                continue
            except OSError:
                time.sleep(PING_S)  # no route, or the NIC has lost its address
    return None


def echo(identifier: int, sequence: int, mark: bytes) -> bytes:
    """An ICMP echo request, RFC 792."""
    packet = struct.pack("!BBHHH", 8, 0, 0, identifier, sequence) + mark
    total = sum(struct.unpack("!8H", packet))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return packet[:2] + struct.pack("!H", ~total & 0xFFFF) + packet[4:]

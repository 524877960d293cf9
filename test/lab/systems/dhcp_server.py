#!/usr/bin/env python3
"""A cloud's DHCP: leases a NIC the address that the cloud has assigned to it, and prints a line for each lease.

Usage: dhcp_server.py RENEW_S GATEWAY PREFIX DEVICE=ADDRESS ..., a device being the router's end of a cable.
A client asks again after RENEW_S; should it be late, the lease holds for twenty times as long. The server sees and
sends whole frames, so the router's own rules neither hinder nor help.
"""

import select
import socket
import struct
import sys

ETH_P_IP, UDP, SERVER_PORT, CLIENT_PORT = 0x0800, 17, 67, 68
COOKIE = bytes([99, 130, 83, 99])  # RFC 2131, 3: what the options begin with
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5  # option 53 of RFC 2132
EVERYBODY = b"\xff" * 6


def question_in(frame):
    """A client's question (what UDP carries), or None."""
    udp = frame[14 + (frame[14] & 15) * 4 :]
    is_one = frame[23] == UDP and struct.unpack("!H", udp[2:4])[0] == SERVER_PORT and udp[244:248] == COOKIE
    return udp[8:] if is_one else None


def kind_of(question):
    at = 240
    while at < len(question) and question[at] != 255:
        if question[at] == 53:
            return question[at + 2]
        at += 1 if question[at] == 0 else 2 + question[at + 1]
    return None


def answer(question, kind, address, gateway, prefix, renew_s):
    """The IP packet that gives the address."""
    mask = struct.pack("!I", (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF)
    times = [(code, struct.pack("!I", factor * renew_s)) for code, factor in ((51, 20), (58, 1), (59, 15))]
    # Kind, server, mask, router; lease time, when to ask this server again, when any.
    options = [(53, bytes([kind])), (54, gateway), (1, mask), (3, gateway)] + times
    reply = bytes([2]) + question[1:16] + address + gateway + question[24:236] + COOKIE
    reply += b"".join(bytes([code, len(value)]) + value for code, value in options) + b"\xff"
    length = 8 + len(reply)
    head = struct.pack("!BBHHHBBH4s4s", 69, 0, 20 + length, 0, 0, 64, UDP, 0, gateway, address)
    total = sum(struct.unpack("!10H", head))
    total = (total >> 16) + (total & 0xFFFF)
    head = head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:]
    return head + struct.pack("!HHHH", SERVER_PORT, CLIENT_PORT, length, 0) + reply


def main(renew_s, gateway, prefix, ports):
    wires, owners = {}, {}
    for device, address in (port.split("=") for port in ports):
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        wire.bind((device, ETH_P_IP))
        wires[wire] = address
    while True:
        for wire in select.select(list(wires), [], [])[0]:
            frame, (_, _, packet_type, _, _) = wire.recvfrom(2048)
            question = None if packet_type == socket.PACKET_OUTGOING or len(frame) < 282 else question_in(frame)
            kind = {DISCOVER: OFFER, REQUEST: ACK}.get(kind_of(question)) if question else None
            if kind is None:
                continue
            # By whom it is for, not where it came in: a client asks for a renewal by the node's own routes.
            client = question[28:34]
            if frame[:6] == EVERYBODY:
                owners[client] = wire
            wire = owners.get(client, wire)
            packet = answer(question, kind, *map(socket.inet_aton, (wires[wire], gateway)), prefix, renew_s)
            wire.send(client + wire.getsockname()[4] + struct.pack("!H", ETH_P_IP) + packet)
            print("%s %s" % ("offered" if kind == OFFER else "leased", wires[wire]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:])

"""Asks the VIP from a node, again and again, and says which questions were answered, and when.

Usage, as root on a node: python3 -E -c TEXT INTERVAL_MS LIMIT_S. A line `NUMBER SENT ANSWERED` (Unix seconds) for each
answer as it comes, and `- NOW` once a second; it ends after LIMIT_S, or when nobody reads on.

The node may get the VIP meanwhile, and then its kernel would answer by itself. So each question is a frame of its own
to the gateway, which the cloud delivers to whoever has the VIP. It is answered when the reply arrives at the NIC, or
when the question itself comes back to it while the VIP is on this node: then the cloud delivers here.
"""
import ctypes
import json
import os
import select
import socket
import struct
import sys
import time

CONFIG = "/etc/keepalived/vip.json"
ARP, IP, ICMP = 0x0806, 0x0800, 1
SO_ATTACH_FILTER = 26
# Of a busy NIC only ICMP may be copied: load byte 9 of the IP header, the protocol; take 1, drop all else.
ICMP_ONLY = ((0x30, 0, 0, 9), (0x15, 0, 1, ICMP), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))
ECHO, REPLY = 8, 0
GIVE_UP_S = 2.0


def attach(sock, lines) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(lines), ctypes.addressof(code)))


def checksum(data: bytes) -> bytes:
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF)


def packet(source: bytes, target: bytes, number: int, mark: bytes) -> bytes:
    """An IP packet with an echo request (RFC 791, RFC 792)."""
    body = struct.pack("!HH8sQ", 0, number & 0xFFFF, mark, number)
    echo = struct.pack("!BB", ECHO, 0) + checksum(struct.pack("!BBH", ECHO, 0, 0) + body) + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(echo), number & 0xFFFF, 0, 64, ICMP, 0)
    return head[:10] + checksum(head + source + target) + source + target + echo


def meaning(data: bytes, mark: bytes):
    """(type, source, number) of one of ours, else None."""
    at = (data[0] & 15) * 4
    if len(data) < at + 24 or data[at + 8 : at + 16] != mark:
        return None
    return data[at], data[12:16], struct.unpack_from("!Q", data, at + 16)[0]


def mac_of(interface: str, own: bytes, target: bytes) -> bytes:
    """By ARP. Raises OSError when nobody answers."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ARP)) as sock:
        sock.bind((interface, ARP))
        head = struct.pack("!HHBBH", 1, IP, 6, 4, 1) + sock.getsockname()[4]
        for _ in range(5):
            sock.sendto(head + own + bytes(6) + target, (interface, ARP, 0, 0, b"\xff" * 6))
            deadline = time.monotonic() + 0.5
            while select.select([sock], [], [], max(0.0, deadline - time.monotonic()))[0]:
                data = sock.recv(64)
                if data[6:8] == b"\0\2" and data[14:18] == target:
                    return data[8:14]
    raise OSError("the gateway of %s does not answer" % interface)


def is_here(vip: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((vip, 0))
            return True
        except OSError:
            return False


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(interval_s: float, limit_s: float) -> None:
    with open(CONFIG) as file:
        conf = json.load(file)
    interface, vip = conf["interface"], conf["vip"]
    own, target, gateway = (socket.inet_aton(conf[key]) for key in ("address", "vip", "gateway"))
    to = (interface, IP, 0, 0, mac_of(interface, own, gateway))
    # Bound to nothing, and so to no other NIC, until the filter is there.
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    attach(sock, ICMP_ONLY)
    sock.bind((interface, IP))
    mark, waiting, number = os.urandom(8), {}, 0
    due = beat = time.time()
    end = due + limit_s
    while time.time() < end:
        number += 1
        waiting[number] = time.time()
        try:
            sock.sendto(packet(own, target, number, mark), to)
        except OSError:
            pass  # unanswered, as any other
        if time.time() >= beat:
            say("- %.4f" % time.time())
            beat += 1.0
            waiting = {n: sent for n, sent in waiting.items() if sent > beat - GIVE_UP_S - 1.0}
        due = max(due + interval_s, time.time() - interval_s)
        while select.select([sock], [], [], max(0.0, due - time.time()))[0]:
            try:
                found = meaning(sock.recv(256), mark)
            except OSError:
                break  # the NIC has gone down
            if found is None or found[2] not in waiting:
                continue
            kind, source, answered = found
            if (kind == REPLY and source == target) or (kind == ECHO and source == own and is_here(vip)):
                say("%d %.4f %.4f" % (answered, waiting.pop(answered), time.time()))


if __name__ == "__main__":
    try:
        main(float(sys.argv[1]) / 1000, float(sys.argv[2]))
    except BrokenPipeError:
        os._exit(0)  # nobody reads on
    except (OSError, ValueError, KeyError) as error:
        sys.exit("cannot ask the VIP: %s" % error)

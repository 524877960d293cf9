"""What happens on the router, as JSON lines with the kernel's own times: VRRP adverts as they come from a node, rules
that are loaded (a fault begins so), and where the VIP is delivered. Usage, in the router's namespace: tap.py VIP.
"""
import ctypes
import json
import select
import socket
import struct
import sys
import time

ETH_P_IP, VRRP = 0x0800, 112
SO_TIMESTAMPNS, SO_ATTACH_FILTER = 35, 26  # not named by the socket module
NETLINK_NETFILTER, GROUP_NFTABLES, NEW_GENERATION = 12, 1 << 6, 10 << 8 | 15
GROUP_IPV4_ROUTE, NEW_ROUTE, RTA_DST, RTA_GATEWAY = 0x40, 24, 1, 5


def say(at_ms, what, **fields):
    sys.stdout.write(json.dumps(dict(fields, atMs=round(at_ms, 3), what=what)) + "\n")
    sys.stdout.flush()


def now_ms():
    return time.time() * 1000


def advert_socket():
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    # Only protocol 112 wakes this program: load ruled by probes would disturb what is measured.
    program = struct.pack("=HBBI", 0x30, 0, 0, 9) + struct.pack("=HBBI", 0x15, 0, 1, VRRP)
    program += struct.pack("=HBBI", 0x06, 0, 0, 0xFFFF) + struct.pack("=HBBI", 0x06, 0, 0, 0)
    code = ctypes.create_string_buffer(program)
    tap.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 4, ctypes.addressof(code)))
    tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return tap


def netlink(family, groups):
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
    kernel.bind((0, groups))
    return kernel


def messages(kernel):
    data = kernel.recv(1 << 18)
    at = 0
    while at + 16 <= len(data):
        size, kind = struct.unpack_from("=IH", data, at)
        yield kind, data[at + 16 : at + size]
        at += (size + 3) & ~3


def advert(tap):
    data, control, _, origin = tap.recvmsg(256, 64)
    if origin[2] == socket.PACKET_OUTGOING:
        return  # seen when it came in
    seconds, nanoseconds = struct.unpack("qq", control[0][2][:16])
    start = (data[0] & 15) * 4
    say(seconds * 1000 + nanoseconds / 1e6, "advert", source=socket.inet_ntoa(data[12:16]), priority=data[start + 2])


def attributes(body, at):
    found = {}
    while at + 4 <= len(body):
        size, kind = struct.unpack_from("=HH", body, at)
        if size < 4:
            break
        found[kind] = body[at + 4 : at + size]
        at += (size + 3) & ~3
    return found


def main():
    vip = socket.inet_aton(sys.argv[1])
    tap = advert_socket()
    rules = netlink(NETLINK_NETFILTER, GROUP_NFTABLES)
    routes = netlink(socket.NETLINK_ROUTE, GROUP_IPV4_ROUTE)
    say(now_ms(), "ready")
    while True:
        for ready in select.select([tap, rules, routes], [], [])[0]:
            at = now_ms()
            if ready is tap:
                advert(tap)
            elif ready is rules:
                if any(kind == NEW_GENERATION for kind, _ in messages(rules)):
                    say(at, "rules")
            else:
                for kind, body in messages(routes):
                    route = attributes(body, 12)
                    if kind == NEW_ROUTE and route.get(RTA_DST) == vip and RTA_GATEWAY in route:
                        say(at, "route", to=socket.inet_ntoa(route[RTA_GATEWAY]))


if __name__ == "__main__":
    main()

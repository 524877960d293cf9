#!/usr/bin/python3
"""Whether anybody but the peer sends this node adverts of its own virtual_router_id. Usage: hear_others.py SECONDS.

keepalived would take them for its peer's, and obey them. Exits 1 and says who; 0 when nobody is heard in that time, or
when listening is not possible.
"""
import json
import socket
import sys
import time

VRRP = 112  # IP protocol number, RFC 5798
SO_BINDTODEVICE = 25  # not named by the socket module of Python 3.6


def main() -> int:
    deadline = time.monotonic() + float(sys.argv[1])
    with open("/etc/keepalived/vip.json") as file:
        config = json.load(file)
    router_id = config["virtualRouterId"]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, config["interface"].encode() + b"\0")
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return 0
            listener.settimeout(left)
            try:
                packet, (source, _) = listener.recvfrom(256)
            except socket.timeout:
                continue
            # The router id is the second byte after the IP header.
            if source != config["peerAddress"] and packet[(packet[0] & 15) * 4 :][1:2] == bytes([router_id]):
                print("%s sends adverts of virtual_router_id %d to this node:" % (source, router_id))
                print("set virtualRouterId to a number that nobody else uses, or end keepalived there")
                return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as error:
        # Listening is a precaution: a kernel that does not allow it is no reason to refuse the node.
        print("cannot listen for others: %s" % error)

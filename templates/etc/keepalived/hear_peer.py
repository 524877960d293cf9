#!/usr/bin/python3
"""Wait until an advert of the peer arrives, at most SECONDS. Usage: hear_peer.py SECONDS. Always exits 0."""
import json
import socket
import sys
import time

VRRP = 112  # IP protocol number, RFC 5798
SO_BINDTODEVICE = 25  # not named by the socket module of Python 3.6


def main() -> None:
    deadline = time.monotonic() + float(sys.argv[1])
    with open("/etc/keepalived/vip.json") as file:
        config = json.load(file)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, config["interface"].encode() + b"\0")
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                print("no advert of %s yet, starting without" % config["peerAddress"])
                return
            listener.settimeout(left)
            try:
                packet, (source, _) = listener.recvfrom(256)
            except socket.timeout:
                continue
            # The router id, by which it is the pair's own VRRP, is the second byte after the IP header.
            advert = packet[(packet[0] & 15) * 4 :]
            if source == config["peerAddress"] and advert[1:2] == bytes([config["virtualRouterId"]]):
                print("heard %s" % source)
                return


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        # Listening is a precaution: keepalived must start also where it is not possible.
        print("cannot listen for the peer: %s" % error)

"""A client that asks an address every INTERVAL_MS and says which questions were answered, and when.

Usage, in the client's namespace: probe.py ADDRESS INTERVAL_MS icmp|tcp:PORT. A line `sent answered` (ms since 1970) for
each answer as it comes; when its standard input ends, a line `sent -` for each question that got none.
"""
import errno
import os
import select
import socket
import struct
import sys
import time

SO_TIMESTAMPNS = 35  # not named by the socket module
GIVE_UP_S = 1.0


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Icmp:
    """Echo requests; the kernel says when an answer arrived."""

    def __init__(self, address):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.connect((address, 0))
        self.id = os.getpid() & 0xFFFF

    def ask(self, number, _):
        head = struct.pack("!BBHHH", 8, 0, 0, self.id, number & 0xFFFF)
        body = struct.pack("!Q", number)
        try:
            self.sock.send(head[:2] + struct.pack("!H", checksum(head + body)) + head[4:] + body)
        except OSError:
            pass  # unanswered, as any other

    def answers(self, until):
        if not select.select([self.sock], [], [], max(0.0, until - time.time()))[0]:
            return
        data, control, _, _ = self.sock.recvmsg(256, 64)
        kind, _, _, mine, _ = struct.unpack_from("!BBHHH", data, 20)
        if kind == 0 and mine == self.id:
            seconds, nanoseconds = struct.unpack("qq", control[0][2][:16])
            yield struct.unpack_from("!Q", data, 28)[0], seconds + nanoseconds / 1e9


class Tcp:
    """A new connection each time: what a client of a service needs, down to the process that listens."""

    def __init__(self, address, port):
        self.target = (address, port)
        self.poll = select.poll()
        self.open = {}  # descriptor -> (socket, number, when)

    def ask(self, number, now):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        if sock.connect_ex(self.target) in (0, errno.EINPROGRESS):
            self.open[sock.fileno()] = (sock, number, now)
            self.poll.register(sock, select.POLLOUT)
        for descriptor in [fd for fd, (_, _, since) in self.open.items() if now - since > GIVE_UP_S]:
            self.end(descriptor)

    def end(self, descriptor):
        sock, number, _ = self.open.pop(descriptor)
        self.poll.unregister(descriptor)
        refused = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        sock.close()
        return number, refused

    def answers(self, until):
        for descriptor, events in self.poll.poll(max(0.0, until - time.time()) * 1000):
            now = time.time()
            number, refused = self.end(descriptor)
            if events & select.POLLOUT and not refused:
                yield number, now


def main():
    address, interval, kind = sys.argv[1], float(sys.argv[2]) / 1000, sys.argv[3]
    client = Icmp(address) if kind == "icmp" else Tcp(address, int(kind.split(":")[1]))
    waiting, number, due = {}, 0, time.time()
    os.set_blocking(0, False)

    def ended():
        try:
            return not os.read(0, 64)
        except BlockingIOError:
            return False

    while not ended():
        waiting[number] = time.time()
        client.ask(number, waiting[number])
        number += 1
        due = max(due + interval, time.time() - interval)
        while time.time() < due:
            for answered, at in client.answers(due):
                sent = waiting.pop(answered, None)
                if sent is not None:
                    sys.stdout.write("%.3f %.3f\n" % (sent * 1000, at * 1000))
                    sys.stdout.flush()
    for sent in waiting.values():
        sys.stdout.write("%.3f -\n" % (sent * 1000))


if __name__ == "__main__":
    main()

"""A client that holds COUNT connections to an echo server and uses each of them again and again, as a pool does.

Usage, in the client's namespace: connections.py ADDRESS PORT COUNT PERIOD_S. A line `open` once each of them has been
answered; from then on each is used once in the period, one after the other, 0 = none before the end. A line
`broken MS` (ms since 1970) for each that is reset or closed, as it comes. When its standard input ends it uses those
that are left once more, and the last line says how many broke in all, how many of these hang, for they owe an answer
after PATIENCE_S, and the longest time in ms from a question to its answer.
"""
import collections
import resource
import selectors
import socket
import struct
import sys
import time

PATIENCE_S = 5.0
OPENING_S = 60.0
STDIN = 0
ASKED_AT_ONCE = 50
LAST_DATA_RECV = 52  # in struct tcp_info


def opened(target):
    """A connection; a service that was just started gets some time."""
    deadline = time.monotonic() + OPENING_S
    while True:
        try:
            sock = socket.create_connection(target, timeout=PATIENCE_S)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def waiting_s(sock):
    """How long what has come has waited to be read: a client that is short of CPU is no part of an answer's time."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_RECV + 4)
    return struct.unpack_from("=I", info, LAST_DATA_RECV)[0] / 1000.0


class Pool:
    def __init__(self, target, count):
        self.owed = {opened(target): 0 for _ in range(count)}  # the answers that each one is to get yet
        self.since = {}  # when those that owe some were asked for the first of them
        self.longest_s = 0.0
        self.turns = collections.deque(self.owed)
        self.ending = False
        self.selector = selectors.DefaultSelector()
        for each in (STDIN, *self.owed):
            self.selector.register(each, selectors.EVENT_READ)

    def drop(self, sock):
        self.selector.unregister(sock)
        del self.owed[sock]
        self.since.pop(sock, None)
        sock.close()
        print("broken %.1f" % (time.time() * 1000), flush=True)

    def ask(self, sock):
        self.since.setdefault(sock, time.monotonic())
        try:
            self.owed[sock] += sock.send(b".")
        except BlockingIOError:
            pass
        except OSError:
            self.drop(sock)

    def ask_next(self):
        """Asks the one whose turn it is. Those that are broken are forgotten as their turn comes."""
        while self.turns:
            sock = self.turns.popleft()
            if sock in self.owed:
                self.turns.append(sock)
                self.ask(sock)
                return

    def hear(self, seconds):
        for key, _ in self.selector.select(max(0.0, seconds)):
            sock = key.fileobj
            if sock == STDIN:
                self.selector.unregister(STDIN)
                self.ending = True
                continue
            try:
                answers = sock.recv(4096)
            except OSError:
                answers = b""
            if not answers:
                self.drop(sock)
                continue
            self.owed[sock] -= len(answers)
            if self.owed[sock] == 0:
                took_s = time.monotonic() - self.since.pop(sock)
                if took_s > self.longest_s:
                    self.longest_s = max(self.longest_s, took_s - waiting_s(sock))

    def round(self, seconds):
        """Uses each once, and hears until all have answered or the time is over."""
        for sock in list(self.owed):
            self.ask(sock)
        self.settle(seconds)

    def settle(self, seconds):
        """Hears until all have answered or the time is over."""
        deadline = time.monotonic() + seconds
        while any(self.owed.values()) and time.monotonic() < deadline:
            self.hear(deadline - time.monotonic())

    def use(self, period_s):
        """Uses them in turn until the input ends."""
        due = time.monotonic()
        while not self.ending:
            if not self.turns or not period_s:
                self.hear(1.0)
                continue
            for _ in range(ASKED_AT_ONCE):
                if time.monotonic() < due:
                    break
                self.ask_next()
                # A client that was kept from its turn asks no more often for that.
                due = max(due + period_s / len(self.turns or "."), time.monotonic() - period_s)
            self.hear(due - time.monotonic())


def main():
    address, port, count, period_s = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    pool = Pool((address, port), count)
    pool.round(OPENING_S)
    print("open", flush=True)
    pool.longest_s = 0.0
    pool.use(period_s)
    pool.settle(PATIENCE_S)  # answers that come after the end count as well
    longest_s = pool.longest_s  # of what was asked in turn: all at once take longer
    pool.round(PATIENCE_S)
    hanging = sum(owed != 0 for owed in pool.owed.values())
    print(count - len(pool.owed) + hanging, hanging, "%.1f" % (longest_s * 1000), flush=True)


if __name__ == "__main__":
    main()

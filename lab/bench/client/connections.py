"""A client that holds COUNT connections to an echo server and uses each of them once a second, as a pool does.

Usage, in the client's namespace: connections.py ADDRESS PORT COUNT. A line `open` once each of them has been answered.
When its standard input ends it uses those that are left once more, and a line says how many broke and how many of these
hang: those that were reset or closed, and those that owe an answer after PATIENCE_S.
"""
import selectors
import socket
import sys
import time

PERIOD_S = 1.0
PATIENCE_S = 5.0
OPENING_S = 60.0
STDIN = 0


def opened(target):
    """A connection; a service that was just started gets some time."""
    deadline = time.monotonic() + OPENING_S
    while True:
        try:
            sock = socket.create_connection(target, timeout=PATIENCE_S)
            sock.setblocking(False)
            return sock
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Pool:
    def __init__(self, target, count):
        self.owed = {opened(target): 0 for _ in range(count)}  # the answers that each one is to get yet
        self.ending = False
        self.selector = selectors.DefaultSelector()
        for each in (STDIN, *self.owed):
            self.selector.register(each, selectors.EVENT_READ)

    def drop(self, sock):
        self.selector.unregister(sock)
        del self.owed[sock]
        sock.close()

    def ask(self):
        for sock in list(self.owed):
            try:
                self.owed[sock] += sock.send(b".")
            except BlockingIOError:
                pass
            except OSError:
                self.drop(sock)

    def hear(self, seconds):
        for key, _ in self.selector.select(max(0.0, seconds)):
            if key.fileobj == STDIN:
                self.selector.unregister(STDIN)
                self.ending = True
                continue
            try:
                answers = key.fileobj.recv(4096)
            except OSError:
                answers = b""
            if answers:
                self.owed[key.fileobj] -= len(answers)
            else:
                self.drop(key.fileobj)

    def round(self, seconds):
        """Uses each once, and hears until all have answered or the time is over."""
        deadline = time.monotonic() + seconds
        self.ask()
        while any(self.owed.values()) and time.monotonic() < deadline:
            self.hear(deadline - time.monotonic())


def main():
    address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    pool = Pool((address, port), count)
    pool.round(OPENING_S)
    print("open", flush=True)
    while not pool.ending:
        due = time.monotonic() + PERIOD_S
        pool.ask()
        while not pool.ending and time.monotonic() < due:
            pool.hear(due - time.monotonic())
    pool.round(PATIENCE_S)
    hanging = sum(owed != 0 for owed in pool.owed.values())
    print(count - len(pool.owed) + hanging, hanging, flush=True)


if __name__ == "__main__":
    main()

"""Tells the user's notifyUrl of moves and of troubles that last, by a thread of its own, with patience.
The URL is a secret: it stands in a file of its own and in no message. So does what a robot's messages are signed with.
"""

import collections
import json
import os
import socket
import ssl
import threading
import time

from keepalived_vip import VERSION, http1
from keepalived_vip.user import robots

LASTING_S = 30.0  # a trouble that is over sooner is nobody's business
QUEUE = 100  # the oldest goes first
GIVE_UP_S = 3600.0  # later it is no news any more
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 60.0


class Lasting:
    """Which troubles are worth telling: each once, when it has lasted, and once more when it is over. No I/O."""

    def __init__(self) -> None:
        self.since = {}  # what: when it began, by the caller's clock
        self.told = {}  # what: its message when it was told

    def turn(self, now: float, troubles: dict) -> list:
        """[(event, what, message, seconds that it lasted so far)]"""
        found = []
        for what in sorted(set(self.since) - set(troubles)):
            lasted = now - self.since.pop(what)
            if what in self.told:
                found.append(("trouble-over", what, self.told.pop(what), lasted))
        for what, message in sorted(troubles.items()):
            lasted = now - self.since.setdefault(what, now)
            if lasted >= LASTING_S and what not in self.told:
                self.told[what] = message
                found.append(("trouble", what, message, lasted))
        return found


class Notifier:
    """Delivers in order. What is queued ends with the service."""

    def __init__(self, conf, context) -> None:
        self.conf = conf
        self.context = context
        self.problem = None  # why the last try failed
        self.queue = collections.deque(maxlen=QUEUE)
        self.filled = threading.Event()
        try:
            with open(conf.notify_url_file) as file:
                lines = file.read().split()
        except OSError:
            lines = []
        # The URL alone where programs are told.
        self.url, form, secret = (lines + [""] * 3)[:3]
        self.format = robots.FORMATS.get(form, robots.Json)(secret)
        if self.url:
            threading.Thread(target=self.work, daemon=True).start()

    def tell(self, event: str, **fields) -> None:
        """Returns at once."""
        if not self.url:
            return
        head = [("schemaVersion", 1), ("event", event), ("time", round(time.time(), 3))]
        head += [("pair", self.conf.pair), ("node", self.conf.node), ("vip", self.conf.vip)]
        self.queue.append((time.monotonic(), json.dumps(dict(head + sorted(fields.items())))))
        self.filled.set()

    def work(self) -> None:
        while True:
            self.filled.wait()
            self.filled.clear()
            while self.queue:
                self.deliver([self.queue.popleft()])

    def deliver(self, batch: list) -> None:
        """batch: (when it was queued, content); takes in what has come until then, if they go together."""
        delay = RETRY_FIRST_S
        while True:
            while self.format.gathers and self.queue:
                batch.append(self.queue.popleft())
            batch = [one for one in batch if time.monotonic() - one[0] < GIVE_UP_S][-QUEUE:]
            if not batch:
                return
            self.problem = self.post([json.loads(content) for _, content in batch])
            if self.problem is None:
                time.sleep(self.format.gap_s)
                return
            time.sleep(delay)
            delay = min(delay * 2, RETRY_MAX_S)

    def post(self, events: list):
        """None, or what went wrong: without a word that could be the URL's."""
        try:
            with_tls, host, port, path = http1.split_url(self.url)
            path, content = self.format.message(path, events, time.time())
            context = (self.context or ssl.create_default_context()) if with_tls else None
            address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
            connection = http1.Connection(host, address, port, context)
            try:
                headers = {"Host": http1.host_header(with_tls, host, port), "Content-Type": "application/json"}
                headers.update({"User-Agent": "keepalived-vip/" + VERSION, "Connection": "close"})
                answer = connection.exchange("POST", path, headers, json.dumps(content).encode())
            finally:
                connection.close()
            return self.format.problem(answer.status, answer.body)
        except Exception as error:  # whatever it is, the next one is told
            number = getattr(error, "errno", None)
            known = isinstance(number, int) and type(error).__module__ == "builtins"
            return "no answer: %s" % (os.strerror(number) if known else type(error).__name__)

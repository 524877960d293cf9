"""The threads beside the deciding one: they wait for the network, it never does."""

import os
import queue
import threading
import time

from keepalived_vip.cloud.credentials import Unavailable
from keepalived_vip.log import plain

READY_S = 5.0  # how often connection and credentials are looked after
UNREADY_S = 1.0  # ... by a node that has had no credentials since its boot: it could take nothing over
DNS_S = 60.0


class Threads:
    """One thread for the calls and one that keeps connection, names and credentials ready, so that neither a slow cloud
    keeps the service from hearing that it is no longer MASTER, nor a slow metadata service a move from being asked for.
    """

    def __init__(self, mover) -> None:
        self.mover = mover
        self.steps = queue.Queue()
        self.results = queue.Queue()
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        for target in (self.work, self.keep_ready):
            threading.Thread(target=target, daemon=True).start()

    def work(self) -> None:
        while True:
            step = self.steps.get()
            self.results.put((step,) + self.mover.make(step))
            os.write(self.writer, b".")

    def keep_ready(self) -> None:
        resolve_at = 0.0
        while True:
            self.look_after("credentials", self.renew)
            now = time.monotonic()
            if now >= resolve_at:
                resolve_at = now if self.look_after("dns", self.dns_problem) else now + DNS_S
            self.look_after("path", self.mover.path_problem)
            self.look_after("connection", self.mover.api.keep_ready)
            time.sleep(READY_S if self.mover.credentials.values else UNREADY_S)

    def look_after(self, what: str, look):
        """Tells the problem that `look` gives, or by which it fails, whatever that is: this thread goes on."""
        try:
            problem = look()
        except (OSError, Unavailable) as error:
            problem = str(error) or type(error).__name__
        except Exception as error:
            problem = "%s: %s" % (type(error).__name__, plain(str(error)))
        self.tell(what, problem)
        return problem

    def renew(self) -> None:
        if self.mover.credentials.due():
            self.mover.credentials.renew(None)

    def dns_problem(self):
        """None when some endpoint and the metadata service have an address.

        One way to the API is enough: a name server of the user's own may not know the cloud's internal names.
        """
        endpoints, problems = self.mover.conf.endpoints, []
        for endpoint in endpoints:
            problems += self.unresolved(endpoint)
        if len(problems) < len(endpoints):
            problems = []
        return "; ".join(problems + self.unresolved(self.mover.conf.metadata)) or None

    def unresolved(self, endpoint: str) -> list:
        host = endpoint.partition(":")[0]
        try:
            self.mover.addresses.resolve(host)
            return []
        except OSError as error:
            return ["%s: %s" % (host, error)]

    def tell(self, what: str, problem) -> None:
        if problem != self.mover.troubles.get(what):
            self.results.put((None, what, problem, 0.0))
            os.write(self.writer, b".")

"""What the connections that are kept need of this node's kernel: that they are counted, its sets of nft, and the VIP on
the tunnel's interface."""

import queue
import threading
import time

from keepalived_vip.agent.node import nic

LOOK_S = 1.0
# So long conntrack remembers a connection that has ended (nf_conntrack_tcp_timeout_time_wait). A client that has used
# its port here within that time is invalid to it, whichever connection is meant, and firewalls drop what is.
ALONE_S = 120.0
TOLD_S = 5.0  # in which clients of a peer that keeps none any more are told, also those that only listen


class Kernel:
    """A thread that makes one look at a time: counts, and makes the sets of nft what they should be."""

    def __init__(self, conf) -> None:
        from keepalived_vip.agent.node import flows, resets  # only where connections are kept

        self.vip, self.flows, self.resets = conf.vip, flows, resets
        self.recorded_until = 0.0  # what is opened here until then is known
        self.made_anew = False  # the rules were, by this service: what was opened meanwhile is not known
        self.jobs, self.done = queue.Queue(), queue.Queue()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        while True:
            job = self.jobs.get()
            try:
                self.done.put((self.look(*job), None))
            except Exception as error:  # this thread goes on
                self.done.put((None, error))

    def look(self, forward_until, through, alone_s: float, abort_until: float):
        """How many connections there are, and what was forwarded. forward_until: 0.0 = none are forwarded, None: that
        is left as it is; through: likewise; alone_s: for so long what the peer keeps no more is reset; abort_until:
        before then all are closed, while what they send still goes by the peer."""
        flows, vip = self.flows, self.vip
        if time.monotonic() < abort_until:
            self.resets.abort(vip)
        if self.made_anew:
            self.made_anew, self.recorded_until = False, 0.0
        # Or the rules were made anew, by whomever: with empty sets this node's own would go to the peer as well.
        fill = bool(forward_until) and (time.monotonic() >= self.recorded_until or not flows.has("recording"))
        if fill:
            # What is opened meanwhile is recorded first, so that none is missed.
            flows.load(flows.begins() + flows.is_so("recording", vip, self.left_s(forward_until) + LOOK_S))
        found = flows.connections(vip)
        lines = flows.known(found) if fill else []
        now, left_s = time.monotonic(), self.left_s(forward_until or 0.0)
        known_s = left_s or alone_s
        if forward_until is not None:
            lines += flows.is_so("recording", vip, known_s and known_s + LOOK_S)
            lines += flows.is_so("forward", vip, left_s) + flows.is_so("alone", vip, alone_s)
        if through is not None:
            lines += flows.is_so("through", vip, flows.THROUGH_S if through else 0)
        if lines:
            flows.load(lines)
        self.recorded_until = now + known_s + LOOK_S if known_s else 0.0
        if alone_s:
            self.resets.provoke(vip, self.resets.asking())
        return sum(lives for *_, lives in found), flows.forwarded()

    def bridge(self, seconds: int) -> None:
        """Has the tunnel's own interface hold the VIP for so long, beside the NIC. By whoever calls, not by the thread.
        Raises OSError."""
        nic.set_lifetime(self.flows.LINK, self.vip, seconds)

    @staticmethod
    def left_s(until: float) -> float:
        return max(0.0, until - time.monotonic())

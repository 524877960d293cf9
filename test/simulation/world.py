"""One history: two nodes, the cloud, the network between them, and one clock that jumps from event to event."""

import heapq

from cloud import NOBODY, Cloud
from faults import FOR_GOOD, WAIT_S
from keepalived import MASTER
from node import ANSWER_S, CONNECT_S, Node
from plan import Plan
from rules import Rules

NETWORK = "Network"
MANY = 200000  # events of a history; the longest has a tenth of it


class World:
    """Also stands for the module `time` of the runtime."""

    NODE, PLAN = Node, Plan

    __slots__ = (
        "runtime", "plan", "rng", "now", "heap", "order", "trace", "counts", "judged", "cut", "mute", "nodes", "cloud",
        "rules", "api_faults", "waiting", "restless_until", "active", "switch",
    )  # fmt: skip

    def __init__(self, runtime, plan, trace=None) -> None:
        self.runtime, self.plan, self.rng = runtime, plan, plan.rng
        self.now = 0.0
        self.heap, self.order = [], 0
        self.trace = trace
        self.counts, self.judged = {}, {}
        self.cut = [0, 0]  # VRRP from node 0 / node 1 does not arrive; counted by the faults in force
        self.mute = [0, 0]  # nor do the services' words
        self.api_faults = []
        self.waiting = []  # faults that begin when the next request is on its way
        self.restless_until = 0.0  # what was begun before the quiet ends then
        self.active = 0  # faults in force
        self.switch = None  # the planned switch under way
        self.rules = Rules(self)
        runtime.use(self)
        first = plan.first_master
        self.nodes = [self.NODE(self, index, plan) for index in (0, 1)]
        self.cloud = Cloud(self, plan, self.refusal, self.nodes[first].eni)
        for node in self.nodes:
            node.keepalived.peer = self.nodes[1 - node.index].keepalived
        one, other = self.nodes[first], self.nodes[1 - first]
        other.keepalived.enter("BACKUP")
        one.keepalived.state = MASTER
        one.put_vip(True)
        one.keepalived.schedule_advert(self.rng.random() * plan.advert_s)
        other.state_file = {"state": "BACKUP", "since": 0.0}
        for node in self.nodes:
            node.words.clear()
            node.start_service(0)
        for fault in plan.faults:
            self.at(fault.at, fault.due, self)

    def refusal(self, code: str):
        return self.runtime.cloud.ApiError(code, "refused")

    # -- as the module `time` -----------------------------------------------------------------------------------------

    def monotonic(self) -> float:
        return self.now

    time = monotonic

    # -- events -------------------------------------------------------------------------------------------------------

    def at(self, when: float, do, what) -> None:
        self.order += 1
        heapq.heappush(self.heap, (when, self.order, do, what))

    def run(self) -> None:
        """Faults, then quiet until all is right and stays so. Raises Broken."""
        heap, pop, rules = self.heap, heapq.heappop, self.rules
        self.at(max([fault.at for fault in self.plan.faults] + [0.0]) + WAIT_S + 0.001, rules.quiet, None)
        while not rules.done:
            self.now, order, do, what = pop(heap)
            do(what)
            if order > MANY:
                rules.broken("alive", "no rest: %d events, the last at %.6f", order, self.now)

    def disturb(self) -> None:
        for node in self.nodes:
            node.keepalived.wake()

    def restless(self, until: float) -> None:
        self.restless_until = max(self.restless_until, until)

    # -- notes --------------------------------------------------------------------------------------------------------

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def judge(self, rule: str) -> None:
        """A rule has been put to the test."""
        self.judged[rule] = self.judged.get(rule, 0) + 1

    def tell(self, who: str, text: str) -> None:
        self.trace.append((self.now, who, text))

    def moved(self, source: str, target: str) -> None:
        """The VIP's packets go elsewhere now."""
        for node in self.nodes:
            if node.eni == source:
                node.record.losses += 1
        if self.trace is not None:
            self.tell("cloud", "VIP on %s" % self.name_of(target))

    def said(self, node, message: dict, lost: bool) -> None:
        """A service's word to its peer."""

    def name_of(self, eni: str) -> str:
        for node in self.nodes:
            if node.eni == eni:
                return node.name
        return "no ENI" if eni == NOBODY else "a third ENI"

    # -- the way to the cloud and back --------------------------------------------------------------------------------

    def send(self, node, call, pending) -> None:
        rng, rtt = self.rng, self.plan.rtt_s
        there, back = rtt * (0.3 + 0.4 * rng.random()), rtt * (0.3 + 0.4 * rng.random())
        code = None
        processed = True
        for fault in self.api_faults:
            if fault.node is not None and fault.node is not node:
                continue
            if rng.random() >= fault.share:
                continue
            kind = fault.kind
            self.count(kind)
            if kind in ("late request", "late reply"):
                if kind == "late request":
                    there += 8 * rng.random()
                else:
                    back += 8 * rng.random()
                node.record.late_until = max(node.record.late_until, self.now + there + back)
                continue
            node.record.trouble_until = self.now + ANSWER_S
            if kind == "API down":
                self.fail(node, call, rng.choice((0.002, CONNECT_S, ANSWER_S)), NETWORK)
                return
            if kind == "no credentials":
                error = self.runtime.credentials.Unavailable("metadata")
                self.at(self.now + CONNECT_S * rng.random(), self.come, (node, call, error))
                return
            if kind == "throttled" or kind == "API error":
                code = fault.code
                if code == FOR_GOOD:
                    self.count("refused for good")
            elif kind == "lost request":
                processed = False
                back = ANSWER_S + 1
            elif kind == "lost reply":
                back = ANSWER_S + 1 if rng.random() < 0.5 else back
                code = NETWORK
        for fault in self.waiting[:1]:
            self.at(self.now + (there + back) * rng.random(), fault.come, self)
        if self.trace is not None:
            self.tell(node.name, "%s%s" % (pending.action, words(self, pending.request)))
        if there + back > ANSWER_S:
            node.record.trouble_until = self.now + ANSWER_S
            self.fail(node, call, ANSWER_S, NETWORK)
        elif code == NETWORK:
            self.fail(node, call, there + back, NETWORK)
        if processed:
            arrives = self.now + there
            self.restless(arrives)
            self.at(arrives, self.process, (node, call, pending, back, code, there + back <= ANSWER_S))

    def fail(self, node, call, after: float, code: str) -> None:
        self.at(self.now + after, self.come, (node, call, self.refusal(code)))

    def process(self, what) -> None:
        node, call, pending, back, code, heard = what
        if code is not None and code != NETWORK:
            answer = self.refusal(code)
        else:
            self.rules.arrived(node, call, pending.action)
            try:
                answer = self.cloud.answer(node, pending.action, pending.request)
                if pending.action == "DescribeNetworkInterfaces" and heard and code != NETWORK:
                    node.record.shown_on = self.cloud.shown
                if not pending.action.startswith("Describe"):
                    self.rules.accepted(node, pending.action, call.started)
            except self.runtime.cloud.ApiError as error:
                answer = error
        if self.trace is not None and isinstance(answer, Exception):
            self.tell("cloud", "%s's %s: %s" % (node.name, pending.action, answer.code))
        if heard and code != NETWORK:
            self.at(self.now + back, self.come, (node, call, answer))

    def come(self, what) -> None:
        node, call, answer = what
        if isinstance(answer, Exception):
            self.rules.prompt.refused(node, call, answer)
        node.arrive(call, answer)


def words(world, request: dict) -> str:
    """A request in a few words."""
    source = request.get("SourceNetworkInterfaceId")
    if source is not None:
        return " from %s to %s" % (world.name_of(source), world.name_of(request["DestinationNetworkInterfaceId"]))
    return ""

"""The runtime as it lies on a node, loaded so that its time, dice, log, machine and network are the simulation's.

Nothing of it is copied: `role.Role` weighs keepalived's word against the NIC, `decide` and `switch` decide, `calls`
words the requests, `mover` takes in the answers, `handover` does its part of a planned switch.
"""

import copy
import importlib
import os
import sys
import types

import machine
from kept import kernel

PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "templates", "etc", "keepalived")
PACKAGE, AGENT = "keepalived_vip", "keepalived_vip.agent"
# Each imports only those before it.
PURE = ["policy." + name for name in ["patience", "knowledge", "switch", "decide", "answers", "heartbeat", "hearing"]]
PURE += ["policy." + name for name in ["revival", "silence", "carrying", "connections", "peer_says", "stand", "anew"]]
PURE += ["vip.vip_on_nic", "vip.kept_kernel", "vip.kept", "vip.handover", "node.rank"]
VIP, EIP, VPC = "10.0.1.100", "eip-cccccccc", "vpc-dddddddd"
ENIS = ("eni-aaaaaaaa", "eni-bbbbbbbb")
NEVER = float("inf")


class Pending(BaseException):
    """A call whose answer has yet to come. No Exception: the runtime takes those for a cloud that is down."""

    def __init__(self, action: str, request: dict) -> None:
        super().__init__(action)
        self.action, self.request = action, request


class Api:
    """What `calls` speaks to. It gives the answers that have come; at the first that has not, it raises Pending."""

    __slots__ = ("answers", "error", "wanted")

    def __init__(self, wanted, error) -> None:
        self.wanted, self.error = wanted, error

    def call(self, action: str, request: dict) -> dict:
        answer = next(self.answers, None)
        if answer is None:
            if not self.wanted():
                raise self.error("NotMaster", "no longer wanted")
            raise Pending(action, request)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Worker:
    """What the service hands its steps to."""

    __slots__ = ("put", "steps")

    def __init__(self, put) -> None:
        self.put = put
        self.steps = self


class Runtime:
    """The modules of one process; `use` gives them the time, the dice and the files of one history."""

    def __init__(self, mutate) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        if PLACE not in sys.path:
            sys.path.insert(0, PLACE)
        for place in PURE:
            folder, _, name = place.partition(".")
            path = os.path.join(PLACE, "keepalived_vip", "agent", folder, name + ".py")
            with open(path) as file:
                text = mutate(name, file.read())
            module = types.ModuleType("%s.%s" % (AGENT, place))
            exec(compile(text, path, "exec"), module.__dict__)
            sys.modules[module.__name__] = module
            setattr(importlib.import_module("%s.%s" % (AGENT, folder)), name, module)
            setattr(self, name, module)
        modules = "agent.watch agent.role agent.vip.handover agent.vip.mover agent.vip.calls agent.node.drain"
        modules += " agent.node.nic agent.node.peer agent.node.ears agent.node.upkeep agent.node.passage cloud"
        modules += " cloud.credentials settings"
        for name in modules.split():
            setattr(self, name.rpartition(".")[2], importlib.import_module("%s.%s" % (PACKAGE, name)))
        self.watch.Log = machine.Log
        self.files = machine.Settings()
        self.timed = [self.watch, self.role, self.handover, self.mover, self.kept_kernel, self.kept]
        faked = [*self.timed, self.vip_on_nic, self.ears, self.passage]
        fakes = {
            "nic": machine.Nic(self.nic),
            "drain": machine.Drain(self.drain),
            "peer": machine.Peer(self.peer),
            "settings": self.files,
            "moves": machine.Moves(),
            "promise": types.SimpleNamespace(give=lambda *_, **__: None, current=lambda _: None, end=lambda _: None),
            "firewall": types.SimpleNamespace(told=lambda _: "a firewall", named=lambda _: ("a firewall", "opens it")),
        }
        for module in faked:
            for name, fake in fakes.items():
                if hasattr(module, name):
                    setattr(module, name, fake)
        self.rank.tell = lambda conf, worth: conf.interface.ranks(worth)
        self.upkeep.Child, self.upkeep.cut_off = machine.Child, lambda conf: None
        self.handover.PEER_KEEPS_S = 10  # an hour would outlast every history
        self.kept.Kernel, self.kept.NicRepair = kernel.played(self.kept.Kernel), kernel.Tunnel
        self.kept.Passage = kernel.passage(self.passage.Passage)
        self.service = service_class(self.watch, self.cloud.ApiError)
        self.conf = {}

    def use(self, world) -> None:
        for module in self.timed:
            module.time = world
        self.mover.jitter = world.rng.random
        self.files.files = {}

    def conf_of(self, node, plan):
        """The settings of a node, which itself takes the place of what is its machine's."""
        key = node.index, plan.eip, plan.mode, plan.preferred
        if key not in self.conf:
            values = dict.fromkeys(self.settings.KEYS)
            values.update(pair="pair", node=node.name, vip=VIP, eniId=node.eni, peerEniId=ENIS[1 - node.index])
            values.update(eipId=EIP if plan.eip else None, vpcEndpoints=[], reassertIntervalS=20, advertIntervalMs=500)
            values.update(mode=plan.mode, preferred=plan.mode == "standing-master" and node.index == plan.preferred)
            places = {"run": "/run/%s" % node.name, "etc": "/nonexistent", "scheme": "http"}
            self.conf[key] = self.settings.Settings(values, **places)
        conf = copy.copy(self.conf[key])
        conf.interface = conf.pid_files = conf.heartbeat = conf.kill_keepalived = node
        return conf


def load(mutate=lambda name, text: text) -> Runtime:
    """The runtime; `mutate` may change the texts of the modules that decide, of which it is given the names."""
    return Runtime(mutate)


def service_class(watch, error):
    class Service(watch.Service):
        """The service on a simulated node."""

        def __init__(self, conf, node) -> None:
            super().__init__(conf, machine.Announcer)
            self.node = node
            self.log = self.mover.log = self.handover.log = node
            self.handover.put = self.kept.put = lambda do, *args: do(*args)
            self.mover.api = Api(self.mover.api.wanted, error)
            self.threads = Worker(node.begin)
            self.ear = node
            self.listener.ears = node.ears
            self.scheduled.turn = lambda now: NEVER  # asked for at a time, it is a planned switch like any other
            self.role.restore(node.state_file)

        def aside(self, what: str, do, otherwise=None):
            return do()  # here nothing may fail

        def put_nic_right(self, now: float) -> float:
            return NEVER

        def status(self) -> dict:
            return {}  # nobody reads it

        def write(self, now: float) -> float:
            for event, fields in self.later:
                self.log.say(event, **fields)
            self.later = []
            self.handover.progress()
            self.node.state_file = self.role.state
            return NEVER

    return Service

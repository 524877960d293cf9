"""The runtime as it lies on a node, loaded so that its time, dice, log and network are the simulation's.

Nothing of it is copied: `watch.Service` weighs keepalived's word against the NIC, `decide` decides, `calls` words the
requests, `mover` takes in the answers. Only what touches the machine is replaced: see `Service` below.
"""

import importlib
import os
import sys
import types

PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "templates", "etc", "keepalived")
DECIDE = os.path.join(PLACE, "keepalived_vip", "decide.py")
PACKAGE = "keepalived_vip"
VIP, EIP, VPC = "10.0.1.100", "eip-cccccccc", "vpc-dddddddd"
ENIS = ("eni-aaaaaaaa", "eni-bbbbbbbb")


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
    """The modules of one process; `use` gives them the time and the dice of one history."""

    def __init__(self, decide_text: str) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        if PLACE not in sys.path:
            sys.path.insert(0, PLACE)
        package = importlib.import_module(PACKAGE)
        self.decide = types.ModuleType(PACKAGE + ".decide")
        exec(compile(decide_text, DECIDE, "exec"), self.decide.__dict__)
        sys.modules[PACKAGE + ".decide"] = package.decide = self.decide
        for name in ("watch", "mover", "calls", "cloud", "credentials", "errors", "nic", "settings"):
            setattr(self, name, importlib.import_module("%s.%s" % (PACKAGE, name)))
        self.watch.Log = lambda path: None
        loaded = [module for name, module in sys.modules.items() if name.partition(".")[0] == PACKAGE]
        self.timed = [module for module in loaded if hasattr(module, "time")]
        self.service = service_class(self.watch, self.cloud.ApiError)
        self.conf = {(index, eip): self.settings_of(index, eip) for index in (0, 1) for eip in (False, True)}

    def use(self, world) -> None:
        for module in self.timed:
            module.time = world
        self.mover.jitter = world.rng.random

    def settings_of(self, index: int, eip: bool):
        values = dict.fromkeys(self.settings.KEYS)
        values.update(pair="pair", node="ab"[index], peer="ba"[index], vip=VIP, eniId=ENIS[index])
        values.update(peerEniId=ENIS[1 - index], eipId=EIP if eip else None, vpcEndpoints=[], reassertIntervalS=20)
        return self.settings.Settings(values, run="/nonexistent", etc="/nonexistent", scheme="http")


def load(mutate=None) -> Runtime:
    """The runtime; `mutate` may change the text of decide.py."""
    with open(DECIDE) as file:
        text = file.read()
    return Runtime(mutate(text) if mutate else text)


def service_class(watch, error):
    class Service(watch.Service):
        """The service on a simulated node: the NIC, the files and the worker are the node's."""

        def __init__(self, conf, node) -> None:
            super().__init__(conf)
            self.node = node
            self.log = self.mover.log = node
            self.mover.api = Api(self.mover.api.wanted, error)
            self.threads = Worker(node.begin)
            self.lock = self  # no `vip.py migrate` beside it
            last = node.state_file
            if last and last["state"] in watch.ROLES:
                self.state = last

        def look(self) -> None:
            self.on_nic = self.node.nic
            self.dead = self.node.left_behind

        def put_nic_right(self, now: float) -> float:
            return self.next_tick

        def write(self) -> None:
            for event, fields in self.later:
                self.log.say(event, **fields)
            self.later = []
            self.node.state_file = self.state

    return Service

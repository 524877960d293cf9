"""What the runtime asks of its machine, given by the simulated node: in place of its modules nic, drain, peer,
settings and moves, and of the user's side. The node takes the place of the interface's name, of the pid files and of
the sockets.
"""

import json

FLIGHT_S = 0.0005


class Log:
    """The log until the service knows its node."""

    def __init__(self, path: str, put) -> None:
        pass

    def say(self, event: str, **fields) -> None:
        pass


class Listener:
    """A raw socket that hears adverts."""

    __slots__ = ("heard", "node")

    def __init__(self, node) -> None:
        self.node, self.heard = node, False
        node.world.disturb()
        node.listener = self

    def close(self) -> None:
        if self.node.listener is self:
            self.node.listener = None


class Ears:
    """The module ears' sockets: one gets each advert of the peer's, the other those that no firewall drops."""

    __slots__ = ("arrived", "heard")

    def __init__(self) -> None:
        self.arrived, self.heard = [], False

    def listen(self):
        arrived, heard = self.arrived, self.heard
        self.arrived, self.heard = [], False
        return arrived, heard


class Child:
    """A command of the service's; the only one kills keepalived, which systemd starts anew."""

    def __init__(self, node, now: float) -> None:
        node.revive()

    def result(self, now: float, limit_s: float) -> int:
        return 0


class Wire:
    """The gateway on the NIC's wire."""

    __slots__ = ("node",)

    def __init__(self, node, *_) -> None:
        self.node = node

    def answers(self) -> bool:
        return not self.node.nic_down


class Nic:
    """The module nic."""

    def __init__(self, real) -> None:
        self.ABSENT, self.LEASED, self.PRESENT, self.ENDLESS_S = real.ABSENT, real.LEASED, real.PRESENT, real.ENDLESS_S
        self.Script = lambda path: None
        self.Wire = Wire

    def look(self, node, _):
        return node.nic

    def lifetime(self, node, _):
        if node.nic == node.LEASED:
            return node.lease_until - node.world.now
        return self.ENDLESS_S if node.nic == node.PRESENT else 0

    def heartbeat(self, node):
        return node.heartbeat()

    def keepalived_runs(self, node):
        return node.keepalived_runs()

    def set_lifetime(self, node, _, seconds: int, add: bool = False) -> None:
        if add and node.nic != node.ABSENT:
            raise FileExistsError
        node.lease(None if seconds == self.ENDLESS_S else seconds)

    def hear(self, node):
        return Listener(node)

    def heard(self, listener, _) -> bool:
        return listener.heard


class Drain:
    """The module drain. A reason that ends by itself ends at a tick of the service, as there."""

    def __init__(self, real) -> None:
        self.LASTING = real.LASTING

    def hold(self, conf, name: str, seconds, why: str) -> None:
        node = conf.interface
        node.reasons[name] = None if seconds is None else node.world.now + seconds
        self.apply(conf)

    def release(self, conf, name: str) -> None:
        conf.interface.reasons.pop(name, None)
        self.apply(conf)

    def reasons(self, conf) -> dict:
        node = conf.interface
        now = node.world.now
        held = {name: until for name, until in node.reasons.items() if until is None or until > now}
        return dict.fromkeys(list(held) + ["person"] * bool(node.drained))

    def apply(self, conf, complain=None) -> dict:
        node = conf.interface
        now = node.world.now
        node.reasons = {name: until for name, until in node.reasons.items() if until is None or until > now}
        node.track(bool(node.reasons))
        for until in node.reasons.values():
            if until is not None:
                node.tick_after(until)
        return {name: {"why": ""} for name in node.reasons}


class Peer:
    """The module peer: datagrams over the network that the adverts take."""

    def __init__(self, real) -> None:
        self.PORT, self.NEWS, self.UNREADABLE = real.PORT, real.NEWS, real.UNREADABLE
        self.PREPARE, self.READY, self.UNREADY, self.SERVES = real.PREPARE, real.READY, real.UNREADY, real.SERVES
        self.KEEPS, self.CARRIES = real.KEEPS, real.CARRIES

    def say(self, node, message: dict, to) -> None:
        peer = node.peer()
        if to is None:
            return
        lost = bool(node.world.mute[node.index] or node.nic_down or peer.nic_down)
        node.world.said(node, message, lost)
        if not lost:
            node.world.at(node.world.now + FLIGHT_S, peer.told, message)

    def tell(self, node, conf, message: dict) -> None:
        self.say(node, message, node.peer())

    def said(self, node, _):
        messages, node.inbox = node.inbox, []
        return [(dict(message, waitedS=node.world.now - came_at), None) for came_at, message in messages]


class Settings:
    """Of the module settings what reads and writes files: those of /run, of both nodes."""

    def __init__(self) -> None:
        self.files = {}

    def read_json(self, path: str):
        return self.files.get(path)

    def write_atomically(self, path: str, text: str, mode: int = 0) -> None:
        self.files[path] = json.loads(text)


class Moves:
    """The module moves: history is nobody's business here."""

    KEPT = 1

    def load(self, path: str) -> list:
        return []

    def save(self, path: str, moves: list) -> None:
        pass


class Announcer:
    """The user's side: nothing of it decides."""

    done = None

    def __init__(self, *_) -> None:
        pass

    def see(self, role: str) -> None:
        pass

    def turn(self, now: float, *_) -> float:
        return float("inf")

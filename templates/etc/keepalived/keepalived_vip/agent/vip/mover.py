"""Carries out what decide.py decides and tells what became of it. Used by the service and by `vip.py migrate`."""

import binascii
import fcntl
import os
import time

from keepalived_vip import cloud, http1, settings
from keepalived_vip.agent.node import nic
from keepalived_vip.agent.policy import answers, knowledge, switch
from keepalived_vip.agent.vip import calls, moves
from keepalived_vip.cloud import errors
from keepalived_vip.cloud.credentials import Credentials, Unavailable
from keepalived_vip.log import call


def take_lock(path: str):
    """An open file whose lock is ours until it is closed or the process ends; None when another process has it."""
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    lock = open(path, "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def jitter() -> float:
    return int.from_bytes(os.urandom(2), "big") / 65535.0


class Mover:
    def __init__(self, conf, log, put=call) -> None:
        """put: has a function called with what it is given, now or by another thread."""
        self.conf = conf
        self.log = log
        self.put = put
        self.addresses = http1.Addresses(conf.addresses_file)
        self.credentials = Credentials(conf, self.addresses)
        self.api = cloud.Api(conf, self.credentials, self.addresses)
        self.known = knowledge.Knowledge(conf.eni, conf.peer_eni, conf.eip is not None, conf.reassert_s)
        # No request after a demotion, also where a step takes two. `vip.py query`, no MASTER, is not busy when it asks.
        self.api.wanted = lambda: self.known.master or not self.known.asked.busy
        self.trigger = None  # the event that the next move will be due to
        self.event_at = 0.0  # when that came
        self.move = None  # the move under way
        self.moves = moves.load(conf.moves_file)  # done, the newest last
        self.moves_by_trigger = (settings.read_json(conf.status_file) or {}).get("movesByTrigger") or {}
        self.checked_at = None
        self.troubles = {}  # what -> message
        self.kinds = {}  # what -> what makes two messages the same trouble
        self.failing = None  # the call that the trouble with the cloud is about
        self.rebinding = None  # whether the last step towards the EIP left another to do; None: none was needed
        self.wire = nic.Wire(conf.interface, conf.address, conf.gateway)
        self.gateway_answers = False  # it has, at least once since the start

    # -- on any thread ------------------------------------------------------------------------------------------------

    def make(self, step):
        """Makes one call: (its result or the error, when it began, when it ended), both by time.monotonic()."""
        started = time.monotonic()
        try:
            result = self.perform(step)
        except (cloud.ApiError, Unavailable) as error:
            result = error
        except Exception as error:  # a bug must not silence the service for ever
            result = cloud.ApiError("Network", "%s: %s" % (type(error).__name__, error))
        return result, started, time.monotonic()

    def perform(self, step):
        name = step[0]
        if name in ("migrate", "assign"):
            # Not even asked where it never answered: three tries would delay each move.
            problem = self.gateway_answers and self.path_problem()
            if problem:
                raise cloud.ApiError("NoPath", problem)
        if name == "migrate":
            return calls.migrate(self.api, self.conf, step[1])
        if name == "give":
            return calls.give(self.api, self.conf, step[1])
        if name == "describe":
            return calls.describe(self.api, self.conf)
        if name == "task":
            return calls.task(self.api, step[1])
        if name == "assign":
            return calls.assign(self.api, self.conf)
        if name == "rebind":
            return calls.rebind(self.api, self.conf)
        raise AssertionError(name)

    def path_problem(self):
        """Why the VIP would be lost on this node, None if it would not.

        A node whose second NIC is dead hears no advert and takes itself for MASTER, and by the first NIC it still
        reaches the cloud: without this it takes the VIP from a healthy peer again and again. A gateway that never
        answered proves nothing.
        """
        if self.wire.answers():
            self.gateway_answers = True
        elif self.gateway_answers:
            return "the gateway %s does not answer on %s" % (self.conf.gateway, self.conf.interface)
        return None

    # -- on the deciding thread ---------------------------------------------------------------------------------------

    def due_to(self, trigger: str, now: float) -> None:
        """What a move that follows is due to."""
        self.trigger, self.event_at = trigger, now

    def take(self, step, result, started: float, ended: float) -> None:
        """Takes in what a step brought."""
        name, known = step[0], self.known
        if isinstance(result, Exception):
            code = getattr(result, "code", "NoCredentials")
            request_id = getattr(result, "request_id", None)
            reaction = errors.reaction(code)
            answers.failed(known, ended, reaction, jitter(), str(result))
            if code == "NoPath":
                return  # a trouble of its own, which the other thread tells
            if not known.master:
                return
            # A refusal that the next look explains is the ordinary race, not a trouble.
            if reaction != errors.DESCRIBE or known.patience.in_vain > 2:
                self.failing = name
                self.trouble("cloud", "%s: %s" % (name, result), code, request_id)
            else:
                self.log.say("refused", call=name, code=code, requestId=request_id)
            return
        if name in ("migrate", "assign", "give"):
            answers.accepted(known, ended, result)
            self.begin(step, result, started, ended)
        elif name == "task":
            answers.task_said(known, ended, *result)
        elif name == "rebind":
            answers.rebound(known, ended, result)
            if result != self.rebinding:
                self.log.say("eip-rebinding", eip=self.conf.eip, unfinished=result)
            self.rebinding = result
        else:
            self.seen(*result, ended=ended)
        if self.works_again(name):
            self.well("cloud")

    def works_again(self, name: str) -> bool:
        """Whether a call that worked ends the trouble: a look that works says nothing of a change that is refused."""
        if name != "describe" or self.failing in ("describe", "task"):
            return self.failing in (name, "task")
        return self.known.seen.eip == knowledge.EIP_OK if self.failing == "rebind" else self.known.here()

    def begin(self, step, request_id: str, started: float, ended: float) -> None:
        if not self.known.master:
            return
        giving = step[0] == "give"
        event_at = started if giving else min(self.event_at, started)
        self.move = {
            "id": binascii.hexlify(os.urandom(6)).decode(),
            "trigger": "switch" if giving else self.trigger,
            "from": self.conf.eni if giving else step[1] if step[0] == "migrate" else None,
            "to": step[1] if giving else self.conf.eni,
            "startedAt": round(time.time() - (ended - event_at), 3),
            "requestId": request_id,
            "phasesMs": {"decision": ms(started - event_at), "request": ms(ended - started)},
        }
        if giving:
            self.move["asked"] = self.known.switch.asked
        self.move_accepted_at = ended
        self.log.say("move-accepted", **self.move)

    def seen(self, holder: str, available: bool, eip: str, ended: float) -> None:
        known = self.known
        before = known.seen.holder
        answers.saw(known, ended, holder, available, eip, jitter())
        self.checked_at = round(time.time(), 3)
        if not known.master:
            return
        if holder != before:
            self.log.say("holder", holder=self.holder_name(), eni=holder or None)
        if eip == knowledge.EIP_FOREIGN:
            self.trouble("eip", "the VIP has another public address than %s" % self.conf.eip)
        elif eip == knowledge.EIP_OK:
            self.rebinding = None
            self.well("eip")
        if switch.active(known):
            if known.switch.phase == switch.MOVED:
                self.finish(holder, ended)
        elif known.here():
            self.finish(holder, ended)
            self.trigger = "reassert"
        elif self.trigger == "reassert" and (self.move is None or self.move["to"] != self.conf.eni):
            self.event_at = ended  # also after a switch that was given up, and has brought it there all the same

    def finish(self, holder: str, now: float) -> None:
        done, self.move = self.move, None
        if done is None or done["to"] != holder:
            return  # given away and never gone, or asked for and then given away
        done["phasesMs"]["cloud"] = ms(now - self.move_accepted_at)
        self.moves_by_trigger[done["trigger"]] = self.moves_by_trigger.get(done["trigger"], 0) + 1
        self.moves = (self.moves + [done])[-moves.KEPT :]
        self.log.say("moved", **done)
        self.put(moves.save, self.conf.moves_file, self.moves)

    def leave(self) -> None:
        """No longer MASTER: the move under way, if any, is the cloud's and the peer's business."""
        if self.move is not None:
            self.log.say("move-left", id=self.move["id"], requestId=self.move["requestId"])
            self.move = None
        self.rebinding = None
        for what in ("cloud", "eip"):
            self.troubles.pop(what, None)  # nobody asks any more whether it lasts

    def trouble(self, what: str, message: str, kind: str = "", request_id=None) -> None:
        """Logged when it begins or is of another kind; an endpoint after the other being down is one."""
        known = self.kinds.get(what) if what in self.troubles else None
        self.troubles[what], self.kinds[what] = message, kind or message
        if known != self.kinds[what]:
            self.log.say("trouble", what=what, message=message, requestId=request_id)

    def well(self, what: str) -> None:
        if self.troubles.pop(what, None) is not None:
            self.log.say("well-again", what=what)

    def holder_name(self) -> str:
        known = self.known
        if not known.master:
            return "unknown"  # only a MASTER looks
        names = {None: "unknown", knowledge.NOBODY: "none", known.me: "self", known.peer: "peer"}
        return names.get(known.seen.holder, "other")


def ms(seconds: float) -> int:
    return int(round(seconds * 1000))

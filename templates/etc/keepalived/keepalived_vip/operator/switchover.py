"""A planned switch from outside of the service: prepare and yield, its two halves, and take, both from the standby."""

import argparse
import binascii
import json
import os
import subprocess
import sys
import time

from keepalived_vip import settings
from keepalived_vip.agent.node import drain, nic, peer, promise
from keepalived_vip.agent.policy import switch
from keepalived_vip.agent.vip.mover import take_lock
from keepalived_vip.agent.vip.vip_on_nic import PREPARED_S
from keepalived_vip.operator import asker
from keepalived_vip.operator.status import service_runs

DONE, REFUSED, INCOMPLETE, UNKNOWN = 0, 4, 5, 6  # exit codes
HEARTBEAT_S = 10.0  # check_self.sh renews it every 2 s as long as keepalived runs
COUNTED_S = 3.0
ANSWER_S = 5.0  # beyond the deadlines of the switch itself
ASK_S = 0.5
HAS_IT_S = 30.0  # the cloud's own part of a move that is under way
SAYS = {
    switch.ASKED: "the service asks the peer's",
    switch.READY: "the peer is ready, and has the VIP on its NIC",
    switch.MOVING: "the cloud is moving the VIP to the peer's ENI",
    switch.MOVED: "the VIP is on the peer's ENI and AVAILABLE",
    switch.YIELDED: "keepalived was told to give up MASTER",
    switch.DONE: "the peer is MASTER",
    switch.REFUSED: "refused, nothing has changed",
    switch.ABANDONED: "abandoned; the service puts right what is not",
}


def refuse(why: str) -> int:
    print("refused, nothing has changed: %s" % why)
    return REFUSED


def ends_within(conf) -> float:
    """Seconds, with some more than the switch itself has."""
    return switch.PREPARE_S + switch.GIVE_S + switch.take_s(conf.advert_s) + ANSWER_S


# -- prepare ----------------------------------------------------------------------------------------------------------


def prepare(conf, args) -> int:
    """Puts the VIP on this standby's NIC for a while: the cloud may deliver before keepalived has changed roles."""
    if args.undo:
        return undo(conf)
    why_not = unprepared(conf, args.in_maintenance)
    if why_not:
        return refuse(why_not)
    try:
        promise.give(conf, PREPARED_S, args.in_maintenance)
    except OSError as error:
        return refuse("it cannot be written down in %s: %s" % (conf.run, error.strerror))
    why_not = kept_away(conf, args.in_maintenance)  # somebody may be taking this node out of service at the same moment
    if why_not:
        promise.end(conf)
        return refuse(why_not)
    try:
        nic.set_lifetime(conf.interface, conf.vip, PREPARED_S, add=nic.look(conf.interface, conf.vip) != nic.LEASED)
    except FileExistsError:
        print("this node has become MASTER meanwhile")
        return INCOMPLETE
    deadline = time.monotonic() + COUNTED_S
    while time.monotonic() < deadline:
        found = settings.read_json(conf.status_file) or {}
        if found.get("state") == "MASTER":
            print("this node has become MASTER meanwhile")
            return INCOMPLETE
        if found.get("prepared"):
            print("the VIP is on %s for %d s" % (conf.interface, PREPARED_S))
            return DONE
        time.sleep(0.02)
    take_back(conf)
    return refuse("keepalived-vip.service does not see the address")


def undo(conf) -> int:
    """Lets go of what was prepared, unless the peer has begun to give the VIP: by whomever else that was asked for."""
    promised = promise.current(conf)
    if promised and promised["toPeer"]:
        print("the peer was told that this node is ready: the VIP stays on %s until that is over" % conf.interface)
    else:
        take_back(conf)
    return DONE


def take_back(conf) -> None:
    promise.end(conf)
    if nic.look(conf.interface, conf.vip) == nic.LEASED:
        nic.set_lifetime(conf.interface, conf.vip, 1)  # not removed: this node may become MASTER just now


def unprepared(conf, in_maintenance: bool):
    """Why this node could not take over, None if it could."""
    if not service_runs(conf):
        return "keepalived-vip.service does not run"
    if not alive(conf):
        return "keepalived does not run its checks"
    state = (settings.read_json(conf.state_file) or {}).get("state", "UNKNOWN")
    why_not = kept_away(conf, in_maintenance)
    if why_not:
        return why_not  # before the state, which is FAULT for that reason
    if state not in (("BACKUP", "FAULT") if in_maintenance and drain.reasons(conf) else ("BACKUP",)):
        return "keepalived is %s, not BACKUP" % state
    check = subprocess.run([conf.nic_script, "check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    return check.stdout.decode(errors="replace").strip() or "nic.sh check failed" if check.returncode else None


def kept_away(conf, in_maintenance: bool):
    """What keeps this node from being MASTER, None where nothing does. Who asks in maintenance ends that in time."""
    reasons = drain.reasons(conf)
    if not reasons or (in_maintenance and list(reasons) == [drain.LASTING]):
        return None
    return "this node is kept from being MASTER by: %s" % ", ".join(sorted(reasons))


def alive(conf) -> bool:
    try:
        return time.time() - os.stat(conf.run + "/heartbeat").st_mtime < HEARTBEAT_S
    except OSError:
        return False


# -- yield ------------------------------------------------------------------------------------------------------------


def give(conf, args) -> int:
    """Hands the VIP to the peer, in the cloud first, then keepalived's role. The service does it, this tells."""
    # A preferred node would take the VIP back at once.
    keep_s = args.seconds if conf.mode == "standing-master" and conf.preferred else None
    return ask(conf, keep_s, args.reason or "planned switch", args.json)


def ask(conf, keep_s, why: str, as_json: bool = False) -> int:
    if not nic.is_master(conf):
        return refuse("this node is not MASTER")
    if not service_runs(conf):
        return refuse("keepalived-vip.service does not run")
    lock = take_lock(conf.switch_lock)
    if lock is None:
        return refuse("another vip.py yield is at work")
    request = {"id": binascii.hexlify(os.urandom(6)).decode(), "at": time.monotonic(), "why": why, "keepS": keep_s}
    try:
        settings.write_atomically(conf.switch_request, json.dumps(dict(request, by=asker.who())))
    except OSError as error:
        return refuse("the service cannot be asked, by %s: %s" % (conf.switch_request, error.strerror))
    asker.wake(conf, "YIELD")
    deadline, phase = time.monotonic() + ends_within(conf), None
    while time.monotonic() < deadline:
        answer = settings.read_json(conf.switch_answer) or {}
        if answer.get("id") == request["id"] and answer["phase"] != phase:
            phase = answer["phase"]
            tell(answer, as_json)
            if phase in switch.ENDS:
                return outcome(answer)
        time.sleep(0.01)
    tell({"phase": "unknown", "why": "no answer of keepalived-vip.service"}, as_json)
    return UNKNOWN


def tell(answer: dict, as_json: bool) -> None:
    text = SAYS.get(answer["phase"], answer["phase"]) + (": %s" % answer["why"] if answer.get("why") else "")
    print(json.dumps({"phase": answer["phase"], "text": text}) if as_json else text)
    sys.stdout.flush()


def outcome(answer: dict) -> int:
    if answer["phase"] == switch.ABANDONED:
        return INCOMPLETE if answer.get("reached") in (switch.MOVED, switch.YIELDED) else UNKNOWN
    return DONE if answer["phase"] == switch.DONE else REFUSED


# -- take -------------------------------------------------------------------------------------------------------------


def take(conf, args) -> int:
    """Both halves from this side: prepares this standby, asks the peer to yield, waits until the VIP is here."""
    if nic.is_master(conf):
        return has_it(conf, INCOMPLETE)
    lock = take_lock(conf.switch_lock)
    if lock is None:
        return refuse("another vip.py take is at work")
    code = prepare(conf, argparse.Namespace(undo=False, in_maintenance=False))
    if code != DONE:
        return code
    request = {"id": binascii.hexlify(os.urandom(6)).decode(), "why": args.reason or "the peer takes over"}
    request["by"] = asker.who()
    deadline, phase, silent = time.monotonic() + ends_within(conf), None, 0
    port, other_port = peer.PORT, peer.OLD_PORT
    while time.monotonic() < deadline and not nic.is_master(conf):
        answer = peer.ask(conf, request, ASK_S, port)
        silent = 0 if answer else silent + 1
        if not answer:
            port, other_port = other_port, port  # a peer that is to be replaced may have an earlier release
        if silent * ASK_S > ANSWER_S and phase is None:
            return refuse("%s does not answer on UDP port %d" % (conf.peer_address, peer.PORT))
        if not answer or answer["phase"] == phase:
            time.sleep(0.05 if answer else 0.0)
            continue
        phase = answer["phase"]
        tell(answer, False)
        if phase in (switch.REFUSED, switch.ABANDONED):
            return outcome(answer)
    return has_it(conf, UNKNOWN if phase is None else INCOMPLETE)


def has_it(conf, otherwise: int) -> int:
    """Waits until the service has seen the VIP on this node's ENI."""
    deadline = time.monotonic() + HAS_IT_S
    while time.monotonic() < deadline:
        found = settings.read_json(conf.status_file) or {}
        if nic.is_master(conf) and found.get("cloudHolder") == "self" and found.get("available"):
            print("this node is MASTER and has the VIP")
            return DONE
        time.sleep(0.05)
    print("the VIP is not on this node's ENI yet; see vip.py status")
    return otherwise

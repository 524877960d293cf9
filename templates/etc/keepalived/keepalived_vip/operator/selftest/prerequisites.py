"""What `vip.py self-test` looks at on the node and at its peer. Each check gives what it found or raises a Problem."""

import os
import re
import stat
import threading
import time

from keepalived_vip.agent.node import firewall, flows, nic, peer
from keepalived_vip.operator import adverts, probe
from keepalived_vip.operator.selftest import drift, held
from keepalived_vip.operator.status import run, span

LISTEN_S = 3.0  # for adverts, at least
PING_S = 3.0
WORDS_S, WORD_S = 3.0, 0.5  # a datagram may be lost, and `vip.py take` has the port while it asks
HEARTBEAT_S = 10.0  # check_self.sh comes every 2 s and may take 2 s
FREE_BYTES = 16 * 1024 * 1024
OLDEST = (2, 0, 14)
UNITS = ["keepalived-vip-nic", "keepalived-vip", "keepalived"]
PUSH_AGAIN = "where the pair is deployed from: npm run up -- --repair"


class Problem(Exception):
    """What was found instead, and a cure if it is not the usual one of the check."""

    def __init__(self, found: str, cure=None) -> None:
        super().__init__(found)
        self.cure = cure


class NotAsked(Problem):
    """Could not be told; to be mended is something else."""


def words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def at_once(functions, limit_s: float) -> list:
    """What each gives, None for those that take longer."""
    results = [None] * len(functions)

    def work(place: int) -> None:
        results[place] = functions[place]()

    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(len(functions))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + limit_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return results


def second_nic(conf) -> str:
    code, lines = run(conf.nic_script, "check")
    if code:
        raise Problem("; ".join(lines) or "nic.sh check: exit %d" % code)
    return "%s has %s, its routes and its source rules" % (conf.interface, conf.address)


def vrrp(conf) -> str:
    other = conf.peer_address
    master = nic.look(conf.interface, conf.vip) == nic.PRESENT
    seconds = max(LISTEN_S, 3.5 * conf.advert_s)
    found = adverts.listen(conf, seconds, "" if master else "heard")
    if "arrived" in found and "heard" not in found:
        name, command = firewall.named(conf)
        raise Problem("those of %s reach %s, and %s drops them" % (other, conf.interface, name), command)
    if not master:
        if "heard" not in found:
            raise Problem("none of %s in %.1f s" % (other, seconds))
        return "those of %s arrive; this node, not being MASTER, sends none" % other
    if "heard" in found:
        raise Problem("%s sends them too: both nodes call themselves MASTER" % other)
    if "out" not in found:
        raise Problem("MASTER, but none leaves %s" % conf.interface)
    if "refused" in found:
        raise Problem("%s refuses them: keepalived does not run there" % other)
    # A peer that hears us is silent. One before which they are dropped would soon call itself MASTER and be heard.
    return "own ones leave %s; %s neither refuses nor contradicts them" % (conf.interface, other)


def ping(conf) -> str:
    if probe.ping(conf.interface, conf.address, conf.peer_address, PING_S) is None:
        raise Problem("%s does not answer a ping from %s" % (conf.peer_address, conf.address))
    return "%s answers a ping from %s" % (conf.peer_address, conf.address)


def tunnel(conf) -> str:
    """By the service's own question, which no firewall but one of the tunnel's packets can keep from its answer."""
    code, lines = run(conf.connections_script, "check")
    if code:
        raise Problem("; ".join(lines) or "connections.sh check: exit %d" % code)
    here, there = flows.ends(conf.node)
    wire, deadline = nic.Wire(flows.LINK, here, there), time.monotonic() + PING_S
    while not wire.answers():
        if time.monotonic() > deadline:
            cure = "%s; let UDP port %d pass there as well" % (firewall.named(conf)[1], flows.PORT)
            raise Problem("the peer's end of the tunnel does not answer through it", cure)
    return "the peer's end of the tunnel answers through it"


def peers_service(conf) -> str:
    """What nothing else shows before a planned switch is refused, or a MASTER's last word is missed."""
    deadline = time.monotonic() + WORDS_S
    while peer.ask(conf, {"id": peer.SERVES, "why": "self-test"}, WORD_S) is None:
        if time.monotonic() > deadline:
            raise Problem("the service of %s does not answer on UDP port %d" % (conf.peer_address, peer.PORT))
        time.sleep(0.05)
    return "the service of %s answers on UDP port %d" % (conf.peer_address, peer.PORT)


def keepalived(conf) -> str:
    _, lines = run("keepalived", "--version")
    match = re.match(r"Keepalived v(\d+(?:\.\d+)*)", lines[0] if lines else "")
    if not match:
        raise Problem("keepalived --version says: %s" % "; ".join(lines[:1]))
    if tuple(int(part) for part in match.group(1).split(".")) < OLDEST:
        raise Problem("version %s" % match.group(1))
    return "version %s" % match.group(1)


def files(conf) -> str:
    try:
        pushed = drift.account(conf.pushed)
    except (OSError, ValueError) as error:
        raise Problem("what was pushed is not known: %s: %s" % (conf.pushed, words(error))) from error
    changed = drift.changed(pushed)
    if changed:
        raise Problem("; ".join(changed))
    return "%d are as they were pushed" % len(pushed)


def services(conf) -> str:
    wrong = []
    for word, wanted in (("is-active", "active"), ("is-enabled", "enabled")):
        _, said = run("systemctl", word, *UNITS)
        said += ["unknown"] * (len(UNITS) - len(said))
        wrong += ["%s is %s, not %s" % (unit, now, wanted) for unit, now in zip(UNITS, said) if now != wanted]
    if wrong:
        masked = any(" is masked" in text for text in wrong)
        raise Problem("; ".join(wrong), PUSH_AGAIN if masked else None)
    return "%s are active and enabled" % ", ".join(UNITS)


def fifo(conf) -> str:
    pipe, folder = os.stat(conf.fifo), os.stat(conf.run)
    if not stat.S_ISFIFO(pipe.st_mode):
        raise Problem("%s is no pipe" % conf.fifo)
    found = held.by_keepalived()
    if found is None:
        raise NotAsked("keepalived does not run")
    files, folders = found
    anew = "systemctl restart keepalived"
    if (pipe.st_dev, pipe.st_ino) not in files:
        raise Problem("keepalived writes to another pipe than %s, which was made anew" % conf.fifo, anew)
    if (folder.st_dev, folder.st_ino) not in folders:
        raise Problem("keepalived watches another folder than %s: it would hear of no drain" % conf.run, anew)
    return "keepalived has %s open, and watches its folder" % conf.fifo


def hooks(conf) -> str:
    age = time.time() - os.stat(conf.run + "/heartbeat").st_mtime
    if age > HEARTBEAT_S:
        raise Problem("keepalived last ran check_self.sh %s ago" % span(age))
    return "keepalived ran check_self.sh %s ago, and it could write" % span(age)


def disk(conf) -> str:
    for path in (conf.lib, conf.run, os.path.dirname(conf.log)):
        room = os.statvfs(path)
        if room.f_bavail * room.f_frsize < FREE_BYTES:
            raise Problem("%s has %d MiB left" % (path, room.f_bavail * room.f_frsize >> 20))
        if room.f_files and not room.f_favail:
            raise Problem("%s has no inode left" % path)
    return "more than %d MiB are left where status and log are written" % (FREE_BYTES >> 20)

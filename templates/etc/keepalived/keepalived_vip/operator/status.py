"""`vip.py status`: what keepalived, the NIC, the cloud and the service say, what is wrong and what to do about it.

The JSON is described in docs/status.schema.json; the screen is for somebody who was woken up.
"""

import json
import os
import subprocess
import time

from keepalived_vip import VERSION, settings
from keepalived_vip.agent.node import drain, nic
from keepalived_vip.agent.vip import scheduled
from keepalived_vip.agent.vip.mover import take_lock

ROOM_BYTES = 1 << 20  # with less, nothing that the service says is certain to be written
SILENT_S = 60.0  # a service that has written nothing for so long hangs
HOLDERS = {"self": "this node's ENI", "peer": "the peer's ENI", "other": "another ENI", "none": "no ENI at all"}
END_OF_DRAIN = {
    "firewall": "let in what it drops, by that command; the node takes part again by itself",
    "health": "mend the service behind the VIP on this node; it takes part again by itself",
    "maintenance": "it ends by itself, or now: vip.py maintenance off",
}
CURES = {
    "firewall": "that command, on this node",
    "folder": "nothing: keepalived is started anew within seconds; if it lasts: systemctl restart keepalived",
    "keepalived": "it is started anew after a minute unless only this node serves; why: journalctl -u keepalived -n 20",
}
MAKE_ROOM = "make room in %s: what is said here may be old, and the service cannot be asked"


def service_runs(conf) -> bool:
    try:
        lock = take_lock(conf.service_lock)
    except OSError:
        return False
    if lock is None:
        return True
    lock.close()
    return False


def run(*argv, limit_s: float = 5.0):
    """(exit code, output lines) of a program that ends soon."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit_s
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, [str(error)]
    return done.returncode, done.stdout.decode(errors="replace").split("\n")[:-1]


def collect(conf) -> dict:
    """The last word of the service, and what can be seen now."""
    found = {
        "schemaVersion": 1,
        "version": VERSION,
        "pair": conf.pair,
        "node": conf.node,
        "state": "UNKNOWN",
        "since": None,
        "cloudHolder": "unknown",
        "holderEni": None,
        "available": False,
        "checkedAt": None,
        "updatedAt": None,
        "prepared": False,
        "switch": None,
        "lastMove": None,
        "moves": [],
        "movesTotal": 0,
        "movesByTrigger": {},
        "apiRequests": {},
        "trouble": None,
        "troubles": {},
    }
    found.update(settings.read_json(conf.status_file) or {})
    try:
        on_nic = nic.look(conf.interface, conf.vip)
    except OSError:  # then the service's last word
        on_nic = nic.PRESENT if found.get("vipOnNic") else nic.LEASED if found["prepared"] else nic.ABSENT
    code, lines = run(conf.nic_script, "check", limit_s=2.0)  # whoever asks by SSH waits for all of this
    found.update(
        mode=conf.mode,
        preferred=conf.preferred,
        vip=conf.vip,
        serviceAlive=service_runs(conf),
        keepalivedAlive=nic.keepalived_runs(conf.pid_files) is True,
        vipOnNic=on_nic == nic.PRESENT,
        prepared=on_nic == nic.LEASED,
        nic={"interface": conf.interface, "address": conf.address, "problems": lines if code else []},
        drained=drain.reasons(conf),
    )
    kept = scheduled.read(conf)
    found["scheduled"] = kept and {name: kept[name] for name in ("at", "by", "why")}
    found["maintenance"] = found["drained"].get(drain.LASTING)
    found["problems"] = [{"found": what, "cure": cure} for what, cure in [*no_room(conf), *problems(found)]]
    found["healthy"] = found["updatedAt"] is not None and not found["problems"]
    return found


def no_room(conf):
    """Where the service keeps what it says, and can't."""
    for path in (conf.run, conf.lib):
        try:
            room = os.statvfs(path)
        except OSError:
            continue  # a folder that was removed is made anew
        if room.f_bavail * room.f_frsize < ROOM_BYTES:
            yield "%s has no room left" % path, MAKE_ROOM % path
        elif room.f_files and not room.f_favail:
            yield "%s has no inode left" % path, MAKE_ROOM % path


def problems(found: dict):
    """What is not as it should be, and what to do; the first comes first."""
    alive, state, drained = found["serviceAlive"], found["state"], found["drained"]
    silent_s = time.time() - (found["updatedAt"] or time.time())
    if not alive:
        what = "the service does NOT run: the cloud does not follow keepalived"
        yield what, "systemctl start keepalived-vip; if it does not stay: journalctl -u keepalived-vip -n 20"
    elif silent_s > SILENT_S:
        yield "the service has said nothing for %s" % span(silent_s), "systemctl restart keepalived-vip"
    if not found["keepalivedAlive"]:
        cure = "systemctl start keepalived; if it does not stay: /etc/keepalived/check_config.sh"
        yield "keepalived does NOT run", cure
    for name, reason in sorted(drained.items()):
        left = "" if reason["leftS"] is None else ", for %s more" % span(reason["leftS"])
        what = "kept from being MASTER by %s: %s%s" % (name, reason["why"], left)
        yield what, END_OF_DRAIN.get(name, "nothing: it ends by itself")
    for problem in found["nic"]["problems"]:
        yield problem, "/etc/keepalived/nic.sh up"
    if alive and found["keepalivedAlive"] and state not in ("MASTER", "BACKUP") and not drained:
        yield "keepalived is neither MASTER nor BACKUP", "journalctl -u keepalived -n 20"
    if alive and state == "MASTER" and not found["vipOnNic"]:
        yield "MASTER without the VIP on the NIC", "wait a few seconds; if it lasts: systemctl restart keepalived"
    if alive and state != "MASTER" and found["vipOnNic"]:
        what = "the VIP is on the NIC though this node is not MASTER"
        yield what, "wait a few seconds; if it lasts: systemctl restart keepalived"
    if alive and state == "MASTER" and not (found["cloudHolder"] == "self" and found["available"]):
        what = "in the cloud the VIP is not here: %s" % in_cloud(found)
        yield what, "it is being fetched; if that takes longer than a minute: vip.py self-test"
    for what, message in sorted(found["troubles"].items()):
        cure = CURES.get(what, "it is tried again by itself; what is missing says: vip.py self-test")
        yield "%s: %s" % (what, message), cure


def in_cloud(found: dict) -> str:
    if found["state"] != "MASTER":
        return "not asked: only a MASTER asks"
    if found["cloudHolder"] == "unknown":
        return "not known yet"
    where = "on %s" % HOLDERS[found["cloudHolder"]]
    return where if found["available"] or found["cloudHolder"] == "none" else where + ", not AVAILABLE"


def span(seconds: float) -> str:
    """The two largest units of a duration."""
    left, parts = max(0, int(seconds)), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size and len(parts) < 2:
            parts.append("%d %s" % (left // size, unit))
        elif parts:
            break
        left %= size
    return " ".join(parts) or "0 s"


def clock(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))


def move_line(move: dict) -> str:
    phases = " ".join("%s %d" % (name, move["phasesMs"][name]) for name in ("decision", "request", "cloud"))
    return "%s %s, %s ms, %s" % (clock(move["startedAt"]), move["trigger"], phases, move["requestId"])


def connections(found: dict) -> list:
    """Lines of what outlives a move: this node's own, and the peer's."""
    told = found.get("connections") or {}
    ways = (("kept", "%s of its own served on, through the peer"), ("carried", "%s of the peer's carried"))
    return [
        "%s, for %s more at most" % (way % ("?" if one["count"] is None else one["count"]), span(one["leftS"]))
        for one, way in [(told.get(name), way) for name, way in ways]
        if one
    ]


def schedule(wish: dict, now: float) -> str:
    """A planned switch that is kept until its time."""
    when = "in %s" % span(wish["at"] - now) if wish["at"] > now else "due"
    asked = "asked for by %s: %s" % (wish["by"], wish["why"])
    return "hands the VIP to the peer at %s, %s; %s" % (clock(wish["at"]), when, asked)


def screen(found: dict, now: float) -> str:
    verdict = "healthy" if found["healthy"] else "could not tell" if found["updatedAt"] is None else "NOT healthy"
    since = ", for %s (since %s)" % (span(now - found["since"]), clock(found["since"])) if found["since"] else ""
    checked = ", looked %s ago" % span(now - found["checkedAt"]) if found["checkedAt"] else ""
    held = "with the VIP" if found["vipOnNic"] else "prepared for it" if found["prepared"] else "without the VIP"
    rows = [
        ("keepalived", (found["state"] if found["keepalivedAlive"] else "does not run") + since),
        ("drained", ", ".join(sorted(found["drained"])) or "no"),
        ("NIC", "%s %s %s" % (found["nic"]["interface"], found["nic"]["address"], held)),
        *([("connections", connections(found))] if connections(found) else []),
        *([("scheduled", schedule(found["scheduled"], now))] if found["scheduled"] else []),
        ("cloud", "VIP %s %s%s" % (found["vip"], in_cloud(found), checked)),
        ("service", "runs, version %s" % found["version"] if found["serviceAlive"] else "does NOT run"),
        ("last moves", [move_line(move) for move in found["moves"]] or "none by this node"),
    ]
    lines = ["node %s of %s: %s" % (found["node"], found["pair"], verdict), ""]
    for name, value in rows:
        for text in value if isinstance(value, list) else [value]:
            lines.append("  %-11s %s" % (name, text))
            name = ""
    lines.append("")
    for problem in found["problems"]:
        lines += ["! %s" % problem["found"], "  -> %s" % problem["cure"]]
    if not found["problems"]:
        lines.append("Nothing to do.")
    return "\n".join(lines)


def show(conf, as_json: bool) -> int:
    """Exit code 0 healthy, 1 not, 2 could not tell: the service has not run since the boot."""
    found = collect(conf)
    print(json.dumps(found, indent=2, sort_keys=True) if as_json else screen(found, time.time()))
    return 2 if found["updatedAt"] is None else 0 if found["healthy"] else 1


def tell_metrics(conf) -> int:
    """The metrics file as it is now: the service does it while it runs, its unit once it does not."""
    from keepalived_vip import metrics

    os.makedirs(conf.run, exist_ok=True)
    metrics.write(conf, collect(conf))
    return 0

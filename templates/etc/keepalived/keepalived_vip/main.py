"""vip.py: keeps the cloud's address of the VIP where keepalived's MASTER is.

  watch             the service (keepalived-vip.service): hears keepalived, moves the VIP, keeps it
  migrate           one move now, if this node is MASTER; left to the service when that runs
  query             true, false or unknown: is the VIP on this node's ENI in the cloud
  status [--json]   what keepalived, the NIC, the cloud and the service say
  prepare           on the standby: the VIP on its NIC for 30 s, so that it can serve the moment the cloud delivers
  yield [--reason TEXT] [--for 2h]
                    on the MASTER: hand the VIP to the peer, in the cloud first. The preferred node of standing-master
                    then stays away for that time, 1h by default; any other takes part again at once
  maintenance on [--for 2h] [--reason TEXT] [--force] | maintenance off
                    not MASTER for that time, 1h by default, reboots included; a MASTER yields first
  probe [--json] [--within SECONDS]
                    on the node that does not have it: does the VIP answer a ping
  drain hold NAME SECONDS WHY | drain release NAME | drain apply
                    what keeps this node from being MASTER; for the scripts of the installation

Exit codes: 0 done, or yes, or healthy; 1 no, or not healthy; 2 could not tell; 3 wrong usage; 4 another one runs;
5 this node is not MASTER, nothing was done; 6 vip.json cannot be used.
Of prepare, yield and maintenance: 0 done; 4 refused, nothing has changed; 5 the VIP has moved, but not all is as asked;
6 the result is unknown.
"""

import json
import os
import sys
import time

from keepalived_vip import nic, settings

MIGRATE_LIMIT_S = 60.0
PLANNED = ("prepare", "yield", "maintenance", "probe")


def query(conf) -> int:
    from keepalived_vip.log import Log
    from keepalived_vip.mover import Mover

    result, _, _ = Mover(conf, Log(os.devnull)).make(("describe",))
    if isinstance(result, Exception):
        # The guide's script said "true" here, and so a throttled API looked like a VIP in place.
        sys.stderr.write("%s\n" % result)
        print("unknown")
        return 2
    holder, available, _ = result
    here = holder == conf.eni and available
    print("true" if here else "false")
    return 0 if here else 1


def is_master(conf) -> bool:
    return nic.look(conf.interface, conf.vip) == nic.PRESENT and not nic.keepalived_is_dead(conf.pid_files)


def service_runs(conf) -> bool:
    from keepalived_vip.mover import take_lock

    try:
        lock = take_lock(conf.service_lock)
    except OSError:
        return False
    if lock is None:
        return True
    lock.close()
    return False


def hand_over(conf) -> int:
    """Tells the service to look, and waits until it has seen the VIP here."""
    asked = time.time()
    fifo = nic.open_fifo(conf.fifo)
    os.write(fifo, b'NOTIFY "VI_1" MASTER_RX_LOWER_PRI 0\n')
    os.close(fifo)
    while time.time() - asked < MIGRATE_LIMIT_S:
        found = settings.read_json(conf.status_file) or {}
        if found.get("cloudHolder") == "self" and found.get("available") and (found.get("checkedAt") or 0) >= asked:
            print("keepalived-vip.service says: the VIP is on this node's ENI")
            return 0
        if not is_master(conf):
            print("this node is no longer MASTER; stopped")
            return 5
        time.sleep(0.1)
    print("keepalived-vip.service did not get the VIP within %d s: see vip.py status" % MIGRATE_LIMIT_S)
    return 2


def migrate(conf) -> int:
    from keepalived_vip import decide
    from keepalived_vip.log import Log
    from keepalived_vip.mover import Mover, take_lock

    os.makedirs(conf.run, exist_ok=True)
    if not is_master(conf):
        print("this node is not MASTER: the VIP is not on its NIC; nothing was done")
        return 5
    if service_runs(conf):
        return hand_over(conf)
    lock = take_lock(conf.mover_lock)
    if lock is None:
        print("another vip.py migrate is at work; nothing was done")
        return 4
    mover = Mover(conf, Log(conf.log))
    known, deadline = mover.known, time.monotonic() + MIGRATE_LIMIT_S
    mover.event_at = time.monotonic()
    decide.became_master(known, mover.event_at, "migrate")
    while time.monotonic() < deadline:
        if not is_master(conf):
            print("this node is no longer MASTER; stopped")
            return 5
        step = decide.decide(known, time.monotonic())
        if decide.here(known) and known.task is None and step != decide.REBIND:
            print("the VIP is on this node's ENI")
            return 0
        if step[0] == "wait":
            time.sleep(min(0.1, max(0.0, step[1] - time.monotonic())))
            continue
        decide.issued(known, time.monotonic(), step)
        mover.take(step, *mover.make(step))
    print("the VIP is not on this node's ENI after %d s: %s" % (MIGRATE_LIMIT_S, mover.troubles.get("cloud", "")))
    return 2


def drained(conf, argv) -> int:
    from keepalived_vip import drain

    os.makedirs(conf.run, exist_ok=True)
    if argv == ["apply"]:
        drain.apply(conf)
    elif argv[:1] == ["release"] and len(argv) == 2:
        drain.release(conf, argv[1])
    elif argv[:1] == ["hold"] and len(argv) == 4 and argv[2].isdigit():
        drain.hold(conf, argv[1], int(argv[2]), argv[3])
    else:
        sys.stderr.write(__doc__)
        return 3
    return 0


def status(conf, as_json: bool) -> int:
    from keepalived_vip import drain

    found = settings.read_json(conf.status_file)
    known = found is not None
    found = found or {"state": "UNKNOWN", "since": None, "cloudHolder": "unknown", "lastMove": None, "trouble": None}
    found["serviceAlive"] = service_runs(conf)
    found["vipOnNic"] = nic.look(conf.interface, conf.vip) == nic.PRESENT
    found["maintenance"] = drain.reasons(conf).get(drain.LASTING)
    found["preferred"] = conf.preferred
    master = found["state"] == "MASTER"
    healthy = found["serviceAlive"] and found["vipOnNic"] == master and found["state"] in ("MASTER", "BACKUP")
    healthy = healthy and (not master or (found["cloudHolder"] == "self" and bool(found.get("available"))))
    if as_json:
        print(json.dumps(found, indent=2, sort_keys=True))
    else:
        move = found.get("lastMove")
        phases = (move or {}).get("phasesMs", {})
        rows = [
            ("node", "%s of %s" % (conf.node, conf.pair)),
            ("keepalived", "%s%s" % (found["state"], clock(found.get("since"), "since"))),
            ("VIP on the NIC", "yes" if found["vipOnNic"] else "no"),
            ("VIP in the cloud", "not asked: only a MASTER asks" if not master else found["cloudHolder"]),
            ("service", "runs" if found["serviceAlive"] else "does NOT run: systemctl start keepalived-vip"),
            (
                "last move",
                "none"
                if not move
                else "%s ms by %s%s" % (sum(phases.values()), move["trigger"], clock(move["startedAt"], "at")),
            ),
        ]
        if found["maintenance"]:
            why, left_s = found["maintenance"]["why"], found["maintenance"]["leftS"]
            rows.append(("maintenance", why + clock(left_s and time.time() + left_s, "until")))
        if found.get("trouble"):
            rows.append(("trouble", found["trouble"]))
        for name, value in rows:
            print("%-17s %s" % (name, value))
    if not known:
        return 2
    return 0 if healthy else 1


def clock(when, word: str) -> str:
    return time.strftime(" %s %%Y-%%m-%%d %%H:%%M:%%S" % word, time.localtime(when)) if when else ""


def main(argv, load=settings.load) -> int:
    if argv in (["--help"], ["help"]):
        print(__doc__.strip())
        return 0
    plain = (["watch"], ["migrate"], ["query"], ["status"], ["status", "--json"])
    if argv not in plain and "".join(argv[:1]) not in ("drain",) + PLANNED:
        sys.stderr.write(__doc__)
        return 3
    try:
        conf = load()
    except (OSError, ValueError) as error:
        sys.stderr.write("vip.py: /etc/keepalived/vip.json cannot be used: %s\n" % error)
        return 6
    if argv == ["watch"]:
        from keepalived_vip import watch

        return watch.serve(conf)
    if argv == ["migrate"]:
        return migrate(conf)
    if argv == ["query"]:
        return query(conf)
    if argv[0] in PLANNED:
        from keepalived_vip import planned

        return planned.main(conf, argv)
    if argv[0] == "drain":
        return drained(conf, argv[1:])
    return status(conf, argv[1:] == ["--json"])

"""The user's scripts: those in hooks/active run when the cloud has the VIP on this node, those in hooks/standby when it
no longer has. `run` is keepalived-vip-hooks.service, which the watching service starts when there is something to run
and which ends when there is not: one at a time, outside of the watching service's confinement, never in a move's way.

Level-triggered: `wanted` is what the node is, `done` what the scripts were last run for. So the latest state wins, a
state that has passed is not run any more, and a run that was cut off is made again from its first script.
"""

import json
import os
import signal
import time

from keepalived_vip import settings
from keepalived_vip.agent.policy import knowledge
from keepalived_vip.log import plain
from keepalived_vip.user.checks import began

GRACE_S = 5.0  # from SIGTERM to SIGKILL
STANDBY_ROLES = ("BACKUP", "FAULT", "STOP")


def state_of(known, role: str):
    """"active" once the cloud has confirmed the VIP here, "standby" once it is known to be elsewhere; else None."""
    if not known.master:
        return "standby" if role in STANDBY_ROLES else None
    if known.seen.shown_here:
        return "active"
    # A peer that calls itself MASTER as well has taken it: in a partition, the cloud's record is what there is.
    seen = known.seen
    taken = seen.fresh and seen.available and seen.holder not in (known.me, knowledge.NOBODY)
    return "standby" if taken else None


def scripts(conf, state: str) -> list:
    """Names, in the order in which they run."""
    try:
        return sorted(name for name in os.listdir("%s/%s" % (conf.hooks_dir, state)) if not name.startswith("."))
    except OSError:
        return []


def configured(conf) -> bool:
    return bool(scripts(conf, "active") or scripts(conf, "standby"))


def missing(wanted, done) -> bool:
    """Whether the scripts have to run for the state that is wanted."""
    return bool(wanted) and (not done or done["state"] != wanted["state"] or not done["finished"])


def run(conf) -> int:
    """Runs what is missing, until nothing is."""
    import fcntl

    from keepalived_vip.log import Log

    log = Log(conf.log)
    os.makedirs(conf.locks, 0o700, exist_ok=True)
    # Not handed to the scripts: what one of them leaves running would keep it, and no script would ever run again.
    with open(conf.hooks_lock, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        end_left(conf)
        while True:
            wanted = settings.read_json(conf.hooks_wanted)
            if not missing(wanted, settings.read_json(conf.hooks_done)):
                return 0
            run_state(conf, wanted, log)


def run_state(conf, wanted: dict, log) -> None:
    """The scripts of one state, as long as it is wanted and none fails: so one can keep the next from running."""
    state = wanted["state"]
    done = dict(wanted, finished=False, running=None, scripts=[])
    for name in scripts(conf, state):
        now = settings.read_json(conf.hooks_wanted) or wanted
        if now["state"] != state:
            log.say("hooks-passed", state=state, before=name, now=now["state"])
            write(conf, dict(done, running=None))
            return
        done["running"] = name
        write(conf, done)
        result = run_script(conf, wanted, name)
        done["scripts"].append(result)
        log.say("hook", state=state, **result)
        if result["exit"] != 0:
            break
    write(conf, dict(done, finished=True, running=None))


def write(conf, done: dict) -> None:
    settings.write_atomically(conf.hooks_done, json.dumps(done))


def run_script(conf, wanted: dict, name: str) -> dict:
    """Its name, exit code (None when it had to be ended) and duration."""
    import subprocess

    path = "%s/%s/%s" % (conf.hooks_dir, wanted["state"], name)
    environment = dict(
        os.environ,
        KEEPALIVED_PAIR=conf.pair,
        KEEPALIVED_NODE=conf.node,
        KEEPALIVED_VIP=conf.vip,
        KEEPALIVED_STATE=wanted["state"],
        KEEPALIVED_REASON=plain(str(wanted["reason"])),
    )
    started = time.monotonic()
    try:
        child = subprocess.Popen(
            [path], env=environment, cwd="/", stdin=subprocess.DEVNULL, start_new_session=True
        )
    except OSError:
        return {"script": name, "exit": 127, "durationMs": 0}
    settings.write_atomically(conf.hooks_running, json.dumps({"pid": child.pid, "began": began(child.pid)}))
    code = None
    try:
        code = child.wait(conf.hook_limit_s)
    except subprocess.TimeoutExpired:
        end(child.pid, lambda: child.poll() is not None)
        child.wait()
    return {"script": name, "exit": code, "durationMs": int((time.monotonic() - started) * 1000)}


def end_left(conf) -> None:
    """Ends a script that outlived who ran it: after a kill its state is run anew, and never beside it. Within the unit
    systemd has done so already."""
    left = settings.read_json(conf.hooks_running)
    if left and left["began"] is not None:
        end(left["pid"], lambda: began(left["pid"]) != left["began"])


def end(leader: int, ended) -> None:
    """Asks a script to end, with all that it started, and ends it GRACE_S later; at once what has outlived it."""
    deadline = time.monotonic() + GRACE_S
    if not ended():
        signal_group(leader, signal.SIGTERM)
        while not ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        signal_group(leader, signal.SIGKILL)


def signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        pass

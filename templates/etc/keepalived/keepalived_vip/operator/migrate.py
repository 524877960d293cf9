"""`vip.py migrate` and `vip.py query`: one move, or one look, of the command line's own."""

import os
import sys
import time

from keepalived_vip.agent.node import nic
from keepalived_vip.agent.policy import decide, knowledge
from keepalived_vip.agent.vip.mover import Mover
from keepalived_vip.log import Log
from keepalived_vip.operator import asker
from keepalived_vip.operator.status import service_runs

MIGRATE_LIMIT_S = 60.0


def query(conf) -> int:
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


def migrate(conf) -> int:
    os.makedirs(conf.run, exist_ok=True)
    if not nic.is_master(conf):
        print("this node is not MASTER: the VIP is not on its NIC; nothing was done")
        return 5
    if service_runs(conf):
        print("keepalived-vip.service runs and moves it by itself: see vip.py status; nothing was done")
        return 4
    mover = Mover(conf, Log(conf.log))
    known, deadline = mover.known, time.monotonic() + MIGRATE_LIMIT_S
    mover.log.say("asked", what="migrate", by=asker.who(), why="")
    mover.due_to("migrate", time.monotonic())
    decide.became_master(known, mover.event_at)
    while time.monotonic() < deadline:
        if not nic.is_master(conf):
            print("this node is no longer MASTER; stopped")
            return 5
        step = decide.decide(known, time.monotonic())
        if known.here() and known.seen.task is None and step != knowledge.REBIND:
            print("the VIP is on this node's ENI")
            return 0
        if step[0] == "wait":
            time.sleep(min(0.1, max(0.0, step[1] - time.monotonic())))
            continue
        decide.issued(known, time.monotonic(), step)
        mover.take(step, *mover.make(step))
    print("the VIP is not on this node's ENI after %d s: %s" % (MIGRATE_LIMIT_S, mover.troubles.get("cloud", "")))
    return 2

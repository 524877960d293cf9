"""vip.py: keeps the cloud's address of the VIP where keepalived's MASTER is.

  watch             the service (keepalived-vip.service): hears keepalived, moves the VIP, keeps it
  migrate           one move now, if this node is MASTER and the service does not run, which does it by itself
  query             true, false or unknown: is the VIP on this node's ENI in the cloud
  status [--json]   what keepalived, the NIC, the cloud and the service say, what is wrong and what to do
  self-test [--json]
                    every prerequisite, with its cure; nothing is changed, the service may run
  prepare           on the standby: the VIP on its NIC for 30 s, so that it can serve the moment the cloud delivers
  yield [--reason TEXT] [--for 2h]
                    on the MASTER: hand the VIP to the peer, in the cloud first. The preferred node of standing-master
                    then stays away for that time, 1h by default; any other takes part again at once
  switch-at TIME [--reason TEXT] [--for 2h] | switch-at --drop
                    on the MASTER: the same at a time, kept until then: 2026-11-29T03:00:00+08:00, 03:00 or +2h
  take [--reason TEXT]
                    on the standby: both halves at once; the peer is asked to yield over the network
  carried [--wait]
                    how many of the peer's connections this node carries (keepConnections); waits until there are none
  failover [--reason TEXT]
                    where nobody is MASTER: this node becomes it; ends its maintenance, starts what does not run
  maintenance on [--for 2h] [--reason TEXT] [--force] | maintenance off
                    not MASTER for that time, 1h by default, reboots included; a MASTER yields first
  probe [--json] [--within SECONDS]
                    on the node that does not have it: does the VIP answer a ping
  metrics           writes the metrics file anew, for the end of the service
  health            the service that checks the user's (keepalived-vip-health.service)
  health try        for the installation: 1 when that check would take this node out of service
  hooks             runs the user's scripts for what this node is now (keepalived-vip-hooks.service)
  drain hold NAME SECONDS WHY | drain release NAME | drain apply
                    what keeps this node from being MASTER; for the scripts of the installation

Exit codes: 0 done, or yes, or healthy; 1 no, or not healthy; 2 could not tell; 3 wrong usage; 4 another one runs;
5 this node is not MASTER, nothing was done; 6 vip.json cannot be used.
Of prepare, yield, switch-at, take, carried, failover and maintenance: 0 done; 4 refused, nothing has changed; 5 the VIP
has moved, but not all is as asked; 6 the result is unknown.
"""

import os
import sys

from keepalived_vip import settings


# Each imports for itself what only it needs: the service has to stay small, and the scripts of the installation quick.
def query(conf) -> int:
    from keepalived_vip.operator import migrate as verb

    return verb.query(conf)


def migrate(conf) -> int:
    from keepalived_vip.operator import migrate as verb

    return verb.migrate(conf)


def watch(conf) -> int:
    from keepalived_vip.agent import watch as service
    from keepalived_vip.user.announce import Announcer

    return service.serve(conf, Announcer)


def status(conf, as_json: bool) -> int:
    from keepalived_vip.operator import status as verb

    return verb.show(conf, as_json)


def self_test(conf, as_json: bool) -> int:
    from keepalived_vip.operator.selftest import selftest

    return selftest.show(conf, as_json)


def metrics(conf) -> int:
    from keepalived_vip.operator import status as verb

    return verb.tell_metrics(conf)


def planned(conf, argv) -> int:
    from keepalived_vip.operator import commands as verbs

    return verbs.main(conf, argv)


def health(conf) -> int:
    from keepalived_vip.user import health

    return health.serve(conf)


def try_health(conf) -> int:
    from keepalived_vip.user import health

    return health.attempt(conf)


def hooks(conf) -> int:
    from keepalived_vip.user import hooks

    return hooks.run(conf)


def drained(conf, argv) -> int:
    from keepalived_vip.agent.node import drain

    argv = argv[1:]
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


# By the whole command line.
VERBS = {
    ("watch",): watch,
    ("health",): health,
    ("health", "try"): try_health,
    ("hooks",): hooks,
    ("migrate",): migrate,
    ("query",): query,
    ("status",): lambda conf: status(conf, False),
    ("status", "--json"): lambda conf: status(conf, True),
    ("self-test",): lambda conf: self_test(conf, False),
    ("self-test", "--json"): lambda conf: self_test(conf, True),
    ("metrics",): metrics,
}
# These read their own options.
PLANNED = ("prepare", "yield", "switch-at", "take", "carried", "failover", "maintenance", "probe")
WITH_OPTIONS = dict.fromkeys(PLANNED, planned)
WITH_OPTIONS["drain"] = drained


def main(argv, load=settings.load) -> int:
    if argv in (["--help"], ["help"]):
        print(__doc__.strip())
        return 0
    verb, other = VERBS.get(tuple(argv)), WITH_OPTIONS.get("".join(argv[:1]))
    if verb is None and other is None:
        sys.stderr.write(__doc__)
        return 3
    try:
        conf = load()
    except PermissionError:
        told = "vip.py: only root may read /etc/keepalived/vip.json: sudo /etc/keepalived/vip.py %s\n"
        sys.stderr.write(told % " ".join(argv))
        return 6
    except (OSError, ValueError) as error:
        sys.stderr.write("vip.py: /etc/keepalived/vip.json cannot be used: %s\n" % error)
        return 6
    return verb(conf) if verb else other(conf, argv)

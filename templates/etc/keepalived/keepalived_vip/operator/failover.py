"""`vip.py failover`: this node becomes MASTER where nobody is, by a person's decision. Of the peer nothing is asked: it
is dead, or kept from being MASTER itself. A peer that is MASTER hands the VIP over: that is a planned switch.
"""

import subprocess

from keepalived_vip.agent.node import drain, nic
from keepalived_vip.operator import adverts, asker
from keepalived_vip.operator.status import END_OF_DRAIN
from keepalived_vip.operator.switchover import DONE, INCOMPLETE, UNKNOWN, alive, has_it, refuse

SERVICE, KEEPALIVED = "keepalived-vip.service", "keepalived.service"
START_LIMIT_S = 40.0  # the first start since the boot listens for the peer before


def failover(conf, args) -> int:
    why_not = in_the_way(conf)
    if why_not:
        return refuse(why_not)
    # The service first: it logs the rest, and asks the cloud the moment that keepalived is MASTER.
    if not start(conf, SERVICE):
        return refuse("%s cannot be started; journalctl -u keepalived-vip -n 20" % SERVICE)
    asker.note(conf, "failover", args.reason or "nobody was MASTER")
    drain.release(conf, drain.LASTING)
    if not start(conf, KEEPALIVED):
        print("keepalived cannot be started; /etc/keepalived/check_config.sh, and journalctl -u keepalived -n 20")
        return UNKNOWN
    code = has_it(conf, INCOMPLETE)
    return code if code == DONE or nic.is_master(conf) else UNKNOWN


def in_the_way(conf):
    """Why this node can't become MASTER, or must not; None if it may."""
    if nic.is_master(conf):
        return "this node is MASTER"
    if adverts.hears_peer(conf):
        instead = "a planned switch takes the VIP over: vip.py take"
        return "%s is MASTER, its adverts are heard; %s" % (conf.peer_address, instead)
    for name, reason in sorted(drain.reasons(conf).items()):
        if name != drain.LASTING:
            cure = END_OF_DRAIN.get(name, "wait, it ends by itself")
            return "this node is kept from being MASTER by %s: %s; %s" % (name, reason["why"], cure)
    if nic.keepalived_runs(conf.pid_files) is True and not alive(conf):
        return "keepalived hangs; systemctl kill --signal=KILL keepalived, and it is started anew"
    check = subprocess.run([conf.nic_script, "check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    found = check.stdout.decode(errors="replace").strip() or "nic.sh check failed"
    return "%s; /etc/keepalived/nic.sh up" % found if check.returncode else None


def start(conf, unit: str) -> bool:
    """Whether it runs now; one that does already is left alone."""
    try:
        return subprocess.call(conf.start + [unit], timeout=START_LIMIT_S) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False

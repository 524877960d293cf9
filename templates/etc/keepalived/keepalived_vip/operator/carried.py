"""`vip.py carried`: how many connections this node carries for its peer (keepConnections), and when there are none any
more. An update that replaces the peer's machine waits for it, and so ends where the VIP goes back meanwhile."""

import sys
import time

from keepalived_vip import settings
from keepalived_vip.agent.node import nic
from keepalived_vip.operator.status import SILENT_S, service_runs, span
from keepalived_vip.operator.switchover import DONE, INCOMPLETE, UNKNOWN

TELL_S = 30.0  # also what keeps a login through a NAT alive
LOOK_S = 0.5
# So long none has to be carried before the wait is over: a look that fails, rules that somebody has removed or a
# service that starts carry none for a moment, and the peer's machine would go with all that it has. Whatever is not
# carried for as long as this has been reset.
NONE_S = 6.0
# So long the service may say nothing meanwhile: one that starts anew does, and whoever asked would go on without it.
STARTS_S = 30.0
CARRIES = 1  # exit code


def carried(conf, args) -> int:
    """Exit code 0: none; 1: some, and nobody waits; 5: the VIP is no longer here; 6: could not tell."""
    told_at = none_since = silent_since = speaks_since = None  # of time.monotonic()
    while True:
        now, why_not = time.monotonic(), silent(conf)
        speaks_since = None if why_not else speaks_since or now
        if why_not:
            silent_since = silent_since or now
        elif now - speaks_since >= NONE_S:  # one that only starts, again and again, says nothing either
            silent_since = None
        if why_not and not (args.wait and now - silent_since < STARTS_S):
            print("could not tell: %s%s" % (why_not, "; wait here again before the next update" * args.wait))
            return UNKNOWN
        one = ((settings.read_json(conf.status_file) or {}).get("connections") or {}).get("carried")
        none_since = None if one or why_not else none_since or now
        if none_since is not None and (not args.wait or now - none_since >= NONE_S):
            print("no connection of the peer's is carried" + ("" if told_at is None else " any more"))
            return DONE
        if one and not why_not and (told_at is None or now - told_at >= TELL_S):
            told_at = now
            print("the peer still serves %s, for %s more at most" % (counted(one["count"]), span(one["leftS"])))
            sys.stdout.flush()
        if not args.wait:
            return CARRIES
        if not nic.is_master(conf):
            print("the VIP went back to the peer meanwhile; vip.py status says why")
            return INCOMPLETE
        time.sleep(LOOK_S)


def silent(conf):
    """Why the service's last word says nothing of now, None if it does."""
    if not service_runs(conf):
        return "keepalived-vip.service does not run"
    silent_s = time.time() - ((settings.read_json(conf.status_file) or {}).get("updatedAt") or 0.0)
    return "the service has said nothing for %s" % span(silent_s) if silent_s > SILENT_S else None


def counted(count) -> str:
    return "connections" if count is None else "1 connection" if count == 1 else "%d connections" % count

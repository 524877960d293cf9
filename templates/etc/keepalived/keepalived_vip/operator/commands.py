"""What a person does on purpose, and its options: a planned switch, a failover, maintenance, a probe."""

import argparse
import math
import os
import sys
import time

from keepalived_vip.agent.node import drain, nic, promise
from keepalived_vip.log import plain
from keepalived_vip.operator import adverts, asker, carried, failover, probe, scheduled, switchover

MAINTENANCE_S = 3600  # a node that is forgotten in maintenance is no standby
LONGEST_DAYS = 365


def maintenance(conf, args) -> int:
    """Keeps this node from being MASTER until a time, or lets it take part again."""
    if args.to == "off":
        asker.note(conf, "maintenance off", args.reason or "")
        drain.release(conf, drain.LASTING)
        print("this node takes part again")
        return switchover.DONE
    why = args.reason or "maintenance"
    before = drain.reasons(conf).get(drain.LASTING)
    if nic.is_master(conf):
        code = switchover.ask(conf, args.seconds, why)
        if code == switchover.DONE or not args.force:
            return code
    elif not args.force and not adverts.hears_peer(conf):
        why_not = "no advert of a MASTER from %s; with --force nobody may have the VIP"
        return switchover.refuse(why_not % conf.peer_address)
    promised = None if args.force else promise.current(conf)
    if not promised:
        try:
            drain.note(conf, drain.LASTING, args.seconds, why)
        except OSError as error:
            return switchover.refuse("it cannot be written down in %s: %s" % (conf.lib, error.strerror))
        promised = None if args.force else promise.current(conf)
        if promised:
            take_back(conf, before)
    if promised:
        text = "the VIP is on its way to this node, by a planned switch; try again once that is over, %d s at most"
        return switchover.refuse(text % math.ceil(promised["leftS"]))
    asker.note(conf, "maintenance on", why)
    drain.apply(conf)
    print("in maintenance for %d s; it ends by itself" % args.seconds)
    return switchover.DONE


def take_back(conf, before) -> None:
    """What was written down a moment too late. before: the reason that was in force, None without one."""
    if before:
        drain.note(conf, drain.LASTING, before["leftS"], before["why"])
    else:
        drain.release(conf, drain.LASTING)


# -- the command line -------------------------------------------------------------------------------------------------


def seconds(text: str) -> int:
    """`90s`, `30m`, `2h`, `1d`."""
    unit = scheduled.UNITS.get(text[-1:])
    if unit is None or not text[:-1].isdigit() or int(text[:-1]) == 0:
        raise argparse.ArgumentTypeError("%s is no time such as 90s, 30m, 2h or 1d" % text)
    if len(text) > 9 or int(text[:-1]) * unit > LONGEST_DAYS * 86400:
        raise argparse.ArgumentTypeError("%s is longer than %d days" % (text, LONGEST_DAYS))
    return int(text[:-1]) * unit


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(3, "vip.py: %s\n" % message)


def parser() -> Parser:
    top = Parser(prog="vip.py")
    verbs = top.add_subparsers(dest="verb")
    one = verbs.add_parser("prepare")
    one.add_argument("--in-maintenance", action="store_true", help="allow it in maintenance, which the caller will end")
    one.add_argument("--undo", action="store_true", help="let the address go")
    one = verbs.add_parser("yield")
    one.add_argument("--reason", type=plain)
    one.add_argument("--for", dest="seconds", type=seconds, default=MAINTENANCE_S)
    one.add_argument("--json", action="store_true")
    one = verbs.add_parser("switch-at")
    what = one.add_mutually_exclusive_group(required=True)
    what.add_argument("time", nargs="?", type=lambda text: scheduled.moment(text, time.time()))
    what.add_argument("--drop", action="store_true", help="the one that is kept")
    one.add_argument("--reason", type=plain)
    one.add_argument("--for", dest="seconds", type=seconds, default=MAINTENANCE_S)
    one = verbs.add_parser("take")
    one.add_argument("--reason", type=plain)
    one = verbs.add_parser("carried")
    one.add_argument("--wait", action="store_true", help="until there are none any more")
    one = verbs.add_parser("failover")
    one.add_argument("--reason", type=plain)
    one = verbs.add_parser("maintenance")
    one.add_argument("to", choices=("on", "off"))
    one.add_argument("--reason", type=plain)
    one.add_argument("--for", dest="seconds", type=seconds, default=MAINTENANCE_S)
    one.add_argument("--force", action="store_true", help="also if nobody may take over")
    one = verbs.add_parser("probe")
    one.add_argument("--json", action="store_true")
    one.add_argument("--within", type=float, default=2.0, metavar="SECONDS")
    return top


def main(conf, argv) -> int:
    args = parser().parse_args(argv)
    os.makedirs(conf.run, exist_ok=True)
    verbs = {"prepare": switchover.prepare, "yield": switchover.give, "take": switchover.take}
    verbs.update({"switch-at": scheduled.switch_at, "carried": carried.carried, "failover": failover.failover})
    verbs.update({"maintenance": maintenance, "probe": probe.probe})
    return verbs[args.verb](conf, args)

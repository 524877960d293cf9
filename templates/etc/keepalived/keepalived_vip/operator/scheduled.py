"""`vip.py switch-at`: a planned switch at a time, which the service of the MASTER keeps and carries out
(agent/vip/scheduled.py). This node's clock is what counts.
"""

import argparse
import binascii
import calendar
import datetime
import json
import os
import re
import time

from keepalived_vip import settings
from keepalived_vip.agent.node import nic
from keepalived_vip.agent.vip import scheduled
from keepalived_vip.agent.vip.mover import take_lock
from keepalived_vip.operator import asker
from keepalived_vip.operator.status import service_runs, span
from keepalived_vip.operator.switchover import DONE, refuse

FARTHEST_S = 7 * 86400
NEAR_S = 3.0  # so long before its time it can't be dropped any more: the service may have begun
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
TAKEN = "it takes 2026-11-29T03:00:00+08:00, 03:00 in this node's zone, or +2h"


def moment(text: str, now: float) -> float:
    """Unix seconds of what was typed. Raises argparse.ArgumentTypeError."""
    try:
        found = after(text, now) or next_clock(text, now) or iso(text)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise argparse.ArgumentTypeError("%s is no time; %s" % (text, TAKEN))
    if found <= now:
        raise argparse.ArgumentTypeError("%s has passed by this node's clock, %s" % (text, clock(now)))
    if found > now + FARTHEST_S:
        raise argparse.ArgumentTypeError("%s is more than 7 days away" % text)
    return found


def after(text: str, now: float):
    """`+90s`, `+30m`, `+2h`, `+1d`."""
    found = re.fullmatch(r"\+([1-9][0-9]{0,6})([smhd])", text)
    return now + int(found.group(1)) * UNITS[found.group(2)] if found else None


def next_clock(text: str, now: float):
    """`03:00`: the next one in this node's zone. A day on which the clocks are changed may not have it."""
    found = re.fullmatch("([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if not found:
        return None
    hour, minute = int(found.group(1)), int(found.group(2))
    today = time.localtime(now)
    for day in (0, 1):
        when = time.mktime((today.tm_year, today.tm_mon, today.tm_mday + day, hour, minute, 0, 0, 0, -1))
        if when > now:
            local = time.localtime(when)
            return when if (local.tm_hour, local.tm_min) == (hour, minute) else None
    return None


def iso(text: str):
    """`2026-11-29T03:00:00+08:00`, `2026-11-28T19:00Z`. Raises ValueError for a day or an hour that is none."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?(?:Z|([+-])(\d\d):?(\d\d))", text, re.ASCII)
    if not found:
        return None
    when = datetime.datetime(*(int(part or 0) for part in found.groups()[:6]))
    sign, hours, minutes = found.groups()[6:]
    ahead_s = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1) if sign else 0
    return float(calendar.timegm(when.timetuple()) - ahead_s)


def clock(when: float) -> str:
    """In UTC, and in this node's zone where that is another one."""
    utc = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(when))
    here = time.localtime(when)
    return utc if here.tm_gmtoff == 0 else utc + time.strftime(", %H:%M:%S %z here", here)


def switch_at(conf, args) -> int:
    """Keeps one, or drops the one that is kept."""
    lock = take_lock(conf.switch_lock)
    if lock is None:
        return refuse("another vip.py is at work on a switch")
    return drop(conf) if args.drop else keep(conf, args)


def keep(conf, args) -> int:
    if not nic.is_master(conf):
        return refuse("this node is not MASTER")
    if not service_runs(conf):
        return refuse("keepalived-vip.service does not run")
    kept = scheduled.read(conf)
    if kept:
        return refuse("one is kept for %s already; drop it first: vip.py switch-at --drop" % clock(kept["at"]))
    wish = {"id": binascii.hexlify(os.urandom(6)).decode(), "at": args.time, "forS": args.seconds}
    wish.update(by=asker.who(), why=args.reason or "scheduled switch")
    try:
        settings.write_atomically(conf.scheduled_file, json.dumps(wish), durable=True)
    except OSError as error:
        return refuse("it cannot be kept: %s" % error)
    asker.note(conf, "switch at %s" % clock(args.time), wish["why"])
    print("kept: this node hands the VIP to the peer at %s, in %s" % (clock(args.time), span(args.time - time.time())))
    return DONE


def drop(conf) -> int:
    kept = scheduled.read(conf)
    if not kept:
        print("no switch is kept")
        return DONE
    if kept["at"] - time.time() < NEAR_S and service_runs(conf):
        return refuse("too late: it is due at %s" % clock(kept["at"]))
    scheduled.remove(conf.scheduled_file, kept["id"])
    asker.note(conf, "switch dropped", "it was due at %s" % clock(kept["at"]))
    print("dropped: the switch at %s" % clock(kept["at"]))
    return DONE

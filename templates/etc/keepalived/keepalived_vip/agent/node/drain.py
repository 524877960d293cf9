"""Why this node must not be MASTER, and the file by which keepalived is told so (its track_file).

Each reason is a file of its own name, so that one who lets go does not undo what another holds: health, maintenance,
switch, restart. `until` bounds it on the node itself: who set it may be gone. Reasons in the run folder end with the
boot and count monotonic seconds, those in the state folder outlive it and count Unix seconds.
"""

import json
import os
import time

from keepalived_vip import settings
from keepalived_vip.log import plain

LASTING = "maintenance"


def clock(name: str) -> float:
    """The clock that the `until` of this reason belongs to."""
    return time.time() if name == LASTING else time.monotonic()


def folder(conf, name: str) -> str:
    return conf.lib + "/drain.d" if name == LASTING else conf.run + "/drain.d"


def hold(conf, name: str, seconds, why: str) -> None:
    """Gives up the VIP, or keeps from taking it, for `seconds` (None: until release). Held already: prolongs."""
    note(conf, name, seconds, why)
    apply(conf)


def note(conf, name: str, seconds, why: str) -> None:
    """As `hold`, but keepalived is not told yet. The service does that when it looks next."""
    os.makedirs(folder(conf, name), exist_ok=True)
    held = reasons(conf).get(name)
    since = held["since"] if held else time.time()
    reason = {"why": why, "since": since, "until": None if seconds is None else clock(name) + seconds}
    settings.write_atomically("%s/%s" % (folder(conf, name), name), json.dumps(reason), durable=name == LASTING)


def release(conf, name: str) -> None:
    try:
        os.unlink("%s/%s" % (folder(conf, name), name))
    except FileNotFoundError:
        pass
    apply(conf)


def reasons(conf) -> dict:
    """{name: {"why", "since", "leftS"}} of those in force; leftS is None without an end."""
    found = {}
    for place in (conf.run + "/drain.d", conf.lib + "/drain.d"):
        try:
            names = sorted(os.listdir(place))
        except OSError:
            continue
        for name in names:
            if "." in name:
                continue  # being written
            reason = settings.read_json("%s/%s" % (place, name))
            if not isinstance(reason, dict) or "until" not in reason:
                continue  # half a file, or none of ours
            left = None if reason["until"] is None else reason["until"] - clock(name)
            if left is None or left > 0:
                found[name] = {"why": plain(str(reason.get("why", ""))), "since": reason.get("since"), "leftS": left}
    return found


def apply(conf) -> dict:
    """Tells keepalived, if it was not told yet; gives the reasons in force. Cheap enough for every tick.

    Without a lock, for the service must not wait for one. Who changes a reason applies it afterwards, and who has
    written looks at the reasons once more: so the last word is right, whoever else writes at the same time.
    """
    found = reasons(conf)
    while True:
        wanted = b"1\n" if found else b"0\n"
        if told(conf) == wanted:
            return found
        write_in_place(conf.drain_file, wanted)
        before, found = found, reasons(conf)
        if bool(found) == bool(before):
            return found


def write_in_place(path: str, wanted: bytes) -> None:
    """For a track_file: keepalived reads it when a writer closes it. Never empty meanwhile. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, wanted)
        os.ftruncate(descriptor, len(wanted))
    finally:
        os.close(descriptor)


def told(conf) -> bytes:
    try:
        with open(conf.drain_file, "rb") as file:
            return file.read()
    except OSError:
        return b""

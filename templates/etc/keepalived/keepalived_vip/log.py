"""JSON lines: to the journal by standard output, and to the log file of the guide's readers."""

import json
import os
import sys
import time

# All that is ever said; docs/node.md has when, and with what.
EVENTS = (
    "started",
    "ended",
    "state",
    "heard-lower",
    "asked",
    "drained",
    "move-accepted",
    "moved",
    "move-left",
    "switch",
    "switch-lapsed",
    "refused",
    "holder",
    "eip-rebinding",
    "keepalived-restarted",
    "nic-restored",
    "connections-kept",
    "connections-ended",
    "connections-carried",
    "connections-carried-no-more",
    "connections-restored",
    "trouble",
    "well-again",
    "hook",
    "hooks-passed",
    "health-failing",
    "health-well",
    "another-service-runs",
)


def appending(path: str, flags: int) -> int:
    """/var/log may be a group's to write: no file that somebody else points to, and no pipe that nobody reads."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)


def plain(text: str, most: int = 200) -> str:
    """What somebody else has said, as one short line that can be printed, logged and handed to a program: no control
    characters (a NUL ends an environment), no lone surrogates (they can't be encoded)."""
    return "".join(character if character.isprintable() else "?" for character in text[:most])


def call(do, *args) -> None:
    do(*args)


class Log:
    """One line for one change. Never give it a secret. A full disk loses lines, nothing else."""

    def __init__(self, path: str, put=call) -> None:
        """put: has a line written, now or by another thread; standard output may be a pipe that nobody empties."""
        self.path = path
        self.put = put

    def say(self, event: str, **fields) -> None:
        line = json.dumps(dict([("time", round(time.time(), 3)), ("event", event)] + sorted(fields.items())))
        self.put(self.write, line)

    def write(self, line: str) -> None:
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except OSError:
            pass
        try:
            with open(self.path, "a", opener=appending) as file:
                file.write(line + "\n")
        except OSError:
            pass

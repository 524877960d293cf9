"""JSON lines: to the journal by standard output, and to the log file of the guide's readers."""

import json
import sys
import time


class Log:
    """One line for one change. Never give it a secret. A full disk loses lines, nothing else."""

    def __init__(self, path: str) -> None:
        self.path = path

    def say(self, event: str, **fields) -> None:
        line = json.dumps(dict([("time", round(time.time(), 3)), ("event", event)] + sorted(fields.items())))
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except OSError:
            pass
        try:
            with open(self.path, "a") as file:
                file.write(line + "\n")
        except OSError:
            pass

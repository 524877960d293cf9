"""The last moves of this node, one JSON object a line: they outlive the service and the boot."""

import json

from keepalived_vip import settings

KEPT = 20
FIELDS = {"id", "trigger", "from", "to", "startedAt", "requestId", "phasesMs"}


def load(path: str) -> list:
    """Oldest first; a line that is none of ours is skipped."""
    found = []
    try:
        with open(path) as file:
            for line in file:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue
    except (OSError, UnicodeDecodeError):
        pass
    return [move for move in found if isinstance(move, dict) and set(move) >= FIELDS][-KEPT:]


def save(path: str, moves: list) -> None:
    """Keeps the newest of them. A full disk loses history, nothing else."""
    try:
        settings.write_atomically(path, "".join(json.dumps(move, sort_keys=True) + "\n" for move in moves[-KEPT:]))
    except OSError:
        pass

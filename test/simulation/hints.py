"""Where the hunt for each mutant begins: with the history that caught it before.

hints.json names that history. It makes a hunt faster and nothing else: where it catches nothing any more, the hunt goes
on from the first seed as without it, and says so.
"""

import json
import os

HINTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hints.json")
RECORD = "npm run simulate -- --mutants --record"


class Hunt:
    """What came of one mutant."""

    def __init__(self, name: str, what: str, hint) -> None:
        self.name, self.what, self.hint = name, what, hint
        self.failure, self.times, self.caught_in = None, 0, None

    @property
    def caught(self) -> bool:
        return self.failure is not None and self.failure.rule != "alive"

    @property
    def stale(self) -> bool:
        return self.hint is not None and self.caught_in != self.hint

    def go(self, play, places) -> "Hunt":
        """play: gives what one history or fleet breaks, or None. A hint counts only if a rule catches there."""
        if self.hint is not None and self.tries(play, self.hint) and self.caught:
            return self
        self.failure = None
        for place in places:
            if self.tries(play, place):
                return self
        return self

    def tries(self, play, place) -> bool:
        self.times += 1
        self.failure = play(*place)
        self.caught_in = place if self.caught else None
        return self.failure is not None


def read() -> dict:
    """Of each mutant by its name: (seed, mode), or (seed,) of a fleet. Without the file there is none."""
    if not os.path.exists(HINTS):
        return {}
    with open(HINTS) as file:
        return {name: tuple(place) for name, place in json.load(file).items()}


def write(hunts) -> None:
    """Hints of mutants that are gone go with them."""
    lines = ["  %s: %s" % (json.dumps(hunt.name), json.dumps(hunt.caught_in)) for hunt in hunts if hunt.caught]
    with open(HINTS, "w") as file:
        file.write("{\n%s\n}\n" % ",\n".join(lines))


def told(hunt: Hunt) -> str:
    if not hunt.caught:
        text = hunt.failure.text if hunt.failure else ""
        return "ESCAPED  %-58s in %d %s %s" % (hunt.name, hunt.times, hunt.what, text)
    row = (hunt.name, hunt.failure.rule, shown(hunt.caught_in), hunt.failure.text)
    line = "caught   %-58s by %-8s in seed %s: %s" % row
    if hunt.times > 1:
        line += "; after %d %s" % (hunt.times, hunt.what)
    if hunt.stale:
        line += "\n         its hint is stale, seed %s" % shown(hunt.hint)
    return line


def shown(place) -> str:
    return " ".join(map(str, place))

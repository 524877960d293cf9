"""Mutants of what keeps a fleet from being a herd: nothing is wrong with any for a pair by itself."""

from mutants import Mutant

SIZE = 600  # pairs: enough that what they do adds up

MUTANTS = [
    Mutant(
        "pairs that were refused together ask again together",
        "patience",
        (" * (0.1 + 0.9 * jitter)\n", "\n"),
    ),
    Mutant(
        "one call too many is repeated after a fixed time",
        "patience",
        ("min(LATER_MAX_S, LATER_FIRST_S * LATER_TIMES**before)", "LATER_FIRST_S"),
    ),
    Mutant(
        "one call too many leads to more looks",
        "answers",
        ("        known.patience.crowded(now)\n", "        known.patience.alert(now)\n"),
    ),
    Mutant(
        "a claim that was one call too many costs a look",
        "answers",
        ("        known.patience.crowded(now)\n", "        known.patience.crowded(now)\n        asked.claim = False\n"),
    ),
    Mutant(
        "a pair looks as often however long all is well",
        "patience",
        ("    return min(CALM_TIMES * reassert_s, max(reassert_s, CALM_SHARE * calm_s))\n", "    return reassert_s\n"),
    ),
]

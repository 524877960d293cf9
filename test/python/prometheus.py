"""What Prometheus can read, and a status to tell it of."""

import re

# https://prometheus.io/docs/instrumenting/exposition_formats/ and the naming rules beside it.
HELP = re.compile(r"# HELP ([a-z][a-z0-9_]*) (\S.*)")
TYPE = re.compile(r"# TYPE ([a-z][a-z0-9_]*) (counter|gauge)")
SAMPLE = re.compile(r"([a-z][a-z0-9_]*)(?:\{(.*)\})? (-?(?:[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?))")
LABEL = re.compile(r'([a-z][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def parse(text: str) -> dict:
    """{(name, labels as sorted pairs): value}; AssertionError names the line that is none."""
    assert text.endswith("\n") and "\n\n" not in text, "lines"
    kinds, samples, told = {}, {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP"):
            told = HELP.fullmatch(line).group(1)
            assert told not in kinds, line
            continue
        if line.startswith("# TYPE"):
            name, kind = TYPE.fullmatch(line).groups()
            assert name == told and name not in kinds, line
            assert name.endswith("_total") == (kind == "counter"), line
            kinds[name] = kind
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, inner, value = match.groups()
        assert name == told, "samples of a family stand together: %s" % line
        pairs = LABEL.findall(inner or "")
        assert "".join('%s="%s",' % pair for pair in pairs).rstrip(",") == (inner or ""), line
        key = (name, tuple(sorted(pairs)))
        assert key not in samples and len(dict(pairs)) == len(pairs), line
        samples[key] = float(value)
    return samples


def status(**changes) -> dict:
    found = {
        "version": "1.2.3", "pair": "test", "node": "a", "state": "MASTER", "since": 1000.5,
        "serviceAlive": True, "keepalivedAlive": True, "vipOnNic": True, "cloudHolder": "self", "available": True,
        "checkedAt": 1700000000.25, "drained": {}, "troubles": {}, "lastMove": None, "movesByTrigger": {},
        "apiRequests": {},
    }  # fmt: skip
    return dict(found, **changes)

"""The documentation lists what the runtime tells and where it keeps things: all of it, and nothing else."""

import glob
import os
import re
import unittest

import prometheus
import support
from keepalived_vip import log, metrics, settings
from keepalived_vip.agent.node import nic, peer
from keepalived_vip.operator import main
from keepalived_vip.operator.selftest import selftest

DOCS = os.path.join(support.HERE, "..", "..", "docs")
with open(DOCS + "/node.md") as file:
    TEXT = file.read()


def table(heading: str) -> list:
    """First column of the first table after a heading or a column's name."""
    rows = TEXT.partition(heading)[2].partition("|---|")[2].partition("\n\n")[0]
    return re.findall(r"^\| `?([^|`]+?)`? \|", rows, re.M)


class Documentation(unittest.TestCase):
    def test_metrics(self):
        names = ["keepalived_vip_" + family[0] for family in metrics.families(prometheus.status(), 0)]
        self.assertEqual(table("\n## Metrics"), names)

    def test_checks(self):
        conf = settings.Settings(support.values(keepConnectionsS=600))
        self.assertEqual(table("\n## self-test"), [row[0] for row in selftest.table(conf)])

    def test_events(self):
        found = set()
        for path in glob.glob(support.RUNTIME + "/keepalived_vip/**/*.py", recursive=True):
            with open(path) as file:
                found |= set(re.findall(r'(?:\.say\(|later\.append\(\()"([a-z-]+)"', file.read()))
        self.assertEqual(sorted(found), sorted(log.EVENTS))
        self.assertEqual(table("\n## Log"), list(log.EVENTS))

    def test_troubles(self):
        found = set()
        for path in glob.glob(support.RUNTIME + "/keepalived_vip/**/*.py", recursive=True):
            with open(path) as file:
                told = r'(?:\.trouble\(|self\.aside\(|self\.look_after\(|self\.restored, )"([a-z-]+)"'
                found |= set(re.findall(told, file.read()))
        self.assertEqual(sorted(found), sorted(metrics.TROUBLES + metrics.KEPT_TROUBLES))
        self.assertIn("tried again: " + ", ".join("`%s`" % what for what in metrics.TROUBLES), TEXT)

    def test_verbs(self):
        verbs = {row.split()[1] for row in table("\n## Commands")}
        self.assertEqual(verbs, {verb[0] for verb in main.VERBS} | set(main.WITH_OPTIONS))
        for verb in verbs:
            self.assertRegex(main.__doc__, r"(?m)^  %s\b" % verb)

    def test_files_that_the_runtime_makes(self):
        with open(DOCS + "/failover.md") as file:
            text = file.read()
        made = [path for path in vars(settings.Settings(support.values())).values() if isinstance(path, str)]
        made = [path for path in made if re.match(r"/run/keepalived-vip/|/var/l(ib/keepalived-vip/|og/)", path)]
        self.assertGreater(len(made), 8)
        self.assertEqual([path for path in made if "`%s`" % path not in text], [])

    def test_what_has_to_pass_between_the_nodes(self):
        with open(DOCS + "/../README.md") as file:
            text = file.read().replace("\n ", "")
        needed = "needs IP protocol %d, UDP %d and %d and ping between them" % (nic.VRRP, peer.PORT, peer.ASK_PORT)
        self.assertIn(needed, text)

    def test_exit_codes(self):
        told = main.__doc__.partition("Exit codes")[2].partition("\nOf ")[0].replace("\n", " ")
        self.assertEqual(table("| exit code |"), re.findall(r"[:;] (\d) [a-z]", told))


if __name__ == "__main__":
    unittest.main()

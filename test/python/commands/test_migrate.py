"""`vip.py migrate` and `vip.py query`."""

import subprocess
import unittest

from node import MIGRATE, Node
from support import ME, PATIENCE_S


class Verbs(Node):
    def call(self, *argv):
        child = subprocess.Popen(self.verb(*argv), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, _ = child.communicate(timeout=PATIENCE_S)
        return child.returncode, output.decode()

    def test_migrate_does_nothing_on_a_standby(self):
        code, output = self.call("migrate")
        self.assertEqual(code, 5)
        self.assertIn("not MASTER", output)
        self.assertEqual(self.cloud.journal, [])

    def test_migrate_moves_without_the_service(self):
        self.cloud.move_s = 0.3
        self.add_vip()
        self.assertEqual(self.call("migrate")[0], 0)
        self.assertEqual(self.cloud.holder, ME)

    def test_migrate_leaves_it_to_the_service(self):
        self.start()
        self.become_master()
        self.settled()
        moves = self.cloud.actions().count(MIGRATE)  # the service looks on by itself meanwhile
        code, output = self.call("migrate")
        self.assertEqual((code, self.cloud.actions().count(MIGRATE)), (4, moves))
        self.assertIn("keepalived-vip.service runs", output)

    def test_query_tells_apart_no_and_unknown(self):
        self.assertEqual(self.call("query"), (1, "false\n"))
        self.cloud.holder = ME
        self.assertEqual(self.call("query"), (0, "true\n"))
        self.cloud.refusals = ["InternalError"]
        self.assertEqual(self.call("query"), (2, "unknown\n"))

    def test_wrong_usage(self):
        self.assertEqual(self.call("promote")[0], 3)


if __name__ == "__main__":
    unittest.main()

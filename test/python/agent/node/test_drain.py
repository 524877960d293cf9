"""Reasons for not being MASTER: each holds by itself, ends by itself, and keepalived is told once."""

import os
import tempfile
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.agent.node import drain


class Drain(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.conf = settings.Settings(
            support.values(), run=self.folder.name, etc=self.folder.name, lib=self.folder.name + "/lib"
        )

    def told(self) -> str:
        with open(self.conf.drain_file) as file:
            return file.read().strip()

    def test_two_reasons_do_not_undo_each_other(self):
        drain.hold(self.conf, "health", None, "port 80 is closed")
        drain.hold(self.conf, "maintenance", 3600, "kernel")
        drain.release(self.conf, "health")
        self.assertEqual((self.told(), list(drain.reasons(self.conf))), ("1", ["maintenance"]))
        drain.release(self.conf, "maintenance")
        self.assertEqual((self.told(), drain.reasons(self.conf)), ("0", {}))

    def test_a_reason_ends_by_itself_though_nobody_lets_go(self):
        drain.hold(self.conf, "switch", 30, "planned")
        self.assertAlmostEqual(drain.reasons(self.conf)["switch"]["leftS"], 30, delta=5)
        with mock.patch("time.monotonic", return_value=drain.clock("switch") + 31):
            drain.apply(self.conf)
        self.assertEqual(self.told(), "0")

    def test_prolonged_it_holds_since_it_began(self):
        with mock.patch("time.time", return_value=1000.0):
            drain.hold(self.conf, "health", 30, "down")
        drain.hold(self.conf, "health", 60, "still down")
        reason = drain.reasons(self.conf)["health"]
        self.assertEqual((reason["since"], reason["why"]), (1000.0, "still down"))
        self.assertGreater(reason["leftS"], 50)

    def test_a_reason_that_is_being_written_is_none_yet(self):
        drain.hold(self.conf, "health", 30, "down")
        os.rename(self.conf.run + "/drain.d/health", self.conf.run + "/drain.d/health.4711")
        self.assertEqual(drain.apply(self.conf), {})

    def test_maintenance_outlives_the_boot_and_the_others_do_not(self):
        drain.hold(self.conf, "maintenance", 3600, "kernel")
        drain.hold(self.conf, "health", None, "down")
        self.assertEqual(os.listdir(self.conf.lib + "/drain.d"), ["maintenance"])
        self.assertEqual(os.listdir(self.conf.run + "/drain.d"), ["health"])

    def test_keepalived_is_told_only_what_is_new(self):
        drain.hold(self.conf, "health", None, "down")
        os.utime(self.conf.drain_file, (1, 1))
        drain.apply(self.conf)
        self.assertEqual(os.stat(self.conf.drain_file).st_mtime, 1)

    def test_the_last_word_is_right_also_when_another_one_writes_at_the_same_time(self):
        drain.apply(self.conf)

        def meanwhile(conf, told=drain.told):
            drain.told = told
            drain.hold(conf, "health", 30, "down")
            return b""

        with mock.patch.object(drain, "told", meanwhile):
            self.assertEqual(list(drain.apply(self.conf)), ["health"])
        self.assertEqual(self.told(), "1")

    def test_half_a_file_is_no_reason(self):
        drain.apply(self.conf)
        os.makedirs(self.conf.run + "/drain.d")
        with open(self.conf.run + "/drain.d/health", "w") as file:
            file.write('{"why"')
        drain.apply(self.conf)
        self.assertEqual(self.told(), "0")


if __name__ == "__main__":
    unittest.main()

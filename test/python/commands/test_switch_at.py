"""`vip.py switch-at`: what is a time, what is kept, and what is dropped."""

import argparse
import json
import os
import time
import unittest
from unittest import mock

from keepalived_vip.operator import scheduled, status
from pair import Pair
from support import until

NOW = 1795827600.0  # 2026-11-28 01:00:00 UTC


class Moment(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.dict(os.environ, TZ="Asia/Shanghai")
        patch.start()
        self.addCleanup(time.tzset)
        self.addCleanup(patch.stop)
        time.tzset()

    def test_a_time_with_its_zone_the_next_of_this_clock_or_so_long_from_now(self):
        for text, after_s in (
            ("+90s", 90), ("+30m", 1800), ("+2h", 7200), ("+7d", 7 * 86400),
            ("09:01", 60), ("09:00", 86400), ("08:59", 86400 - 60), ("23:30", 14.5 * 3600),
            ("2026-11-28T02:00Z", 3600), ("2026-11-28T10:00:30+08:00", 3630), ("2026-11-27T20:00:00-0530", 1800),
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(scheduled.moment(text, NOW), NOW + after_s)

    def test_what_is_none_says_what_is_allowed_or_why_it_is_too_early_or_too_late(self):
        for text, said in (
            ("", "is no time; it takes"), ("3pm", "is no time"), ("24:00", "is no time"), ("+0h", "is no time"),
            ("+2", "is no time"), ("-2h", "is no time"), ("2026-11-28T03:00:00", "is no time"),
            ("2026-13-01T03:00Z", "is no time"), ("2026-11-28T25:00Z", "is no time"),
            ("2026-11-28T01:00Z", "has passed"), ("+8d", "more than 7 days"), ("2027-11-28T01:00Z", "more than 7 days"),
            ("+9999999d", "more than 7 days"),
        ):  # fmt: skip
            with self.subTest(text), self.assertRaisesRegex(argparse.ArgumentTypeError, said):
                scheduled.moment(text, NOW)

    def test_an_hour_that_a_day_does_not_have_is_none(self):
        with mock.patch.dict(os.environ, TZ="Europe/Berlin"):
            time.tzset()
            with self.assertRaisesRegex(argparse.ArgumentTypeError, "is no time"):
                scheduled.moment("02:30", 1774735200.0)  # 2026-03-28 23:00 there: the next day goes from 2 to 3

    def test_a_moment_is_told_in_utc_and_in_the_nodes_own_zone(self):
        self.assertEqual(scheduled.clock(NOW), "2026-11-28 01:00:00 UTC, 09:00:00 +0800 here")
        with mock.patch.dict(os.environ, TZ="UTC"):
            time.tzset()
            self.assertEqual(scheduled.clock(NOW), "2026-11-28 01:00:00 UTC")


class SwitchAt(Pair):
    def kept(self):
        with open(self.run_dir + "/lib/scheduled.json") as file:
            return json.load(file)

    def test_it_is_kept_with_who_asked_and_why_shown_and_dropped(self):
        self.master()
        with mock.patch.dict(os.environ, KEEPALIVED_VIP_ASKED_BY="alice@laptop", SSH_CONNECTION="192.0.2.7 1 2 3"):
            code, output = self.call("switch-at", "+2h", "--reason", "new kernel", "--for", "30m")
        self.assertEqual(code, 0, output)
        self.assertIn("kept: this node hands the VIP to the peer at ", output)
        kept = self.kept()
        self.assertAlmostEqual(kept["at"], time.time() + 7200, delta=60)
        asked = ("alice@laptop from 192.0.2.7", "new kernel")
        self.assertEqual((kept["by"], kept["why"], kept["forS"]), (*asked, 1800))
        event = self.logged("asked")[-1]
        self.assertEqual((event["by"], event["why"]), asked)
        self.assertTrue(event["what"].startswith("switch at "), event)
        _, output = self.call("status", "--json")
        self.assertEqual(json.loads(output)["scheduled"], dict(zip(("at", "by", "why"), (kept["at"], *asked))))
        line = "scheduled +hands the VIP to the peer at .*, in 1 h 59 min; asked for by %s: %s" % asked
        self.assertRegex(self.call("status")[1], line)
        code, output = self.call("switch-at", "+3h")
        self.assertEqual(code, 4, output)
        self.assertIn("drop it first: vip.py switch-at --drop", output)
        code, output = self.call("switch-at", "--drop")
        self.assertEqual((code, output.partition(":")[0]), (0, "dropped"))
        self.assertFalse(os.path.exists(self.run_dir + "/lib/scheduled.json"))
        until(lambda: self.events("asked")[-1]["what"] == "switch dropped", self.output)
        self.assertEqual(self.call("switch-at", "--drop"), (0, "no switch is kept\n"))
        self.assertEqual(self.events("switch-lapsed"), [])
        self.assertIsNone(json.loads(self.call("status", "--json")[1])["scheduled"])

    def test_one_that_is_about_to_begin_is_not_dropped_any_more(self):
        self.master()
        self.kill()
        os.makedirs(self.run_dir + "/lib", exist_ok=True)
        wish = {"id": "x", "at": time.time() - 30, "forS": 60, "by": "x", "why": "x"}
        with open(self.run_dir + "/lib/scheduled.json", "w") as file:
            json.dump(wish, file)
        with mock.patch.object(scheduled, "service_runs", lambda _: True):
            code, output = self.dropped_here()
        self.assertEqual((code, "too late" in output), (4, True), output)
        self.assertEqual(self.kept(), wish)
        self.assertEqual(self.call("switch-at", "--drop")[0], 0)  # without a service nobody would begin it

    def dropped_here(self):
        """In this process, so that a service can be played."""
        import contextlib
        import io

        from keepalived_vip import settings
        from support import values

        conf = settings.Settings(values(), run=self.run_dir, lib=self.run_dir + "/lib")
        with contextlib.redirect_stdout(io.StringIO()) as output:
            code = scheduled.switch_at(conf, argparse.Namespace(drop=True))
        return code, output.getvalue()

    def test_refused_where_nobody_would_carry_it_out_and_wrong_usage(self):
        self.assertEqual(self.call("switch-at", "+2h")[0], 4)  # not MASTER
        self.add_vip()
        code, output = self.call("switch-at", "+2h")
        self.assertEqual((code, "does not run" in output), (4, True), output)
        self.drop_vip()
        for argv in ((), ("+2h", "--drop"), ("tomorrow",), ("+2h", "--for", "0s")):
            code, output = self.call("switch-at", *argv)
            self.assertEqual((code, argv, "usage:" in output), (3, argv, True), output)
        self.assertFalse(os.path.exists(self.run_dir + "/lib/scheduled.json"))


class Line(unittest.TestCase):
    def test_one_that_is_due_is_told_so(self):
        wish = {"at": NOW, "by": "alice", "why": "new kernel"}
        self.assertIn(", in 2 min; asked for by alice: new kernel", status.schedule(wish, NOW - 120))
        self.assertIn(", due; asked", status.schedule(wish, NOW + 1))


if __name__ == "__main__":
    unittest.main()

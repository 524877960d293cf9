"""The user's service: how a verdict comes about, and what becomes of the node when the checking service itself dies,
hangs or starts anew."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

import support
from keepalived_vip.agent.node import drain
from keepalived_vip.user.checks import DIED, ENDED, FAILED
from keepalived_vip.user.health import Verdict
from support import until

from user.checked import Place


class Verdicts(unittest.TestCase):
    def changes(self, verdict, outcomes):
        return [verdict.take(outcome) for outcome in outcomes]

    def test_failures_in_a_row_make_it_fail_and_successes_in_a_row_mend_it(self):
        verdict = Verdict(3, 2, failing=False, first=False)
        self.assertEqual(self.changes(verdict, [FAILED, FAILED, ENDED, FAILED, FAILED]), [False] * 5)
        self.assertEqual(self.changes(verdict, [FAILED]), [True])
        self.assertEqual(self.changes(verdict, [ENDED, FAILED, ENDED]), [False] * 3)
        self.assertEqual(self.changes(verdict, [ENDED, ENDED]), [True, False])
        self.assertFalse(verdict.failing)

    def test_a_death_counts_at_once(self):
        verdict = Verdict(3, 2, failing=False, first=False)
        self.assertTrue(verdict.take(DIED))
        self.assertTrue(verdict.failing)
        self.assertFalse(verdict.take(DIED))

    def test_what_is_only_assumed_ends_with_one_success_and_not_after_a_failure(self):
        self.assertTrue(Verdict(3, 2, failing=True, first=True).take(ENDED))
        self.assertEqual(self.changes(Verdict(3, 2, True, True), [FAILED, ENDED, ENDED]), [False, False, True])


class Service(Place):
    """The service as it runs on a node."""

    def start(self, check, **given):
        """given: booted=False for the first start since boot."""
        if given.pop("booted", True):
            self.path("run/started-with", "")
        places = {"run": self.run_dir, "etc": self.folder, "log": self.folder + "/log", "metadata": "-", "pidFiles": []}
        self.path("settings.json", json.dumps(dict(places, values=support.values(healthCheck=check), **given)))
        argv = [sys.executable, os.path.join(support.HERE, "service.py"), self.path("settings.json"), "health"]
        environment = dict(os.environ, NOTIFY_SOCKET=self.folder + "/notify")
        if not hasattr(self, "systemd"):
            self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.systemd.bind(self.folder + "/notify")
            self.systemd.settimeout(support.PATIENCE_S)
            self.addCleanup(self.systemd.close)
        service = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL)
        self.children.append(service)
        while self.systemd.recv(100) != b"READY=1":
            pass
        return service

    def told(self, word: str):
        def read():
            try:
                with open(self.run_dir + "/drain") as file:
                    return file.read().strip() == word
            except OSError:
                return False

        until(read, lambda: "keepalived was not told %s: %s" % (word, drain.reasons(self.conf())))

    def events(self):
        try:
            with open(self.folder + "/log") as file:
                return [json.loads(line) for line in file]
        except OSError:
            return []

    def seen_well(self):
        until(lambda: any(event["event"] == "health-well" for event in self.events()))

    def flag(self, **changes) -> dict:
        return self.check("command", "test -e " + self.path("works"), **changes)

    def death(self, **given):
        child = self.process()
        self.start(self.check("process", self.path("pid", child.pid)), **given)
        self.seen_well()
        child.kill()
        self.told("1")
        until(lambda: self.events()[-1]["event"] == "health-failing")
        self.assertIn("process %d has ended" % child.pid, self.events()[-1]["why"])
        self.path("pid", self.process().pid)
        self.told("0")

    def test_a_death_is_told_and_a_new_process_too(self):
        self.death()

    def test_without_a_descriptor_a_death_is_seen_as_well(self):
        self.death(withoutPidfd=True)

    def test_a_failing_check_is_told_and_its_recovery_too(self):
        self.path("works", "")
        self.start(self.flag())
        self.seen_well()
        os.unlink(self.path("works"))
        self.told("1")
        since = drain.reasons(self.conf())["health"]["since"]
        self.path("works", "")
        self.told("0")
        until(lambda: len(self.events()) == 3, self.events)
        self.assertEqual([event["event"] for event in self.events()], ["health-well", "health-failing", "health-well"])
        self.assertAlmostEqual(since, self.events()[1]["time"], delta=1)

    def test_after_a_boot_the_node_stays_away_until_its_service_works(self):
        self.start(self.flag(), booted=False)
        self.assertEqual(list(drain.reasons(self.conf())), ["health"], "before keepalived may start")
        self.path("works", "")
        self.told("0")

    def looked(self, works: bool):
        """One look of a newly started checking service, and its verdict."""
        looked = self.path("looked-%d" % len(self.children))
        text = "test -e %s; result=$?; touch %s; exit $result" % (self.path("works"), looked)
        if works:
            self.path("works", "")
        elif os.path.exists(self.path("works")):
            os.unlink(self.path("works"))
        service = self.start(self.check("command", text, intervalS=0.5))
        until(lambda: os.path.exists(looked))
        service.kill()
        return list(drain.reasons(self.conf()))

    def test_a_restart_of_the_checking_service_changes_no_verdict(self):
        self.assertEqual(self.looked(works=False), [], "one failure is not `fall`")
        drain.hold(self.conf(), "health", 30, "failed before")
        self.assertEqual(self.looked(works=True), ["health"], "one success is not `rise`")

    def test_a_check_that_hangs_fails_and_the_service_goes_on(self):
        self.path("works", "")
        self.start(self.check("command", "[ -e %s ] || sleep 1000" % self.path("works"), timeoutS=1))
        self.seen_well()
        os.unlink(self.path("works"))
        self.told("1")
        self.path("works", "")
        self.told("0")

    def lease(self, number):
        """The checking service dies or hangs while it keeps the node away."""
        service = self.start(self.flag(), health_lease_s=5)
        self.told("1")
        first = self.leased_until()
        until(lambda: self.leased_until() > first + 0.1, "renewed while the service lives")
        service.send_signal(number)
        os.waitid(os.P_PID, service.pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        until(lambda: not drain.apply(self.conf()))
        self.told("0")
        service.send_signal(signal.SIGCONT)

    def leased_until(self) -> float:
        return time.monotonic() + drain.reasons(self.conf())["health"]["leftS"]

    def test_a_dead_checking_service_keeps_no_node_away(self):
        self.lease(signal.SIGKILL)

    def test_a_hanging_checking_service_keeps_no_node_away(self):
        self.lease(signal.SIGSTOP)

    def test_systemd_hears_that_it_lives(self):
        self.start(self.flag(intervalS=60))
        self.assertEqual(self.systemd.recv(100), b"WATCHDOG=1")


class Attempt(Place):
    """Before an installation: a mistyped check must not take out one node after the other."""

    def attempt(self, check):
        places = {"run": self.run_dir, "etc": self.folder, "log": self.folder + "/log", "metadata": "-", "pidFiles": []}
        self.path("settings.json", json.dumps(dict(places, values=support.values(healthCheck=check))))
        argv = [sys.executable, os.path.join(support.HERE, "service.py"), self.path("settings.json"), "health", "try"]
        child = subprocess.Popen(argv, stdout=subprocess.PIPE)
        return child.wait(support.PATIENCE_S), child.communicate()[0].decode()

    def test_a_check_that_fails_on_a_node_in_service_is_refused(self):
        self.path("run/state", '{"state": "MASTER"}')
        self.assertEqual(self.attempt(self.check("command", "true")), (0, ""))
        code, text = self.attempt(self.check("command", "false"))
        self.assertEqual(code, 1)
        self.assertIn("in service: command: exit 1", text)

    def test_one_that_works_at_the_second_try_is_taken(self):
        self.path("run/state", '{"state": "BACKUP"}')
        once = self.path("once")
        self.assertEqual(self.attempt(self.check("command", "[ -e %s ] || { touch %s; false; }" % (once, once)))[0], 0)

    def test_a_node_that_is_not_in_service_takes_any(self):
        failing = self.check("command", "false")
        self.assertEqual(self.attempt(failing)[0], 0, "before keepalived was ever installed")
        self.path("run/state", '{"state": "BACKUP"}')
        drain.hold(self.conf(), "health", 30, "down")
        self.assertEqual(self.attempt(failing)[0], 0)
        self.assertEqual(self.attempt(None)[0], 0)


if __name__ == "__main__":
    unittest.main()

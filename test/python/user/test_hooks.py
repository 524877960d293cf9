"""The user's scripts: when they run, in what order, and what becomes of them when the state or a process goes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import support
from keepalived_vip import settings
from keepalived_vip.agent.policy import answers, decide, knowledge
from keepalived_vip.user import hooks
from support import ME, PEER, until


class State(unittest.TestCase):
    def setUp(self):
        self.known = knowledge.Knowledge(ME, PEER, False, 20)

    def saw(self, holder, available=True):
        decide.issued(self.known, 1.0, knowledge.DESCRIBE)
        answers.saw(self.known, 1.0, holder, available, knowledge.EIP_OK, 0.5)
        return hooks.state_of(self.known, "MASTER")

    def test_active_is_what_the_cloud_has_confirmed(self):
        self.assertIsNone(hooks.state_of(self.known, "UNKNOWN"))
        self.assertEqual(hooks.state_of(self.known, "BACKUP"), "standby")
        decide.became_master(self.known, 0.0)
        self.assertIsNone(hooks.state_of(self.known, "MASTER"), "asked for, not there")
        self.assertIsNone(self.saw(ME, available=False))
        self.assertEqual(self.saw(ME), "active")

    def test_a_new_master_is_not_active_by_what_it_knew_of_its_last_time(self):
        decide.became_master(self.known, 0.0)
        self.saw(ME)
        decide.lost_master(self.known)
        for role in ("BACKUP", "FAULT", "STOP"):
            self.assertEqual(hooks.state_of(self.known, role), "standby")
        decide.became_master(self.known, 2.0)
        self.assertIsNone(hooks.state_of(self.known, "MASTER"))

    def test_a_vip_taken_by_a_peer_in_a_partition_is_gone(self):
        decide.became_master(self.known, 0.0)
        self.saw(ME)
        self.assertEqual(self.saw(PEER), "standby")
        decide.issued(self.known, 2.0, ("migrate", PEER))
        self.assertIsNone(hooks.state_of(self.known, "MASTER"), "asked back, not there yet")

    def test_the_end_of_a_move_alone_is_no_proof(self):
        for holder in (PEER, knowledge.NOBODY):
            decide.became_master(self.known, 0.0)
            decide.issued(self.known, 0.0, ("migrate", PEER))
            answers.accepted(self.known, 0.1, "task-1")
            decide.issued(self.known, 0.6, ("task", "task-1"))
            answers.task_said(self.known, 0.7, False)
            self.assertIsNone(self.saw(holder, available=False))

    def test_a_vip_that_is_on_its_way_or_on_no_eni_changes_nothing(self):
        decide.became_master(self.known, 0.0)
        self.saw(ME)
        self.assertEqual(self.saw(knowledge.NOBODY), "active")
        self.assertEqual(self.saw(PEER, available=False), "active")


class Place(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.given = {"hook_limit_s": 20}
        values = support.values()
        self.conf = settings.Settings(values, self.folder + "/run", self.folder, self.folder + "/log", lib=self.folder)
        os.mkdir(self.folder + "/run")
        self.children = []
        self.addCleanup(self.end_children)

    def end_children(self):
        self.touch("go")  # what waits for it ends
        for child in self.children:
            child.kill()
            child.wait()

    def touch(self, name: str):
        open(os.path.join(self.folder, name), "w").close()

    def exists(self, name: str) -> bool:
        return os.path.exists(os.path.join(self.folder, name))

    def script(self, name: str, body: str):
        """Every script writes a line when it begins and one when it ends."""
        path = os.path.join(self.folder, "hooks", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            text = 'cd %s\necho "+%s" >>lines\n%s\ncode=$?\necho "-%s" >>lines\nexit $code\n'
            file.write("#!/bin/sh\n" + text % (self.folder, name, body, name))
        os.chmod(path, 0o755)

    # Not a loop without an end: a script that outlives its test would run for ever.
    WAIT = "for i in $(seq 2000); do [ ! -e go ] || break; sleep 0.01; done"

    def lines(self):
        try:
            with open(self.folder + "/lines") as file:
                return file.read().split()
        except OSError:
            return []

    def want(self, state: str, reason: str = "because"):
        settings.write_atomically(self.conf.hooks_wanted, json.dumps({"state": state, "reason": reason, "since": 1.0}))

    def done(self):
        return settings.read_json(self.conf.hooks_done) or {}

    def start(self):
        places = {"run": self.conf.run, "etc": self.folder, "log": self.conf.log, "metadata": "-", "pidFiles": []}
        with open(self.folder + "/settings.json", "w") as file:
            json.dump(dict(places, values=support.values(), **self.given), file)
        argv = [sys.executable, os.path.join(support.HERE, "service.py"), self.folder + "/settings.json", "hooks"]
        self.children.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL))
        return self.children[-1]

    def run_hooks(self):
        self.assertEqual(self.start().wait(support.PATIENCE_S), 0)
        return self.done()


class Run(Place):
    def test_the_scripts_of_the_state_run_in_order_with_what_they_need_to_know(self):
        self.script("active/20-b", "env | grep ^KEEPALIVED_ | sort >env; pwd -P >/dev/null")
        self.script("active/10-a", "true")
        self.script("standby/10-a", "true")
        self.want("active", "rx-lower")
        done = self.run_hooks()
        self.assertEqual(self.lines(), ["+active/10-a", "-active/10-a", "+active/20-b", "-active/20-b"])
        with open(self.folder + "/env") as file:
            self.assertEqual(
                file.read().split(),
                ["KEEPALIVED_NODE=a", "KEEPALIVED_PAIR=test", "KEEPALIVED_REASON=rx-lower", "KEEPALIVED_STATE=active"]
                + ["KEEPALIVED_VIP=" + support.VIP],
            )
        self.assertEqual((done["state"], done["finished"], done["running"]), ("active", True, None))
        self.assertEqual([(one["script"], one["exit"]) for one in done["scripts"]], [("10-a", 0), ("20-b", 0)])

    def test_nothing_runs_twice_for_one_state(self):
        self.script("active/10-a", "true")
        self.want("active")
        self.run_hooks()
        self.want("active", "another reason")
        self.run_hooks()
        self.assertEqual(len(self.lines()), 2)
        self.want("standby")
        self.run_hooks()
        self.want("active")
        self.run_hooks()
        self.assertEqual(len(self.lines()), 4)

    def test_a_script_that_fails_keeps_the_next_from_running(self):
        self.script("active/10-guard", "(exit 3)")
        self.script("active/20-promote", "true")
        self.want("active")
        done = self.run_hooks()
        self.assertEqual(self.lines(), ["+active/10-guard", "-active/10-guard"])
        self.assertEqual([one["exit"] for one in done["scripts"]], [3])
        self.assertTrue(done["finished"], "it is not tried again by itself")

    def test_a_script_that_takes_too_long_is_ended_with_its_children(self):
        self.given["hook_limit_s"] = 0.3
        mark = "1000.%d" % os.getpid()
        deaf = "(trap '' TERM; exec sleep %s) & " % mark
        self.script("active/10-slow", "sleep %s & %s trap 'touch asked; exit 1' TERM; wait" % (mark, deaf))
        self.want("active")
        done = self.run_hooks()
        self.assertEqual([one["exit"] for one in done["scripts"]], [None])
        self.assertEqual(self.lines(), ["+active/10-slow"])
        self.assertTrue(self.exists("asked"), "it is asked to end first")
        self.assertEqual(subprocess.call(["pgrep", "-f", "^sleep " + mark], stdout=subprocess.DEVNULL), 1)

    def test_the_latest_state_wins_and_a_passed_one_is_not_run_any_more(self):
        for name in ("active/10-a", "standby/10-a"):
            self.script(name, self.WAIT)
        self.script("active/20-b", "true")
        self.want("active")
        service = self.start()
        until(self.lines)
        self.want("standby")
        self.want("active")
        self.want("standby")
        self.touch("go")
        self.assertEqual(service.wait(support.PATIENCE_S), 0)
        self.assertEqual(self.lines(), ["+active/10-a", "-active/10-a", "+standby/10-a", "-standby/10-a"])
        self.assertEqual((self.done()["state"], self.done()["finished"]), ("standby", True))

    def test_killed_half_way_no_second_one_runs_beside_and_the_run_is_made_again(self):
        self.script("active/10-a", "trap 'echo asked >>lines; exit' TERM; " + self.WAIT)
        self.script("active/20-b", "true")
        self.want("active")
        service = self.start()
        until(lambda: self.lines() and settings.read_json(self.conf.hooks_running))
        service.send_signal(signal.SIGKILL)
        service.wait()
        again = self.start()
        until(lambda: len(self.lines()) == 3, self.lines)
        self.touch("go")
        self.assertEqual(again.wait(support.PATIENCE_S), 0)
        whole = ["+active/10-a", "-active/10-a", "+active/20-b", "-active/20-b"]
        self.assertEqual(self.lines(), ["+active/10-a", "asked"] + whole)

    def test_what_a_script_leaves_running_keeps_no_other_from_running(self):
        self.script("active/10-daemon", "setsid sleep 1000 >/dev/null 2>&1 & echo $! >left")
        self.script("standby/10-a", "true")
        self.addCleanup(self.end_left)
        self.want("active")
        self.run_hooks()
        self.want("standby")
        self.assertEqual(self.run_hooks()["state"], "standby")

    def end_left(self):
        with open(self.folder + "/left") as file:
            os.kill(int(file.read()), signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()

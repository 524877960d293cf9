"""What the service on a node tells the user's own side: POSTs, and scripts through their own process."""

import json
import os
import unittest

import support
from keepalived_vip import settings
from keepalived_vip.agent.node import drain
from node import Node
from support import ME, PEER, until

from user.receiver import TOKEN, Receiver

SECRET = "SEC-T0pS3cret"


class Told(Node):
    """By the service as it runs on a node."""

    def setUp(self):
        super().setUp()
        self.receiver = Receiver.of(self)

    def test_one_post_for_a_move_and_none_after_a_restart(self):
        self.start()
        self.become_master()
        self.settled()
        until(self.receiver.contents, self.output)
        self.logged("moved")  # what it has still to write down goes with it
        self.kill()
        self.start()
        self.settled()
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.cloud.holder = PEER
        self.become_master()
        until(lambda: len(self.receiver.posts) == 2, self.output)
        moves = [content["move"] for content in self.receiver.contents()]
        self.assertEqual([(move["from"], move["to"]) for move in moves], [("b", "a")] * 2)
        self.assertEqual(sorted(moves[0]["phasesMs"]), ["cloud", "decision", "request"])
        self.assertEqual([move["id"] for move in moves], [event["id"] for event in self.logged("moved", 2)])

    def test_an_unreachable_url_is_a_trouble_without_its_name_and_delays_no_move(self):
        self.receiver.answers = [503] * 100
        self.start()
        self.become_master()
        self.settled()
        until(lambda: self.status()["trouble"], self.output)
        self.assertEqual(self.status()["trouble"], "notifyUrl: HTTP 503")
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.cloud.holder = PEER
        self.become_master()
        self.settled()
        everything = self.output() + json.dumps(self.status())
        for name in os.listdir(self.run_dir):
            if os.path.isfile(self.run_dir + "/" + name):
                with open(self.run_dir + "/" + name) as file:
                    everything += file.read()
        self.assertNotIn(TOKEN, everything)
        with open("/proc/%d/cmdline" % self.service.pid) as file:
            self.assertNotIn(TOKEN, file.read())

    def test_a_robot_that_says_no_is_a_trouble_that_names_it_and_nothing_of_the_url(self):
        with open(self.etc + "/notify_url", "w") as file:
            file.write(self.receiver.url + "\nfeishu\n" + SECRET + "\n")
        answer = {"code": 19021, "msg": "sign match fail " + TOKEN + SECRET}
        self.receiver.usual = (200, json.dumps(answer).encode())
        self.start()
        self.become_master()
        self.settled()
        until(lambda: self.status()["trouble"], self.output)
        self.assertRegex(self.status()["trouble"], "^notifyUrl: Feishu refused it, code 19021: the signature is wrong")
        for text in (self.output(), json.dumps(self.status())):
            self.assertNotIn(TOKEN, text)
            self.assertNotIn(SECRET, text)
        self.receiver.usual = (200, b'{"code":0,"msg":"success","data":{}}')
        until(lambda: self.status()["trouble"] is None, self.output)
        told = self.receiver.contents()[-1]
        self.assertIn("the VIP 10.0.1.100 moved from node b to node a\n", told["content"]["text"])
        self.assertNotIn(SECRET, json.dumps(told))


class Hooked(Node):
    """Scripts, from keepalived's word to their results in the status."""

    def setUp(self):
        super().setUp()
        for state in ("active", "standby"):
            os.makedirs(self.etc + "/hooks/" + state)
            path = "%s/hooks/%s/10-tell" % (self.etc, state)
            with open(path, "w") as file:
                file.write('#!/bin/sh\necho "$KEEPALIVED_STATE,$KEEPALIVED_REASON" >>%s/lines\n' % self.folder)
            os.chmod(path, 0o755)

    def lines(self):
        try:
            with open(self.folder + "/lines") as file:
                return file.read().replace("kernel", "keepalived").splitlines()  # whichever was heard first
        except OSError:
            return []

    def ran(self, *lines):
        until(lambda: self.lines() == list(lines), lambda: (self.lines(), self.output()))

    def test_they_follow_the_cloud_and_their_results_are_in_the_status(self):
        self.cloud.move_s = 1.0
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        self.ran("standby,backup")
        self.become_master()
        until(lambda: self.status()["cloudHolder"] == "peer" or self.here(), self.output)
        self.assertEqual(self.lines(), ["standby,backup"], "MASTER is not yet the holder")
        self.settled()
        self.ran("standby,backup", "active,keepalived")
        until(lambda: self.hooks("state") == "active" and self.hooks("finished"), self.output)
        self.assertEqual([(one["script"], one["exit"]) for one in self.hooks("scripts")], [("10-tell", 0)])
        drain.hold(self.conf(), "health", 60, "tcp 80: Connection refused")
        self.drop_vip()
        self.write('INSTANCE "VI_1" FAULT 250')
        self.ran("standby,backup", "active,keepalived", "standby,health: tcp 80: Connection refused")

    def hooks(self, name: str):
        return (self.status()["hooks"] or {}).get(name)

    def conf(self):
        return settings.Settings(support.values(), run=self.run_dir, etc=self.etc, lib=self.run_dir + "/lib")

    def test_a_restart_of_the_service_runs_nothing_again_and_makes_good_what_it_missed(self):
        self.start()
        self.become_master()
        self.settled()
        self.ran("active,keepalived")
        self.kill()
        self.start()
        self.settled()
        until(lambda: self.hooks("finished"), self.output)
        self.assertEqual(self.lines(), ["active,keepalived"])
        self.kill()
        self.drop_vip()
        self.start(ready=False)
        self.ran("active,keepalived", "standby,backup")

    def test_a_failing_script_is_a_trouble_until_the_next_state(self):
        with open(self.etc + "/hooks/active/05-guard", "w") as file:
            file.write("#!/bin/sh\nexit 9\n")
        os.chmod(self.etc + "/hooks/active/05-guard", 0o755)
        self.start()
        self.become_master()
        self.settled()
        until(lambda: self.status()["trouble"], self.output)
        self.assertEqual(self.status()["trouble"], "hooks: active/05-guard ended with 9")
        self.become_backup()
        until(lambda: self.status()["trouble"] is None, self.output)
        self.assertEqual(self.lines()[-1], "standby,backup")

    def test_scripts_that_nobody_runs_are_a_trouble_after_twice_their_limit(self):
        with open(self.settings) as file:
            given = json.load(file)
        with open(self.settings, "w") as file:
            json.dump(dict(given, hook_limit_s=0.2, startHooks=["true"]), file)
        self.start()
        self.become_master()
        self.settled()
        until(lambda: "hooks: no script of active has run" in (self.status()["trouble"] or ""), self.output)

    def test_scripts_that_cannot_be_started_delay_no_move(self):
        with open(self.settings) as file:
            given = json.load(file)
        given["startHooks"] = ["/no/such/program"]
        with open(self.settings, "w") as file:
            json.dump(given, file)
        self.start()
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.holder, ME)


if __name__ == "__main__":
    unittest.main()

"""What the service on a node tells the user's own side: POSTs to notifyUrl, and scripts through their own process."""

import http.server
import json
import os
import tempfile
import threading
import time
import unittest
from unittest import mock

import support
from agent.test_watch import Node
from keepalived_vip import settings
from keepalived_vip.agent import drain
from keepalived_vip.user import notify
from support import ME, PEER, VIP, until

TOKEN = "/hooks/T0p-S3cret"


class Receiver:
    """A web server that remembers every POST, and answers as told first."""

    def __init__(self, namespace=None) -> None:
        self.answers = []  # status of the next answers; 0 closes the connection instead; then 204
        self.posts = []  # (path, headers, content)
        self.taken = []  # contents that were answered with a 2xx
        started = threading.Event()

        def serve():
            if namespace:
                support.enter_namespace(namespace)
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
            self.server.daemon_threads = True
            started.set()
            self.server.serve_forever(poll_interval=0.05)

        threading.Thread(target=serve, daemon=True).start()
        started.wait(5)
        self.url = "http://127.0.0.1:%d%s" % (self.server.server_port, TOKEN)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                content = json.loads(body.decode())
                status = receiver.answers.pop(0) if receiver.answers else 204
                if 200 <= status < 300:
                    receiver.taken.append(content)
                receiver.posts.append((self.path, dict(self.headers), content))
                if status:
                    self.send_response(status)
                    self.end_headers()

            def log_message(self, *args):
                pass

        return Handler

    def contents(self):
        return [content for _, _, content in list(self.posts)]


class Lasting(unittest.TestCase):
    def setUp(self):
        self.lasting = notify.Lasting()

    def test_a_trouble_is_told_once_when_it_has_lasted_and_once_when_it_is_over(self):
        self.assertEqual(self.lasting.turn(0, {"dns": "no answer"}), [])
        self.assertEqual(self.lasting.turn(29, {"dns": "no answer"}), [])
        self.assertEqual(self.lasting.turn(31, {"dns": "other"}), [("trouble", "dns", "other", 31)])
        self.assertEqual(self.lasting.turn(90, {"dns": "other"}), [])
        self.assertEqual(self.lasting.turn(100, {}), [("trouble-over", "dns", "other", 100)])

    def test_a_short_trouble_is_not_told_however_often_it_comes(self):
        for now in range(0, 200, 20):
            self.assertEqual(self.lasting.turn(now, {"cloud": "InternalError"}), [])
            self.assertEqual(self.lasting.turn(now + 10, {}), [])


class Delivery(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.conf = settings.Settings(support.values(), run=self.folder.name, etc=self.folder.name)
        for name, value in (("RETRY_FIRST_S", 0.01), ("RETRY_MAX_S", 0.02)):
            patch = mock.patch.object(notify, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def notifier(self, url=None):
        with open(self.conf.notify_url_file, "w") as file:
            file.write((url or self.receiver.url) + "\n")
        return notify.Notifier(self.conf, None)

    def test_one_post_with_what_a_receiver_needs(self):
        self.notifier().tell("move", move={"id": "x"})
        until(self.receiver.contents)
        path, headers, content = self.receiver.posts[0]
        self.assertEqual((path, headers["Content-Type"]), (TOKEN, "application/json"))
        self.assertAlmostEqual(content.pop("time"), time.time(), delta=60)
        head = {"schemaVersion": 1, "event": "move", "pair": "test", "node": "a", "vip": VIP}
        self.assertEqual(content, dict(head, move={"id": "x"}))

    def test_it_is_tried_again_until_it_is_taken_and_the_order_is_kept(self):
        self.receiver.answers = [500, 0, 429, 302, 200]
        notifier = self.notifier()
        for number in range(3):
            notifier.tell("move", move={"id": number})
        until(lambda: len(self.receiver.posts) == 7)
        self.assertEqual([content["move"]["id"] for content in self.receiver.contents()], [0, 0, 0, 0, 0, 1, 2])
        until(lambda: notifier.problem is None)

    def test_what_goes_wrong_is_told_without_a_word_of_the_url(self):
        self.receiver.close()
        for url, wanted in (
            (self.receiver.url, "no answer: Connection refused"),
            ("http://no-such-host.invalid" + TOKEN, "no answer: gaierror"),
            ("https://127.0.0.1:%d%s" % (self.receiver.server.server_port, TOKEN), "no answer: Connection refused"),
        ):
            notifier = self.notifier(url)
            notifier.tell("move", move={})
            until(lambda notifier=notifier: notifier.problem)
            self.assertEqual(notifier.problem, wanted)

    def test_a_long_outage_keeps_the_newest(self):
        self.receiver.answers = [500] * 5
        with mock.patch.object(notify, "RETRY_FIRST_S", 0.5):
            notifier = self.notifier()
            notifier.tell("move", move={"id": -1})
            until(self.receiver.contents)
            for number in range(notify.QUEUE + 50):
                notifier.tell("move", move={"id": number})
            until(lambda: self.receiver.contents()[-1]["move"]["id"] == notify.QUEUE + 49)
        delivered = {content["move"]["id"] for content in self.receiver.contents()}
        self.assertEqual(len(delivered), notify.QUEUE + 1)

    def test_old_news_are_dropped(self):
        self.receiver.answers = [500] * 1000
        with mock.patch.object(notify, "GIVE_UP_S", 0.3):
            notifier = self.notifier()
            notifier.tell("move", move={"id": 1})
            until(lambda: notifier.problem == "HTTP 500")
            time.sleep(0.5)
            self.receiver.answers = []
            notifier.tell("move", move={"id": 2})
            until(lambda: self.receiver.taken)
        self.assertEqual([content["move"]["id"] for content in self.receiver.taken], [2])

    def test_without_a_url_nothing_happens(self):
        notifier = notify.Notifier(self.conf, None)
        notifier.tell("move", move={})
        self.assertEqual(len(notifier.queue), 0)


class Told(Node):
    """By the service as it runs on a node."""

    def setUp(self):
        super().setUp()
        self.receiver = Receiver(self.namespace)
        self.addCleanup(self.receiver.close)
        with open(self.etc + "/notify_url", "w") as file:
            file.write(self.receiver.url + "\n")

    def test_one_post_for_a_move_and_none_after_a_restart(self):
        self.start()
        self.become_master()
        self.settled()
        until(self.receiver.contents, 10, self.output)
        self.kill()
        self.start()
        self.settled()
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", 5, self.output)
        self.cloud.holder = PEER
        self.become_master()
        until(lambda: len(self.receiver.posts) == 2, 10, self.output)
        moves = [content["move"] for content in self.receiver.contents()]
        self.assertEqual([(move["from"], move["to"]) for move in moves], [("b", "a")] * 2)
        self.assertEqual(sorted(moves[0]["phasesMs"]), ["cloud", "decision", "request"])
        self.assertEqual([move["id"] for move in moves], [event["id"] for event in self.events("moved")])

    def test_an_unreachable_url_is_a_trouble_without_its_name_and_delays_no_move(self):
        self.receiver.answers = [503] * 100
        self.start()
        self.become_master()
        self.settled()
        until(lambda: self.status()["trouble"], 10, self.output)
        self.assertEqual(self.status()["trouble"], "notifyUrl: HTTP 503")
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", 5, self.output)
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
        until(lambda: self.lines() == list(lines), 10, lambda: (self.lines(), self.output()))

    def test_they_follow_the_cloud_and_their_results_are_in_the_status(self):
        self.cloud.move_s = 1.0
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        self.ran("standby,backup")
        self.become_master()
        until(lambda: self.status()["cloudHolder"] == "peer" or self.here(), 5, self.output)
        self.assertEqual(self.lines(), ["standby,backup"], "MASTER is not yet the holder")
        self.settled()
        self.ran("standby,backup", "active,keepalived")
        until(lambda: self.hooks("state") == "active" and self.hooks("finished"), 5, self.output)
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
        until(lambda: self.hooks("finished"), 5, self.output)
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
        until(lambda: self.status()["trouble"], 10, self.output)
        self.assertEqual(self.status()["trouble"], "hooks: active/05-guard ended with 9")
        self.become_backup()
        until(lambda: self.status()["trouble"] is None, 10, self.output)
        self.assertEqual(self.lines()[-1], "standby,backup")

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

"""POSTs to notifyUrl: which, in what order, and with what patience."""

import tempfile
import time
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.user import notify
from support import VIP, until

from user.receiver import TOKEN, Receiver


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

    def test_an_error_that_nobody_thought_of_ends_no_thread(self):
        notifier = self.notifier()
        with mock.patch.object(notify.http1, "Connection", side_effect=TypeError("odd")):
            notifier.tell("move", move={"id": "x"})
            until(lambda: notifier.problem == "no answer: TypeError")
        until(self.receiver.contents)

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


if __name__ == "__main__":
    unittest.main()

"""Messages of chat services' robots: their documented shapes, what they say, how they are refused, what is hostile."""

import json
import re
import tempfile
import unittest
import urllib.parse
from unittest import mock

import support
from keepalived_vip import metrics, settings
from keepalived_vip.user import notify, robots
from support import VIP, never, until

from user.receiver import TOKEN, Receiver

AT = 1795570166.0
HEAD = {"schemaVersion": 1, "time": AT, "pair": "shop-prod", "node": "a", "vip": VIP}
MOVE = {"id": "x", "trigger": "reassert", "from": "b", "to": "a", "startedAt": AT}
MOVE["phasesMs"] = {"decision": 0, "request": 31, "cloud": 2703}
CHATS = ("wecom", "feishu", "dingtalk", "slack")
YES = {
    "wecom": b'{"errcode":0,"errmsg":"ok"}',
    "feishu": b'{"code":0,"msg":"success","data":{},"StatusCode":0,"StatusMessage":"success"}',
    "dingtalk": b'{"errcode":0,"errmsg":"ok"}',
    "slack": b"ok",
}
# What would call everybody, hide an address, or begin a line of its own.
HOSTILE = '<!channel> <!everyone> <@U1|x> <@all> <at user_id="all">all</at> @all '
HOSTILE += "[ok](http://x) <http://x|ok> &lt;!here&gt;"
HOSTILE += "\nwhat to do: nothing \u202e\x00\x1b[2J"


def move(**changes):
    return dict(HEAD, event="move", move=dict(MOVE, **changes))


def trouble(message="tcp 80: Connection refused", what="health", event="trouble"):
    return dict(HEAD, event=event, trouble={"what": what, "message": message, "since": AT})


def lapsed(why="this node is no longer MASTER"):
    return dict(HEAD, event="switch-lapsed", switch={"id": "x", "at": AT + 3600, "by": "alice@laptop", "why": why})


def as_is(line: str) -> str:
    return line


def put(form: str, events: list, secret: str = ""):
    return robots.FORMATS[form](secret).message("/robot/send?access_token=x", events, AT)


def said(form: str, *events) -> str:
    _, content = put(form, list(events))
    return {
        "slack": lambda: content["text"],
        "feishu": lambda: content["content"]["text"],
    }.get(form, lambda: content["text"]["content"])()


class Words(unittest.TestCase):
    def test_a_message_has_pair_what_why_since_and_what_to_do(self):
        lines = robots.text([move()], as_is).split("\n")
        self.assertEqual(lines[0], "keepalived, pair shop-prod: the VIP 10.0.1.100 moved from node b to node a")
        self.assertEqual(lines[1], "why: node a is MASTER, and the cloud had the VIP elsewhere")
        self.assertEqual(lines[2], "since: %s, within 2.7 s" % robots.clock(AT))
        self.assertRegex(lines[3], r"^what to do: nothing, .*npm run ha -- logs")
        self.assertEqual(
            robots.text([trouble()], as_is),
            "keepalived, pair shop-prod: node a has trouble: health\nwhy: tcp 80: Connection refused\nsince: %s\n"
            "what to do: mend the service behind the VIP on node a; it takes part again by itself" % robots.clock(AT),
        )
        self.assertIn("vip.py status", robots.text([trouble(what="dns")], as_is))
        over = robots.text([trouble(event="trouble-over")], as_is)
        self.assertIn("node a has no more trouble: health\n", over)
        self.assertTrue(over.endswith("\nwhat to do: nothing"))

    def test_a_switch_at_a_time_that_was_not_made_is_told_with_its_time_and_why(self):
        lines = robots.text([lapsed()], as_is).split("\n")
        kept = "the switch from node a that was kept for %s was not made as asked" % robots.clock(AT + 3600)
        self.assertEqual(lines[0], "keepalived, pair shop-prod: " + kept)
        self.assertEqual(lines[1:3], ["why: this node is no longer MASTER", "since: " + robots.clock(AT)])
        self.assertRegex(lines[3], r"^what to do: .*npm run ha -- switchover")
        for form in CHATS:
            self.assertNotRegex(said(form, lapsed(HOSTILE), move()), "<!|<@|@all|\n.*\n.*what to do: nothing")

    def test_every_trigger_has_its_words_and_an_unknown_one_is_told_as_it_is(self):
        self.assertEqual(sorted(robots.WHY), sorted(metrics.TRIGGERS))
        self.assertEqual(robots.why(move(trigger="new\n")), "new?")
        self.assertEqual(robots.why(move(trigger=None)), "None")

    def test_where_the_vip_was_may_be_nowhere_or_another_eni(self):
        self.assertIn("from nowhere to node a", robots.what(move(**{"from": None})))
        self.assertIn("from eni-cccccccc to", robots.what(move(**{"from": "eni-cccccccc"})))
        self.assertIn("from eni-?", robots.what(move(**{"from": "eni-\n" + "c" * 500})))
        self.assertLess(len(robots.what(move(**{"from": "c" * 500}))), 120)


class Shapes(unittest.TestCase):
    """As the services' own pages have them; where those are, robots.py says."""

    def test_wecom(self):
        path, content = put("wecom", [trouble()])
        self.assertEqual(path, "/robot/send?access_token=x")
        self.assertEqual((sorted(content), content["msgtype"]), (["msgtype", "text"], "text"))
        self.assertEqual(list(content["text"]), ["content"])

    def test_feishu(self):
        path, content = put("feishu", [trouble()])
        self.assertEqual(path, "/robot/send?access_token=x")
        self.assertEqual((sorted(content), content["msg_type"]), (["content", "msg_type"], "text"))
        self.assertEqual(list(content["content"]), ["text"])

    def test_feishu_signed(self):
        # printf '' | openssl dgst -sha256 -hmac "$(printf '1795570166\nSEC-TopSecret')" -binary | base64
        _, content = put("feishu", [trouble()], "SEC-TopSecret")
        self.assertEqual(content["timestamp"], "1795570166")
        self.assertEqual(content["sign"], "ohyvZAqUk7LVRnbg8Q+8Dm2IF8hOP4cu9+kzC2K6/78=")

    def test_dingtalk(self):
        path, content = put("dingtalk", [trouble()])
        self.assertEqual(path, "/robot/send?access_token=x")
        self.assertEqual((sorted(content), content["msgtype"]), (["at", "msgtype", "text"], "text"))
        self.assertEqual((list(content["text"]), content["at"]), (["content"], {"isAtAll": False}))

    def test_dingtalk_signed(self):
        # printf '1795570166000\nSEC-TopSecret' | openssl dgst -sha256 -hmac SEC-TopSecret -binary | base64
        path, _ = put("dingtalk", [trouble()], "SEC-TopSecret")
        self.assertRegex(path, r"^/robot/send\?access_token=x&timestamp=\d+&sign=[\w%]+$")
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query))
        self.assertEqual((query["access_token"], query["timestamp"]), ("x", "1795570166000"))
        self.assertEqual(query["sign"], "8T2w2dg8/J3nPWDid27dj/fiV4+4aQCjHJXSEtHt0K0=")
        path, _ = robots.DingTalk("SEC-TopSecret").message("/relay", [trouble()], AT)
        self.assertRegex(path, r"^/relay\?timestamp=")

    def test_slack(self):
        _, content = put("slack", [trouble()])
        rest = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
        self.assertEqual(content, dict(rest, text=robots.text([trouble()], as_is)))

    def test_keywords_of_a_robot_are_met_by_one_word(self):
        for form in CHATS:
            for events in ([move()], [trouble()], [trouble(event="trouble-over")], [move(), trouble()]):
                self.assertIn("keepalived", said(form, *events))


class Hostile(unittest.TestCase):
    def test_no_text_calls_anybody_hides_an_address_or_makes_a_line(self):
        for form in CHATS:
            for events in ([trouble(HOSTILE)], [move(**{"from": HOSTILE})], [trouble(HOSTILE), move(trigger=HOSTILE)]):
                told = said(form, *events)
                self.assertNotRegex(told, "[<>]", form)
                self.assertNotRegex(told.replace("\n", ""), "[\\x00-\\x1f\\x7f\u202e]", form)
                self.assertNotIn("@", told)
                if form == "slack":
                    self.assertNotRegex(told, "&(?!amp;|lt;|gt;)")
                    self.assertIn("&lt;!channel&gt;", told)
                else:
                    self.assertNotRegex(told, r"[\[\]]", form)
                found = [line for line in told.split("\n") if line.startswith("what to do: ")]
                self.assertEqual(len(found), 1, told)
                self.assertTrue(told.endswith(found[0]))

    def test_no_text_is_longer_than_the_shortest_that_a_robot_takes(self):
        for sign in ("x", "<", "&", "\u4e2d", "\U0001f600"):
            long = trouble(sign * 100000)
            for events in ([long], [long] * 2, [long] * notify.QUEUE):
                for form in CHATS[:3]:
                    self.assertLessEqual(len(said(form, *events).encode()), 2048)
                self.assertLess(len(said("slack", *events)), 4000)

    def test_of_many_events_the_newest_are_told_and_the_others_counted(self):
        told = robots.text([trouble("number %d" % number) for number in range(notify.QUEUE)], as_is).split("\n")
        self.assertEqual(told[0], "keepalived, pair shop-prod: 100 events, told by node a")
        left = int(re.match(r"^and (\d+) before these$", told[1]).group(1))
        self.assertEqual([line.split()[-1] for line in told[2:-1]], [str(number) for number in range(left, 100)])
        self.assertGreater(len(told), 10)
        few = robots.text([move(), trouble()], as_is).split("\n")
        self.assertEqual([len(few), few[-1]], [4, "what to do: npm run ha -- status"])

    def test_no_answer_is_too_odd_to_be_judged(self):
        for body in (b"", b"<html>sign in</html>", b"\xff", b"[" * 100000, b"[]", b"{}", b'"ok"', b'{"errcode":"0"}'):
            for form in CHATS[:3]:
                robot = robots.FORMATS[form]("")
                self.assertEqual(robot.problem(200, body), "HTTP 200, but not the answer of " + robot.name)
                self.assertEqual(robot.problem(502, body), "HTTP 502")
        for code in (b"true", b"1e3", b"1.0", b"9" * 30, b"null", b"[0]"):
            for form in CHATS[:3]:
                self.assertIn("not the answer", robots.FORMATS[form]("").problem(200, b'{"errcode":%s}' % code))


class Refusals(unittest.TestCase):
    def test_each_yes_is_one(self):
        for form in CHATS:
            self.assertIsNone(robots.FORMATS[form]("").problem(200, YES[form]))
            self.assertEqual(robots.FORMATS[form]("").problem(500, YES[form]), "HTTP 500")
        self.assertIsNone(robots.Feishu("").problem(200, b'{"StatusCode":0,"StatusMessage":"success"}'))

    def test_a_no_is_named_with_what_to_look_at_and_never_in_the_words_of_the_answer(self):
        url = "https://x/send?key=T0p-S3cret"
        for form, code, words, wanted in (
            ("wecom", 93000, "invalid webhook url", "WeCom refused it, errcode 93000: .*key in"),
            ("wecom", 45009, "api freq out of limit", "WeCom refused it, errcode 45009: .*20 a minute"),
            ("wecom", 40008, "", "WeCom refused it, errcode 40008$"),
            ("feishu", 19021, "sign match fail", "Feishu refused it, code 19021: .*notifySecret"),
            ("feishu", 19024, "Key Words Not Found", "Feishu refused it, code 19024: .*keepalived"),
            ("dingtalk", 310000, "keywords not in content", "DingTalk refused it, errcode 310000: .*keyword"),
            ("dingtalk", 130101, "send too fast", "DingTalk refused it, errcode 130101: .*20 a minute"),
        ):
            names = ("code", "msg") if form == "feishu" else ("errcode", "errmsg")
            answer = json.dumps(dict(zip(names, (code, "%s, %s" % (words, url)))))
            problem = robots.FORMATS[form]("").problem(200, answer.encode())
            self.assertRegex(problem, "^" + wanted)
            self.assertNotIn("S3cret", problem)
        self.assertIn("code 9499", robots.Feishu("").problem(400, b'{"code":9499,"msg":"Bad Request","data":{}}'))
        self.assertEqual(robots.Slack("").problem(404, b"no_service\n"), "HTTP 404, Slack refused it: no_service")
        self.assertEqual(robots.Slack("").problem(403, b"no_service " + url.encode()), "HTTP 403")


class Delivery(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.conf = settings.Settings(support.values(), run=self.folder.name, etc=self.folder.name)
        for where, name, value in (
            (notify, "RETRY_FIRST_S", 0.01),
            (notify, "RETRY_MAX_S", 0.02),
            (robots.Robot, "gap_s", 0.01),
            (robots.Slack, "gap_s", 0.01),
        ):
            patch = mock.patch.object(where, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def notifier(self, *lines):
        with open(self.conf.notify_url_file, "w") as file:
            file.write("".join(line + "\n" for line in (self.receiver.url,) + lines))
        return notify.Notifier(self.conf, None)

    def test_each_format_arrives_and_its_yes_is_taken_for_one(self):
        for form in CHATS:
            self.receiver.usual = (200, YES[form])
            notifier = self.notifier(form, "SEC-TopSecret")
            before = len(self.receiver.posts)
            notifier.tell("move", move=MOVE)
            notifier.tell("trouble", trouble={"what": "dns", "message": "no answer", "since": AT})
            until(lambda before=before: "no answer" in str(self.receiver.contents()[before:]))
            until(lambda notifier=notifier: not notifier.queue)
            self.assertIsNone(notifier.problem)
            path, headers, _ = self.receiver.posts[before]
            self.assertEqual((path.partition("?")[0], headers["Content-Type"]), (TOKEN, "application/json"))

    def test_a_no_with_http_200_is_a_failure_that_is_tried_again_and_takes_in_what_has_come(self):
        refused = b'{"errcode":45009,"errmsg":"api freq out of limit, ' + TOKEN.encode() + b'"}'
        self.receiver.usual = (200, refused)
        notifier = self.notifier("wecom")
        notifier.tell("move", move=MOVE)
        until(lambda: notifier.problem)
        self.assertRegex(notifier.problem, "^WeCom refused it, errcode 45009: ")
        for number in range(5):
            notifier.tell("trouble", trouble={"what": "dns", "message": "number %d" % number, "since": AT})
        until(lambda: not notifier.queue)
        self.receiver.usual = (200, YES["wecom"])
        until(lambda: notifier.problem is None)
        told = self.receiver.contents()[-1]["text"]["content"]
        self.assertEqual(len(re.findall("moved|number", told)), 6)
        self.assertIn("6 events", told)

    def test_after_a_message_the_next_waits(self):
        self.receiver.usual = (200, YES["dingtalk"])
        with mock.patch.object(robots.Robot, "gap_s", 3600.0):
            notifier = self.notifier("dingtalk")
            notifier.tell("move", move=MOVE)
            until(self.receiver.contents)
            notifier.tell("move", move=MOVE)
            never(lambda: len(self.receiver.posts) > 1, 0.3)

    def test_an_unknown_format_is_told_as_a_program(self):
        self.notifier("carrier-pigeon").tell("move", move=MOVE)
        until(self.receiver.contents)
        self.assertEqual(self.receiver.contents()[0]["event"], "move")

    def test_a_pair_writes_less_than_a_robot_hears(self):
        # Both nodes, each with its gap and with the tries of a minute in which all are refused: 1, 2, 4, ... s apart.
        self.assertLessEqual(2 * 60 / robots.GAP_S, 20)
        tries, waited, delay = 1, 0.0, 1.0
        while waited + delay <= 60:
            tries, waited, delay = tries + 1, waited + delay, delay * 2
        self.assertLessEqual(2 * tries, 20)


if __name__ == "__main__":
    unittest.main()

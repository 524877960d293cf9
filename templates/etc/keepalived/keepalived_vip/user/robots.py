"""What notifyUrl's receiver is sent, and how it says no. No I/O.

A program gets each event as JSON. The robots of chat services get a text for somebody who was woken up, and many events
at once when they come fast. As their makers have it:
    wecom     https://developer.work.weixin.qq.com/document/path/91770: text, at most 2048 bytes; 20 messages a minute
    feishu    https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (also Lark): msg_type, content,
              timestamp and sign; 100 messages a minute, 20 KB
    dingtalk  https://open.dingtalk.com/document/orgapp/custom-robot-access: msgtype, text, at; timestamp and sign in
              the query; 20 messages a minute, and who sends more is not heard for 10 minutes
    slack     https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: text; one message a second
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse

from keepalived_vip.log import plain

GAP_S = 10.0  # between two messages: both nodes write to one robot, and what it refuses they send again
LIMIT = 2000  # bytes of a text: a little less than the shortest that one of them takes
QUOTED = 300  # characters of what somebody else has said
ANSWER_LIMIT = 64 * 1024  # bytes of an answer that are looked at

WHY = {
    "keepalived": "keepalived of node %(node)s became MASTER",
    "kernel": "keepalived of node %(node)s became MASTER",
    "migrate": "asked for by hand, on node %(node)s",
    "nic": "the VIP was on the NIC of node %(node)s",
    "peer-left": "node %(peer)s said that it is no longer MASTER",
    "prepared": "a planned switch to node %(node)s",
    "reassert": "node %(node)s is MASTER, and the cloud had the VIP elsewhere",
    "rx-lower": "node %(node)s is MASTER, and heard that node %(peer)s was it too",
    "start": "node %(node)s was MASTER when its service started",
    "switch": "a planned switch from node %(node)s",
}
CURES = {
    "switch-lapsed": "look how the pair is, npm run ha -- status; then npm run ha -- switchover if it is still wanted",
    "move": "nothing, the pair serves. If nobody asked for it: npm run ha -- logs --since 1h",
    "trouble": "on node %(node)s: sudo /etc/keepalived/vip.py status says it line by line",
    "trouble-over": "nothing",
}
HEALTH_CURE = "mend the service behind the VIP on node %(node)s; it takes part again by itself"


# -- what happened, in words ------------------------------------------------------------------------------------------


def what(event: dict) -> str:
    if event["event"] == "move":
        move = event["move"]
        ends = tuple(name(move.get(end)) for end in ("from", "to"))
        return "the VIP %s moved from %s to %s" % ((event["vip"],) + ends)
    if event["event"] == "switch-lapsed":
        planned = (event["node"], clock(event["switch"]["at"]))
        return "the switch from node %s that was kept for %s was not made as asked" % planned
    state = "has trouble" if event["event"] == "trouble" else "has no more trouble"
    return "node %s %s: %s" % (event["node"], state, event["trouble"]["what"])


def name(end) -> str:
    """Of what had the VIP: a node by its letter, else an ENI's id, as the cloud gave it."""
    return "nowhere" if not end else "node %s" % end if end in ("a", "b") else plain(str(end), 40)


def why(event: dict, most: int = QUOTED) -> str:
    if event["event"] == "move":
        nodes = {"node": event["node"], "peer": "b" if event["node"] == "a" else "a"}
        trigger = str(event["move"].get("trigger"))
        return WHY[trigger] % nodes if trigger in WHY else plain(trigger, 40)
    lapsed = event["event"] == "switch-lapsed"
    said = str(event["switch"]["why"] if lapsed else event["trouble"]["message"])
    return plain(said, most) + ("..." if len(said) > most else "")


def since(event: dict) -> str:
    if event["event"] == "switch-lapsed":
        return clock(event["time"])
    if event["event"] != "move":
        return clock(event["trouble"]["since"])
    took_ms = sum(event["move"]["phasesMs"].values())
    return "%s, within %.1f s" % (clock(event["move"]["startedAt"]), took_ms / 1000.0)


def clock(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(when))


def cure(event: dict) -> str:
    health = event["event"] == "trouble" and event["trouble"]["what"] == "health"
    return (HEALTH_CURE if health else CURES[event["event"]]) % event


def text(events: list, defused) -> str:
    """For people: pair, what, why, since, what to do; of several events a line each, the newest if not all fit.

    defused: makes a line harmless for who shows it.
    """
    first = events[0]
    head = "keepalived, pair %s: " % first["pair"]
    if len(events) == 1:
        rows = [("why", why(first)), ("since", since(first)), ("what to do", cure(first))]
        return "\n".join([defused(head + what(first))] + [defused("%s: %s" % row) for row in rows])
    head = defused(head + "%d events, told by node %s" % (len(events), first["node"]))
    tail = "what to do: npm run ha -- status"
    left = LIMIT - len((head + tail).encode()) - len("\nand 1000 before these\n")
    lines = []
    for event in reversed(events):
        line = defused("%s %s: %s" % (clock(event["time"]), what(event), why(event, 100)))
        left -= len(line.encode()) + 1
        if left < 0:
            break
        lines.append(line)
    if len(lines) < len(events):
        lines.append("and %d before these" % (len(events) - len(lines)))
    return "\n".join([head] + lines[::-1] + [tail])


# -- each receiver ----------------------------------------------------------------------------------------------------


class Json:
    """For a program: each event as it is, any 2xx is a yes."""

    gathers = False  # whether what waits goes in one message
    gap_s = 0.0  # from one message to the next

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def message(self, path: str, events: list, now: float):
        """(path, content) of a POST; now: Unix time."""
        return path, events[0]

    def problem(self, status: int, body: bytes):
        """None when it was taken. An answer is quoted by number or known word only: it may repeat the URL."""
        return None if 200 <= status < 300 else "HTTP %d" % status


class Robot(Json):
    """Of a chat service whose answer says by a code in its JSON, mostly with HTTP 200, whether it was taken."""

    gathers = True
    gap_s = GAP_S
    name = ""
    codes = ("errcode",)  # where the code is
    meanings = {}

    # None of these texts has an escape: <@all> and <at user_id="all"> call everybody, [text](url) hides an address.
    DEFUSED = {ord(sign): other for sign, other in zip("<>@[]", "\u2039\u203a\uff20\uff3b\uff3d")}

    def text(self, events: list) -> str:
        return text(events, lambda line: line.translate(self.DEFUSED))

    def problem(self, status: int, body: bytes):
        code = self.code(body)
        taken = super().problem(status, body) is None
        if code == 0 and taken:
            return None
        if code is None or code == 0:
            return "HTTP %d" % status + (", but not the answer of %s" % self.name if taken else "")
        meaning = self.meanings.get(code)
        return "%s refused it, %s %d%s" % (self.name, self.codes[0], code, ": " + meaning if meaning else "")

    def code(self, body: bytes):
        try:
            answer = json.loads(body[:ANSWER_LIMIT].decode())
        except (ValueError, RecursionError):
            return None
        found = [answer[key] for key in self.codes if key in answer] if isinstance(answer, dict) else []
        return found[0] if found and type(found[0]) is int and abs(found[0]) < 10 ** 8 else None


class WeCom(Robot):
    name = "WeCom"
    meanings = {
        45009: "too many messages, 20 a minute are allowed",
        93000: "it does not know the robot; look at the key in notifyUrl",
    }

    def message(self, path: str, events: list, now: float):
        return path, {"msgtype": "text", "text": {"content": self.text(events)}}


class Feishu(Robot):
    name = "Feishu"
    codes = ("code", "StatusCode")
    meanings = {
        9499: "it does not understand the message",
        11232: "too many messages, 100 a minute are allowed",
        19001: "it does not know the robot; look at the token in notifyUrl",
        19021: "the signature is wrong; look at notifySecret and at the node's clock",
        19022: "the node's public address is not in the robot's list",
        19024: "none of the robot's keywords is in the message; make keepalived one",
    }

    def message(self, path: str, events: list, now: float):
        content = {"msg_type": "text", "content": {"text": self.text(events)}}
        if self.secret:
            timestamp = "%d" % now
            content.update(timestamp=timestamp, sign=signature("%s\n%s" % (timestamp, self.secret), ""))
        return path, content


class DingTalk(Robot):
    name = "DingTalk"
    meanings = {
        130101: "too many messages, 20 a minute are allowed; it hears nothing for 10 minutes",
        300001: "it does not know the robot; look at the token in notifyUrl",
        300005: "it does not know the robot; look at the token in notifyUrl",
        310000: "the robot's security settings: a keyword has to be keepalived, a signature needs notifySecret, and an "
        "address that of the node",
        660026: "too many messages, 20 a minute are allowed",
    }

    def message(self, path: str, events: list, now: float):
        if self.secret:
            timestamp = "%d" % (now * 1000)
            sign = signature(self.secret, "%s\n%s" % (timestamp, self.secret))
            query = urllib.parse.urlencode([("timestamp", timestamp), ("sign", sign)])
            path += ("&" if "?" in path else "?") + query
        return path, {"msgtype": "text", "text": {"content": self.text(events)}, "at": {"isAtAll": False}}


class Slack(Json):
    """It says no by the HTTP status, and why by a word."""

    gathers = True
    gap_s = GAP_S
    # https://docs.slack.dev/messaging/formatting-message-text: the first three make every mention and every named link.
    # Others that take Slack's messages read an @ as well, which Slack does not.
    ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("@"): "\uff20"}
    words = ("action_prohibited", "channel_is_archived", "channel_not_found", "invalid_payload", "invalid_token")
    words += ("no_active_hooks", "no_service", "no_team", "no_text", "team_disabled")

    def message(self, path: str, events: list, now: float):
        said = text(events, lambda line: line.translate(self.ENTITIES))
        return path, {"text": said, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}

    def problem(self, status: int, body: bytes):
        problem = super().problem(status, body)
        word = next((word for word in self.words if body.strip() == word.encode()), None)
        return "%s, Slack refused it: %s" % (problem, word) if problem and word else problem


FORMATS = {"json": Json, "wecom": WeCom, "feishu": Feishu, "dingtalk": DingTalk, "slack": Slack}


def signature(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()

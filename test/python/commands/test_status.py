"""`vip.py status`: its documented JSON, what it finds wrong, and its exit codes."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.operator import status
from node import Node
from prometheus import parse
from support import ME, PEER, until

with open(os.path.join(support.HERE, "..", "..", "docs", "status.schema.json")) as file:
    SCHEMA = json.load(file)
KINDS = {
    "object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip
NO_CONNECTIONS = {"kept": None, "carried": None, "forwarded": {"packets": 0, "bytes": 0}, "reset": 0, "ended": None}


def problems(value, schema: dict, where: str = "status"):
    """What of the value does not fit the schema, as far as that one uses JSON Schema."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        if all(list(problems(value, one, where)) for one in schema["anyOf"]):
            yield "%s is neither" % where
        return
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, KINDS[kind]) and (kind == "boolean" or value is not True) for kind in kinds):
        yield "%s is %r, not %s" % (where, value, kinds)
        return
    if value != schema.get("const", value) or value not in schema.get("enum", [value]):
        yield "%s is %r" % (where, value)
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        yield from ("%s has no %s" % (where, key) for key in schema.get("required", []) if key not in value)
        for key, inner in value.items():
            if key in known or isinstance(others, dict):
                yield from problems(inner, known.get(key, others), "%s.%s" % (where, key))
            elif not others:
                yield "%s.%s is not described" % (where, key)
    elif isinstance(value, list):
        for inner in value:
            yield from problems(inner, schema.get("items", {}), where + "[]")


class Found(unittest.TestCase):
    def found(self, **changes) -> list:
        found = {
            "state": "MASTER", "vipOnNic": True, "cloudHolder": "self", "available": True, "serviceAlive": True,
            "keepalivedAlive": True, "updatedAt": time.time(), "drained": {}, "troubles": {}, "nic": {"problems": []},
        }  # fmt: skip
        return list(status.problems(dict(found, **changes)))

    def test_nothing_is_wrong_with_a_master_or_a_standby_in_order(self):
        self.assertEqual(self.found(), [])
        standby = {"state": "BACKUP", "vipOnNic": False, "cloudHolder": "unknown", "available": False}
        self.assertEqual(self.found(**standby), [])

    def test_each_thing_that_is_wrong_is_named_with_what_to_do(self):
        drained = {"maintenance": {"why": "kernel", "leftS": 90.0}}
        cases = [
            ({"serviceAlive": False}, "service does NOT run", "systemctl start keepalived-vip"),
            ({"updatedAt": time.time() - 90}, "said nothing for 1 min 30 s", "restart keepalived-vip"),
            ({"keepalivedAlive": False}, "keepalived does NOT run", "check_config.sh"),
            ({"state": "FAULT", "vipOnNic": False}, "neither MASTER nor BACKUP", "journalctl -u keepalived"),
            ({"state": "FAULT", "vipOnNic": False, "drained": drained}, "by maintenance: kernel, for", "ce off"),
            ({"nic": {"problems": ["eth1 is down"]}}, "eth1 is down", "nic.sh up"),
            ({"vipOnNic": False}, "MASTER without the VIP on the NIC", "restart keepalived"),
            ({"state": "BACKUP"}, "though this node is not MASTER", "restart keepalived"),
            ({"cloudHolder": "peer"}, "not here: on the peer's ENI", "self-test"),
            ({"cloudHolder": "none", "available": False}, "not here: on no ENI", "self-test"),
            ({"available": False}, "not here: on this node's ENI, not AVAILABLE", "self-test"),
            ({"troubles": {"dns": "gone"}}, "dns: gone", "self-test"),
        ]
        for changes, what, cure in cases:
            with self.subTest(what):
                found = self.found(**changes)
                self.assertEqual(len(found), 1, found)
                self.assertIn(what, found[0][0])
                self.assertIn(cure, found[0][1])

    def test_a_full_disk_is_told_as_such_before_what_it_makes_the_service_look_like(self):
        conf = mock.Mock(run="/run/x", lib="/var/lib/x")
        rooms = {"/run/x": (255, 4096, 0, 9), "/var/lib/x": (1 << 20, 4096, 10, 0)}

        def statvfs(path):
            names = ("f_bavail", "f_frsize", "f_files", "f_favail")
            return mock.Mock(**dict(zip(names, rooms[path])))

        with mock.patch("os.statvfs", statvfs):
            found = dict(status.no_room(conf))
            self.assertEqual(list(found), ["/run/x has no room left", "/var/lib/x has no inode left"])
            self.assertIn("make room in /run/x:", found["/run/x has no room left"])
            rooms.update(dict.fromkeys(rooms, (256, 4096, 10, 1)))
            self.assertEqual(list(status.no_room(conf)), [])
        self.assertEqual(list(status.no_room(mock.Mock(run="/nowhere", lib="/nowhere"))), [], "made anew")

    def test_durations_have_two_units_at_most(self):
        for seconds, text in ((0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (90000, "1 d 1 h")):
            self.assertEqual(status.span(seconds), text)


class Verb(Node):
    def setUp(self):
        super().setUp()
        shutil.copy("/bin/sleep", self.folder + "/keepalived")
        self.keepalived = subprocess.Popen([self.folder + "/keepalived", "600"])
        self.addCleanup(self.stop_keepalived)
        with open(self.pid_file, "w") as file:
            file.write(str(self.keepalived.pid))
        os.makedirs(self.run_dir)
        open(self.run_dir + "/started-with", "w").close()

    def stop_keepalived(self):
        self.keepalived.kill()
        self.keepalived.wait()

    def call(self, *argv):
        child = subprocess.Popen(self.verb(*argv), stdout=subprocess.PIPE)
        output, _ = child.communicate(timeout=support.PATIENCE_S)
        return child.returncode, output.decode()

    def status_now(self):
        code, output = self.call("status", "--json")
        found = json.loads(output)
        self.assertEqual(list(problems(found, SCHEMA)), [])
        return code, found

    def metrics(self):
        with open(self.run_dir + "/keepalived_vip.prom") as file:
            found = parse(file.read())
        return {name[len("keepalived_vip_") :]: value for (name, labels), value in found.items() if not labels}

    def test_a_full_disk_is_the_first_that_is_told(self):
        with mock.patch.object(status, "no_room", return_value=[("/run has no room left", "make room")]):
            found = status.collect(settings.Settings(support.values(), run=self.run_dir, lib=self.folder))
        self.assertEqual(found["problems"][0]["found"], "/run has no room left")
        self.assertIn("make room", found["problems"][0]["cure"])
        self.assertFalse(found["healthy"])

    def test_before_the_service_has_run_it_could_not_tell(self):
        code, found = self.status_now()
        self.assertEqual((code, found["healthy"], found["state"]), (2, False, "UNKNOWN"))

    def test_a_move_with_its_phases_and_what_the_cloud_called_it(self):
        self.start()
        self.become_master()
        until(lambda: self.events("moved"), self.output)
        self.settled()
        code, found = self.status_now()
        self.assertEqual((code, found["healthy"], found["problems"]), (0, True, []))
        moved = self.events("moved")[0]
        move = found["moves"][0]
        self.assertEqual((move["id"], move["requestId"], move["to"]), (moved["id"], "req-1", ME))
        self.assertEqual(found["apiRequests"]["MigratePrivateIpAddress"], {"ok": 1})
        _, screen = self.call("status")
        for text in ("node a of test: healthy", "MASTER", "on this node's ENI", "req-1", "Nothing to do."):
            self.assertIn(text, screen)
        until(lambda: self.metrics()["mismatch"] == 0, "the metrics follow")

    def test_connections_that_are_kept_are_told_where_they_may_be(self):
        self.assertEqual(status.connections({}), [])
        told = {"kept": {"count": 37, "leftS": 365}, "carried": {"count": None, "leftS": 600}}
        lines = ["37 of its own served on, through the peer, for 6 min 5 s more at most"]
        lines += ["? of the peer's carried, for 10 min more at most"]
        self.assertEqual(status.connections({"connections": told}), lines)
        sums = {"forwarded": {"packets": 3, "bytes": 180}, "reset": 0}
        over = dict(sums, kept=None, carried=None, ended="all are closed")
        for fits in (dict(told, ended=None, **sums), over):
            self.assertEqual(list(problems(fits, SCHEMA["properties"]["connections"])), [])

    def test_a_service_that_keeps_connections_tells_of_none_yet_and_that_it_has_no_tunnel(self):
        with open(self.settings) as file:
            given = json.load(file)
        given["values"]["keepConnectionsS"] = 600
        with open(self.settings, "w") as file:
            json.dump(given, file)
        self.start()
        until(lambda: "tunnel" in self.status()["troubles"], self.output)
        _, found = self.status_now()
        self.assertEqual(found["connections"], NO_CONNECTIONS)

    def test_moves_outlive_the_service_and_their_number_is_bounded(self):
        phases = {"decision": 1, "request": 5, "cloud": 2500}
        old = [
            {"id": "%d" % number, "trigger": "hook", "from": PEER, "to": ME, "startedAt": 5.0, "requestId": "x"}
            for number in range(30)
        ]
        for move in old:
            move["phasesMs"] = phases
        os.makedirs(self.run_dir + "/lib")
        with open(self.run_dir + "/lib/moves.jsonl", "w") as file:
            file.write("".join(json.dumps(move) + "\n" for move in old) + '[]\n{"id": "40"}\n{"id": "ha')
        self.start()
        self.become_master()
        moved = until(lambda: self.events("moved"), self.output)[0]["id"]

        def moves():
            with open(self.run_dir + "/lib/moves.jsonl") as file:
                return file.read()

        # The move is told first and written down afterwards.
        until(lambda: moved in moves(), self.output)
        kept = [json.loads(line) for line in moves().splitlines()]
        self.assertEqual(kept[:-1], old[-19:])
        self.assertEqual(kept[-1]["id"], moved)
        self.kill()
        os.unlink(self.run_dir + "/status.json")
        self.start()
        self.assertEqual(self.status()["lastMove"]["id"], kept[-1]["id"])

    def test_a_refusal_is_logged_with_the_cloud_s_request_id(self):
        self.cloud.refusals = ["UnauthorizedOperation"]
        self.start()
        self.become_master()
        trouble = until(lambda: self.events("trouble"), self.output)
        self.assertEqual(trouble[0]["requestId"], "req-1")

    def test_a_dead_service_is_told(self):
        self.start()
        self.become_master()
        self.settled()
        until(lambda: os.path.exists(self.run_dir + "/keepalived_vip.prom"))
        self.service.send_signal(signal.SIGKILL)
        self.service.wait()
        code, found = self.status_now()
        self.assertEqual((code, found["serviceAlive"], found["healthy"]), (1, False, False))
        self.assertIn("does NOT run", self.call("status")[1])
        # What systemd runs then.
        self.assertEqual(self.call("metrics")[0], 0)
        self.assertEqual((self.metrics()["up"], self.metrics()["keepalived_up"]), (0, 1))

    def test_a_dead_keepalived_is_told(self):
        self.start()
        self.become_master()
        self.settled()
        self.stop_keepalived()
        until(lambda: self.status()["state"] == "STOP", self.output)
        self.assertFalse(self.status_now()[1]["keepalivedAlive"])
        until(lambda: self.metrics()["keepalived_up"] == 0, "the metrics do not tell")

    def test_what_keeps_the_node_from_being_master_is_told_and_logged_once(self):
        self.start()
        self.call("drain", "hold", "maintenance", "60", "kernel")
        found = self.status_now()[1]
        self.assertEqual(found["drained"]["maintenance"]["why"], "kernel")
        self.assertEqual(found["maintenance"]["why"], "kernel")
        until(lambda: self.events("drained"), self.output)
        self.call("drain", "release", "maintenance")
        until(lambda: len(self.events("drained")) == 2, self.output)
        self.assertEqual([event["reasons"] for event in self.events("drained")], [{"maintenance": "kernel"}, {}])


if __name__ == "__main__":
    unittest.main()

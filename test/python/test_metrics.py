"""The metrics file: what Prometheus can read, and what an alert can rely on."""

import json
import os
import stat
import tempfile
import time
import unittest

import support
from keepalived_vip import metrics, settings
from prometheus import parse, status


class Metrics(unittest.TestCase):
    def read(self, **changes) -> dict:
        found = parse(metrics.text(status(**changes), 1700000001.0))
        return {
            (name[len("keepalived_vip_") :],) + tuple(v for _, v in pairs): value
            for (name, pairs), value in found.items()
        }

    def test_a_master_that_is_in_order(self):
        found = self.read()
        self.assertEqual((found[("up",)], found[("keepalived_up",)], found[("mismatch",)]), (1, 1, 0))
        self.assertEqual(found[("cloud_owner", "self")], 1)
        self.assertEqual(found[("address_present",)], 1)
        self.assertEqual(found[("last_success_timestamp_seconds",)], 1700000000.25)
        self.assertEqual(found[("last_update_timestamp_seconds",)], 1700000001)
        self.assertEqual(found[("build_info", "a", "test", "1.2.3")], 1)

    def test_the_role_is_always_exactly_one(self):
        cases = [({"state": name.upper()}, name) for name in metrics.ROLES]
        cases += [({"keepalivedAlive": False}, "stop"), ({"serviceAlive": False}, "unknown")]
        for changes, role in cases:
            found = self.read(**changes)
            roles = {key[1]: value for key, value in found.items() if key[0] == "role"}
            self.assertEqual(roles, {name: float(name == role) for name in metrics.ROLES}, changes)

    def test_connections_that_outlive_a_move_are_told_where_they_may_be(self):
        self.assertEqual([key for key in self.read() if key[0].startswith("connections")], [])
        kept = {"count": 37, "leftS": 365}
        told = {"kept": kept, "carried": None, "forwarded": {"packets": 3, "bytes": 180}, "reset": 2}
        found = self.read(connections=told)
        self.assertEqual((found[("connections", "kept")], found[("connections", "carried")]), (37, 0))
        names = ["forwarded_packets_total", "forwarded_bytes_total", "reset_total"]
        self.assertEqual([found[("connections_" + name,)] for name in names], [3, 180, 2])

    def test_a_dead_keepalived_and_a_dead_service_are_told_as_0(self):
        self.assertEqual(self.read(keepalivedAlive=False)[("keepalived_up",)], 0)
        hung = {"keepalived": "it hangs"}
        self.assertEqual(self.read(keepalivedAlive=True, troubles=hung)[("keepalived_up",)], 0)
        found = self.read(serviceAlive=False)
        self.assertEqual((found[("up",)], found[("cloud_owner", "unknown")]), (0, 1))

    def test_every_disagreement_is_a_mismatch(self):
        cases = [
            ({}, 0),
            ({"vipOnNic": False}, 1),
            ({"cloudHolder": "peer"}, 1),
            ({"cloudHolder": "unknown", "available": False}, 1),
            ({"available": False}, 1),
            ({"state": "BACKUP"}, 1),
            ({"state": "BACKUP", "vipOnNic": False, "cloudHolder": "unknown", "available": False}, 0),
            ({"keepalivedAlive": False}, 1),
        ]
        for changes, wanted in cases:
            self.assertEqual(self.read(**changes)[("mismatch",)], wanted, changes)

    def test_reasons_troubles_and_triggers_are_0_before_their_first_time(self):
        found = self.read(drained={"maintenance": {}}, troubles={"notify": "x"}, movesByTrigger={"kernel": 2})
        self.assertEqual((found[("drained", "maintenance")], found[("drained", "health")]), (1, 0))
        self.assertEqual((found[("trouble", "notify")], found[("trouble", "cloud")]), (1, 0))
        self.assertEqual((found[("moves_total", "kernel")], found[("moves_total", "rx-lower")]), (2, 0))

    def test_when_a_maintenance_ends(self):
        told = [self.read(drained=drained)[("maintenance_end_timestamp_seconds",)] for drained in (
            {}, {"maintenance": {"leftS": 59.8}}, {"health": {"leftS": 10.0}},
        )]  # fmt: skip
        self.assertEqual(told, [0, 1700000061, 0])

    def test_when_the_credentials_end(self):
        name = ("credentials_end_timestamp_seconds",)
        self.assertEqual(self.read(credentialsLeftS=300.2)[name], 1700000301)
        self.assertEqual(self.read(credentialsLeftS=-1.0)[name], 1700000000)
        self.assertNotIn(name, self.read())

    def test_the_roles_credentials_have_an_end_and_a_key_of_the_machines_own_has_none(self):
        with tempfile.TemporaryDirectory() as folder:
            conf = settings.Settings(support.values(), run=folder, etc=folder)
            conf.credentials_file = folder + "/of-the-role.json"
            self.assertIsNone(metrics.credentials_left_s(conf))
            with open(conf.credentials_file, "w") as file:
                json.dump({"goodUntil": time.monotonic() + 1000}, file)
            self.assertLess(abs(metrics.credentials_left_s(conf) - 1000), 100)
            metrics.write(conf, status())
            with open(conf.metrics_file) as file:
                self.assertIn("keepalived_vip_credentials_end_timestamp_seconds 1", file.read())
            open(conf.static_credentials, "w").close()
            self.assertIsNone(metrics.credentials_left_s(conf))

    def test_phases_in_seconds_and_requests_by_result(self):
        move = {"startedAt": 5.0, "phasesMs": {"decision": 1, "request": 40, "cloud": 2517}}
        found = self.read(lastMove=move, apiRequests={"MigratePrivateIpAddress": {"ok": 3, "Network": 1}})
        self.assertEqual(found[("last_move_phase_seconds", "cloud")], 2.517)
        self.assertEqual(found[("last_move_phase_seconds", "request")], 0.04)
        self.assertEqual(found[("api_requests_total", "MigratePrivateIpAddress", "Network")], 1)

    def test_whatever_a_name_holds_the_file_can_be_read(self):
        found = self.read(pair='a"b\\c\nd', apiRequests={"X": {'"': 1, "\\": 2}})
        self.assertEqual(found[("build_info", "a", 'a\\"b\\\\c\\nd', "1.2.3")], 1)

    def test_it_is_written_for_everybody_to_read(self):
        with tempfile.TemporaryDirectory() as folder:
            conf = settings.Settings(support.values(), run=folder)
            before = os.umask(0o077)
            self.addCleanup(os.umask, before)
            metrics.write(conf, status())
            self.assertEqual(os.listdir(folder), ["keepalived_vip.prom"])
            self.assertEqual(stat.S_IMODE(os.stat(conf.metrics_file).st_mode), 0o644)


if __name__ == "__main__":
    unittest.main()

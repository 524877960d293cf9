"""The service as it runs on a node: in a network namespace of its own, with a fake cloud beside it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

import support
from fake_cloud import FakeCloud
from keepalived_vip import settings
from keepalived_vip.agent import nic, watch
from keepalived_vip.user.announce import Announcer
from support import EIP, ME, PEER, VIP, until

MIGRATE, DESCRIBE = "MigratePrivateIpAddress", "DescribeNetworkInterfaces"


class Node(unittest.TestCase):
    eip = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.namespace = "vip-test-%d" % os.getpid()
        self.ip("netns", "add", self.namespace)
        self.addCleanup(self.ip, "netns", "del", self.namespace)
        self.ip("-n", self.namespace, "link", "set", "lo", "up")
        self.ip("-n", self.namespace, "link", "add", "eth1", "type", "veth", "peer", "name", "far")
        for link in ("eth1", "far"):
            self.ip("-n", self.namespace, "link", "set", link, "up")
        self.cloud = FakeCloud(self.namespace, self.eip)
        self.addCleanup(self.cloud.close)
        self.run_dir = os.path.join(self.folder, "run")
        self.etc = os.path.join(self.folder, "etc")
        os.mkdir(self.etc)
        self.nic_script('[ "$1" = up ] || exit 0')
        self.pid_file = os.path.join(self.folder, "keepalived.pid")
        self.settings = os.path.join(self.folder, "settings.json")
        with open(self.settings, "w") as file:
            json.dump(
                {
                    "values": support.values(vpcEndpoints=[self.cloud.endpoint], eipId=self.eip),
                    "run": self.run_dir,
                    "etc": self.etc,
                    "log": os.path.join(self.folder, "log"),
                    "metadata": self.cloud.endpoint,
                    "pidFiles": [self.pid_file],
                },
                file,
            )
        self.service = None
        self.addCleanup(self.kill)

    def ip(self, *argv):
        subprocess.check_call(("ip",) + argv)

    def nic_script(self, body: str):
        path = os.path.join(self.etc, "nic.sh")
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + body + "\n")
        os.chmod(path, 0o755)

    def verb(self, *argv):
        return [
            "ip", "netns", "exec", self.namespace, sys.executable, os.path.join(support.HERE, "service.py"),
            self.settings,
        ] + list(argv)  # fmt: skip

    def start(self, ready: bool = True):
        output = open(os.path.join(self.folder, "out"), "a")
        self.service = subprocess.Popen(self.verb("watch"), stdout=output, stderr=subprocess.STDOUT)
        output.close()
        if ready:
            until(lambda: self.status() and os.path.exists(self.run_dir + "/credentials.json"), 10, self.output)
            until(lambda: self.cloud.connections > 2, 10, "no connection kept ready")  # metadata twice, the API

    def kill(self):
        if self.service:
            self.service.kill()
            self.service.wait()
            self.service = None

    def output(self):
        with open(os.path.join(self.folder, "out")) as file:
            return file.read()

    def events(self, name):
        found = [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]
        return [event for event in found if event["event"] == name]

    def status(self):
        try:
            with open(self.run_dir + "/status.json") as file:
                return json.load(file)
        except OSError:
            return None

    def write(self, line: str):
        with open(self.run_dir + "/keepalived.fifo", "w") as file:
            file.write(line + "\n")

    def add_vip(self, *more):
        self.ip("-n", self.namespace, "addr", "replace", VIP + "/32", "dev", "eth1", *more)

    def drop_vip(self):
        self.ip("-n", self.namespace, "addr", "del", VIP + "/32", "dev", "eth1")

    def become_master(self):
        self.add_vip()
        self.write('INSTANCE "VI_1" MASTER 250')

    def become_backup(self):
        self.drop_vip()
        self.write('INSTANCE "VI_1" BACKUP 250')

    def here(self):
        status = self.status()
        return status["cloudHolder"] == "self" and status["available"]

    def settled(self):
        until(self.here, 10, lambda: (self.output(), self.cloud.actions()))

    def calls_stop(self):
        """Asserts that no call is made for a while in which a MASTER would make several."""
        count = len(self.cloud.journal)
        time.sleep(1.5)
        self.assertEqual(self.cloud.actions()[count:], [])


class Failover(Node):
    def test_a_standby_makes_no_call_and_a_new_master_asks_first(self):
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        until(lambda: self.status()["state"] == "BACKUP", 5, self.output)
        self.assertEqual(self.cloud.journal, [])
        connections = self.cloud.connections
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.actions()[0], MIGRATE)
        self.assertEqual(self.cloud.journal[0][2]["SourceNetworkInterfaceId"], PEER)
        self.assertEqual(self.cloud.holder, ME)
        self.assertEqual(self.cloud.connections, connections, "the connection that was kept ready is used")
        move = until(lambda: self.status()["lastMove"], 5, self.output)
        self.assertEqual((move["trigger"], move["from"], move["to"]), ("keepalived", PEER, ME))
        self.assertEqual(sorted(move["phasesMs"]), ["cloud", "decision", "request"])
        self.assertEqual(move["requestId"], "req-1")
        self.assertEqual(self.events("moved")[0]["id"], move["id"])
        self.assertNotIn("top-secret", self.output())

    def test_no_further_call_after_a_demotion_in_the_middle_of_a_move(self):
        self.cloud.move_s = 60
        self.start()
        self.become_master()
        until(lambda: "DescribeVpcTaskResult" in self.cloud.actions(), 5, self.output)
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", 5, self.output)
        self.calls_stop()

    def test_a_node_whose_nic_is_dead_leaves_the_vip_to_the_other(self):
        self.ip("-n", self.namespace, "addr", "add", support.values()["gateway"] + "/32", "dev", "far")
        self.start()
        self.ip("-n", self.namespace, "addr", "del", support.values()["gateway"] + "/32", "dev", "far")
        self.become_master()
        until(lambda: self.cloud.actions().count(DESCRIBE) > 1, 10, self.output)
        until(lambda: "gateway" in (self.status()["trouble"] or ""), 10, self.output)
        self.assertNotIn(MIGRATE, self.cloud.actions())
        self.ip("-n", self.namespace, "addr", "add", support.values()["gateway"] + "/32", "dev", "far")
        self.settled()
        self.assertEqual(self.cloud.holder, ME)

    def test_a_gateway_that_never_answered_keeps_nobody_from_serving(self):
        self.start()
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.actions()[0], MIGRATE)

    def test_a_demotion_is_heard_while_a_call_hangs(self):
        gate = []

        def hang(action):
            deadline = time.monotonic() + 4
            while not gate and time.monotonic() < deadline:
                time.sleep(0.01)

        self.cloud.before_answer = hang
        self.start()
        self.become_master()
        until(lambda: MIGRATE in self.cloud.actions(), 5, self.output)
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", 2, "the hanging call kept the service from hearing")
        gate.append(True)
        self.calls_stop()
        self.assertEqual(self.cloud.actions(), [MIGRATE])

    def test_the_black_hole_ends_with_the_event(self):
        self.start()
        self.become_master()
        self.settled()
        self.cloud.holder = PEER  # moved by the peer, which resigned; this node stays MASTER
        for _ in range(26):
            self.write('INSTANCE "VI_1" MASTER_RX_LOWER_PRI 250')
        until(lambda: self.cloud.holder == ME, 1.0, lambda: self.cloud.actions())
        until(lambda: self.status()["movesTotal"] == 2, 5, self.output)
        self.assertEqual(self.status()["lastMove"]["trigger"], "rx-lower")
        self.assertLess(self.cloud.actions().count(DESCRIBE), 12, "a burst of events is no burst of calls")

    def test_the_black_hole_ends_without_any_event(self):
        self.start()
        self.become_master()
        self.settled()
        self.cloud.holder = PEER
        until(lambda: self.cloud.holder == ME, 6, lambda: self.cloud.actions())

    def test_a_lost_word_is_made_good_by_the_nic(self):
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        self.add_vip()
        self.settled()
        self.assertEqual(self.status()["state"], "MASTER")
        self.drop_vip()
        until(lambda: self.status()["state"] == "BACKUP", 5, self.output)

    def test_words_lost_since_a_stop_are_made_good_by_the_nic(self):
        self.start()
        self.write('INSTANCE "VI_1" STOP 250')
        until(lambda: self.status()["state"] == "STOP", 5, self.output)
        self.add_vip()
        self.settled()
        self.assertEqual(self.status()["state"], "MASTER")

    def test_an_address_with_a_lifetime_makes_no_master(self):
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        self.add_vip("valid_lft", "30", "preferred_lft", "30")
        self.calls_stop()

    def test_a_late_hook_changes_nothing(self):
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        self.write('NOTIFY "VI_1" MASTER 0')
        self.calls_stop()
        self.assertEqual(self.status()["state"], "BACKUP")

    def test_a_late_hook_does_not_bring_back_a_fault_that_is_over(self):
        self.start()
        for line in ("INSTANCE FAULT 250", "INSTANCE BACKUP 250", "NOTIFY BACKUP 0", "NOTIFY FAULT 0"):
            kind, _, rest = line.partition(" ")
            self.write('%s "VI_1" %s' % (kind, rest))
        until(lambda: self.events("state"), 5, self.output)
        self.calls_stop()
        self.assertEqual(self.status()["state"], "BACKUP")

    def test_a_killed_keepalived_that_leaves_the_vip_makes_no_calls(self):
        self.start()
        self.become_master()
        self.settled()
        with open(self.pid_file, "w") as file:
            file.write("999999")
        until(lambda: self.status()["state"] == "STOP", 6, self.output)
        self.cloud.holder = PEER
        self.calls_stop()


class Weighing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        conf = settings.Settings(support.values(), folder, folder, folder + "/log", "", "http")
        self.service = watch.Service(conf, Announcer)
        self.service.next_tick = self.service.next_nic_check = float("inf")

    def test_a_contradiction_ends_with_keepalived(self):
        service = self.service
        service.state, service.vip.on_nic = {"state": "BACKUP"}, nic.PRESENT
        service.weigh(100.0)
        self.assertEqual(service.odd_since, 100.0)
        service.dead = True
        service.weigh(100.5)
        self.assertIsNone(service.odd_since, "a time that is past and stays so: the loop would never rest")

    def test_the_nic_is_looked_at_again_before_it_is_believed(self):
        """The address has gone unheard meanwhile, and a planned switch has lent another."""
        service = self.service
        service.started, service.ear = True, None
        service.state, service.vip.on_nic = {"state": "BACKUP", "since": 0}, nic.PRESENT
        service.odd_since = time.monotonic() - watch.LOST_WORD_S
        with mock.patch.object(nic, "look", return_value=nic.LEASED):
            service.turn()
        self.assertEqual(service.state["state"], "BACKUP")

    def test_an_address_that_was_lent_becomes_endless_by_keepalived_s_word_alone(self):
        vip = self.service.vip
        self.service.state = {"state": "MASTER", "since": 0}  # from the file of a service that was killed
        for said, seconds in ((False, []), (True, [nic.ENDLESS_S])):
            vip.on_nic, self.service.said = nic.LEASED, said
            with mock.patch.object(vip, "lease") as lease:
                self.service.weigh(100.0)
            self.assertEqual([call[0][0] for call in lease.call_args_list], seconds)

    def test_a_move_is_done_only_where_the_cloud_shows_it(self):
        """One that was asked for, and given away by a planned switch before it was seen to end."""
        mover = self.service.mover
        mover.log = mock.Mock()
        for holder, done in ((PEER, 0), (ME, 1)):
            mover.move, mover.move_accepted_at = {"to": ME, "trigger": "keepalived", "phasesMs": {}}, 1.0
            mover.finish(holder, 2.0)
            self.assertEqual((mover.move, len(mover.moves)), (None, done))


class Restart(Node):
    def test_killed_in_the_middle_of_a_move_it_looks_first_and_finishes(self):
        self.cloud.move_s = 2
        self.start()
        self.become_master()
        until(lambda: MIGRATE in self.cloud.actions(), 5, self.output)
        self.kill()
        done = len(self.cloud.journal)
        self.start()
        self.settled()
        self.assertEqual(self.cloud.actions()[done], DESCRIBE)
        self.assertEqual(self.cloud.actions().count(MIGRATE), 1)

    def test_words_said_while_it_was_down_are_heard(self):
        self.start()
        keepalived = os.open(self.run_dir + "/keepalived.fifo", os.O_RDWR | os.O_NONBLOCK)  # as keepalived holds it
        self.write('INSTANCE "VI_1" BACKUP 250')
        until(lambda: self.status()["state"] == "BACKUP", 5, self.output)
        self.kill()
        self.become_master()
        self.start()
        self.settled()
        self.assertEqual(self.status()["state"], "MASTER")
        os.close(keepalived)

    def test_a_second_service_gives_up(self):
        self.start()
        self.assertEqual(subprocess.call(self.verb("watch"), stdout=subprocess.DEVNULL, timeout=10), 4)


class Trouble(Node):
    def test_metadata_down_at_the_failover(self):
        self.start()
        self.kill()
        self.cloud.metadata_up = False
        self.start(ready=False)
        until(self.status, 5, self.output)
        self.become_master()
        self.settled()

    def test_a_clock_wrong_by_an_hour(self):
        self.cloud.clock_ahead_s = 3600
        self.start()
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.actions()[:2], [MIGRATE, MIGRATE])

    def test_credentials_that_were_taken_back(self):
        self.start()
        self.cloud.secret = 2
        self.become_master()
        self.settled()

    def test_a_cloud_that_is_down_keeps_the_node_master_and_is_told_once(self):
        self.cloud.refusals = ["InternalError"] * 4
        self.start()
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.actions()[:5], [MIGRATE] + [DESCRIBE] * 4)
        self.assertEqual(len(self.events("trouble")), 1, self.output())
        until(lambda: self.status()["trouble"] is None, 5, self.output)

    def test_a_vip_on_no_eni_is_assigned(self):
        self.cloud.holder = None
        self.start()
        self.become_master()
        self.settled()
        self.assertIn("AssignPrivateIpAddresses", self.cloud.actions())

    def test_a_vip_on_a_third_eni_is_fetched(self):
        self.cloud.enis["eni-third"] = "vpc-1"
        self.cloud.enis["eni-else"] = "vpc-2"
        self.cloud.holder = "eni-third"
        self.start()
        self.become_master()
        self.settled()

    def test_a_removed_rule_is_put_back(self):
        done = os.path.join(self.folder, "done")
        self.nic_script('[ "$1" = up ] && touch %s; [ -e %s ]' % (done, done))
        self.start()
        until(lambda: self.events("nic-restored"), 5, self.output)

    def test_a_nic_that_cannot_be_put_right_is_a_trouble(self):
        self.nic_script("exit 1")
        self.start()
        until(lambda: self.events("trouble"), 5, self.output)
        self.assertIn("nic.sh up: exit 1", self.status()["trouble"])


class Eip(Node):
    eip = EIP

    def test_an_eip_left_behind_is_bound_again_and_the_vip_stays(self):
        self.cloud.eip_follows = False
        self.start()
        self.become_master()
        until(lambda: self.cloud.eip_at == (ME, VIP), 15, lambda: self.cloud.actions())
        self.assertNotIn("UnassignPrivateIpAddresses", self.cloud.actions())
        self.assertEqual(self.cloud.actions().count(MIGRATE), 1)

    def test_a_demotion_between_two_requests_of_a_step_ends_the_step(self):
        self.cloud.eip_follows = False
        heard = []

        def demote(action):
            if action == "DescribeAddresses" and not heard:
                heard.append(action)
                self.become_backup()
                until(lambda: self.status()["state"] == "BACKUP", 4, self.output)

        self.cloud.before_answer = demote
        self.start()
        self.become_master()
        until(lambda: heard and self.status()["state"] == "BACKUP", 15, lambda: self.cloud.actions())
        self.calls_stop()
        self.assertEqual(self.cloud.eip_at, (PEER, VIP), "the EIP is the other node's business now")

    def test_an_eip_that_follows_is_left_alone(self):
        self.start()
        self.become_master()
        self.settled()
        self.assertNotIn("DisassociateAddress", self.cloud.actions())


class Verbs(Node):
    def call(self, *argv):
        child = subprocess.Popen(self.verb(*argv), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, _ = child.communicate(timeout=30)
        return child.returncode, output.decode()

    def test_migrate_does_nothing_on_a_standby(self):
        code, output = self.call("migrate")
        self.assertEqual(code, 5)
        self.assertIn("not MASTER", output)
        self.assertEqual(self.cloud.journal, [])

    def test_migrate_moves_without_the_service(self):
        self.cloud.move_s = 0.3
        self.add_vip()
        self.assertEqual(self.call("migrate")[0], 0)
        self.assertEqual(self.cloud.holder, ME)

    def test_migrate_leaves_it_to_the_service(self):
        self.start()
        self.become_master()
        self.settled()
        self.cloud.holder = PEER
        self.assertEqual(self.call("migrate")[0], 0)
        self.assertEqual(self.cloud.holder, ME)

    def test_query_tells_apart_no_and_unknown(self):
        self.assertEqual(self.call("query"), (1, "false\n"))
        self.cloud.holder = ME
        self.assertEqual(self.call("query"), (0, "true\n"))
        self.cloud.refusals = ["InternalError"]
        self.assertEqual(self.call("query"), (2, "unknown\n"))

    def test_wrong_usage(self):
        self.assertEqual(self.call("promote")[0], 3)


if __name__ == "__main__":
    unittest.main()

"""The service on a node: failovers, and its own restarts."""

import os
import subprocess
import threading
import unittest

import support
from node import DESCRIBE, MIGRATE, Node
from support import ME, PEER, until


class Failover(Node):
    def test_a_standby_makes_no_call_and_a_new_master_asks_first(self):
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.assertEqual(self.cloud.journal, [])
        connections = self.cloud.connections
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.actions()[0], MIGRATE)
        self.assertEqual(self.cloud.journal[0][2]["SourceNetworkInterfaceId"], PEER)
        self.assertEqual(self.cloud.holder, ME)
        self.assertEqual(self.cloud.connections, connections, "the connection that was kept ready is used")
        move = until(lambda: self.status()["lastMove"], self.output)
        self.assertEqual((move["trigger"], move["from"], move["to"]), ("keepalived", PEER, ME))
        self.assertEqual(sorted(move["phasesMs"]), ["cloud", "decision", "request"])
        self.assertEqual(move["requestId"], "req-1")
        self.assertEqual(self.logged("moved")[0]["id"], move["id"])
        self.assertNotIn("top-secret", self.output())

    def test_no_further_call_after_a_demotion_in_the_middle_of_a_move(self):
        self.cloud.move_s = 60
        self.start()
        self.become_master()
        until(lambda: "DescribeVpcTaskResult" in self.cloud.actions(), self.output)
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.calls_stop()

    def test_a_node_whose_nic_is_dead_leaves_the_vip_to_the_other(self):
        self.ip("-n", self.namespace, "addr", "add", support.values()["gateway"] + "/32", "dev", "far")
        self.start()
        self.ip("-n", self.namespace, "addr", "del", support.values()["gateway"] + "/32", "dev", "far")
        self.become_master()
        until(lambda: self.cloud.actions().count(DESCRIBE) > 1, self.output)
        until(lambda: "gateway" in (self.status()["trouble"] or ""), self.output)
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
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.cloud.before_answer = lambda action: gate.wait()
        self.start()
        self.become_master()
        until(lambda: MIGRATE in self.cloud.actions(), self.output)
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", "the hanging call kept the service from hearing")
        gate.set()
        self.calls_stop()
        self.assertEqual(self.cloud.actions(), [MIGRATE])

    def test_the_black_hole_ends_with_the_event(self):
        self.start()
        self.become_master()
        self.settled()
        self.cloud.holder = PEER  # moved by the peer, which resigned; this node stays MASTER
        for _ in range(26):
            self.write('INSTANCE "VI_1" MASTER_RX_LOWER_PRI 250')
        until(lambda: self.cloud.holder == ME, lambda: self.cloud.actions())
        until(lambda: self.status()["movesTotal"] == 2, self.output)
        self.assertEqual(self.status()["lastMove"]["trigger"], "rx-lower")
        self.assertLess(self.cloud.actions().count(DESCRIBE), 12, "a burst of events is no burst of calls")

    def test_the_black_hole_ends_without_any_event(self):
        self.start()
        self.become_master()
        self.settled()
        self.cloud.holder = PEER
        until(lambda: self.cloud.holder == ME, lambda: self.cloud.actions())

    def test_a_lost_word_is_made_good_by_the_nic(self):
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        self.add_vip()
        self.settled()
        self.assertEqual(self.status()["state"], "MASTER")
        self.drop_vip()
        until(lambda: self.status()["state"] == "BACKUP", self.output)

    def test_words_lost_since_a_stop_are_made_good_by_the_nic(self):
        self.start()
        self.write('INSTANCE "VI_1" STOP 250')
        until(lambda: self.status()["state"] == "STOP", self.output)
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
        until(lambda: self.events("state"), self.output)
        self.calls_stop()
        self.assertEqual(self.status()["state"], "BACKUP")

    def test_a_killed_keepalived_that_leaves_the_vip_makes_no_calls(self):
        self.start()
        self.become_master()
        self.settled()
        with open(self.pid_file, "w") as file:
            file.write("999999")
        until(lambda: self.status()["state"] == "STOP", self.output)
        self.cloud.holder = PEER
        self.calls_stop()

    def test_one_that_is_killed_while_the_cloud_is_asked_claims_nothing_back_from_the_peer_that_took_over(self):
        def strike(action):
            if action == DESCRIBE:
                with open(self.pid_file, "w") as file:
                    file.write("999999")

        self.start()
        self.become_master()
        self.settled()
        self.cloud.holder = PEER
        self.cloud.before_answer = strike
        self.write('INSTANCE "VI_1" MASTER_RX_LOWER_PRI 250')
        until(lambda: self.status()["state"] == "STOP", self.output)
        self.assertEqual((self.cloud.holder, self.cloud.actions().count(MIGRATE)), (PEER, 1))


class Restart(Node):
    def test_killed_in_the_middle_of_a_move_it_looks_first_and_finishes(self):
        self.cloud.move_s = 2
        self.start()
        self.become_master()
        until(lambda: MIGRATE in self.cloud.actions(), self.output)
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
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.kill()
        self.become_master()
        self.start()
        self.settled()
        self.assertEqual(self.status()["state"], "MASTER")
        os.close(keepalived)

    def test_a_second_service_gives_up(self):
        self.start()
        self.assertEqual(subprocess.call(self.verb("watch"), stdout=subprocess.DEVNULL, timeout=support.PATIENCE_S), 4)


if __name__ == "__main__":
    unittest.main()

"""The service on a node, when the cloud, the credentials, the NIC or the EIP are not as they should be."""

import os
import unittest

from node import DESCRIBE, MIGRATE, Node
from support import EIP, ME, PEER, VIP, until


class Trouble(Node):
    def test_metadata_down_at_the_failover(self):
        self.start()
        self.kill()
        self.cloud.metadata_up = False
        self.start(ready=False)
        until(self.status, self.output)
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
        self.assertEqual(len(self.logged("trouble")), 1, self.output())
        until(lambda: self.status()["trouble"] is None, self.output)

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

    def test_a_vip_is_not_claimed_back_while_keepalived_hangs(self):
        self.play_keepalived()
        os.makedirs(self.run_dir)
        open(self.run_dir + "/started-with", "w").close()
        self.beat()
        self.start()
        self.become_master()
        self.settled()
        until(lambda: "keepalived" in self.status()["troubles"], self.output)
        self.cloud.holder = PEER
        until(lambda: self.status()["cloudHolder"] == "peer", self.output)
        looks = self.cloud.actions().count(DESCRIBE)
        until(lambda: self.cloud.actions().count(DESCRIBE) > looks + 1, self.output)
        self.assertEqual(self.cloud.actions().count(MIGRATE), 1)
        self.beat()
        self.settled()
        self.assertEqual(self.cloud.holder, ME)
        self.assertEqual(self.status()["troubles"], {})

    def beat(self):
        """keepalived's check runs once."""
        with open(self.run_dir + "/heartbeat", "w") as file:
            file.write("\n")

    def test_a_removed_rule_is_put_back(self):
        done = os.path.join(self.folder, "done")
        self.nic_script('[ "$1" = up ] && touch %s; [ -e %s ]' % (done, done))
        self.start()
        until(lambda: self.events("nic-restored"), self.output)

    def test_a_nic_that_cannot_be_put_right_is_a_trouble(self):
        self.nic_script("exit 1")
        self.start()
        until(lambda: self.events("trouble"), self.output)
        self.assertIn("nic.sh up: exit 1", self.status()["trouble"])


class Eip(Node):
    eip = EIP

    def test_an_eip_left_behind_is_bound_again_and_the_vip_stays(self):
        self.cloud.eip_follows = False
        self.start()
        self.become_master()
        until(lambda: self.cloud.eip_at == (ME, VIP), lambda: self.cloud.actions())
        self.assertNotIn("UnassignPrivateIpAddresses", self.cloud.actions())
        self.assertEqual(self.cloud.actions().count(MIGRATE), 1)

    def test_a_demotion_between_two_requests_of_a_step_ends_the_step(self):
        self.cloud.eip_follows = False
        heard = []

        def demote(action):
            if action == "DescribeAddresses" and not heard:
                heard.append(action)
                self.become_backup()
                until(lambda: self.status()["state"] == "BACKUP", self.output)

        self.cloud.before_answer = demote
        self.start()
        self.become_master()
        until(lambda: heard and self.status()["state"] == "BACKUP", lambda: self.cloud.actions())
        self.calls_stop()
        self.assertEqual(self.cloud.eip_at, (PEER, VIP), "the EIP is the other node's business now")

    def test_an_eip_that_follows_is_left_alone(self):
        self.start()
        self.become_master()
        self.settled()
        self.assertNotIn("DisassociateAddress", self.cloud.actions())


if __name__ == "__main__":
    unittest.main()

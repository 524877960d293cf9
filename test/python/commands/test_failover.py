"""`vip.py failover`: a node becomes MASTER where nobody is, and only there."""

import os
import time
import unittest
from unittest import mock

from keepalived_vip.operator import adverts
from pair import Pair
from support import ME, until


class Failover(Pair):
    def started(self):
        try:
            with open(self.run_dir + "/systemctl") as file:
                return file.read().split()
        except OSError:
            return []

    def refused(self, why: str):
        before = self.started(), self.reasons()
        code, output = self.call("failover")
        self.assertEqual(code, 4, output)
        self.assertIn(why, output)
        self.assertEqual((self.started(), self.reasons()), before, "nothing has changed")

    def test_ends_the_maintenance_starts_what_does_not_run_and_waits_for_the_vip(self):
        self.standby()
        self.assertEqual(self.call("maintenance", "on", "--force", "--reason", "new kernel")[0], 0)
        with mock.patch.dict(os.environ, KEEPALIVED_VIP_ASKED_BY="alice@laptop"):
            os.environ.pop("SSH_CONNECTION", None)
            verb = self.begin("failover", "--reason", "b is gone")
        until(lambda: not self.reasons(), self.output)
        self.become_master()
        code, output = self.end(verb)
        self.assertEqual(code, 0, output)
        self.assertEqual(self.cloud.holder, ME)
        self.assertEqual(self.started(), ["start", "keepalived-vip.service", "start", "keepalived.service"])
        self.assertFalse(self.drained())
        asked = self.logged("asked", 2)[-1]
        self.assertEqual((asked["what"], asked["by"], asked["why"]), ("failover", "alice@laptop", "b is gone"))

    def test_refused_beside_a_master_with_what_to_do_instead(self):
        self.master()
        self.refused("this node is MASTER")

    def test_refused_while_the_peer_is_heard(self):
        self.standby()
        verb = self.begin("failover")
        while verb.poll() is None:
            self.advert()
            time.sleep(0.1)
        code, output = self.end(verb)
        self.assertEqual(code, 4, output)
        self.assertIn("10.0.1.17 is MASTER, its adverts are heard", output)
        self.assertEqual(self.started(), [])

    def test_refused_where_the_node_is_not_able_with_the_cure(self):
        self.standby()
        self.call("drain", "hold", "health", "60", "tcp 80: Connection refused")
        self.refused("kept from being MASTER by health: tcp 80: Connection refused; mend the service")
        self.call("drain", "release", "health")
        self.nic_script("echo eth1 is down; exit 1")
        self.refused("eth1 is down; /etc/keepalived/nic.sh up")
        self.nic_script("exit 0")
        self.kill()  # the service starts one that hangs anew, which on a slow machine it has done before the refusal
        self.play_keepalived()
        self.lose_beat()
        self.refused("keepalived hangs")

    def test_the_peer_is_listened_for_longer_than_it_may_be_silent(self):
        conf = mock.Mock(interface="eth1", advert_s=0.05)
        with mock.patch.object(adverts.nic, "hear"), mock.patch.object(adverts.nic, "heard", side_effect=[False, True]):
            self.assertTrue(adverts.hears_peer(conf))


if __name__ == "__main__":
    unittest.main()

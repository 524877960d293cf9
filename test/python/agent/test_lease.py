"""How long a demoted node goes on answering, by the leases that it gives its address."""

import types
import unittest
from unittest import mock

from keepalived_vip.agent.node import nic
from keepalived_vip.agent.policy.knowledge import Knowledge
from keepalived_vip.agent.vip.vip_on_nic import LINGER_S, VipOnNic
from support import ME, PEER


class Kernel:
    """The address's lifetime as the kernel has it, who tells it in whole seconds."""

    def __init__(self):
        self.now, self.ends_at = 1000.0, None

    def lifetime(self, *_):
        return 0 if self.ends_at is None else max(0, int(self.ends_at - self.now))

    def set_lifetime(self, _interface, _vip, seconds, add=False):
        self.ends_at = self.now + seconds


class Lease(unittest.TestCase):
    def setUp(self):
        self.kernel = Kernel()
        changes = mock.patch.multiple(nic, lifetime=self.kernel.lifetime, set_lifetime=self.kernel.set_lifetime)
        changes.start()
        self.addCleanup(changes.stop)
        self.vip = VipOnNic(types.SimpleNamespace(interface="eth1", vip="10.0.1.100"), Knowledge(ME, PEER, False, 20.0))

    def removed(self):
        """By keepalived, as it gives up or starts."""
        self.kernel.ends_at = None
        self.vip.look(self.kernel.now)
        self.vip.lend("BACKUP", self.kernel.now)

    def test_an_address_that_keepalived_removes_again_and_again_stays_as_long_as_one_that_it_leaves(self):
        kernel = self.kernel
        self.vip.gave_up(kernel.now)
        until = kernel.now + LINGER_S
        for _ in range(6):  # stopped, started and told to be BACKUP, three times
            self.removed()
            self.assertEqual(self.vip.on_nic, nic.LEASED)
            kernel.now += 1.7
        self.assertGreaterEqual(kernel.ends_at, until)
        self.assertLess(kernel.ends_at, until + 1.0)

    def test_after_a_planned_switch_it_stays_only_for_connections_that_are_kept_and_only_as_long(self):
        seen = self.vip.known.seen
        seen.holder, seen.available, seen.fresh = PEER, True, True
        self.vip.gave_up(self.kernel.now)
        self.removed()
        self.assertEqual(self.vip.on_nic, nic.ABSENT)
        seen.task = "task-1"  # one that brings it here: the look may be of before
        self.vip.gave_up(self.kernel.now)
        self.assertFalse(self.vip.gone)
        seen.task = None
        self.vip.keeps = True
        self.vip.gave_up(self.kernel.now)
        self.removed()
        self.assertEqual(self.vip.on_nic, nic.LEASED)
        self.assertTrue(self.vip.gone, "no word of the peer's has to be waited for")
        self.vip.end_linger(self.kernel.now)
        self.assertEqual(self.kernel.ends_at, self.kernel.now + 1)


if __name__ == "__main__":
    unittest.main()

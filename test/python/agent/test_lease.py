"""How long a demoted node goes on answering, by the leases that it gives its address."""

import types
import unittest
from unittest import mock

from keepalived_vip.agent.node import nic
from keepalived_vip.agent.policy.knowledge import Knowledge
from keepalived_vip.agent.vip.vip_on_nic import LINGER_S, VipOnNic


class Kernel:
    """The address's lifetime as the kernel has it, who tells it in whole seconds."""

    def __init__(self):
        self.now, self.ends_at = 1000.0, None

    def lifetime(self, *_):
        return 0 if self.ends_at is None else max(0, int(self.ends_at - self.now))

    def set_lifetime(self, _interface, _vip, seconds, add=False):
        self.ends_at = self.now + seconds


class Lease(unittest.TestCase):
    def test_an_address_that_keepalived_removes_again_and_again_stays_as_long_as_one_that_it_leaves(self):
        kernel = Kernel()
        conf = types.SimpleNamespace(interface="eth1", vip="10.0.1.100")
        vip = VipOnNic(conf, Knowledge("eni-me", "eni-peer", False, 20.0))
        with mock.patch.multiple(nic, lifetime=kernel.lifetime, set_lifetime=kernel.set_lifetime):
            vip.gave_up(kernel.now)
            until = kernel.now + LINGER_S
            for _ in range(6):  # stopped, started and told to be BACKUP, three times
                kernel.ends_at = None
                vip.look(kernel.now)
                vip.lend("BACKUP", kernel.now)
                self.assertEqual(vip.on_nic, nic.LEASED)
                kernel.now += 1.7
            self.assertGreaterEqual(kernel.ends_at, until)
            self.assertLess(kernel.ends_at, until + 1.0)


if __name__ == "__main__":
    unittest.main()

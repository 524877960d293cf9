"""The calls of a move: what they ask, and what they take from the answer."""

import unittest

from cloud.with_cloud import WithCloud
from keepalived_vip.agent.policy import knowledge
from keepalived_vip.agent.vip import calls
from support import EIP, ME, PEER, VIP


class Moves(WithCloud):
    eip = EIP

    def test_holder_state_and_eip(self):
        self.assertEqual(self.describe(), (PEER, True, knowledge.EIP_OK))
        self.cloud.holder, self.cloud.state = ME, "MIGRATING"
        self.assertEqual(self.describe(), (ME, False, knowledge.EIP_MISSING))

    def test_the_address_matches_exactly(self):
        # 0.0.1.100 is a suffix of it and 10.0.1.200 is not it: the filter's fuzzy matches must not count.
        self.cloud.holder = None
        self.assertEqual(self.describe()[0], knowledge.NOBODY)

    def test_another_vpc_with_the_same_address_does_not_count(self):
        self.cloud.enis["eni-else"] = "vpc-2"
        self.cloud.holder = "eni-else"
        self.assertEqual(self.describe()[0], knowledge.NOBODY)
        self.cloud.enis["eni-else"] = "vpc-1"
        self.assertEqual(self.describe()[0], "eni-else")

    def test_a_move_names_the_vip_and_nothing_else(self):
        self.assertEqual(calls.migrate(self.api, self.conf, PEER), "req-1")
        request = self.cloud.journal[0][2]
        expected = {"SourceNetworkInterfaceId": PEER, "DestinationNetworkInterfaceId": ME, "PrivateIpAddress": VIP}
        self.assertEqual(request, expected)

    def test_a_forgotten_task_is_over(self):
        self.assertEqual(calls.task(self.api, "long-ago"), (False, False))

    def test_a_failed_task_is_over_and_known_to_have_failed(self):
        for status, expected in (("RUNNING", (True, False)), ("SUCCESS", (False, False)), ("FAILED", (False, True))):
            self.cloud.tasks["req-0"] = status
            self.assertEqual(calls.task(self.api, "req-0"), expected)

    def test_an_eip_elsewhere_is_unbound_then_bound_here(self):
        self.cloud.holder = ME
        self.assertTrue(calls.rebind(self.api, self.conf))
        self.assertFalse(calls.rebind(self.api, self.conf))
        self.assertEqual(self.cloud.eip_at, (ME, VIP))
        self.assertFalse(calls.rebind(self.api, self.conf))
        self.assertEqual(self.cloud.actions().count("AssociateAddress"), 1)


if __name__ == "__main__":
    unittest.main()

"""The role of a node, as keepalived's words make it."""

import types
import unittest
from unittest import mock

from keepalived_vip.agent.node import nic
from keepalived_vip.agent.policy.knowledge import Knowledge
from keepalived_vip.agent.role import Role
from support import ME, PEER


class Words(unittest.TestCase):
    def test_a_move_is_by_keepalived_whether_its_hook_or_itself_says_first_that_it_is_master(self):
        for words in ("INSTANCE", "NOTIFY"), ("NOTIFY", "INSTANCE"):
            mover = mock.Mock(known=Knowledge(ME, PEER, False, 300.0))
            vip = mock.Mock(on_nic=nic.PRESENT, **{"keep.return_value": False})
            told = []
            role = Role(types.SimpleNamespace(), mover, vip, lambda event, told=told, **fields: told.append(fields))
            for kind in words:
                role.word(kind, "MASTER")
            self.assertEqual(told, [{"state": "MASTER", "trigger": "keepalived"}])
            self.assertEqual([call[0][0] for call in mover.due_to.call_args_list], ["keepalived"], words)


if __name__ == "__main__":
    unittest.main()

"""The role's credentials: kept, renewed in time, and by whose clock."""

import json
import os
import stat
import unittest

from keepalived_vip.cloud import credentials
from support import PEER

from cloud.with_cloud import WithCloud


class RoleCredentials(WithCloud):
    def test_they_are_kept_private_and_used_while_metadata_is_down(self):
        self.describe()
        mode = os.stat(self.conf.credentials_file).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.cloud.metadata_up = False
        self.api = self.make([self.cloud.endpoint])
        self.assertEqual(self.describe()[0], PEER)

    def test_they_are_due_300_seconds_before_they_end(self):
        for lifetime, due in ((3600, False), (290, True)):
            self.cloud.credentials_s = lifetime
            kept = self.make([self.cloud.endpoint]).credentials
            kept.renew(None)
            self.assertEqual(kept.due(), due)

    def test_a_wrong_clock_does_not_make_them_look_expired(self):
        self.cloud.clock_ahead_s = -7200
        self.api.credentials.renew(None)
        self.assertFalse(self.api.credentials.due())

    def test_a_machine_without_a_role_is_told_so(self):
        self.cloud.metadata = lambda path: (404, "")
        with self.assertRaises(credentials.Unavailable) as raised:
            self.describe()
        self.assertIn("role", str(raised.exception))

    def test_a_machine_with_a_key_of_its_own_asks_no_metadata_and_sends_no_token(self):
        with open(self.conf.static_credentials, "w") as file:
            json.dump({"TmpSecretId": "AKID", "TmpSecretKey": "key"}, file)
        self.cloud.by_key = True
        self.api = self.make([self.cloud.endpoint])
        self.describe()
        self.assertEqual(self.cloud.metadata_asked, 0)
        self.assertFalse(self.api.credentials.due())


if __name__ == "__main__":
    unittest.main()

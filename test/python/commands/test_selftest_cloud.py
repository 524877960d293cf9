"""`vip.py self-test`: what it says of the way to the cloud, and of what the node's role may do there."""

import socket
import unittest
from unittest import mock

import support
from examined import OWN, Examined
from support import ME


class OfTheCloud(Examined):
    def test_nothing_is_moved_and_the_role_may_move(self):
        self.standby()
        found = self.run_here()["permission"]["found"]
        self.assertIn("UnauthorizedOperation.AttachmentNotFound", found)
        self.assertEqual((self.cloud.holder, self.cloud.state), (support.PEER, "AVAILABLE"))
        request = self.cloud.journal[-1][2]
        self.assertEqual(
            (request["SourceNetworkInterfaceId"], request["DestinationNetworkInterfaceId"]), (support.PEER, ME)
        )
        self.assertEqual(request["PrivateIpAddress"], OWN, "the VIP is not named, wherever it is")

    def test_what_the_cloud_s_answer_says_of_the_permission(self):
        self.standby()
        self.run_here()
        cases = {
            "UnauthorizedOperation": "fail",
            "AuthFailure.UnauthorizedOperation": "fail",
            "UnauthorizedOperation.PrimaryIp": "pass",
            "UnsupportedOperation": "pass",
            "UnsupportedOperation.MutexOperationTaskRunning": "pass",
            "ResourceNotFound": "pass",
            "RequestLimitExceeded": "unknown",
            "InvalidParameterValue.Malformed": "unknown",
        }
        for code, result in cases.items():
            with self.subTest(code):
                self.cloud.refusals = [("MigratePrivateIpAddress", code)]
                row = self.run_here()["permission"]
                self.assertEqual(row["result"], result, row)
                self.assertEqual(row["cure"] is None, result == "pass", row)

    def test_looking_that_is_not_allowed_leaves_the_permission_open(self):
        self.standby()
        self.cloud.refusals = [("DescribeNetworkInterfaces", "UnauthorizedOperation")]
        rows = self.run_here()
        self.assertIn("UnauthorizedOperation", self.only(rows, "look", "permission"))
        self.assertEqual(rows["permission"]["result"], "unknown")

    def test_a_machine_without_a_role(self):
        self.standby()
        self.cloud.metadata = lambda path: (404, "")
        self.assertIn("CAM role", self.only(self.run_here(), "credentials", "look", "permission"))

    def test_an_api_that_cannot_be_reached(self):
        self.standby()
        self.conf.endpoints = ["127.0.0.1:1"]
        found = self.only(self.run_here(), "api", "clock", "look", "permission")
        self.assertIn("TCP to 127.0.0.1 port 1: Connection refused", found)

    def test_one_endpoint_of_two_is_enough(self):
        self.standby()
        self.conf.endpoints = ["127.0.0.1:1", self.cloud.endpoint]
        rows = self.run_here()
        self.only(rows)
        self.assertIn("not needed meanwhile: 127.0.0.1:1", rows["api"]["found"])

    def test_a_name_that_is_not_known(self):
        self.standby()
        real = socket.getaddrinfo

        def lookup(host, *rest):
            if host == "vpc.test":
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return real(host, *rest)

        self.conf.endpoints = [self.cloud.endpoint, "vpc.test"]
        with mock.patch("socket.getaddrinfo", lookup):
            self.assertIn("vpc.test: Name or service not known", self.only(self.run_here(), "dns"))

    def test_a_clock_that_the_api_would_not_forgive(self):
        self.standby()
        for ahead_s, names in ((200, []), (-400, ["clock"])):
            self.cloud.clock_ahead_s = ahead_s
            self.only(self.run_here(), *names)


if __name__ == "__main__":
    unittest.main()

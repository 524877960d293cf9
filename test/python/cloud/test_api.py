"""Calls of the API: signed, on a connection that is kept, to an endpoint that answers."""

import socket
import unittest
from unittest import mock

import support
from keepalived_vip import cloud, http1, settings
from keepalived_vip.agent.vip import calls
from keepalived_vip.cloud import api, errors
from support import PEER

from cloud.with_cloud import WithCloud


class Signing(unittest.TestCase):
    def test_the_example_of_the_documentation(self):
        # https://www.tencentcloud.com/document/api/1227/61798, with the placeholders of its key replaced by EXAMPLE
        # as in Tencent's sample code.
        body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
        headers = {"Content-Type": "application/json; charset=utf-8", "Host": "cvm.tencentcloudapi.com"}
        header = api.sign(
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            headers,
            body,
            1551113065,
            "cvm",
        )
        self.assertEqual(
            header,
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
            "SignedHeaders=content-type;host, "
            "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        )


class Calls(WithCloud):
    def test_a_call_that_is_no_longer_wanted_when_all_is_ready_is_not_sent(self):
        self.api.wanted = lambda: self.cloud.metadata_asked == 0  # the demotion comes while the keys are fetched
        with self.assertRaises(cloud.ApiError) as caught:
            calls.migrate(self.api, self.conf, PEER)
        self.assertEqual(errors.reaction(caught.exception.code), errors.DESCRIBE)
        self.assertEqual(self.cloud.journal, [])

    def test_a_wrong_clock_is_mended_once_from_the_answer(self):
        self.api.credentials.current()
        self.cloud.clock_ahead_s = -3600
        self.assertEqual(self.describe()[0], PEER)
        self.assertEqual(len(self.cloud.journal), 2)
        self.assertAlmostEqual(self.api.clock_offset_s, -3600, delta=2)

    def test_dead_credentials_are_renewed_once(self):
        self.cloud.refusals = ["AuthFailure.TokenFailure"] * 2
        with self.assertRaises(cloud.ApiError) as raised:
            self.describe()
        self.assertEqual(raised.exception.code, "AuthFailure.TokenFailure")
        self.assertEqual(len(self.cloud.journal), 2)

    def test_the_connection_is_kept(self):
        self.describe()
        count = self.cloud.connections
        self.describe()
        self.describe()
        self.assertEqual(self.cloud.connections, count)

    def test_a_kept_connection_that_was_closed_costs_no_failure(self):
        self.describe()
        self.cloud.drop_next = 1
        self.assertEqual(self.describe()[0], PEER)

    def test_a_fresh_connection_that_breaks_off_is_a_failure(self):
        self.api.credentials.current()
        self.cloud.drop_next = 1
        with self.assertRaises(cloud.ApiError) as raised:
            self.describe()
        self.assertEqual(raised.exception.code, "Network")
        self.assertEqual(self.describe()[0], PEER)

    def test_the_next_endpoint_is_taken_when_one_cannot_be_reached(self):
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        self.addCleanup(closed.close)
        self.api = self.make(["127.0.0.1:%d" % closed.getsockname()[1], self.cloud.endpoint])
        self.assertEqual(self.describe()[0], PEER)
        self.assertEqual(self.api.endpoints[0], self.cloud.endpoint)

    def test_a_certificate_for_another_name_is_a_failure_like_any_other(self):
        """Python 3.6 raises no OSError for it, which would end the thread that makes the calls."""
        self.api.context = mock.Mock(wrap_socket=mock.Mock(side_effect=ValueError("hostname does not match")))
        with self.assertRaises(OSError):
            self.api.keep_ready()
        self.assertEqual(self.cloud.journal, [])

    def test_no_answer_in_time_is_a_failure(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        self.addCleanup(listener.close)
        self.api.credentials.current()  # kept in a file: the metadata service has all the time that it needs
        before, http1.ANSWER_S = http1.ANSWER_S, 0.2
        self.addCleanup(setattr, http1, "ANSWER_S", before)
        self.api = self.make(["127.0.0.1:%d" % listener.getsockname()[1]])
        with self.assertRaises(cloud.ApiError) as raised:
            self.describe()
        self.assertEqual(raised.exception.code, "Network")

    def test_production_speaks_tls_only(self):
        conf = settings.Settings(support.values())
        self.assertEqual(conf.scheme, "https")
        self.assertIsNotNone(cloud.Api(conf, None, None).context)


if __name__ == "__main__":
    unittest.main()

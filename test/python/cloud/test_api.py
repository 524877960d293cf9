import json
import os
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest
from unittest import mock

import support
from fake_cloud import FakeCloud
from keepalived_vip import cloud, http1, settings
from keepalived_vip.agent import calls, knowledge, threads
from keepalived_vip.cloud import api, credentials, errors
from support import EIP, ME, PEER, VIP

# Tencent's own lists: the codes of each action of a move, and those that every action of API 3.0 may answer.
DOCUMENTED = (
    "InvalidParameterValue.Malformed LimitExceeded ResourceNotFound UnauthorizedOperation.AttachmentNotFound "
    "UnauthorizedOperation.PrimaryIp UnsupportedOperation.PrimaryIp UnsupportedOperation "
    "UnsupportedOperation.MutexOperationTaskRunning InternalError.ModuleError InvalidParameterValue "
    "UnauthorizedOperation InvalidParameter.Coexist InvalidParameter.FilterInvalidKey "
    "InvalidParameter.FilterNotDict InvalidParameter.FilterValuesNotList InvalidParameterValue.LimitExceeded "
    "InvalidParameterValue.NotUtf8EncodingError InvalidParameterValue.Range LimitExceeded.ActionLimited "
    "ResourceInUse ResourceInsufficient ResourceInsufficient.Subnet InvalidParameterValue.DuplicatePara "
    "InvalidParameterValue.Reserved MissingParameter FailedOperation.NetDetectTimeOut "
    "UnsupportedOperation.IdempotentParameterMismatch UnsupportedOperation.IdempotentProcessing "
    "UnsupportedOperation.InvalidState UnsupportedOperation.ResourceMismatch "
    "UnsupportedOperation.AttachmentNotFound InvalidPrivateIpAddress.AlreadyBindEip "
    "InvalidNetworkInterfaceId.NotFound InvalidParameterValue.PrivateIpAddressNotMatch "
    "InvalidParameterValue.NetworkInterfaceIdNotMatch OperationDenied.MutexTaskRunning "
    "OperationDenied.AddressInArrears ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId "
    "AuthFailure.MFAFailure AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire AuthFailure.SignatureFailure "
    "AuthFailure.TokenFailure AuthFailure.UnauthorizedOperation DryRunOperation FailedOperation InternalError "
    "InvalidAction InvalidParameter InvalidRequest IpInBlacklist IpNotInWhitelist NoSuchProduct NoSuchVersion "
    "RequestLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded RequestLimitExceeded.IPLimitExceeded "
    "RequestLimitExceeded.UinLimitExceeded RequestSizeLimitExceeded ResponseSizeLimitExceeded ResourceUnavailable "
    "ServiceUnavailable UnknownParameter UnsupportedProtocol UnsupportedRegion "
)


class Errors(unittest.TestCase):
    def test_every_documented_code_has_a_row(self):
        self.assertEqual([code for code in DOCUMENTED.split() if code not in errors.CODES], [])

    def test_two_codes_that_look_like_a_missing_permission_are_none(self):
        self.assertEqual(errors.reaction("UnauthorizedOperation.AttachmentNotFound"), errors.DESCRIBE)
        self.assertEqual(errors.reaction("UnauthorizedOperation.PrimaryIp"), errors.STOP)
        self.assertEqual(errors.reaction("UnauthorizedOperation"), errors.STOP)

    def test_a_code_without_a_row_follows_its_class(self):
        self.assertEqual(errors.reaction("InternalError.SomethingNew"), errors.RETRY)
        self.assertEqual(errors.reaction("InvalidParameterValue.SomethingNew"), errors.STOP)

    def test_an_unknown_code_means_look_again(self):
        self.assertEqual(errors.reaction("SomethingNew.Altogether"), errors.DESCRIBE)


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


class WithCloud(unittest.TestCase):
    eip = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.etc = self.folder + "/etc"
        os.mkdir(self.etc)
        self.cloud = FakeCloud(eip=self.eip)
        self.addCleanup(self.cloud.close)
        self.api = self.make([self.cloud.endpoint])

    def make(self, endpoints):
        values = support.values(vpcEndpoints=endpoints, eipId=self.eip)
        self.conf = settings.Settings(values, self.folder, self.etc, "", self.cloud.endpoint, "http")
        addresses = http1.Addresses(self.conf.addresses_file)
        api = cloud.Api(self.conf, credentials.Credentials(self.conf, addresses), addresses)
        self.addCleanup(lambda: api.kept and api.kept.close())
        return api

    def describe(self):
        return calls.describe(self.api, self.conf)


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

    def test_a_name_is_missed_only_when_no_endpoint_has_an_address(self):
        named = {"public.test", "169.254.0.23"}

        def look_up(host, *_):
            if host not in named:
                raise socket.gaierror("unknown")
            return [(None, None, None, "", ("127.0.0.1", 0))]

        keeper = threads.Threads.__new__(threads.Threads)
        keeper.mover = mock.Mock(addresses=http1.Addresses(self.folder + "/names"))
        keeper.mover.conf = mock.Mock(endpoints=["internal.test", "public.test:443"], metadata="169.254.0.23")
        with mock.patch.object(socket, "getaddrinfo", look_up):
            self.assertIsNone(keeper.dns_problem())
            named.remove("public.test")
            self.assertEqual(keeper.dns_problem(), "internal.test: unknown; public.test: unknown")
            named.update(["internal.test", "public.test"])
            named.remove("169.254.0.23")
            self.assertEqual(keeper.dns_problem(), "169.254.0.23: unknown")

    def test_names_are_looked_up_right_after_a_boot_and_then_each_minute(self):
        now = [5.0]
        looked = []

        def sleep(seconds):
            now[0] += seconds
            if now[0] > 100:
                raise StopIteration

        keeper = threads.Threads.__new__(threads.Threads)
        keeper.mover = mock.Mock()
        keeper.tell = mock.Mock()
        keeper.dns_problem = lambda: looked.append(now[0])
        clock = mock.Mock(monotonic=lambda: now[0], sleep=sleep)
        with mock.patch.object(threads, "time", clock), self.assertRaises(StopIteration):
            keeper.keep_ready()
        self.assertEqual(looked, [5.0, 65.0])

    def test_no_answer_in_time_is_a_failure(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        self.addCleanup(listener.close)
        before, http1.ANSWER_S = http1.ANSWER_S, 0.2
        self.addCleanup(setattr, http1, "ANSWER_S", before)
        self.api = self.make(["127.0.0.1:%d" % listener.getsockname()[1]])
        with self.assertRaises(cloud.ApiError) as raised:
            self.describe()
        self.assertEqual(raised.exception.code, "Network")

    def test_every_way_in_which_http_marks_the_end(self):
        body = b'{"Response":{"RequestId":"r"}}'
        ways = [
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
            b"Connection: close\r\n\r\n" + body,
            b"Transfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x;x=y\r\n%s\r\n0\r\n\r\n"
            % (body[:5], len(body) - 5, body[5:]),
        ]
        for way in ways:
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)

            def answer(listener=listener, way=way):
                other, _ = listener.accept()
                other.recv(65536)
                for byte in b"HTTP/1.1 200 OK\r\n" + way:
                    other.send(bytes([byte]))
                other.close()

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            connection = http1.Connection("test", "127.0.0.1", listener.getsockname()[1])
            self.assertEqual(connection.exchange("POST", "/", {"Host": "test"}).body, body)
            connection.close()
            thread.join()
            listener.close()


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

    def test_static_keys_are_used_only_when_the_file_is_there(self):
        with open(self.conf.static_credentials, "w") as file:
            json.dump({"TmpSecretId": "AKID", "TmpSecretKey": "key", "Token": "token-1"}, file)
        self.api = self.make([self.cloud.endpoint])
        self.describe()
        self.assertEqual(self.cloud.metadata_asked, 0)


class Names(WithCloud):
    def test_the_last_good_address_outlives_dns_and_a_restart(self):
        names = http1.Addresses(self.conf.addresses_file)
        self.assertEqual(names.resolve("localhost"), ["127.0.0.1"])
        before, socket.getaddrinfo = socket.getaddrinfo, None
        self.addCleanup(setattr, socket, "getaddrinfo", before)
        self.assertEqual(http1.Addresses(self.conf.addresses_file).of("localhost"), ["127.0.0.1"])


class Tls(unittest.TestCase):
    """What a kept TLS connection needs: it is found alive although session tickets wait to be read."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        key, cert = self.folder + "/key", self.folder + "/cert"
        subprocess.check_call(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=vpc.test"]
            + ["-addext", "subjectAltName=DNS:vpc.test", "-keyout", key, "-out", cert],
            stderr=subprocess.DEVNULL,
        )
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(cert, key)
        self.context = ssl.create_default_context(cafile=cert)
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(5)
        self.addCleanup(self.listener.close)
        # A thread that went on waiting on a closed socket would take the connections of the next one with its number.
        self.addCleanup(self.listener.shutdown, socket.SHUT_RDWR)
        self.others = []

        def serve():
            while True:
                try:
                    other, _ = self.listener.accept()
                    self.others.append(server.wrap_socket(other, server_side=True))
                except ssl.SSLError:
                    pass
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        self.port = self.listener.getsockname()[1]

    def test_alive_until_the_other_side_closes(self):
        connection = http1.Connection("vpc.test", "127.0.0.1", self.port, self.context)
        self.addCleanup(connection.close)
        support.until(lambda: self.others)
        for _ in range(3):
            self.assertTrue(connection.alive())
            time.sleep(0.02)
        self.others[0].close()
        support.until(lambda: not connection.alive(), 5, "a closed connection is taken for open")

    def test_a_certificate_of_another_name_is_refused(self):
        with self.assertRaises(OSError):
            http1.Connection("vpc.other", "127.0.0.1", self.port, self.context)

    def test_production_speaks_tls_only(self):
        conf = settings.Settings(support.values())
        self.assertEqual(conf.scheme, "https")
        self.assertIsNotNone(cloud.Api(conf, None, None).context)


class Dates(unittest.TestCase):
    def test_dates_of_http(self):
        self.assertEqual(http1.unix_time("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777)
        self.assertEqual(http1.unix_time("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199)
        for wrong in (None, "", "yesterday", "Sun, 06 Foo 1994 08:49:37 GMT"):
            self.assertIsNone(http1.unix_time(wrong))


if __name__ == "__main__":
    unittest.main()

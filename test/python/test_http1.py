"""HTTP over a kept connection, names, dates."""

import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from unittest import mock

import support
from cloud.with_cloud import WithCloud
from keepalived_vip import http1


class Ends(unittest.TestCase):
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


class Endless(unittest.TestCase):
    def test_an_answer_without_an_end_is_given_up_at_the_limit(self):
        ways = (b"Connection: close\r\n\r\n", b"x" * 4096), (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")
        for head, part in ways:
            listener = socket.socket()
            self.addCleanup(listener.close)
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)

            def answer(listener=listener, head=head, part=part):
                other, _ = listener.accept()
                other.recv(65536)
                try:
                    other.sendall(b"HTTP/1.1 200 OK\r\n" + head)
                    while True:
                        other.send(part)
                except OSError:
                    other.close()

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            connection = http1.Connection("test", "127.0.0.1", listener.getsockname()[1])
            with mock.patch.object(http1, "ANSWER_LIMIT", 50000), self.assertRaisesRegex(OSError, "longer than 50000"):
                connection.exchange("GET", "/", {"Host": "test"})
            connection.close()
            thread.join()
            self.assertFalse(connection.reusable)


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
        support.until(lambda: not connection.alive(), "a closed connection is taken for open")

    def test_a_certificate_of_another_name_is_refused(self):
        with self.assertRaises(OSError):
            http1.Connection("vpc.other", "127.0.0.1", self.port, self.context)


class Dates(unittest.TestCase):
    def test_dates_of_http(self):
        self.assertEqual(http1.unix_time("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777)
        self.assertEqual(http1.unix_time("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199)
        for wrong in (None, "", "yesterday", "Sun, 06 Foo 1994 08:49:37 GMT"):
            self.assertIsNone(http1.unix_time(wrong))


if __name__ == "__main__":
    unittest.main()

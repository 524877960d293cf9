"""What is kept ready beside the calls."""

import shutil
import socket
import tempfile
import unittest
from unittest import mock

from keepalived_vip import http1
from keepalived_vip.agent import threads


class KeptReady(unittest.TestCase):
    def test_a_name_is_missed_only_when_no_endpoint_has_an_address(self):
        named = {"public.test", "169.254.0.23"}

        def look_up(host, *_):
            if host not in named:
                raise socket.gaierror("unknown")
            return [(None, None, None, "", ("127.0.0.1", 0))]

        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        keeper = threads.Threads.__new__(threads.Threads)
        keeper.mover = mock.Mock(addresses=http1.Addresses(folder + "/names"))
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


if __name__ == "__main__":
    unittest.main()

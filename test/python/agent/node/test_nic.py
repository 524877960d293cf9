"""The kernel's side: the VIP on the NIC, keepalived's words and its process."""

import os
import shutil
import struct
import subprocess
import tempfile
import threading
import unittest
from unittest import mock

import support
from keepalived_vip.agent.node import nic
from keepalived_vip.agent.vip import vip_on_nic
from node import Node


class Words(unittest.TestCase):
    def test_keepalived_and_the_hook_speak_alike(self):
        text = 'INSTANCE "VI_1" MASTER 250\nGROUP "G" BACKUP 0\nNOTIFY "VI_1" FAULT 0\nINSTANCE "VI_2" MASTER 1\n\n'
        self.assertEqual(list(nic.words(text)), [("INSTANCE", "MASTER"), ("NOTIFY", "FAULT")])


class Address(unittest.TestCase):
    def test_an_address_is_found_exactly_and_on_its_interface(self):
        self.assertEqual(nic.look("lo", "127.0.0.1"), nic.PRESENT)
        self.assertEqual(nic.look("lo", "127.0.0.10"), nic.ABSENT)
        self.assertEqual(nic.look("no-such-nic", "127.0.0.1"), nic.ABSENT)


class Refused(unittest.TestCase):
    """The kernel answers a dump with an error, as without memory or after a change in its middle."""

    def answer(self, code: int):
        kernel = mock.MagicMock()
        message = struct.pack("=IHHIIi", 36, nic.ERROR, 0, 1, 0, code) + bytes(16)
        kernel.__enter__.return_value.recv.return_value = message
        return mock.patch.object(nic.socket, "socket", return_value=kernel)

    def test_no_answer_is_not_the_answer_that_the_address_is_gone(self):
        with self.answer(-12), self.assertRaises(OSError) as raised:
            nic.look("lo", "127.0.0.1")
        self.assertEqual(raised.exception.errno, 12)

    def test_what_was_true_of_a_master_stays_true_then(self):
        vip = vip_on_nic.VipOnNic(mock.Mock(interface="lo", vip="127.0.0.1"), mock.Mock())
        vip.look(1000.0)
        with self.answer(-12):
            vip.look(1001.0)
        self.assertEqual(vip.on_nic, nic.PRESENT)


class Prolonged(unittest.TestCase):
    """An address that is lent, of a node whose connections the peer carries."""

    def setUp(self):
        self.vip = vip_on_nic.VipOnNic(mock.Mock(), mock.Mock())
        self.vip.lease, self.vip.look = mock.Mock(), mock.Mock()
        self.vip.linger_until = self.vip.lent_until = 1025.0

    def test_one_that_is_about_to_run_out_is_lent_for_longer(self):
        self.vip.on_nic = nic.LEASED
        self.vip.prolong(1010.0)
        self.assertFalse(self.vip.lease.called)
        self.vip.prolong(1015.0)
        self.vip.lease.assert_called_once_with(vip_on_nic.LINGER_S)

    def test_one_that_has_run_out_is_put_back_once_no_keepalived_has_done_so(self):
        self.vip.on_nic = nic.ABSENT
        self.vip.prolong(1025.1)
        self.assertFalse(self.vip.lease.called, "a MASTER's keepalived is about to")
        self.vip.lease.side_effect = OSError  # the NIC is gone
        self.vip.prolong(1030.0)
        self.vip.lease.assert_called_once_with(vip_on_nic.LINGER_S, add=True)
        self.vip.prolong(1031.0)
        self.assertEqual(self.vip.lease.call_count, 1)

    def test_a_masters_own_is_left_as_it_is(self):
        self.vip.on_nic = nic.PRESENT
        self.vip.prolong(1030.0)
        self.assertFalse(self.vip.lease.called)


class Lifetime(Node):
    def in_namespace(self, do):
        raised = []

        def act():
            support.enter_namespace(self.namespace)
            try:
                do()
            except OSError as error:
                raised.append(type(error))

        thread = threading.Thread(target=act)
        thread.start()
        thread.join()
        return raised

    def shown(self):
        return subprocess.check_output(("ip", "-n", self.namespace, "-4", "addr", "show", "to", support.VIP)).decode()

    def test_an_address_that_is_there_by_now_keeps_its_own(self):
        self.add_vip()
        put = lambda: nic.set_lifetime("eth1", support.VIP, 15, add=True)  # noqa: E731
        self.assertEqual(self.in_namespace(put), [FileExistsError])
        self.assertIn("valid_lft forever", self.shown())
        self.drop_vip()
        self.assertEqual(self.in_namespace(put), [])
        self.assertIn("deprecated", self.shown())
        self.assertEqual(self.in_namespace(lambda: nic.set_lifetime("eth1", support.VIP, nic.ENDLESS_S)), [])
        self.assertIn("valid_lft forever", self.shown())


class Process(unittest.TestCase):
    def test_only_a_pid_file_without_its_process_means_killed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/pid"
            self.assertFalse(nic.keepalived_is_dead([path]))
            with open(path, "w") as file:
                file.write(str(os.getpid()))  # alive, but no keepalived: the number was given to another
            self.assertTrue(nic.keepalived_is_dead([path]))
            shutil.copy("/bin/sleep", folder + "/keepalived")
            child = subprocess.Popen([folder + "/keepalived", "60"])
            try:
                with open(path, "w") as file:
                    file.write(str(child.pid))
                support.until(lambda: not nic.keepalived_is_dead([path]))
                unit = [folder + "/none", folder + "/cgroup.procs"]
                with open(unit[1], "w") as file:
                    file.write("%d\n%d\n" % (os.getpid(), child.pid))
                with open(path, "w") as file:
                    file.write("1\n")
                self.assertTrue(nic.keepalived_runs([path], unit), "the number in its pid file is another's")
                os.unlink(path)
                self.assertTrue(nic.keepalived_runs([path], unit), "its pid file is gone")
            finally:
                child.kill()
                child.wait()
            self.assertIs(nic.keepalived_runs([path], unit), False)
            with open(path, "w") as file:
                file.write(str(child.pid))
            self.assertTrue(nic.keepalived_is_dead([path]))


del Node  # its own tests are elsewhere

if __name__ == "__main__":
    unittest.main()

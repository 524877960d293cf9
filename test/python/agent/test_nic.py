"""The kernel's side: the VIP on the NIC, keepalived's words and its process."""

import os
import shutil
import subprocess
import tempfile
import unittest

import support
from keepalived_vip.agent import nic


class Words(unittest.TestCase):
    def test_keepalived_and_the_hook_speak_alike(self):
        text = 'INSTANCE "VI_1" MASTER 250\nGROUP "G" BACKUP 0\nNOTIFY "VI_1" FAULT 0\nINSTANCE "VI_2" MASTER 1\n\n'
        self.assertEqual(list(nic.words(text)), [("INSTANCE", "MASTER"), ("NOTIFY", "FAULT")])


class Address(unittest.TestCase):
    def test_an_address_is_found_exactly_and_on_its_interface(self):
        self.assertEqual(nic.look("lo", "127.0.0.1"), nic.PRESENT)
        self.assertEqual(nic.look("lo", "127.0.0.10"), nic.ABSENT)
        self.assertEqual(nic.look("no-such-nic", "127.0.0.1"), nic.ABSENT)


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
            finally:
                child.kill()
                child.wait()
            self.assertTrue(nic.keepalived_is_dead([path]))


if __name__ == "__main__":
    unittest.main()

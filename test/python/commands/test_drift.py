"""What `vip.py self-test` finds of files that are not as they were pushed."""

import grp
import hashlib
import os
import pwd
import shutil
import tempfile
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.operator.selftest import drift, prerequisites

FILES = {"keepalived.conf": "0644", "keepalived_vip/agent/watch.py": "0644", "notify_url": "0600", "vip.py": "0755"}


class Drift(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        self.conf = settings.Settings(support.values())
        self.conf.pushed = self.root + "/state"
        self.owner = "%s:%s" % (pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name)
        self.lists = {"files": "", "sums": ""}
        for name, mode in FILES.items():
            path = self.write(name, "content\n", int(mode, 8))
            self.lists["files"] += "%s %s %s\n" % (mode, self.owner, path)
            self.lists["sums"] += "%s  .%s\n" % (hashlib.sha256(b"content\n").hexdigest(), path)
        for name, text in self.lists.items():
            self.write("state/" + name, text)

    def write(self, name: str, text: str = "mine\n", mode: int = 0o644) -> str:
        path = "%s/%s" % (self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        return path

    def problem(self) -> str:
        with self.assertRaises(prerequisites.Problem) as raised:
            prerequisites.files(self.conf)
        self.assertIsNone(raised.exception.cure)  # that of the check: to push again
        return str(raised.exception)

    def test_all_as_pushed(self):
        self.assertEqual(prerequisites.files(self.conf), "4 are as they were pushed")

    def test_each_kind_of_change_is_named_with_the_file(self):
        here = self.root + "/keepalived.conf"
        cases = [
            (lambda: self.write("keepalived.conf"), "changed"),
            (lambda: os.unlink(here), "missing"),
            (lambda: os.chmod(here, 0o4755), "mode 4755, not 0644"),
            (lambda: os.unlink(here) or os.symlink("vip.py", here), "no file any more"),
            (lambda: os.unlink(here) or os.mkfifo(here), "no file any more"),
            (lambda: os.unlink(here) or os.mkdir(here), "no file any more"),
            (lambda: self.write("keepalived.conf", mode=0o600), "changed, mode 0600, not 0644"),
        ]
        for change, text in cases:
            with self.subTest(text):
                change()
                self.assertEqual(self.problem(), "%s: %s" % (here, text))
                shutil.rmtree(here) if os.path.isdir(here) else os.path.lexists(here) and os.unlink(here)
                self.write("keepalived.conf", "content\n")
        prerequisites.files(self.conf)

    def test_another_owner(self):
        with mock.patch.object(drift, "name_of", side_effect=lambda _, number: str(number)):
            found = self.problem().split("; ")
        wanted = "owner %d:%d, not %s" % (os.getuid(), os.getgid(), self.owner)
        self.assertEqual(found[0], "%s/keepalived.conf: %s" % (self.root, wanted))

    def test_every_file_is_named_and_a_secret_one_by_its_path_alone(self):
        for name, mode in FILES.items():
            self.write(name, mode=int(mode, 8))
        self.assertEqual(self.problem(), "; ".join("%s/%s: changed" % (self.root, name) for name in sorted(FILES)))

    def test_an_account_that_is_lost_or_cut(self):
        cut = {
            "files": [None, "", self.lists["files"].partition("\n")[2], "0644 root:root\n"],
            "sums": [None, "", self.lists["sums"][:-3]],
        }
        for name, texts in cut.items():
            for text in texts:
                with self.subTest(name=name, text=text):
                    os.unlink(self.conf.pushed + "/" + name)
                    if text is not None:
                        self.write("state/" + name, text)
                    self.assertIn("what was pushed is not known: %s" % self.conf.pushed, self.problem())
                    self.write("state/" + name, self.lists[name])


if __name__ == "__main__":
    unittest.main()

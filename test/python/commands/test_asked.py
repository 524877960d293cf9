"""What `vip.py` says to whoever asks in a way, or on a node, in which it cannot do it."""

import argparse
import contextlib
import errno
import io
import os
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import support
from keepalived_vip.operator import commands, main, switchover

ETC = os.path.join(support.HERE, "..", "..", "templates", "etc", "keepalived")


class Asked(unittest.TestCase):
    def test_who_may_not_read_the_settings_is_told_to_ask_as_root(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = main.main(["status", "--json"], mock.Mock(side_effect=PermissionError(errno.EACCES, "denied")))
        self.assertEqual(code, 6)
        self.assertIn("sudo /etc/keepalived/vip.py status --json\n", said.getvalue())

    def test_a_stay_is_bounded(self):
        for text, seconds in (("90s", 90), ("365d", 365 * 86400), ("31536000s", 31536000)):
            self.assertEqual(commands.seconds(text), seconds)
        for text in ("366d", "8761h", "31536001s", "9" * 400 + "d", "0h", "1w", "d", ""):
            with self.subTest(text[:10]), self.assertRaises(argparse.ArgumentTypeError):
                commands.seconds(text)

    def refused(self, function, *args) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(function(*args), switchover.REFUSED)
        return said.getvalue()

    def test_what_a_full_disk_keeps_from_being_asked_for_is_refused_in_a_sentence(self):
        full = OSError(errno.ENOSPC, "No space left on device")
        conf = mock.Mock(switch_request="/run/x/switch.request", run="/run/x", lib="/var/lib/x")
        with mock.patch.multiple(
            switchover,
            nic=mock.Mock(),
            service_runs=mock.Mock(return_value=True),
            take_lock=mock.Mock(),
            settings=mock.Mock(write_atomically=mock.Mock(side_effect=full)),
        ):
            self.assertIn(
                "the service cannot be asked, by /run/x/switch.request: No space left",
                self.refused(switchover.ask, conf, None, "planned switch"),
            )
        args = argparse.Namespace(to="on", reason=None, seconds=60, force=True)
        beside = mock.patch.multiple(commands, nic=mock.Mock(is_master=lambda _: False), asker=mock.Mock())
        with beside, mock.patch.object(commands.drain, "note", side_effect=full):
            said = self.refused(commands.maintenance, conf, args)
        self.assertIn("it cannot be written down in /var/lib/x: No space left", said)


class Environment(unittest.TestCase):
    """Of the root who types it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(ETC, self.folder + "/etc", ignore=shutil.ignore_patterns("__pycache__"))
        os.mkdir(self.folder + "/path")
        for module in ("json", "sitecustomize", "keepalived_vip"):
            with open("%s/path/%s.py" % (self.folder, module), "w") as file:
                file.write("raise SystemExit('of somebody else')\n")

    def run_script(self, name: str, *argv, **more):
        with open("%s/etc/%s" % (self.folder, name)) as file:
            interpreter, _, options = file.readline()[2:].strip().partition(" ")
        command = [interpreter] + ([options] if options else []) + ["%s/etc/%s" % (self.folder, name)]
        env = dict(os.environ, PYTHONPATH=self.folder + "/path", PYTHONHOME="/nowhere", **more)
        return subprocess.run(command + list(argv), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_modules_of_others_are_not_taken_for_the_programs_own(self):
        done = self.run_script("vip.py", "--help")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(b"Exit codes", done.stdout)
        self.assertNotIn(b"of somebody else", self.run_script("hear.py").stdout)

    def test_a_unit_that_says_so_leaves_no_compiled_files_among_them(self):
        self.run_script("vip.py", "--help", PYTHONDONTWRITEBYTECODE="1")
        found = [folder for folder, _, _ in os.walk(self.folder + "/etc") if folder.endswith("__pycache__")]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()

"""The scripts, as keepalived and the kernel use them; and what Python a node may have."""

import ast
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import support
from keepalived_vip import settings
from keepalived_vip.agent.node import nic


class Settings(unittest.TestCase):
    def test_a_missing_field_is_named(self):
        values = support.values()
        del values["peerEniId"]
        with self.assertRaisesRegex(ValueError, "peerEniId"):
            settings.Settings(values)

    def test_a_write_replaces_the_file_as_a_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            settings.write_atomically(folder + "/x", "secret", 0o600)
            self.assertEqual(os.stat(folder + "/x").st_mode & 0o777, 0o600)
            self.assertEqual(os.listdir(folder), ["x"])


class Scripts(unittest.TestCase):
    """The shell scripts with places of the test's own and stand-ins for what they start."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.fifo = os.path.join(self.folder, "keepalived.fifo")
        self.stand_in("systemctl", '[ "$1" = is-active ]')

    def stand_in(self, name: str, body: str):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write('#!/bin/sh\necho "$*" >>%s/%s.called\n%s\n' % (self.folder, name, body))
        os.chmod(path, 0o755)

    def called(self, name: str):
        try:
            with open(os.path.join(self.folder, name + ".called")) as file:
                return file.read().splitlines()
        except OSError:
            return []

    def run_script(self, name: str, *argv, umask: int = 0o022, others: bool = True):
        """Its exit code. others: whether it finds any program but the stand-ins."""
        with open(os.path.join(support.RUNTIME, name)) as file:
            text = file.read().replace("/run/keepalived-vip", self.folder).replace("/etc/keepalived", self.folder)
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        env = dict(os.environ, PATH=self.folder + (":" + os.environ["PATH"] if others else ""))

        return subprocess.call(
            ("/bin/sh", path) + argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=support.PATIENCE_S,
            preexec_fn=lambda: os.umask(umask),
        )


class Hook(Scripts):
    def test_the_word_reaches_the_pipe(self):
        reader = nic.open_fifo(self.fifo)
        for umask in (0o022, 0o177):  # keepalived's own is 0177
            self.assertEqual(self.run_script("notify_action.sh", "MASTER", umask=umask), 0)
            self.assertEqual(list(nic.words(os.read(reader, 4096).decode())), [("NOTIFY", "MASTER")])
        os.close(reader)

    def test_without_a_reader_or_with_a_full_pipe_it_ends_all_the_same(self):
        os.mkfifo(self.fifo)
        self.assertEqual(self.run_script("notify_action.sh", "BACKUP"), 0)
        writer = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            pass
        self.assertEqual(self.run_script("notify_action.sh", "MASTER"), 0)
        os.close(writer)

    def test_it_wakes_the_service_and_starts_nothing_else(self):
        self.stand_in("systemctl", "exit 1")
        self.stand_in("vip.py", "exit 0")
        for word in ("MASTER", "BACKUP", "FAULT", "STOP"):
            self.assertEqual(self.run_script("notify_action.sh", word), 0)
        self.assertEqual(self.called("systemctl"), ["start --no-block keepalived-vip.service"] * 4)
        self.assertEqual(self.called("vip.py"), [])

    def test_no_hook_runs_at_each_advert(self):
        with open(os.path.join(support.RUNTIME, "keepalived.conf.hbs")) as file:
            hooks = [line.split()[0] for line in file if "notify_action.sh" in line]
        self.assertEqual(hooks, ["notify_master", "notify_backup", "notify_fault", "notify_stop"])
        self.assertEqual(self.run_script("notify_action.sh", "MASTER_RX_LOWER_PRI"), 3)

    def test_an_unknown_word_is_refused(self):
        self.assertEqual(self.run_script("notify_action.sh", "PROMOTE"), 3)


class Places(Scripts):
    def test_python_is_the_system_s_whoever_calls(self):
        for name in ("vip.py", "hear.py"):
            with open(os.path.join(support.RUNTIME, name)) as file:
                self.assertEqual(file.readline(), "#!/usr/bin/python3 -Es\n")

    def test_the_nic_is_judged_alike_whatever_the_caller_s_path(self):
        self.stand_in("ip", "exit 1")
        with open(self.folder + "/vip.json", "w") as file:
            json.dump(support.values(), file, indent=2)
        told = []
        for path in (self.folder, self.folder + ":" + os.environ["PATH"]):
            argv = ("/bin/sh", os.path.join(support.RUNTIME, "nic.sh"), "check")
            env = {"PATH": path, "VIP_JSON": self.folder + "/vip.json"}
            child = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            told.append(child.communicate(timeout=support.PATIENCE_S)[0].decode())
        self.assertEqual(told[0], told[1])
        self.assertIn("no NIC has the address", told[0])
        self.assertEqual(self.called("ip"), [])


class Check(Scripts):
    def test_all_well_renews_the_heartbeat_and_starts_no_process(self):
        self.stand_in("nic.sh", "exit 0")
        with open("/sys/class/net/lo/ifindex") as file, open(self.folder + "/started-on", "w") as started_on:
            started_on.write("lo %s" % file.read())
        with open(self.folder + "/heartbeat", "w"):
            os.utime(self.folder + "/heartbeat", (1, 1))
        # On a busy machine each process takes so long that a check of several is taken for a failed one.
        self.assertEqual(self.run_script("check_self.sh", umask=0o177, others=False), 0)
        self.assertGreater(os.stat(self.folder + "/heartbeat").st_mtime, 1)
        self.assertEqual(self.called("nic.sh"), [])

    def test_a_heartbeat_that_cannot_be_written_demotes_nobody(self):
        os.mkdir(self.folder + "/heartbeat")
        self.assertEqual(self.run_script("check_self.sh"), 0)

    def test_keepalived_is_started_anew_on_another_nic_and_only_then(self):
        with open("/sys/class/net/lo/ifindex") as file:
            index = int(file.read())
        for started_on, restarts in ((None, 0), ("lo %d" % index, 0), ("gone 7", 0), ("lo %d" % (index + 1), 1)):
            if started_on:
                with open(self.folder + "/started-on", "w") as file:
                    file.write(started_on + "\n")
            self.assertEqual(self.run_script("check_self.sh", others=False), 0)
            self.assertEqual(self.called("systemctl"), ["restart --no-block keepalived.service"] * restarts, started_on)


class Units(unittest.TestCase):
    def exposure(self, unit: str) -> float:
        path = os.path.join(support.RUNTIME, "..", "systemd", "system", unit)
        argv = ["systemd-analyze", "security", "--offline=true", "--no-pager", path]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        told = re.search(r"exposure level for .*: ([0-9.]+) ", done.stdout.decode())
        self.assertIsNotNone(told, "systemd-analyze of systemd 250 or newer is needed: %s" % done.stdout.decode())
        return float(told.group(1))

    def test_the_service_is_confined(self):
        self.assertLessEqual(self.exposure("keepalived-vip.service"), 4.0)

    def test_the_documentation_says_how_far_each_one_is(self):
        with open(os.path.join(support.HERE, "..", "..", "docs", "node.md")) as file:
            rows = re.findall(r"^\| `(keepalived-vip[a-z-]*)` \| ([0-9.]+) \|", file.read(), re.M)
        units = glob.glob(os.path.join(support.RUNTIME, "..", "systemd", "system", "*.service"))
        self.assertEqual(sorted(name + ".service" for name, _ in rows), sorted(map(os.path.basename, units)))
        for name, told in rows:
            self.assertAlmostEqual(self.exposure(name + ".service"), float(told), delta=0.5, msg=name)


class OldPython(unittest.TestCase):
    def test_the_node_s_code_is_python_3_6(self):
        files = glob.glob(support.RUNTIME + "/**/*.py", recursive=True)
        self.assertGreater(len(files), 10)
        for path in files:
            with open(path) as file:
                ast.parse(file.read(), path, feature_version=(3, 6))


if __name__ == "__main__":
    unittest.main()

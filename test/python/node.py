"""The service as it runs on a node: in a network namespace of its own, with a fake cloud beside it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import service
import support
from fake_cloud import FakeCloud
from support import VIP, until

MIGRATE, DESCRIBE = "MigratePrivateIpAddress", "DescribeNetworkInterfaces"


def removed(folder: str) -> bool:
    """A script that the service has begun outlives it, and may write once more."""
    shutil.rmtree(folder, ignore_errors=True)
    return not os.path.exists(folder)


class Node(unittest.TestCase):
    eip = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(until, lambda: removed(self.folder), "something still writes there")
        self.namespace = "vip-test-%d" % os.getpid()
        # A run that was killed may have left one, and process ids come again.
        subprocess.call(("ip", "netns", "del", self.namespace), stderr=subprocess.DEVNULL)
        self.ip("netns", "add", self.namespace)
        self.addCleanup(self.ip, "netns", "del", self.namespace)
        self.ip("-n", self.namespace, "link", "set", "lo", "up")
        self.ip("-n", self.namespace, "link", "add", "eth1", "type", "veth", "peer", "name", "far")
        for link in ("eth1", "far"):
            self.ip("-n", self.namespace, "link", "set", link, "up")
        self.cloud = FakeCloud(self.namespace, self.eip)
        self.addCleanup(self.cloud.close)
        self.run_dir = os.path.join(self.folder, "run")
        self.etc = os.path.join(self.folder, "etc")
        os.mkdir(self.etc)
        self.nic_script('[ "$1" = up ] || exit 0')
        self.pid_file = os.path.join(self.folder, "keepalived.pid")
        self.settings = os.path.join(self.folder, "settings.json")
        with open(self.settings, "w") as file:
            json.dump(
                {
                    "values": support.values(vpcEndpoints=[self.cloud.endpoint], eipId=self.eip),
                    "run": self.run_dir,
                    "etc": self.etc,
                    "log": os.path.join(self.folder, "log"),
                    "metadata": self.cloud.endpoint,
                    "pidFiles": [self.pid_file],
                },
                file,
            )
        self.service = None
        self.addCleanup(self.kill)

    def ip(self, *argv):
        subprocess.check_call(("ip",) + argv)

    def nic_script(self, body: str):
        path = os.path.join(self.etc, "nic.sh")
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + body + "\n")
        os.chmod(path, 0o755)

    def conf(self):
        """Its settings, for what a test calls itself; the network namespace is another one."""
        return service.load(self.settings)

    def verb(self, *argv):
        return [
            "ip", "netns", "exec", self.namespace, sys.executable, os.path.join(support.HERE, "service.py"),
            self.settings,
        ] + list(argv)  # fmt: skip

    def start(self, ready: bool = True):
        output = open(os.path.join(self.folder, "out"), "a")
        self.service = subprocess.Popen(self.verb("watch"), stdout=output, stderr=subprocess.STDOUT)
        output.close()
        if ready:
            until(lambda: self.status() and os.path.exists(self.run_dir + "/credentials.json"), self.output)
            until(lambda: self.cloud.connections > 2, "no connection kept ready")  # metadata twice, the API

    def kill(self):
        if self.service:
            self.service.kill()
            self.service.wait()
            self.service = None

    def output(self):
        with open(os.path.join(self.folder, "out")) as file:
            return file.read()

    def events(self, name):
        found = [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]
        return [event for event in found if event["event"] == name]

    def logged(self, name: str, count: int = 1):
        """The events of that name, as soon as there are so many: a thread of the service's own writes them down, on a
        slow machine later than what they tell is seen elsewhere."""
        return until(lambda: len(self.events(name)) >= count and self.events(name), self.output)

    def status(self):
        try:
            with open(self.run_dir + "/status.json") as file:
                return json.load(file)
        except OSError:
            return None

    def write(self, line: str):
        with open(self.run_dir + "/keepalived.fifo", "w") as file:
            file.write(line + "\n")

    def play_keepalived(self):
        """A process of that name, which the service takes for it."""
        program = os.path.join(self.folder, "keepalived")
        shutil.copy(shutil.which("sleep"), program)
        keepalived = subprocess.Popen((program, "infinity"))
        self.addCleanup(keepalived.wait)
        self.addCleanup(keepalived.kill)
        with open(self.pid_file, "w") as file:
            file.write(str(keepalived.pid))

    def add_vip(self, *more):
        self.ip("-n", self.namespace, "addr", "replace", VIP + "/32", "dev", "eth1", *more)

    def drop_vip(self):
        self.ip("-n", self.namespace, "addr", "del", VIP + "/32", "dev", "eth1")

    def become_master(self):
        self.add_vip()
        self.write('INSTANCE "VI_1" MASTER 250')

    def become_backup(self):
        self.drop_vip()
        self.write('INSTANCE "VI_1" BACKUP 250')

    def here(self):
        status = self.status()
        return status["cloudHolder"] == "self" and status["available"]

    def settled(self):
        until(self.here, lambda: (self.output(), self.cloud.actions()))

    def calls_stop(self):
        """Asserts that no call is made for a while in which a MASTER would make several."""
        count = len(self.cloud.journal)
        time.sleep(1.5)
        self.assertEqual(self.cloud.actions()[count:], [])

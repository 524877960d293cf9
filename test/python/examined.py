"""Where `vip.py self-test` is tried: two network namespaces, with everything in them that a healthy pair has."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

import support
from fake_cloud import FakeCloud
from keepalived_vip import settings
from keepalived_vip.agent.node import peer
from keepalived_vip.operator import probe
from keepalived_vip.operator.selftest import prerequisites, selftest
from support import VIP

HOLDER = """
import ctypes, os, sys
pipe = os.open(sys.argv[1], os.O_RDWR)
libc = ctypes.CDLL(None)
libc.inotify_add_watch(libc.inotify_init(), sys.argv[2].encode(), 8)
print(flush=True)
sys.stdin.read()
"""
OWN, PEER, VRRP = "10.0.1.16", "10.0.1.17", 112


class Examined(unittest.TestCase):
    """This node in one namespace, and its peer in another, whose kernel answers as a peer's does."""

    first_s = support.PATIENCE_S

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.here, self.there = "vip-test-%d" % os.getpid(), "vip-peer-%d" % os.getpid()
        for name in (self.here, self.there):
            self.ip("netns", "add", name)
            self.addCleanup(self.ip, "netns", "del", name)
            self.ip("-n", name, "link", "set", "lo", "up")
        self.ip("-n", self.here, "link", "add", "eth1", "type", "veth", "peer", "name", "eth1", "netns", self.there)
        for name, address in ((self.here, OWN), (self.there, PEER)):
            self.ip("-n", name, "addr", "add", address + "/24", "dev", "eth1")
            self.ip("-n", name, "link", "set", "eth1", "up")
        self.cloud = FakeCloud(self.here)
        self.addCleanup(self.cloud.close)
        run = self.folder + "/run"
        places = [run, self.folder, self.folder + "/log", self.cloud.endpoint]
        self.conf = settings.Settings(
            support.values(vpcEndpoints=[self.cloud.endpoint]), *places, scheme="http", lib=run
        )
        self.conf.advert_s = 0.1
        os.mkdir(run)
        os.mkfifo(self.conf.fifo)
        self.beat(0)
        self.stand_in("nic.sh", "exit 0")
        self.push()
        self.stand_in("keepalived", "echo 'Keepalived v2.2.7 (01/16,2022)' >&2")
        self.stand_in(
            "systemctl", '[ "$1" = is-active ] && said=active || said=enabled; printf "$said\\n$said\\n$said\\n"'
        )
        for patch in (
            mock.patch.dict(os.environ, PATH=self.folder + ":" + os.environ["PATH"]),
            mock.patch.multiple(prerequisites, LISTEN_S=0.6, PING_S=0.6),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.hold(self.conf.fifo, run)
        self.stopped = threading.Event()
        self.addCleanup(self.stopped.set)
        self.service(self.there)
        # A link carries packets only a while after it is up.
        way = self.conf.interface, self.conf.address, PEER
        support.until(lambda: self.inside(self.here, lambda: probe.ping(*way, 0.3)))

    def ip(self, *argv):
        subprocess.check_call(("ip",) + argv)

    def stand_in(self, name: str, body: str):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write("#!/bin/sh\n%s\n" % body)
        os.chmod(path, 0o755)

    def push(self):
        """As if one empty file were all that was pushed."""
        self.conf.pushed, path = self.folder + "/pushed", self.folder + "/empty"
        os.mkdir(self.conf.pushed)
        lists = {"sums": "%s  .%s\n" % (hashlib.sha256().hexdigest(), path), "files": "0644 root:root %s\n" % path}
        for name, text in dict(lists, **{"../empty": ""}).items():
            with open("%s/%s" % (self.conf.pushed, name), "w") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(text)

    def beat(self, ago_s: float):
        path = self.conf.run + "/heartbeat"
        with open(path, "w"):
            os.utime(path, (time.time() - ago_s,) * 2)

    def hold(self, fifo: str, folder: str):
        """As the keepalived that runs: has the one open, and watches the other."""
        path = self.folder + "/running/keepalived"
        if not os.path.exists(path):
            os.mkdir(os.path.dirname(path))
            with open(path, "w") as file:
                file.write("#!%s\n%s" % (sys.executable, HOLDER))
            os.chmod(path, 0o755)
        process = subprocess.Popen((path, fifo, folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def end():
            process.communicate()

        self.addCleanup(end)
        process.stdout.readline()
        return end

    def keepalived(self, namespace: str, adverts_to=None, router_id=51, priority=100):
        """Hears the protocol in a namespace, and sends adverts from it if it is to."""
        ready = threading.Event()

        def work():
            support.enter_namespace(namespace)
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP) as wire:
                ready.set()
                while not self.stopped.wait(0.05):
                    if adverts_to:
                        wire.sendto(bytes([0x31, router_id, priority]), (adverts_to, 0))

        threading.Thread(target=work, daemon=True).start()
        ready.wait()

    def service(self, namespace: str):
        """The peer's, which answers."""
        ready = threading.Event()

        def work():
            support.enter_namespace(namespace)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
                ear.bind((PEER, peer.PORT))
                ear.settimeout(0.05)
                ready.set()
                while not self.stopped.is_set():
                    for question, sender in peer.said(ear, OWN, (peer.ASK_PORT,)):
                        peer.say(ear, {"id": question["id"], "phase": "no"}, sender)

        threading.Thread(target=work, daemon=True).start()
        ready.wait()

    def standby(self):
        self.keepalived(self.there, OWN)

    def master(self):
        self.keepalived(self.here, PEER)
        self.ip("-n", self.here, "addr", "add", VIP + "/32", "dev", "eth1")

    def run_here(self) -> dict:
        """{check: row}; with more patience than on a node, since some rows tell that there was no answer in time."""
        with mock.patch.multiple(selftest, FIRST_S=self.first_s, SECOND_S=support.PATIENCE_S):
            return {row["name"]: row for row in self.inside(self.here, lambda: selftest.run(self.conf))}

    def inside(self, namespace: str, act):
        """What it gives when it is done in a namespace; the threads that it starts are there as well."""
        found = []

        def work():
            support.enter_namespace(namespace)
            found.append(act())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(30)
        return found[0]

    def only(self, rows: dict, *names) -> str:
        """Asserts that just these do not pass; gives what the first of them found."""
        self.assertEqual([name for name in rows if rows[name]["result"] != "pass"], list(names), rows)
        return rows[names[0]]["found"] if names else ""

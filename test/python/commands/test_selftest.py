"""`vip.py self-test` between two network namespaces: what is broken makes its own check fail, and no other."""

import hashlib
import json
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
from keepalived_vip.operator import prerequisites, probe, selftest
from support import ME, VIP

HOLDER = """
import ctypes, os, sys
pipe = os.open(sys.argv[1], os.O_RDWR)
libc = ctypes.CDLL(None)
libc.inotify_add_watch(libc.inotify_init(), sys.argv[2].encode(), 8)
print(flush=True)
sys.stdin.read()
"""
OWN, PEER, VRRP = "10.0.1.16", "10.0.1.17", 112


class SelfTest(unittest.TestCase):
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

    # -- the peer -----------------------------------------------------------------------------------------------------

    def test_all_pass_on_a_standby_whose_peer_is_heard(self):
        self.standby()
        rows = self.run_here()
        self.only(rows)
        self.assertEqual({row["cure"] for row in rows.values()}, {None})

    def test_all_pass_on_a_master_whose_peer_is_silent_but_listens(self):
        self.master()
        self.keepalived(self.there)
        self.only(self.run_here())

    def test_a_standby_that_hears_nothing(self):
        self.assertIn("none of " + PEER, self.only(self.run_here(), "adverts"))

    def test_a_master_whose_peer_has_no_keepalived(self):
        def failing():
            rows = self.run_here()
            return rows if rows["adverts"]["result"] == "fail" else None

        self.master()
        # The peer's kernel says so once a second at most, and a slow machine may not listen at that moment.
        self.assertIn("keepalived does not run there", self.only(support.until(failing), "adverts"))

    def test_two_masters(self):
        self.master()
        self.standby()
        self.assertIn("both nodes call themselves MASTER", self.only(self.run_here(), "adverts"))

    def test_a_master_whose_adverts_do_not_leave(self):
        self.ip("-n", self.here, "addr", "add", VIP + "/32", "dev", "eth1")
        self.keepalived(self.there)
        self.assertIn("none leaves eth1", self.only(self.run_here(), "adverts"))

    def test_a_firewall_of_this_node(self):
        self.standby()
        rule = "table inet t { chain c { type filter hook input priority 0; ip protocol 112 drop; }; }"
        subprocess.check_call(["ip", "netns", "exec", self.here, "nft", rule])
        rows = self.run_here()
        self.assertIn("reach eth1, and nftables or iptables drops them", self.only(rows, "adverts"))
        self.assertIn("iptables -I INPUT -s %s -j ACCEPT" % PEER, rows["adverts"]["cure"])

    def test_vrrp_of_the_users_own_is_not_the_pairs(self):
        self.keepalived(self.there, OWN, router_id=52)
        self.assertIn("none of " + PEER, self.only(self.run_here(), "adverts"))

    def test_a_farewell_is_no_master_that_a_firewall_keeps_out(self):
        self.keepalived(self.there, OWN, priority=0)
        self.assertIn("none of " + PEER, self.only(self.run_here(), "adverts"))

    def test_a_peer_that_does_not_answer(self):
        self.standby()
        ignore = "echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all"
        subprocess.check_call(["ip", "netns", "exec", self.there, "sh", "-c", ignore])
        self.only(self.run_here(), "peer")

    def test_a_firewall_of_the_peer_that_lets_in_vrrp_alone(self):
        self.standby()
        rule = "table inet t { chain c { type filter hook input priority 0; udp dport %d drop; }; }" % peer.PORT
        subprocess.check_call(["ip", "netns", "exec", self.there, "nft", rule])
        with mock.patch.object(prerequisites, "WORDS_S", 0.6):
            rows = self.run_here()
        self.assertIn("does not answer on UDP port 40", self.only(rows, "words"))
        self.assertIn("let %s in on UDP port 40 there" % OWN, rows["words"]["cure"])

    # -- the cloud ----------------------------------------------------------------------------------------------------

    def test_nothing_is_moved_and_the_role_may_move(self):
        self.standby()
        found = self.run_here()["permission"]["found"]
        self.assertIn("UnauthorizedOperation.AttachmentNotFound", found)
        self.assertEqual((self.cloud.holder, self.cloud.state), (support.PEER, "AVAILABLE"))
        request = self.cloud.journal[-1][2]
        self.assertEqual(
            (request["SourceNetworkInterfaceId"], request["DestinationNetworkInterfaceId"]), (support.PEER, ME)
        )
        self.assertEqual(request["PrivateIpAddress"], OWN, "the VIP is not named, wherever it is")

    def test_what_the_cloud_s_answer_says_of_the_permission(self):
        self.standby()
        self.run_here()
        cases = {
            "UnauthorizedOperation": "fail",
            "AuthFailure.UnauthorizedOperation": "fail",
            "UnauthorizedOperation.PrimaryIp": "pass",
            "UnsupportedOperation": "pass",
            "UnsupportedOperation.MutexOperationTaskRunning": "pass",
            "ResourceNotFound": "pass",
            "RequestLimitExceeded": "unknown",
            "InvalidParameterValue.Malformed": "unknown",
        }
        for code, result in cases.items():
            with self.subTest(code):
                self.cloud.refusals = [("MigratePrivateIpAddress", code)]
                row = self.run_here()["permission"]
                self.assertEqual(row["result"], result, row)
                self.assertEqual(row["cure"] is None, result == "pass", row)

    def test_looking_that_is_not_allowed_leaves_the_permission_open(self):
        self.standby()
        self.cloud.refusals = [("DescribeNetworkInterfaces", "UnauthorizedOperation")]
        rows = self.run_here()
        self.assertIn("UnauthorizedOperation", self.only(rows, "look", "permission"))
        self.assertEqual(rows["permission"]["result"], "unknown")

    def test_a_machine_without_a_role(self):
        self.standby()
        self.cloud.metadata = lambda path: (404, "")
        self.assertIn("CAM role", self.only(self.run_here(), "credentials", "look", "permission"))

    def test_an_api_that_cannot_be_reached(self):
        self.standby()
        self.conf.endpoints = ["127.0.0.1:1"]
        found = self.only(self.run_here(), "api", "clock", "look", "permission")
        self.assertIn("TCP to 127.0.0.1 port 1: Connection refused", found)

    def test_one_endpoint_of_two_is_enough(self):
        self.standby()
        self.conf.endpoints = ["127.0.0.1:1", self.cloud.endpoint]
        rows = self.run_here()
        self.only(rows)
        self.assertIn("not needed meanwhile: 127.0.0.1:1", rows["api"]["found"])

    def test_a_name_that_is_not_known(self):
        self.standby()
        real = socket.getaddrinfo

        def lookup(host, *rest):
            if host == "vpc.test":
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return real(host, *rest)

        self.conf.endpoints = [self.cloud.endpoint, "vpc.test"]
        with mock.patch("socket.getaddrinfo", lookup):
            self.assertIn("vpc.test: Name or service not known", self.only(self.run_here(), "dns"))

    def test_a_clock_that_the_api_would_not_forgive(self):
        self.standby()
        for ahead_s, names in ((200, []), (-400, ["clock"])):
            self.cloud.clock_ahead_s = ahead_s
            self.only(self.run_here(), *names)

    # -- this node ----------------------------------------------------------------------------------------------------

    def test_each_thing_on_the_node_has_its_check(self):
        self.standby()
        cases = [
            ("nic", lambda: self.stand_in("nic.sh", "echo 'eth1 is down'; exit 1"), "eth1 is down"),
            ("files", lambda: os.unlink(self.folder + "/empty"), "empty: missing"),
            ("keepalived", lambda: self.stand_in("keepalived", "echo 'Keepalived v2.0.10'"), "version 2.0.10"),
            (
                "services",
                lambda: self.stand_in("systemctl", "echo active; exit 3"),
                "keepalived-vip is unknown, not active",
            ),
            ("fifo", lambda: (os.unlink(self.conf.fifo), open(self.conf.fifo, "w").close()), "is no pipe"),
            ("hooks", lambda: self.beat(60), "ran check_self.sh 1 min ago"),
        ]
        broken = []
        for name, break_it, text in cases:
            with self.subTest(name):
                break_it()
                broken.append(name)
                rows = self.run_here()
                self.only(rows, *broken)
                self.assertIn(text, rows[name]["found"])
                self.assertTrue(rows[name]["cure"])

    def test_a_keepalived_that_holds_what_was_removed(self):
        self.standby()
        os.rename(self.conf.run, self.folder + "/removed")
        shutil.copytree(self.folder + "/removed", self.conf.run, ignore=shutil.ignore_patterns("keepalived.fifo"))
        os.mkfifo(self.conf.fifo)
        rows = self.run_here()
        self.assertIn("another pipe", self.only(rows, "fifo"))
        self.assertEqual(rows["fifo"]["cure"], "systemctl restart keepalived")
        end = self.hold(self.conf.fifo, self.folder + "/removed")
        self.assertIn("another folder", self.only(self.run_here(), "fifo"))
        end()
        self.hold(self.conf.fifo, self.conf.run)
        self.only(self.run_here())

    def test_a_unit_that_was_masked_needs_more_than_to_be_enabled(self):
        self.standby()
        say = 'printf "$said\\n$said\\n$said\\n"'
        self.stand_in("systemctl", '[ "$1" = is-active ] && said=active || said=masked; ' + say)
        rows = self.run_here()
        self.assertIn("keepalived is masked, not enabled", self.only(rows, "services"))
        self.assertEqual(rows["services"]["cure"], prerequisites.PUSH_AGAIN)

    def test_a_full_disk(self):
        self.standby()
        room = os.statvfs(self.folder)
        for change in ({"f_bavail": 10}, {"f_favail": 0}):
            names = ["f_bavail", "f_frsize", "f_files", "f_favail"]
            full = mock.Mock(**dict({name: getattr(room, name) for name in names}, f_files=9, **change))
            with mock.patch("os.statvfs", return_value=full):
                self.only(self.run_here(), "disk")

    # -- the verb -----------------------------------------------------------------------------------------------------

    def test_exit_code_and_both_forms_of_the_answer(self):
        good = [{"name": "nic", "result": "pass", "found": "all", "cure": None}]
        bad = good + [{"name": "api", "result": "unknown", "found": "none", "cure": "mend it"}]
        for rows, code in ((good, 0), (bad, 1)):
            for as_json in (True, False):
                with mock.patch.object(selftest, "run", return_value=rows), mock.patch("builtins.print") as said:
                    self.assertEqual(selftest.show(self.conf, as_json), code)
                text = "\n".join(str(call[0][0]) for call in said.call_args_list)
                if as_json:
                    self.assertEqual((json.loads(text)["passed"], json.loads(text)["checks"]), (code == 0, rows))
                else:
                    self.assertEqual("-> mend it" in text, code == 1, text)

    def test_what_hangs_is_told_in_time(self):
        self.standby()
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.first_s = 7.0
        with mock.patch.object(prerequisites, "disk", lambda conf: gate.wait(2 * support.PATIENCE_S)):
            rows = self.run_here()
        self.assertEqual(self.only(rows, "disk"), "no answer in time")


if __name__ == "__main__":
    unittest.main()

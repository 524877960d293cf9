"""`vip.py self-test`: what is broken of a node or between the two makes its own check fail, and no other."""

import json
import os
import shutil
import subprocess
import threading
import unittest
from unittest import mock

import support
from examined import OWN, PEER, Examined
from keepalived_vip.agent.node import peer
from keepalived_vip.operator.selftest import prerequisites, selftest
from support import VIP


class SelfTest(Examined):
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

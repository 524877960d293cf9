"""A planned switch on its two nodes, each as the service and the verbs see it; the peer and keepalived are played."""

import json
import os
import socket
import subprocess
import threading
import time
import unittest

import support
from agent.test_watch import DESCRIBE, MIGRATE, Node
from keepalived_vip.agent import nic
from support import ME, PEER, VIP, until

MY_ADDRESS, PEER_ADDRESS = "10.0.1.16", "10.0.1.17"
ADVERT = bytes((0x31, 51, 250, 1, 0, 50, 0, 0)) + socket.inet_aton(VIP)  # VRRPv3, priority 250
FAREWELL = bytes((0x31, 51, 0)) + ADVERT[3:]


class Pair(Node):
    """The node under test with its peer at the other end of the cable."""

    mode = {}

    def setUp(self):
        super().setUp()
        self.peer = "vip-peer-%d" % os.getpid()
        self.ip("netns", "add", self.peer)
        self.addCleanup(self.ip, "netns", "del", self.peer)
        self.ip("-n", self.namespace, "link", "set", "far", "netns", self.peer)
        self.ip("-n", self.namespace, "addr", "add", MY_ADDRESS + "/24", "dev", "eth1")
        self.ip("-n", self.peer, "addr", "add", PEER_ADDRESS + "/24", "dev", "far")
        for link in ("far", "lo"):
            self.ip("-n", self.peer, "link", "set", link, "up")
        with open(self.settings) as file:
            given = json.load(file)
        given["values"].update(self.mode)
        given["takeS"] = 1.5
        with open(self.settings, "w") as file:
            json.dump(given, file)
        self.nic_script("exit 0")
        os.makedirs(self.run_dir)
        self.beat()

    def beat(self):
        with open(self.run_dir + "/heartbeat", "w"):
            pass

    def advert(self, packet=ADVERT):
        def send():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, nic.VRRP) as wire:
                wire.sendto(packet, (MY_ADDRESS, 0))

        sender = threading.Thread(target=send)
        sender.start()
        sender.join()

    def call(self, *argv):
        child = subprocess.Popen(self.verb(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = child.communicate(timeout=60)
        return child.returncode, output.decode()

    def begin(self, *argv):
        """A verb that goes on in the background."""
        child = subprocess.Popen(self.verb(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def end(self, child):
        output, _ = child.communicate(timeout=60)
        return child.returncode, output.decode()

    def drained(self):
        try:
            with open(self.run_dir + "/drain") as file:
                return file.read().strip() == "1"
        except OSError:
            return False

    def reasons(self):
        return {
            name
            for place in (self.run_dir, self.run_dir + "/lib")
            if os.path.isdir(place + "/drain.d")
            for name in os.listdir(place + "/drain.d")
        }

    def phase(self):
        return ((self.status() or {}).get("switch") or {}).get("phase")

    def at(self, phase):
        until(lambda: self.phase() == phase, 10, lambda: (self.phase(), self.output(), self.cloud.actions()))

    def on_nic(self):
        text = subprocess.check_output(("ip", "-n", self.namespace, "-4", "-o", "addr", "show", "to", VIP)).decode()
        if "valid_lft forever preferred_lft forever" in text:
            return "forever"
        return "leased" if "deprecated" in text else text or "absent"

    def give_up(self):
        """keepalived, when it has read the track file."""
        until(self.drained, 10, lambda: (self.output(), self.cloud.actions()))
        self.drop_vip()
        self.write('INSTANCE "VI_1" FAULT 250')

    def master(self):
        self.start()
        self.become_master()
        self.settled()

    def say(self, word):
        self.write('INSTANCE "VI_1" %s 250' % word)
        until(lambda: self.status()["state"] == word, 5, self.output)

    def standby(self):
        self.start()
        self.say("BACKUP")


class Yield(Pair):
    def test_the_vip_then_the_role_and_no_call_afterwards(self):
        self.master()
        self.cloud.move_s = 0.5
        verb = self.begin("yield", "--json")
        until(lambda: self.cloud.state == "MIGRATING", 5, self.output)
        self.assertFalse(self.drained(), "MASTER until the cloud has moved it")
        self.give_up()
        self.assertEqual(self.cloud.holder, PEER)
        until(lambda: self.status()["state"] == "FAULT", 5, self.output)
        calls = len(self.cloud.journal)
        self.advert()
        code, output = self.end(verb)
        self.assertEqual(code, 0, output)
        phases = [json.loads(line)["phase"] for line in output.splitlines()]
        slow = [phase for phase in phases if phase not in ("asked", "moved")]  # gone before anybody can look
        self.assertEqual(slow, ["moving", "yielded", "done"])
        self.assertEqual(self.cloud.actions()[calls:], [])
        until(lambda: not self.drained(), 5, "takes part again at once")
        moved = self.events("moved")[-1]
        self.assertEqual((moved["trigger"], moved["from"], moved["to"]), ("switch", ME, PEER))

    def test_a_refusal_of_the_cloud_changes_nothing_and_is_told(self):
        self.master()
        self.cloud.refusals = [(MIGRATE, "LimitExceeded")]
        code, output = self.call("yield")
        self.assertEqual(code, 4, output)
        self.assertIn("LimitExceeded", output)
        self.assertFalse(self.drained())
        self.assertTrue(self.here())

    def test_a_move_that_failed_in_the_cloud_is_not_told_as_done(self):
        self.master()
        moves = self.status()["movesTotal"]
        self.cloud.failing = True
        code, output = self.call("yield")
        self.assertEqual(code, 4, output)
        until(lambda: self.status()["cloudHolder"] == "self" and self.status()["checkedAt"], 5, self.output)
        self.assertEqual((self.status()["movesTotal"], self.events("moved")[moves:]), (moves, []))

    def test_an_answer_that_was_lost_is_looked_for(self):
        self.master()
        self.cloud.move_s = 0.5
        self.cloud.lose_answers = [MIGRATE] * 2  # a closed connection is tried once more, and then refused
        verb = self.begin("yield")
        self.give_up()
        self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertEqual(self.cloud.lose_answers, [])

    def test_a_peer_that_does_not_take_over_gets_no_second_chance(self):
        self.master()
        verb = self.begin("yield")
        self.give_up()
        self.advert(FAREWELL)
        code, output = self.end(verb)
        self.assertEqual(code, 5, output)
        until(lambda: not self.drained(), 2, "takes part again")
        self.become_master()
        until(lambda: self.cloud.holder == ME, 5, self.output)

    def test_keepalived_that_does_not_give_up_has_the_vip_fetched_back(self):
        self.master()
        verb = self.begin("yield")
        until(lambda: self.cloud.holder == PEER, 5, self.output)
        self.assertEqual(self.end(verb)[0], 5)
        until(lambda: self.cloud.holder == ME and not self.drained(), 5, self.output)

    def test_a_word_that_was_left_in_the_pipe_long_ago_moves_nothing(self):
        self.master()
        with open(self.run_dir + "/switch.request", "w") as file:
            json.dump({"id": "old", "at": time.monotonic() - 60, "why": "planned", "keepS": None}, file)
        self.write('NOTIFY "VI_1" YIELD 0')
        self.calls_stop()

    def test_refused_where_it_makes_no_sense(self):
        self.assertEqual(self.call("yield")[0], 4)  # not MASTER
        self.add_vip()
        self.assertEqual(self.call("yield")[0], 4)  # no service
        self.drop_vip()
        self.master()
        self.ip("-n", self.peer, "link", "set", "far", "down")
        code, output = self.call("yield")
        self.assertEqual(code, 4)
        self.assertIn("does not answer", output)
        self.assertEqual(self.cloud.actions().count(MIGRATE), 1)


class Killed(Pair):
    """Whatever dies on the way, the ordinary rules end it."""

    def the_command_is_killed(self, phase):
        self.master()
        self.cloud.move_s = 0.5
        verb = self.begin("yield")
        self.at(phase)
        verb.kill()
        self.give_up()
        self.advert()
        self.at("done")
        until(lambda: not self.drained(), 5, self.reasons)

    def test_the_switch_goes_on_without_the_command_that_asked_for_it(self):
        self.the_command_is_killed("moving")

    def test_it_ends_without_the_command_after_giving_up(self):
        self.the_command_is_killed("yielded")

    def the_service_is_killed(self, phase):
        self.master()
        self.cloud.move_s = 0.5
        verb = self.begin("yield")
        self.at(phase)
        self.kill()
        self.start(ready=False)
        code, output = self.end(verb)
        until(lambda: self.cloud.holder == ME and self.cloud.state == "AVAILABLE", 10, self.output)
        until(lambda: not self.drained(), 5, self.reasons)
        return code

    def test_a_new_service_fetches_back_what_the_killed_one_gave_away(self):
        self.assertEqual(self.the_service_is_killed("moving"), 6)

    def test_a_new_service_takes_part_again_where_the_killed_one_had_given_up(self):
        self.assertEqual(self.the_service_is_killed("yielded"), 5)

    def test_demoted_in_the_middle_it_makes_no_further_call(self):
        self.master()
        self.cloud.move_s = 60
        verb = self.begin("yield")
        self.at("moving")
        self.become_backup()
        self.assertEqual(self.end(verb)[0], 6)
        self.calls_stop()


class StandingMaster(Pair):
    mode = {"mode": "standing-master", "preferred": True}

    def test_the_preferred_node_stays_away_until_its_maintenance_ends(self):
        self.master()
        verb = self.begin("yield", "--for", "2h", "--reason", "new kernel")
        self.give_up()
        self.assertEqual(self.reasons(), {"switch"}, "lasting only once the peer is MASTER")
        self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertEqual((self.reasons(), self.drained()), ({"maintenance"}, True))
        kept = json.loads(self.call("status", "--json")[1])["maintenance"]
        self.assertEqual(kept["why"], "new kernel")
        self.assertAlmostEqual(kept["leftS"], 7200, delta=60)
        self.assertEqual(self.call("maintenance", "off")[0], 0)
        self.assertFalse(self.drained())

    def test_a_node_that_cannot_be_kept_away_says_so_and_takes_part(self):
        self.master()
        verb = self.begin("yield")
        with open(self.run_dir + "/lib/drain.d", "w"):
            pass  # where the lasting reason should be written
        self.give_up()
        self.advert()
        code, output = self.end(verb)
        self.assertEqual(code, 5, output)
        self.assertIn("cannot stay away", output)
        until(lambda: not self.drained(), 5, self.reasons)
        self.assertIsNone(self.service.poll(), self.output())


class Maintenance(Pair):
    def test_a_standby_only_while_it_hears_a_master(self):
        self.standby()
        code, output = self.call("maintenance", "on")
        self.assertEqual(code, 4, output)
        self.assertFalse(self.drained())
        verb = self.begin("maintenance", "on", "--for", "30m")
        while verb.poll() is None:
            self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertTrue(self.drained())
        left_s = json.loads(self.call("status", "--json")[1])["maintenance"]["leftS"]
        self.assertAlmostEqual(left_s, 1800, delta=60)

    def test_a_master_hands_over_first(self):
        self.master()
        verb = self.begin("maintenance", "on")
        self.give_up()
        self.advert()
        self.assertEqual(self.end(verb)[0], 0)
        self.assertEqual((self.cloud.holder, self.reasons()), (PEER, {"maintenance"}))

    def test_a_master_that_cannot_hand_over_goes_only_by_force(self):
        self.master()
        self.cloud.refusals = [(MIGRATE, "InternalError")] * 2
        self.assertEqual(self.call("maintenance", "on")[0], 4)
        self.assertFalse(self.drained())
        self.assertEqual(self.call("maintenance", "on", "--force")[0], 0)
        self.assertTrue(self.drained())

    def test_a_time_that_is_none_is_refused(self):
        self.assertEqual(self.call("maintenance", "on", "--for", "soon")[0], 3)


class Prepare(Pair):
    def test_the_address_is_there_for_a_while_and_makes_no_master(self):
        self.standby()
        code, output = self.call("prepare")
        self.assertEqual((code, self.on_nic()), (0, "leased"), output)
        self.calls_stop()
        self.assertEqual(self.status()["state"], "BACKUP")
        self.assertEqual(self.call("prepare", "--undo")[0], 0)
        until(lambda: self.on_nic() == "absent", 5, "the kernel takes it away")

    def test_a_new_master_keeps_the_address_and_looks_before_it_asks(self):
        self.standby()
        self.cloud.holder = ME
        self.call("prepare")
        self.write('INSTANCE "VI_1" MASTER 250')
        self.settled()
        self.assertEqual(self.on_nic(), "forever")
        self.assertEqual(self.cloud.actions(), [DESCRIBE])

    def test_a_failover_in_the_middle_of_it_claims_the_vip(self):
        self.standby()
        self.call("prepare")
        self.write('INSTANCE "VI_1" MASTER 250')
        self.settled()
        self.assertEqual((self.on_nic(), self.cloud.holder), ("forever", ME))

    def test_an_address_that_was_kept_a_moment_too_late_goes_again(self):
        self.standby()
        self.call("prepare")
        self.write('INSTANCE "VI_1" MASTER 250')
        until(lambda: self.on_nic() == "forever", 5, self.output)
        self.write('INSTANCE "VI_1" BACKUP 250')  # keepalived has removed it, and the service put it back
        until(lambda: self.on_nic() == "absent", 5, self.output)
        self.assertEqual(self.status()["state"], "BACKUP")

    def test_refused_unless_this_node_could_take_over(self):
        code, output = self.call("prepare")
        self.assertEqual(code, 4)
        self.assertIn("does not run", output)
        self.standby()
        cases = (
            ("checks", lambda: os.unlink(self.run_dir + "/heartbeat"), self.beat),
            ("no rule", lambda: self.nic_script("echo no rule; exit 1"), lambda: self.nic_script("exit 0")),
            ("maintenance", lambda: self.call("maintenance", "on", "--force"), lambda: self.call("maintenance", "off")),
            ("FAULT", lambda: self.say("FAULT"), lambda: self.say("BACKUP")),
        )
        for why, spoil, mend in cases:
            spoil()
            code, output = self.call("prepare")
            self.assertEqual((code, self.on_nic()), (4, "absent"), output)
            self.assertIn(why, output)
            mend()
        self.assertEqual(self.call("prepare")[0], 0)

    def test_in_maintenance_only_for_one_who_will_end_it(self):
        self.standby()
        self.call("maintenance", "on", "--force")
        self.say("FAULT")
        self.assertEqual(self.call("prepare")[0], 4)
        self.assertEqual(self.call("prepare", "--in-maintenance")[0], 0)


class Probe(Pair):
    def test_it_asks_the_one_who_has_it_and_only_from_elsewhere(self):
        self.assertEqual(self.call("probe", "--within", "0.3")[0], 1)
        self.ip("-n", self.peer, "addr", "add", VIP + "/32", "dev", "far")
        code, output = self.call("probe", "--json")
        self.assertEqual(code, 0, output)
        self.assertGreater(json.loads(output)["answeredMs"], 0)
        self.add_vip()
        self.assertEqual(self.call("probe")[0], 2)


if __name__ == "__main__":
    unittest.main()

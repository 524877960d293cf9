"""The word between the nodes: a takeover from one side, and an address that answers until the other one has it."""

import json
import os
import signal
import socket
import threading
import time

import support
from keepalived_vip.agent.node import peer
from keepalived_vip.agent.policy import switch
from keepalived_vip.agent.vip import vip_on_nic
from pair import MY_ADDRESS, PEER_ADDRESS, Pair
from support import ME, PEER, never, until


class Talk(Pair):
    """The peer's mouth and ear."""

    def said_by(self, address, message, answers=True):
        """What the service answers to a datagram."""
        found = []

        def talk():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                mouth.settimeout(20 if answers else 0.5)
                mouth.bind((address, peer.ASK_PORT))
                mouth.sendto(json.dumps(message).encode(), (MY_ADDRESS, peer.PORT))
                try:
                    found.append(json.loads(mouth.recv(2000).decode()))
                except socket.timeout:
                    pass

        talker = threading.Thread(target=talk)
        talker.start()
        talker.join()
        return found[0] if found else None

    def peer_answers(self, *phases, port=peer.PORT, why=None):
        """Plays the peer's service: one phase per question, the last one again and again."""
        left, asked = list(phases), []
        ready = threading.Event()

        def talk():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
                ear.settimeout(20)
                ear.bind((PEER_ADDRESS, port))
                ready.set()
                while left:
                    try:
                        data, sender = ear.recvfrom(2000)
                    except socket.timeout:
                        return
                    question = json.loads(data.decode())
                    if question["id"] in peer.NEWS:
                        continue
                    asked.append(question)
                    phase = left.pop(0) if len(left) > 1 or left[0] == switch.REFUSED else left[0]
                    answer = {"id": question["id"], "phase": phase, "reached": phase, "why": why}
                    ear.sendto(json.dumps(answer).encode(), sender)

        threading.Thread(target=talk, daemon=True).start()
        self.addCleanup(left.clear)
        ready.wait()
        return asked

    def peer_hears(self, port=peer.PORT):
        """What the peer's service is told, with who says it."""
        heard, ready, over = [], threading.Event(), threading.Event()

        def listen():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
                ear.settimeout(0.1)
                ear.bind((PEER_ADDRESS, port))
                ready.set()
                while not over.is_set():
                    try:
                        data, sender = ear.recvfrom(2000)
                    except socket.timeout:
                        continue
                    heard.append((sender, json.loads(data.decode())["id"]))

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        self.addCleanup(listener.join)
        self.addCleanup(over.set)
        ready.wait()
        return heard


class Take(Talk):
    def test_it_prepares_asks_and_ends_when_it_has_the_vip(self):
        self.standby()
        asked = self.peer_answers(switch.ASKED, switch.MOVING, switch.YIELDED)
        verb = self.begin("take")
        until(lambda: len(asked) > 3, self.output)
        self.assertEqual(self.on_nic(), "leased", "it answers before the cloud delivers")
        self.cloud.holder = ME
        self.write('INSTANCE "VI_1" MASTER 250')
        code, output = self.end(verb)
        self.assertEqual(code, 0, output)
        self.assertEqual(len({question["id"] for question in asked}), 1, "one question, repeated")
        self.assertEqual(self.on_nic(), "forever")

    def test_a_peer_with_an_earlier_release_is_asked_on_its_port(self):
        self.standby()
        asked = self.peer_answers(switch.ASKED, switch.REFUSED, port=peer.OLD_PORT)
        code, output = self.call("take")
        self.assertEqual((code, len(asked)), (4, 2), output)

    def test_what_the_peer_answers_is_plain_text_on_the_screen(self):
        self.standby()
        self.peer_answers(switch.REFUSED, why="no\n\x1b]52;c;eA==\x07\u202e" + "x" * 300)
        code, output = self.call("take")
        self.assertEqual(code, 4, output)
        self.assertRegex(output, "refused, nothing has changed: no[?][?].52;c;eA==[?][?]x{100,190}\n")

    def test_a_refusal_is_the_peers_own(self):
        self.standby()
        self.peer_answers(switch.REFUSED)
        code, output = self.call("take")
        self.assertEqual(code, 4, output)

    def test_a_peer_that_is_silent_is_named(self):
        self.standby()
        code, output = self.call("take")
        self.assertEqual((code, PEER_ADDRESS in output), (4, True), output)

    def test_a_master_has_nothing_to_take(self):
        self.master()
        self.assertEqual(self.call("take")[0], 0)


class Asked(Talk):
    def test_the_peer_may_ask_again_and_again_and_is_told_how_it_stands(self):
        self.master()
        self.peer_service()
        self.cloud.move_s = 0.5
        self.assertEqual(self.said_by(PEER_ADDRESS, {"id": "q1"})["phase"], switch.ASKED)
        until(lambda: self.said_by(PEER_ADDRESS, {"id": "q1"})["phase"] == switch.YIELDED, self.output)
        self.give_up()
        self.advert()
        until(lambda: self.said_by(PEER_ADDRESS, {"id": "q1"})["phase"] == switch.DONE, self.output)
        self.assertEqual(self.cloud.holder, PEER)

    def test_its_self_test_is_answered_whoever_serves_and_nothing_comes_of_it(self):
        question = {"id": peer.SERVES, "why": "self-test"}
        self.standby()
        self.assertEqual(self.said_by(PEER_ADDRESS, question), {"id": peer.SERVES, "phase": "no"})
        self.master()
        until(lambda: self.said_by(PEER_ADDRESS, question)["phase"] == "yes", self.output)
        self.assertEqual((self.cloud.holder, self.phase(), self.on_nic()), (ME, None, "forever"))

    def test_a_standby_refuses(self):
        self.standby()
        self.assertEqual(self.said_by(PEER_ADDRESS, {"id": "q1"})["phase"], switch.REFUSED)

    def test_nobody_but_the_peer_is_heard_and_no_nonsense(self):
        self.master()
        self.ip("-n", self.peer, "addr", "add", "10.0.1.18/24", "dev", "far")
        self.assertIsNone(self.said_by("10.0.1.18", {"id": "q1"}, answers=False))
        deep = []
        for _ in range(600):
            deep = [deep]
        for nonsense in ("x", deep, {"id": 7}, {"id": "q" * 33}, {"id": "q\n"}, {"id": "../q"}):
            self.assertIsNone(self.said_by(PEER_ADDRESS, nonsense, answers=False))
        self.assertEqual(self.cloud.holder, ME)
        self.assertIsNone(self.phase())


    def test_what_it_says_goes_into_no_file_but_as_a_short_plain_text(self):
        self.master()
        self.peer_service()
        why = "new\0kernel\n\ud800\x1b[2J" + "x" * 300
        self.said_by(PEER_ADDRESS, {"id": "q1", "why": why})
        until(lambda: "switch" in self.reasons(), self.output)
        with open(self.run_dir + "/drain.d/switch") as file:
            self.assertRegex(json.load(file)["why"], r"^new\?kernel\?\?\?\[2Jx{100,190}$")

    def test_it_is_heard_at_a_bounded_rate(self):
        self.standby()
        began = time.monotonic()

        def ask():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                mouth.bind((PEER_ADDRESS, peer.ASK_PORT))
                for number in range(200):
                    mouth.sendto(json.dumps({"id": "q%d" % number}).encode(), (MY_ADDRESS, peer.PORT))

        asker = threading.Thread(target=ask)
        asker.start()
        asker.join()
        until(lambda: self.said_by(PEER_ADDRESS, {"id": "last"}, answers=False), self.output)
        self.assertLessEqual(len(self.events("switch")), 2 + time.monotonic() - began)

    def test_a_port_that_another_program_has_is_a_trouble_and_the_vip_is_moved_all_the_same(self):
        taken = []

        def take():
            support.enter_namespace(self.namespace)
            taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            taken[0].bind(("0.0.0.0", peer.PORT))

        taker = threading.Thread(target=take)
        taker.start()
        taker.join()
        self.master()
        until(lambda: "peer" in self.status()["troubles"], self.output)
        taken[0].close()
        until(lambda: self.events("well-again"), self.output)
        self.said_by(PEER_ADDRESS, {"id": "q1"})


class Prepare(Talk):
    """The peer is to give the VIP, and asks whether this node could take it."""

    def setUp(self):
        super().setUp()
        self.play_keepalived()

    def says(self, word):
        heard = self.peer_hears()
        self.said_by(PEER_ADDRESS, {"id": peer.PREPARE, "of": 1.5}, answers=False)
        until(lambda: (((MY_ADDRESS, peer.PORT), word)) in heard, lambda: (heard, self.output()))

    def test_a_standby_is_ready_and_has_the_vip_on_its_nic(self):
        self.standby()
        self.says(peer.READY)
        self.assertEqual((self.on_nic(), self.cloud.journal), ("leased", []))

    def test_keepalived_that_restarts_may_clear_the_nic(self):
        self.standby()
        self.says(peer.READY)
        self.drop_vip()
        until(lambda: self.on_nic() == "leased", self.output)

    def test_a_node_in_maintenance_is_not(self):
        self.standby()
        self.assertEqual(self.call("maintenance", "on", "--force")[0], 0)
        self.says(peer.UNREADY)
        self.assertEqual(self.on_nic(), "absent")

    def test_but_where_a_person_has_prepared_it_who_ends_that(self):
        self.standby()
        self.assertEqual(self.call("maintenance", "on", "--force")[0], 0)
        self.say("FAULT")
        self.assertEqual(self.call("prepare", "--in-maintenance")[0], 0)
        self.says(peer.READY)

    def test_one_whose_keepalived_was_killed_is_not(self):
        self.standby()
        with open(self.pid_file, "w") as file:
            file.write("999999")
        self.says(peer.UNREADY)
        self.assertEqual(self.on_nic(), "absent")

    def test_a_master_is_not_and_stays_one(self):
        self.master()
        self.says(peer.UNREADY)
        self.assertEqual(self.on_nic(), "forever")


class Left(Talk):
    def test_a_master_takes_the_vip_back_from_a_peer_that_says_that_it_has_given_up(self):
        self.master()
        self.cloud.holder = PEER  # moved there in a partition, and no advert of the peer has come since
        self.said_by(PEER_ADDRESS, {"id": "left"}, answers=False)
        until(lambda: self.cloud.holder == ME, self.output)
        until(lambda: self.status()["lastMove"]["trigger"] == "peer-left", self.output)

    def test_a_demoted_node_says_so_until_the_peer_has_the_vip(self):
        heard, heard_before = self.peer_hears(), self.peer_hears(peer.OLD_PORT)
        self.master()
        self.drop_vip()
        self.write('INSTANCE "VI_1" BACKUP 250')
        until(lambda: [word for _, word in heard][-3:] == ["left"] * 3, lambda: str(heard))
        self.assertEqual({sender for sender, _ in heard}, {(MY_ADDRESS, peer.PORT)})
        self.assertIn("left", [word for _, word in heard_before], "a peer with an earlier release")
        self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)
        count = len(heard)
        until(lambda: self.on_nic() == "absent", self.output)
        self.assertLessEqual(len(heard), count + 1)


class Linger(Talk):
    def setUp(self):
        super().setUp()
        with open(self.settings) as file:
            given = json.load(file)
        with open(self.settings, "w") as file:
            json.dump(dict(given, lingerS=600), file)  # longer than a test waits: nothing ends by itself

    def peer_has(self):
        """The peer says so again and again, for too early it proves nothing, until the address is gone."""

        def gone():
            self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)
            return self.on_nic() == "absent"

        until(gone, self.output)

    def demoted(self, word="BACKUP"):
        self.master()
        self.drop_vip()
        self.write('INSTANCE "VI_1" %s 250' % word)
        until(lambda: self.status()["state"] == word, self.output)

    def test_a_demoted_node_answers_until_the_peer_has_the_vip(self):
        self.demoted()
        self.assertEqual(self.on_nic(), "leased", "the cloud still delivers here")
        calls = len(self.cloud.journal)
        self.peer_has()
        self.assertEqual((self.status()["state"], len(self.cloud.journal)), ("BACKUP", calls))

    def test_a_word_that_a_node_finds_after_it_stood_still_may_be_of_before(self):
        self.demoted()
        self.service.send_signal(signal.SIGSTOP)
        self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)
        never(lambda: self.on_nic() == "absent", vip_on_nic.EARLY_S)
        self.service.send_signal(signal.SIGCONT)
        never(lambda: self.on_nic() == "absent", 3)

    def test_an_address_that_was_prepared_meanwhile_for_a_planned_switch_back_stays(self):
        self.demoted()
        self.assertEqual(self.call("prepare")[0], 0)
        self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)
        never(lambda: self.on_nic() == "absent", 3)

    def test_a_demoted_node_to_which_nobody_said_so_takes_its_own_address_for_no_mastership(self):
        self.master()
        self.drop_vip()  # and keepalived's word is lost
        until(lambda: self.on_nic() == "leased", self.output)
        self.cloud.holder = PEER
        calls = len(self.cloud.journal)
        self.peer_has()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.assertEqual((self.cloud.holder, len(self.cloud.journal)), (PEER, calls))

    def test_a_hook_that_a_killed_service_has_not_read_makes_no_master_of_a_demoted_node(self):
        self.demoted()
        # As keepalived does, so that what is said meanwhile is kept.
        pipe = os.open(self.run_dir + "/keepalived.fifo", os.O_RDWR)
        self.addCleanup(os.close, pipe)
        self.kill()
        self.write('NOTIFY "VI_1" MASTER 0')  # its hook comes late, after that of BACKUP
        calls = len(self.cloud.journal)
        self.start()
        never(lambda: self.status()["state"] == "MASTER" or self.on_nic() == "forever", 3)
        self.assertEqual(len(self.cloud.journal), calls)

    def test_also_one_whose_keepalived_was_stopped(self):
        self.demoted("STOP")
        self.assertEqual(self.on_nic(), "leased")

    def test_keepalived_that_starts_again_may_clear_the_nic(self):
        self.demoted("STOP")
        self.drop_vip()
        until(lambda: self.on_nic() == "leased", self.output)

    def test_also_one_that_has_asked_for_the_vip_and_to_which_it_may_be_on_its_way(self):
        self.cloud.move_s = 60
        self.start()
        self.become_master()
        until(lambda: "MigratePrivateIpAddress" in self.cloud.actions(), self.output)
        self.become_backup()
        until(lambda: self.on_nic() == "leased", self.output)
        self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)  # as the cloud has it before it knows of the move
        never(lambda: self.on_nic() == "absent", 2)

    def test_also_one_whose_keepalived_was_killed_and_starts_again(self):
        self.master()
        self.add_vip("valid_lft", "25", "preferred_lft", "0")  # by before_start.sh
        self.become_backup()
        until(lambda: self.on_nic() == "leased", self.output)
        until(lambda: self.status()["state"] == "BACKUP", self.output)

    def test_master_again_it_keeps_the_address(self):
        self.demoted()
        self.write('INSTANCE "VI_1" MASTER 250')
        until(lambda: self.on_nic() == "forever", self.output)

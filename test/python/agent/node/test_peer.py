"""The words between the nodes: a takeover from one side."""

import json
import socket
import threading
import time

import support
from keepalived_vip.agent.node import peer
from keepalived_vip.agent.policy import switch
from pair import MY_ADDRESS, PEER_ADDRESS
from support import ME, PEER, until
from talk import Talk


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

    def test_a_colleagues_preparation_makes_none_ready_that_was_taken_out_of_service_since(self):
        self.standby()
        self.assertEqual(self.call("prepare")[0], 0)
        self.assertEqual(self.call("maintenance", "on", "--force")[0], 0)
        self.says(peer.UNREADY)

    def test_one_that_is_ready_is_not_taken_out_of_service_and_nobody_undoes_it(self):
        self.standby()
        self.says(peer.READY)
        self.assertEqual(self.call("prepare", "--undo")[0], 0)
        self.assertEqual(self.on_nic(), "leased")
        verb = self.begin("maintenance", "on")
        while verb.poll() is None:
            self.advert()
        code, output = self.end(verb)
        self.assertEqual((code, self.drained()), (4, False), output)

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

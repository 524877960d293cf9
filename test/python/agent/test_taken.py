"""The peer has taken the VIP from a MASTER that has heard nothing of it, as where the adverts between them are lost."""

import json
import socket
import threading
import unittest

import support
from keepalived_vip.agent.node import peer
from node import MIGRATE
from pair import MY_ADDRESS, PEER_ADDRESS, Pair
from support import ME, PEER, never, until


class Taken(Pair):
    def setUp(self):
        super().setUp()
        self.serving = threading.Event()
        self.words, bound = [], threading.Event()
        over = threading.Event()

        def talk():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as self.mouth:
                self.mouth.settimeout(0.1)
                self.mouth.bind((PEER_ADDRESS, peer.PORT))
                bound.set()
                while not over.is_set():
                    try:
                        self.words.append(json.loads(self.mouth.recv(2000).decode())["id"])
                    except socket.timeout:
                        continue
                    if self.words[-1] == peer.SERVES and self.serving.is_set():
                        self.say_to_me("has")

        talker = threading.Thread(target=talk)
        talker.start()
        self.addCleanup(talker.join)
        self.addCleanup(over.set)
        bound.wait()

    def say_to_me(self, word):
        self.mouth.sendto(json.dumps({"id": word}).encode(), (MY_ADDRESS, peer.PORT))

    def asked(self):
        return self.words.count(peer.SERVES)

    def test_a_peer_that_serves_keeps_it_until_it_says_so_no_more(self):
        self.master()
        moves = self.cloud.actions().count(MIGRATE)
        self.serving.set()
        self.cloud.holder = PEER
        until(lambda: self.asked() > 1, self.output)  # at two looks: each is answered
        self.assertEqual((self.cloud.holder, self.cloud.actions().count(MIGRATE)), (PEER, moves))
        self.serving.clear()
        until(lambda: self.cloud.holder == ME, self.output)

    def test_a_master_that_has_it_says_so_when_it_is_asked_and_nobody_else(self):
        self.master()
        before = self.words.count("has")
        self.say_to_me(peer.SERVES)
        until(lambda: self.words.count("has") > before, self.output)
        self.cloud.holder = PEER
        self.drop_vip()
        self.write('INSTANCE "VI_1" BACKUP 250')
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        before = self.words.count("has")
        self.say_to_me(peer.SERVES)
        never(lambda: self.words.count("has") > before, 0.5)


del Pair  # it has no tests of its own

if __name__ == "__main__":
    unittest.main()

"""The service of one node, and the mouth and ear of its peer."""

import json
import socket
import threading

import support
from keepalived_vip.agent.node import peer
from keepalived_vip.agent.policy import switch
from pair import MY_ADDRESS, PEER_ADDRESS, Pair


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

    def ear(self, port, patience_s):
        """The peer's. The thread that asks for it is in the peer's namespace from then on."""
        support.enter_namespace(self.peer)
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.settimeout(patience_s)
        ear.bind((PEER_ADDRESS, port))
        return ear

    def peer_answers(self, *phases, port=peer.PORT, why=None):
        """Plays the peer's service: one phase per question, the last one again and again."""
        left, asked = list(phases), []
        ready = threading.Event()

        def talk():
            with self.ear(port, 20) as ear:
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
            with self.ear(port, 0.1) as ear:
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

"""The node under test with its peer at the other end of the cable; the peer and keepalived are played."""

import json
import os
import socket
import subprocess
import threading
import time

import support
from keepalived_vip.agent.node import nic, peer
from node import Node
from support import VIP, until

MY_ADDRESS, PEER_ADDRESS = "10.0.1.16", "10.0.1.17"
ADVERT = bytes((0x31, 51, 250, 1, 0, 50, 0, 0)) + socket.inet_aton(VIP)  # VRRPv3, priority 250
BEAT_S = 0.5
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
        with open(self.settings, "w") as file:
            json.dump(given, file)
        self.nic_script("exit 0")
        os.makedirs(self.run_dir)
        self.beat()

    def beat(self):
        """keepalived's check runs from now on; each is good for an hour, for machines too slow for the next."""
        path = self.run_dir + "/heartbeat"

        def check():
            with open(path, "w"):
                os.utime(path, (time.time() + 3600,) * 2)

        def go_on():
            while not over.wait(BEAT_S):
                check()

        check()
        over = threading.Event()
        checks = threading.Thread(target=go_on)
        checks.start()

        def stop():
            over.set()
            checks.join()

        self.stop_beating = stop
        self.addCleanup(stop)

    def lose_beat(self):
        """keepalived's check runs no more, and what it has left is gone."""
        self.stop_beating()
        os.unlink(self.run_dir + "/heartbeat")

    def advert(self, packet=ADVERT):
        def send():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, nic.VRRP) as wire:
                wire.sendto(packet, (MY_ADDRESS, 0))

        sender = threading.Thread(target=send)
        sender.start()
        sender.join()

    def peer_service(self, **answer):
        """Plays the peer's service, as far as it is asked whether it is ready; gives what it was asked."""
        asked, bound = [], threading.Event()

        def talk():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
                ear.settimeout(0.1)
                ear.bind((PEER_ADDRESS, peer.PORT))
                bound.set()
                while not over.is_set():
                    try:
                        data, sender = ear.recvfrom(2000)
                    except socket.timeout:
                        continue
                    message = json.loads(data.decode())
                    if message["id"] == peer.PREPARE:
                        asked.append(message)
                        told = dict({"id": peer.READY}, **answer)
                        ear.sendto(json.dumps(dict(told, of=message["of"])).encode(), sender)

        over = threading.Event()
        talker = threading.Thread(target=talk)
        talker.start()
        self.addCleanup(talker.join)
        self.addCleanup(over.set)
        bound.wait()
        return asked

    def call(self, *argv):
        child = subprocess.Popen(self.verb(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = child.communicate(timeout=support.PATIENCE_S)
        return child.returncode, output.decode()

    def begin(self, *argv):
        """A verb that goes on in the background."""
        child = subprocess.Popen(self.verb(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def end(self, child):
        output, _ = child.communicate(timeout=support.PATIENCE_S)
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
        until(lambda: self.phase() == phase, lambda: (self.phase(), self.output(), self.cloud.actions()))

    def on_nic(self):
        text = subprocess.check_output(("ip", "-n", self.namespace, "-4", "-o", "addr", "show", "to", VIP)).decode()
        if "valid_lft forever preferred_lft forever" in text:
            return "forever"
        return "leased" if "deprecated" in text else text or "absent"

    def give_up(self):
        """keepalived, when it has read the track file."""
        until(self.drained, lambda: (self.output(), self.cloud.actions()))
        self.drop_vip()
        self.write('INSTANCE "VI_1" FAULT 250')

    def master(self):
        self.start()
        self.become_master()
        self.settled()

    def say(self, word):
        self.write('INSTANCE "VI_1" %s 250' % word)
        until(lambda: self.status()["state"] == word, self.output)

    def standby(self):
        self.start()
        self.say("BACKUP")

"""What a user without rights on the node does to the service: nothing."""

import fcntl
import json
import os
import socket
import stat
import threading
import unittest

import nobody
import support
from keepalived_vip import settings
from keepalived_vip.agent.node import peer
from pair import MY_ADDRESS, PEER_ADDRESS, Pair
from support import ME, PEER, never, until


class Stranger(Pair):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)  # as /run and /var/lib are


class Locks(Stranger):
    def lock_all(self):
        """After a first life of everything that takes a lock, whose file then is there to be locked."""
        self.assertEqual(self.call("drain", "apply")[0], 0)
        self.master()
        self.become_backup()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.kill()
        nobody.stay(self, lambda: [lock for lock in map(locked, nobody.all_of(self.run_dir)) if lock])

    def test_he_keeps_no_service_from_starting_and_none_from_moving_the_vip(self):
        self.lock_all()
        self.cloud.holder = PEER
        self.start()
        until(lambda: len(self.events("started")) == 2, self.output)
        self.become_master()
        until(lambda: self.cloud.holder == ME, self.output)  # status.json still tells of the first life

    def test_keepalived_is_told_why_it_must_not_be_master(self):
        self.lock_all()
        hold = self.begin("drain", "hold", "restart", "60", "why")  # as before keepalived starts
        self.assertEqual(hold.wait(support.PATIENCE_S), 0)
        self.start()
        self.assertTrue(self.drained())


class Traps(Stranger):
    """Where /var/log is a group's to write, or a folder was another user's: what lies there was put there by him."""

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o777)
        self.log = os.path.join(self.folder, "log")
        self.secret = os.path.join(self.folder, "secret")
        settings.write_atomically(self.secret, "root's own", 0o600)

    def serves(self):
        self.master()
        until(lambda: os.path.exists(self.run_dir + "/keepalived_vip.prom"), self.output)
        with open(self.secret) as file:
            self.assertEqual(file.read(), "root's own")
        self.assertEqual(stat.S_IMODE(os.stat(self.secret).st_mode), 0o600)

    def test_no_file_of_roots_is_written_to_by_his_link(self):
        nobody.run(lambda: os.symlink(self.secret, self.log))
        self.serves()

    def test_no_pipe_of_his_holds_the_service_up(self):
        nobody.run(lambda: os.mkfifo(self.log, 0o666))
        self.serves()

    def test_no_text_is_written_through_what_has_the_name_that_it_has_for_a_moment(self):
        target = os.path.join(self.folder, "text")
        moment = "%s.%d" % (target, os.getpid())
        for trap in (lambda: os.symlink(self.secret, moment), lambda: os.mkfifo(moment, 0o666)):
            nobody.run(trap)
            settings.write_atomically(target, "text")
            with open(target) as file:
                self.assertEqual(file.read(), "text")
        self.serves()

    def test_the_service_writes_to_no_folder_of_another_user(self):
        conf = settings.Settings(support.values(), run="/own/run", etc="/own/etc", log="/own/log", lib="/own/lib")
        paths = {path for path in vars(conf).values() if isinstance(path, str) and path.startswith("/")}
        # The push's account is only read.
        self.assertEqual([path for path in paths - {conf.pushed} if not path.startswith("/own/")], [])


class PeersUser(Stranger):
    """On the other node, whose address is allowed to speak."""

    mode = {"mode": "standing-master", "preferred": True}

    def test_no_word_of_his_moves_the_vip_or_is_written_down(self):
        self.master()

        def speak():
            for port in (peer.PORT, peer.ASK_PORT):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                    try:
                        mouth.bind((PEER_ADDRESS, port))
                    except PermissionError:
                        continue
                    raise AssertionError("may speak from port %d" % port)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                for port in (peer.PORT, peer.OLD_PORT):
                    for word in ("forged", "left", "has"):
                        mouth.sendto(json.dumps({"id": word}).encode(), (MY_ADDRESS, port))

        nobody.run(speak, self.peer)
        never(lambda: self.phase() or self.reasons() or self.cloud.holder != ME, 2)
        self.assertEqual(self.on_nic(), "forever")


class PeersUserWhereConnectionsAreKept(Stranger):
    """The same, of words by which a node keeps its own connections, or sends what is not its own to its peer."""

    mode = {"keepConnectionsS": 600}

    def test_no_word_of_his_has_a_node_keep_carry_or_promise_anything(self):
        self.master()

        def speak():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                for word in (peer.READY, peer.KEEPS, peer.CARRIES, peer.PREPARE, "has"):
                    mouth.sendto(json.dumps({"id": word, "leftS": 600}).encode(), (MY_ADDRESS, peer.PORT))

        nobody.run(speak, self.peer)
        never(lambda: self.events("connections-kept") or self.events("connections-carried"), 1)
        self.assertEqual((self.status()["connections"]["kept"], self.on_nic()), (None, "forever"))
        self.said_by_root({"id": peer.READY, "leftS": 600})
        self.logged("connections-kept")  # so the node was not deaf

    def said_by_root(self, message: dict):
        def talk():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                mouth.bind((PEER_ADDRESS, peer.PORT))
                mouth.sendto(json.dumps(message).encode(), (MY_ADDRESS, peer.PORT))

        talker = threading.Thread(target=talk)
        talker.start()
        talker.join()


def locked(path: str):
    """The open file, once it is locked; None where it can't be."""
    try:
        if stat.S_ISFIFO(os.stat(path).st_mode):
            return None
        file = os.open(path, os.O_RDONLY)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file
    except OSError:
        return None


if __name__ == "__main__":
    unittest.main()

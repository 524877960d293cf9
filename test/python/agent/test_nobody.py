"""What a user without rights on the node does to the service: nothing."""

import fcntl
import os
import stat
import unittest

import nobody
import support
from pair import Pair
from support import ME, PEER, until


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
        self.kill()
        nobody.stay(self, lambda: [lock for lock in map(locked, nobody.all_of(self.run_dir)) if lock])

    def test_he_keeps_no_service_from_starting_and_none_from_moving_the_vip(self):
        self.lock_all()
        self.cloud.holder = PEER
        self.start()
        until(lambda: len(self.events("started")) == 2, self.output)
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.holder, ME)

    def test_keepalived_is_told_why_it_must_not_be_master(self):
        self.lock_all()
        hold = self.begin("drain", "hold", "restart", "60", "why")  # as before keepalived starts
        self.assertEqual(hold.wait(support.PATIENCE_S), 0)
        self.start()
        self.assertTrue(self.drained())


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

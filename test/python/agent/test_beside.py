"""What the service does beside its core: however that fails, it is a trouble with a name, and the VIP is moved."""

import contextlib
import json
import os
import socket
import threading
import unittest
from unittest import mock

import support
from keepalived_vip import systemd
from keepalived_vip.agent.node import nic_repair, peer
from keepalived_vip.log import plain
from node import MIGRATE
from pair import MY_ADDRESS, PEER_ADDRESS, Pair
from support import ME, until


class Beside(Pair):
    def datagram(self, data: bytes):
        """From the peer."""

        def send():
            support.enter_namespace(self.peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                mouth.bind((PEER_ADDRESS, peer.ASK_PORT))
                mouth.sendto(data, (MY_ADDRESS, peer.PORT))

        sender = threading.Thread(target=send)
        sender.start()
        sender.join()

    def trouble(self, what: str):
        until(lambda: what in self.status()["troubles"], self.output)

    def moves(self):
        """The core works."""
        self.become_master()
        self.settled()
        self.assertEqual((self.cloud.actions()[0], self.cloud.holder), (MIGRATE, ME))
        self.assertEqual(len(self.logged("started")), 1, self.output())

    def well(self, what: str):
        until(lambda: what not in self.status()["troubles"], self.output)

    def test_a_datagram_that_no_parser_survives(self):
        self.start()
        for data in (b"[" * 1400, b"\xff", b"17"):
            self.datagram(data)
            until(lambda: len(self.events("trouble")) == len(self.events("well-again")) + 1, self.output)
            self.assertEqual(self.events("trouble")[-1]["what"], "peer")
            self.well("peer")
        self.moves()

    def test_a_reason_that_no_program_can_be_handed(self):
        self.start()
        self.become_master()
        self.settled()
        self.peer_service()
        self.datagram(json.dumps({"id": "x", "why": "a\0b\ud800c" + "d" * 500}).encode())
        self.give_up()
        with open(self.run_dir + "/drain.d/switch") as file:
            self.assertEqual(json.load(file)["why"], plain("a?b?c" + "d" * 500))

    def test_a_word_to_keepalived_that_cannot_be_written(self):
        self.start()
        drain = self.run_dir + "/drain"
        with contextlib.suppress(FileNotFoundError):
            os.remove(drain)
        os.mkdir(drain)
        self.trouble("drain")
        self.moves()
        os.rmdir(drain)
        self.well("drain")

    def test_systemd_is_told_by_the_loop_that_it_turns_and_ends_one_that_does_not(self):
        path = self.folder + "/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd_s:
            systemd_s.bind(path)
            systemd_s.settimeout(support.PATIENCE_S)
            with mock.patch.dict(os.environ, NOTIFY_SOCKET=path):
                self.start(ready=False)
            told = [systemd_s.recv(100) for _ in range(3)]
        self.assertEqual(told, [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"])
        units = os.path.join(support.RUNTIME, "..", "systemd", "system")
        for unit in ("keepalived-vip.service", "keepalived-vip-health.service"):
            with open(os.path.join(units, unit)) as file:
                lines = file.read().splitlines()
            self.assertIn("Type=notify", lines)
            self.assertIn("WatchdogSec=%d" % (4 * systemd.WATCHDOG_S), lines)

    def test_no_process_can_be_started(self):
        with mock.patch.object(os, "fork", side_effect=BlockingIOError(11, "Resource temporarily unavailable")):
            mover = mock.Mock()
            repair = nic_repair.NicRepair("/nic.sh", mover, mock.Mock())
            self.assertEqual(repair.turn(100.0, False), 100.0 + nic_repair.CHECK_S)
        what, message = mover.trouble.call_args[0]
        self.assertEqual((what, message), ("nic", "nic.sh check cannot be started: Resource temporarily unavailable"))

    def test_what_is_seen_to_be_missing_while_a_check_runs_is_checked_for_anew_once_it_has_ended(self):
        child = mock.Mock(result=lambda now, limit_s: 0 if now >= 101.0 else None)
        with mock.patch.object(nic_repair, "Child", return_value=child) as started:
            repair = nic_repair.NicRepair("/nic.sh", mock.Mock(), mock.Mock())
            repair.turn(100.0, False)
            repair.at_once(100.5)
            repair.turn(101.0, False)
            self.assertEqual(repair.turn(102.0, False), 102.0 + nic_repair.POLL_S)
            self.assertEqual(started.call_count, 2)
            repair.turn(103.0, False)
            repair.turn(104.0, False)
            self.assertEqual(started.call_count, 2, "and not again and again")
            for tenths in range(1050, 1070):  # somebody removes it as often as it is put back
                repair.at_once(tenths / 10)
                repair.turn(tenths / 10, False)
            self.assertEqual(started.call_count, 4)

    def test_a_metadata_answer_that_is_no_text(self):
        self.cloud.metadata = lambda path: (200, "\udcff\udcfe")
        self.start(ready=False)
        until(self.status, self.output)
        self.trouble("credentials")
        del self.cloud.metadata
        self.well("credentials")
        self.moves()


del Pair  # its own tests are elsewhere

if __name__ == "__main__":
    unittest.main()

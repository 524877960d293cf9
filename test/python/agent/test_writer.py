"""A disk that stalls, and a journal that takes nothing, keep nobody from deciding."""

import os
import shutil
import tempfile
import threading
import unittest
from unittest import mock

import support
from keepalived_vip import settings
from keepalived_vip.agent import writer
from keepalived_vip.agent.node import drain
from keepalived_vip.agent.policy import switch
from keepalived_vip.agent.vip import handover
from node import Node
from support import ME, PEER


class Queue(unittest.TestCase):
    def setUp(self):
        self.writer, self.gate, self.done = writer.Writer(), threading.Event(), []
        self.addCleanup(self.gate.set)

    def test_nobody_waits_for_what_stalls_and_the_rest_follows_in_its_order(self):
        self.writer.start()
        self.writer.put(self.gate.wait)
        for number in range(3):
            self.writer.put(self.done.append, number)
        self.writer.flush(0.05)
        self.assertEqual(self.done, [])
        self.gate.set()
        self.writer.flush(support.PATIENCE_S)
        self.assertEqual(self.done, [0, 1, 2])

    def test_what_is_too_much_is_lost(self):
        for number in range(writer.MOST + 5):
            self.writer.put(self.done.append, number)
        self.writer.start()
        self.writer.flush(support.PATIENCE_S)
        self.assertEqual(self.done, list(range(writer.MOST)))

    def test_a_full_disk_is_no_trouble_and_what_nobody_thought_of_is_one(self):
        self.writer.start()
        self.writer.put(mock.Mock(side_effect=OSError(28, "No space left on device")))
        self.writer.put(mock.Mock(side_effect=ValueError("odd")))
        self.writer.put(self.done.append, 1)
        self.writer.flush(support.PATIENCE_S)
        self.assertEqual(self.done, [1])
        self.assertRaisesRegex(ValueError, "odd", self.writer.check)
        self.writer.check()


class Stalled(Node):
    def test_the_vip_is_moved_and_its_status_told_while_journal_and_log_take_nothing(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(write, True)
        real = open
        with mock.patch("builtins.open", lambda path, *rest: real(write if path.endswith("/out") else path, *rest)):
            self.start()
        self.cloud.holder = PEER
        self.become_master()
        self.settled()
        self.assertEqual(self.cloud.holder, ME)
        self.assertFalse(os.path.exists(self.folder + "/log"), "it takes something after all")


class Away(unittest.TestCase):
    """A planned switch has ended, and this node is to stay away for longer."""

    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.conf = settings.Settings(support.values(), run=folder + "/run", lib=folder + "/lib")
        self.put, self.log = mock.Mock(), mock.Mock()
        os.makedirs(self.conf.run)
        known = mock.Mock(switch=mock.Mock(phase=switch.DONE, reached=switch.YIELDED, why=None))
        self.handover = handover.Handover(self.conf, known, self.log, self.put)
        self.handover.request = {"id": "q1", "why": "new kernel", "keepS": 3600}

    def told(self):
        return [call[1]["phase"] for call in self.log.say.call_args_list]

    def write(self):
        write, request, done = self.put.call_args[0]
        write(request, done)

    def test_the_disk_is_waited_for_by_another_thread_and_done_is_told_after_it(self):
        for _ in range(3):
            self.handover.progress()
        self.assertEqual((self.told(), self.put.call_count, drain.reasons(self.conf)), ([], 1, {}))
        self.write()
        self.handover.progress()
        self.assertEqual((self.told(), list(drain.reasons(self.conf))), ([switch.DONE], [drain.LASTING]))

    def test_a_disk_that_stalls_is_told_and_writes_nothing_later(self):
        self.handover.progress()
        self.handover.keep_until = 0.0
        self.handover.progress()
        self.assertEqual(self.told(), [switch.ABANDONED])
        self.write()
        self.assertEqual(drain.reasons(self.conf), {})

    def test_what_is_written_as_the_patience_ends_is_taken_back(self):
        self.handover.progress()
        real = drain.hold

        def slow(*args):
            self.handover.keep_until = 0.0
            self.handover.progress()
            real(*args)

        with mock.patch.object(handover.drain, "hold", slow):
            self.write()
        self.assertEqual((self.told(), drain.reasons(self.conf)), ([switch.ABANDONED], {}))


del Node  # it has no tests of its own

if __name__ == "__main__":
    unittest.main()

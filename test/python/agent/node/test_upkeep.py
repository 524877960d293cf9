"""A keepalived that lives and does not do its part is started anew."""

import os
import shutil
import signal
import subprocess
import unittest
from unittest import mock

import support
from keepalived_vip.agent.node import upkeep
from keepalived_vip.agent.policy import answers, decide, knowledge, switch
from keepalived_vip.agent.policy.hearing import Hearing
from keepalived_vip.agent.policy.revival import AGAIN_S, CUT_OFF, HANGS, PATIENCE_S, Revival
from node import Node
from pair import ADVERT, FAREWELL, Pair
from support import until

CUT_OFF_S = PATIENCE_S[CUT_OFF]


class Due(unittest.TestCase):
    def test_only_after_its_patience_and_what_that_does_not_mend_much_later(self):
        for what, for_s in PATIENCE_S.items():
            revival = Revival()
            self.assertIsNone(revival.due(10.0, [what]))
            self.assertIsNone(revival.due(9.9 + for_s, [what]))
            self.assertEqual(revival.due(10.0 + for_s, [what]), what)
            self.assertIsNone(revival.due(9.9 + for_s + AGAIN_S, [what]))
            self.assertEqual(revival.due(10.0 + for_s + AGAIN_S, [what]), what)

    def test_what_was_mended_keeps_nothing_else_from_being_mended(self):
        revival = Revival()
        for now in (10.0, 70.0):
            revival.due(now, [HANGS])
        self.assertEqual([revival.due(now, [CUT_OFF]) for now in (71.0, 76.0)], [None, CUT_OFF])

    def test_what_has_ended_in_between_counts_anew(self):
        revival = Revival()
        revival.due(10.0, [HANGS, CUT_OFF])
        revival.due(12.0, [HANGS])
        self.assertIsNone(revival.due(16.0, [HANGS, CUT_OFF]))
        self.assertEqual(revival.due(70.0, [HANGS]), HANGS)


class Hung(unittest.TestCase):
    def started(self, **known):
        """The commands that a service has started 100 s after its keepalived hung."""
        conf = mock.Mock(kill_keepalived="kill", restart_keepalived="restart")
        state = dict({"master": False, "hung": True, "here.return_value": True}, **known)
        keep = upkeep.Upkeep(conf, mock.Mock(), mock.Mock(), mock.Mock())
        with mock.patch.object(upkeep, "Child") as child, mock.patch.object(upkeep, "cut_off", return_value=None):
            for now in range(0, 100, 2):
                keep.turn(now, True, mock.Mock(**state))
        return [call[0][0] for call in child.call_args_list]

    def test_it_is_killed_unless_only_this_node_serves(self):
        self.assertEqual(self.started(), ["kill"])
        self.assertEqual(self.started(master=True, **{"here.return_value": False}), ["kill"])
        self.assertEqual(self.started(master=True), [])
        self.assertEqual(self.started(hung=False), [])


class Handed(unittest.TestCase):
    """A MASTER's keepalived that is cut off from everything, its drain too."""

    def setUp(self):
        self.known = knowledge.Knowledge("eni-me", "eni-peer", False, 20)
        decide.found_master(self.known, 0.0)
        decide.issued(self.known, 0.0, knowledge.DESCRIBE)
        answers.saw(self.known, 1.0, "eni-me", True, knowledge.EIP_OK, 0.0)
        conf = mock.Mock(restart_keepalived="restart")
        self.keep = upkeep.Upkeep(conf, mock.Mock(), self.hand_over, mock.Mock())
        patches = mock.patch.object(upkeep, "cut_off", return_value="gone"), mock.patch.object(upkeep, "Child")
        self.children = [patch.start() for patch in patches][1]
        self.addCleanup(mock.patch.stopall)
        for now in (10.0, 12.0, 14.0):
            self.keep.turn(now, True, self.known)

    def hand_over(self, why, now):
        return switch.ask(self.known, now) is None

    def started(self):
        return [call[0][0] for call in self.children.call_args_list]

    def test_the_peer_has_the_vip_before_it_is_started_anew(self):
        self.keep.turn(16.0, True, self.known)
        switch.peer_is(self.known, 16.1)
        for now, phase in ((16.2, switch.READY), (17.0, switch.MOVING), (18.0, switch.MOVED)):
            self.known.switch.phase = phase
            self.keep.turn(now, True, self.known)
            self.keep.handed(now, self.known)
            self.assertEqual(self.started(), [], phase)
        switch.gave_up(self.known, 18.1, 0.5)
        self.keep.handed(18.1, self.known)
        self.assertEqual(self.started(), ["restart"])
        self.keep.turn(20.0, True, self.known)
        self.assertEqual(self.started(), ["restart"])

    def test_it_is_started_anew_without_a_peer_that_can(self):
        self.keep.turn(16.0, True, self.known)
        self.assertEqual(self.started(), [])
        switch.peer_is(self.known, 16.1, "keepalived hangs")
        self.keep.turn(18.0, True, self.known)
        self.assertEqual(self.started(), ["restart"])

    def test_it_is_started_anew_at_once_where_nothing_can_be_handed_over(self):
        decide.lost_master(self.known)
        self.keep.turn(16.0, True, self.known)
        self.assertEqual(self.started(), ["restart"])


class Rising(unittest.TestCase):
    """A standby's keepalived that is cut off, whose peer dies just then: an advert each 0.5 s, the last one at 13.4."""

    def setUp(self):
        self.known = knowledge.Knowledge("eni-me", "eni-peer", False, 20)
        self.hearing = Hearing()
        self.keep = upkeep.Upkeep(mock.Mock(restart_keepalived="restart"), mock.Mock(), lambda *_: False, mock.Mock())
        patches = mock.patch.object(upkeep, "cut_off", return_value="gone"), mock.patch.object(upkeep, "Child")
        self.children = [patch.start() for patch in patches][1]
        self.addCleanup(mock.patch.stopall)
        self.last_heard(13.4)
        for now in (8.0, 10.0, 12.0):
            self.assertEqual(self.started(now), [])

    def last_heard(self, at: float, priority: int = 250):
        self.hearing.took(at, [(priority, 0.5)], True)

    def started(self, now: float):
        self.keep.turn(now, True, self.known, self.hearing.rising(now))
        return [call[0][0] for call in self.children.call_args_list]

    def test_one_that_is_about_to_become_master_does_so_first_and_has_the_vip_before_it_is_started_anew(self):
        self.assertEqual(self.started(14.2), [])
        self.assertEqual(self.started(16.2), [])
        decide.became_master(self.known, 16.3)
        self.assertEqual(self.started(18.2), [])
        self.assertEqual(self.started(20.2), [])
        answers.saw(self.known, 20.3, "eni-me", True, knowledge.EIP_OK, 0.0)
        self.assertEqual(self.started(22.2), ["restart"])

    def test_a_farewell_makes_it_rise_at_once(self):
        self.last_heard(13.9, 0)
        self.assertEqual(self.started(14.0), [])

    def test_one_whose_peer_is_heard_is_started_anew(self):
        self.last_heard(13.9)
        self.assertEqual(self.started(14.0), ["restart"])

    def test_one_that_has_not_risen_by_then_is_started_anew(self):
        """In FAULT, of whose end it can't hear."""
        self.assertEqual(self.started(16.2), [])
        self.assertEqual(self.started(18.2), ["restart"])


class Held:
    """What keepalived holds of the node, and whether it was started anew."""

    def before_start(self):
        """As before_start.sh has it."""
        paths = (self.run_dir, self.run_dir + "/keepalived.fifo")
        with open(self.run_dir + "/held", "wb") as file:
            file.write(subprocess.check_output(("stat", "-c", "%d:%i %n") + paths))
        with open(self.run_dir + "/started-with", "w"):
            pass

    def asked(self):
        try:
            with open(self.run_dir + "/systemctl") as file:
                return file.read().split()
        except OSError:
            return []


class CutOff(Held, Node):
    def setUp(self):
        super().setUp()
        self.play_keepalived()

    def cut_off(self):
        until(lambda: "folder" in self.status()["troubles"], self.output)
        until(lambda: self.asked() == ["restart"], self.output)
        self.before_start()
        until(lambda: "folder" not in self.status()["troubles"], self.output)
        self.assertEqual([event["why"] for event in self.logged("keepalived-restarted")], ["cut off"])

    def serve(self):
        os.makedirs(self.run_dir)
        os.mkfifo(self.run_dir + "/keepalived.fifo")
        self.before_start()
        self.start()
        self.write('INSTANCE "VI_1" BACKUP 250')
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.assertEqual(self.status()["troubles"], {})

    def test_a_folder_that_was_removed(self):
        self.serve()
        shutil.rmtree(self.run_dir)
        self.assertEqual(self.service.wait(support.PATIENCE_S), 1, "it lives on without its lock")
        self.assertEqual(len(self.events("ended")), 1)
        self.start(ready=False)
        until(self.status, self.output)
        self.cut_off()

    def test_a_pipe_that_is_another_one(self):
        self.serve()
        os.rename(self.run_dir + "/keepalived.fifo", self.run_dir + "/old")
        os.mkfifo(self.run_dir + "/keepalived.fifo")
        self.cut_off()

    def test_one_that_was_started_by_an_earlier_release_is_left_alone(self):
        self.serve()
        os.unlink(self.run_dir + "/held")
        self.service.send_signal(signal.SIGKILL)
        self.service.wait()
        self.start()
        support.never(lambda: "folder" in self.status()["troubles"], 3.0)


class CutOffAsThePeerDies(Held, Pair):
    # With the longest time to the next one, for machines too slow for the usual.
    LAST_WORD = FAREWELL[:4] + bytes((0x0F, 0xFF)) + FAREWELL[6:]

    def heard(self, packet):
        self.advert(packet)
        return self.asked()

    def test_it_takes_over_first(self):
        self.play_keepalived()
        os.mkfifo(self.run_dir + "/keepalived.fifo")
        self.before_start()
        self.standby()
        os.rename(self.run_dir + "/keepalived.fifo", self.run_dir + "/old")
        until(lambda: self.heard(self.LAST_WORD) or "folder" in self.status()["troubles"], self.output)
        support.never(lambda: self.heard(self.LAST_WORD), CUT_OFF_S + 4.0)
        until(lambda: self.heard(ADVERT) == ["restart"], self.output)


del Node, Pair  # their tests are elsewhere

if __name__ == "__main__":
    unittest.main()

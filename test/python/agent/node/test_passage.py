"""When the tunnel counts as one that lets packets pass, and who is to blame where it does not."""

import unittest

import support
from keepalived_vip import settings
from keepalived_vip.agent.node import passage, peer

HAS, KEEPS = {"id": "has"}, {"id": peer.SERVES, "phase": "no", "leftS": 600}


class Ear:
    """What the peer is asked by words; of the clock."""

    def __init__(self):
        self.asked = []

    def sendto(self, data, to):
        self.asked.append((peer.understood(data), to))


class Passage(passage.Passage):
    """With a peer that answers as the test wants it, and a clock of the test's."""

    def __init__(self, tunnel=True, words=None):
        super().__init__(settings.Settings(support.values(keepConnectionsS=600)), support.Troubles())
        self.tunnel, self.words, self.ear, self.now, self.sent = tunnel, words, Ear(), 100.0, []

    def send(self, now):
        self.soon, self.sent_at = False, now
        self.sent.append(now)

    def answer(self):
        return self.tunnel

    def counts(self, owed=None, answers=0, words=True):
        """What has gone and come by now, beside a peer that says a word."""
        if words:
            self.heard(HAS, self.now)
        self.went(self.now, True, owed, answers)

    def go(self, seconds):
        """As the loop does it; whatever is asked by words is answered at once, if at all."""
        end = self.now + seconds
        while self.now < end:
            before = len(self.ear.asked)
            due = self.turn(self.ear, self.now)
            self.now = min(end, max(due, self.now + 0.001))
            if self.words is not None and len(self.ear.asked) > before:
                self.heard(self.words, self.now)
        return self


class Passes(unittest.TestCase):
    def test_it_passes_once_it_was_answered_and_is_asked_seldom_then(self):
        one = Passage(tunnel=False)
        one.go(0.5)
        self.assertFalse(one.passes(), "not asked in vain, but not answered either")
        one.tunnel = True
        one.go(passage.AGAIN_S)
        self.assertTrue(one.passes())
        before = len(one.sent)
        one.go(10 * passage.ASK_S)
        self.assertEqual((len(one.sent) - before, one.ear.asked), (10, []))

    def test_a_peer_that_speaks_and_does_not_answer_through_it_is_a_silent_tunnel_within_twenty_seconds(self):
        one = Passage(words=KEEPS).go(1)
        one.tunnel = False
        one.go(20)
        self.assertFalse(one.passes())
        message = one.mover.troubles["silent-tunnel"]
        for text in ("10.0.1.17", "UDP port 34", "iptables -I INPUT -s 10.0.1.17 -j ACCEPT"):
            self.assertIn(text, message)
        one.tunnel = True
        one.go(passage.AGAIN_S)
        self.assertEqual((one.passes(), one.mover.troubles), (True, {}))

    def test_a_peer_that_says_nothing_either_stands_still_or_is_dead_and_that_is_no_matter_of_the_tunnel(self):
        one = Passage().go(1)
        one.tunnel = False
        one.go(600)
        self.assertEqual((one.passes(), one.mover.troubles), (True, {}))

    def test_of_one_that_stood_still_and_speaks_again_three_more_questions_are_wanted(self):
        one = Passage().go(1)
        one.tunnel = False
        one.go(60)
        one.words = KEEPS
        one.heard(KEEPS, one.now)
        one.go(passage.AGAIN_S)
        self.assertTrue(one.passes())

    def test_a_machine_that_stood_still_itself_has_asked_nothing_meanwhile(self):
        one = Passage(words=KEEPS).go(1)
        one.now += 1000
        one.go(0.01)
        self.assertTrue(one.passes())

    def test_while_a_pair_is_installed_no_trouble_is_told_and_nothing_is_sent_there(self):
        for words in (HAS, {"id": peer.SERVES, "phase": "no"}, None):  # an earlier release, or without the setting
            one = Passage(tunnel=False, words=words).go(3600)
            self.assertEqual((one.passes(), one.mover.troubles), (False, {}), words)

    def test_a_peer_that_speaks_of_connections_is_asked_again_at_once(self):
        one = Passage(tunnel=False).go(600.3)
        one.tunnel = True
        one.heard({"id": peer.PREPARE, "leftS": 600}, one.now)
        one.go(0.2)
        self.assertTrue(one.passes())

    def test_packets_that_all_go_in_vain_are_sent_no_more_and_tried_again_later(self):
        one = Passage().go(1)
        for count in range(20):
            one.counts(100 * count, count)
            one.go(1)
        self.assertTrue(one.passes(), "some come back")
        one.counts(2000, 20)
        for count in range(int(passage.IN_VAIN_S + passage.ANSWER_S)):
            one.go(1)
            one.counts(2000 + passage.IN_VAIN + count, 20)
            self.assertTrue(one.passes())
        one.go(1)
        one.counts(2030, 20)
        self.assertFalse(one.passes())
        self.assertIn("what comes in by vip-kept", one.mover.troubles["silent-tunnel"])
        one.go(passage.REST_S - 2)
        self.assertFalse(one.passes())
        one.go(2 + passage.ASK_S)
        self.assertEqual((one.passes(), one.mover.troubles), (True, {}))

    def test_packets_that_all_go_in_vain_while_no_question_is_answered_either_are_sent_again_once_one_is(self):
        one = Passage(words=KEEPS).go(0.5)
        one.counts(0, 0)
        one.tunnel = False
        for count in range(int(passage.IN_VAIN_S + passage.ANSWER_S) + 1):
            one.go(1)
            one.counts(passage.IN_VAIN + count, 0)
        one.go(1)
        self.assertFalse(one.passes(), "before the third question")
        one.go(2 * passage.AGAIN_S)
        one.tunnel = True
        one.go(passage.AGAIN_S)
        self.assertEqual((one.passes(), one.mover.troubles), (True, {}))

    def test_a_sign_of_life_is_asked_for_in_between_and_one_that_is_missing_is_no_question_that_was_missed(self):
        one = Passage(words=KEEPS).go(1)
        for _ in range(10):
            one.ask_for_sign(one.now)
            asked_at = one.now
            one.go(0.1)
            self.assertEqual(one.lived_at(), asked_at)
        one.tunnel = False
        for _ in range(10):
            one.ask_for_sign(one.now)
            one.go(0.1)
        self.assertEqual((one.lived_at(), one.passes(), one.missed), (asked_at, True, 0))
        one.heard(KEEPS, one.now)
        self.assertEqual(one.lived_at(), one.now, "a word is one as well")

    def test_what_went_in_vain_before_this_service_has_started_proves_nothing(self):
        one = Passage().go(1)
        one.counts()
        one.go(1)
        for _ in range(int(passage.IN_VAIN_S) + 2):
            one.counts(100, 0)
            one.go(1)
        self.assertEqual((one.passes(), one.mover.troubles), (True, {}))
        one.go(passage.IN_VAIN_S)
        one.counts(100 + passage.IN_VAIN, 0)
        one.go(passage.ANSWER_S)
        one.counts(100 + passage.IN_VAIN, 0)
        self.assertFalse(one.passes(), "what goes in vain from now on does")

    def test_what_went_in_vain_proves_nothing_once_none_has_gone_for_a_while(self):
        one = Passage().go(1)
        one.counts(100, 0)
        for _ in range(int(passage.IN_VAIN_S) + 5):  # the VIP is at the peer, and the tunnel was shut for a moment
            one.go(1)
            one.counts(101 + passage.IN_VAIN, 0)
        self.assertTrue(one.passes())
        one.counts(102 + passage.IN_VAIN, 0)
        one.go(1)
        one.counts(103 + passage.IN_VAIN, 1)
        one.go(passage.ANSWER_S)
        one.counts(103 + passage.IN_VAIN, 1)
        self.assertEqual((one.passes(), one.mover.troubles), (True, {}))

    def test_what_went_to_a_peer_that_said_nothing_for_a_while_proves_nothing_either(self):
        one = Passage().go(1)
        one.counts(100, 0)
        for _ in range(4):  # its NIC is down, and clients send again and again
            one.go(1)
            one.counts(100 + passage.IN_VAIN, 0, words=False)
        for _ in range(int(passage.IN_VAIN_S)):  # the VIP is elsewhere meanwhile
            one.go(1)
            one.counts(100 + passage.IN_VAIN, 0)
        one.counts(101 + passage.IN_VAIN, 0)
        self.assertTrue(one.passes(), "the answer is on its way")

    def test_a_question_that_was_lost_is_asked_anew_as_the_peer_speaks_again(self):
        one = Passage(words=KEEPS).go(1)
        one.tunnel = False
        while one.missed < passage.MISSED - 1:
            one.go(0.1)
        one.go(0.5)
        one.sent = []
        one.answer = lambda: one.sent  # what was sent before was lost
        one.heard({"id": peer.KEEPS, "leftS": 600}, one.now)
        one.go(passage.POLL_S[-1])
        self.assertEqual((one.missed, len(one.sent)), (0, 1))

    def test_few_packets_or_new_rules_prove_nothing(self):
        one = Passage().go(1)
        one.counts(1000, 500)
        one.go(60)
        one.counts(1000 + passage.IN_VAIN - 1, 500)
        self.assertTrue(one.passes())
        one.counts(3, 0)
        one.go(60)
        one.counts(3, 0)
        self.assertTrue(one.passes())

    def test_only_the_answer_to_its_own_question_is_for_nobody_else(self):
        one = Passage()
        self.assertTrue(one.heard(KEEPS, 1.0))
        self_test = {"id": peer.SERVES, "why": "self-test"}
        for other in (HAS, {"id": peer.SERVES}, self_test, {"id": peer.KEEPS, "leftS": 1}):
            self.assertFalse(one.heard(other, 1.0), other)


if __name__ == "__main__":
    unittest.main()

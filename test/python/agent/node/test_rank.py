"""Which of two MASTERs stays: the one that has asked the cloud last."""

import unittest

from keepalived_vip.agent.node import rank
from keepalived_vip.agent.policy import answers, decide
from node import Node
from support import ME, PEER, until

from agent.policy.game import Game


class Worth(unittest.TestCase):
    def asked(self):
        game = Game()
        game.master()
        game.issue()
        answers.accepted(game.known, game.now, "task")
        return game

    def test_the_later_it_has_asked_the_more_and_at_last_nothing(self):
        game = self.asked()
        worths, now = [], game.now
        while now != float("inf"):
            worth, until_ = rank.of(game.known, now)
            worths.append(worth)
            self.assertEqual(rank.of(game.known, min(until_, now + 1e9) - 0.1)[0], worth)
            now = until_
        self.assertEqual(worths, [4, 3, 2, 1, 0])

    def test_who_has_not_asked_and_who_is_no_longer_master_is_worth_nothing(self):
        self.assertEqual(rank.of(Game().settled().known, 1e6), (0, float("inf")))
        game = self.asked()
        decide.lost_master(game.known)
        self.assertEqual(rank.of(game.known, game.now)[0], 0)

    def test_who_gives_the_vip_away_is_worth_nothing(self):
        game = self.asked()
        decide.issued(game.known, game.now, ("give", PEER))
        answers.accepted(game.known, game.now, "task-2")
        self.assertEqual(rank.of(game.known, game.now)[0], 0)

    def test_it_never_makes_the_other_node_the_preferred_one(self):
        self.assertLess(max(worth for _, worth in rank.WORTH), 250 - 220)
        self.assertLess(250 + max(worth for _, worth in rank.WORTH), 255)  # 255 is who owns the address


class Told(Node):
    def rank(self):
        with open(self.run_dir + "/rank") as file:
            return file.read()

    def test_keepalived_is_told_while_it_is_master(self):
        self.start()
        until(lambda: self.rank() == "0\n", self.output)
        self.become_master()
        self.settled()
        self.assertEqual((self.cloud.holder, self.rank()), (ME, "4\n"))
        self.become_backup()
        until(lambda: self.rank() == "0\n", self.output)


del Node  # its own tests are elsewhere

if __name__ == "__main__":
    unittest.main()

"""The next step, call by call; and what the decision rests on."""

import ast
import glob
import os
import unittest

import support
from keepalived_vip.agent.policy import answers, decide
from keepalived_vip.agent.policy.knowledge import ASSIGN, DESCRIBE, EIP_FOREIGN, EIP_MISSING, IDLE, NOBODY, REBIND
from support import ME, PEER

from agent.policy.game import NOW, Game


class Steps(unittest.TestCase):
    def test_a_node_that_is_not_master_makes_no_call(self):
        game = Game()
        self.assertEqual(game.step(), IDLE)
        decide.heard_lower(game.known, NOW)
        self.assertEqual(game.step(), IDLE)
        game.master()
        decide.lost_master(game.known)
        game.now += 1000
        self.assertEqual(game.step(), IDLE)

    def test_a_new_master_asks_before_it_looks(self):
        for holder, source in ((None, PEER), (PEER, PEER), (NOBODY, PEER), (ME, PEER), ("eni-third", "eni-third")):
            game = Game()
            game.known.seen.holder, game.known.seen.at = holder, NOW - 100
            game.master()
            self.assertEqual(game.step(), ("migrate", source), holder)

    def test_a_holder_that_becomes_master_again_at_once_looks_first(self):
        game = Game().settled()
        decide.lost_master(game.known)
        game.now += 0.2
        game.master()
        self.assertEqual(game.step(), DESCRIBE)

    def test_a_service_that_starts_on_a_master_looks_first(self):
        game = Game()
        decide.found_master(game.known, NOW)
        self.assertEqual(game.step(), DESCRIBE)

    def test_one_call_at_a_time(self):
        game = Game()
        game.master()
        game.issue()
        self.assertEqual(game.step(), IDLE)

    def test_a_demotion_in_the_middle_of_a_move_ends_it(self):
        game = Game()
        game.master()
        game.issue()
        decide.lost_master(game.known)
        answers.accepted(game.known, NOW, "task-1")
        game.now += 100
        self.assertEqual(game.step(), IDLE)
        game.master()
        self.assertEqual(game.step(), ("migrate", PEER), "nothing of the old move is left")

    def test_a_move_is_polled_then_looked_at(self):
        game = Game()
        game.master()
        game.issue()
        answers.accepted(game.known, NOW, "task-1")
        self.assertEqual(game.step()[0], "wait")
        self.assertEqual(game.issue(), ("task", "task-1"))
        answers.task_said(game.known, game.now, True)
        self.assertEqual(game.issue(), ("task", "task-1"))
        answers.task_said(game.known, game.now, False)
        self.assertEqual(game.step(), DESCRIBE)

    def test_a_task_that_never_ends_is_forgotten(self):
        game = Game()
        game.master()
        game.issue()
        answers.accepted(game.known, NOW, "task-1")
        while game.issue() != DESCRIBE:
            answers.task_said(game.known, game.now, True)
            self.assertLess(game.now, NOW + 60)

    def test_listed_but_not_available_is_not_done(self):
        game = Game()
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(ME, available=False)
        self.assertFalse(game.known.here())
        self.assertEqual(game.issue(), DESCRIBE)

    def on_its_way(self, game, holder, seconds):
        """It shows there for so long, and is looked at only."""
        began_at = game.now
        while game.now < began_at + seconds:
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(holder, available=False)

    def test_an_address_stuck_on_its_way_is_asked_for_again(self):
        game = Game()
        decide.found_master(game.known, NOW)
        steps = []
        while game.now < NOW + 100 and ("migrate", PEER) not in steps:
            steps.append(game.issue())
            game.saw(PEER, available=False)
        self.assertIn(("migrate", PEER), steps)
        self.assertGreater(game.now, NOW + 40)
        self.assertLess(len(steps), 50)
        answers.accepted(game.known, game.now, "task")
        game.issue()
        answers.task_said(game.known, game.now, False)
        self.on_its_way(game, PEER, 40)

    def test_one_that_moves_is_not_stuck_and_a_partition_costs_no_move_after_the_other(self):
        game = Game()
        decide.found_master(game.known, NOW)
        self.on_its_way(game, ME, 40)
        self.on_its_way(game, PEER, 40)

    def test_a_vip_on_no_eni_is_assigned_after_a_second_look(self):
        game = Game()
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(NOBODY, False)
        self.assertEqual(game.issue(), DESCRIBE, "an address on its way may show nowhere")
        game.saw(NOBODY, False)
        self.assertEqual(game.issue(), ASSIGN)

    def test_an_assignment_that_leaves_it_on_no_eni_is_not_repeated_at_once(self):
        game = Game()
        decide.found_master(game.known, NOW)
        assigned = 0
        while game.now < NOW + 60:
            step = game.issue()
            game.now += 0.01
            if step == DESCRIBE:
                game.saw(NOBODY, False)
            elif step == ASSIGN:
                assigned += 1
                answers.accepted(game.known, game.now, "task")
            else:
                answers.task_said(game.known, game.now, False)
        self.assertIn(assigned, range(20, 45))

    def test_an_event_does_not_hurry_the_second_look_at_nobody(self):
        game = Game().settled()
        game.issue()
        game.saw(NOBODY, False)
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(NOBODY, False)
        self.assertEqual(game.issue(), DESCRIBE, "it may be on its way: the first look was a moment ago")
        game.saw(NOBODY, False)
        self.assertEqual(game.issue(), ASSIGN)

    def test_a_vip_on_a_third_eni_is_fetched_from_there(self):
        game = Game()
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw("eni-third")
        self.assertEqual(game.step(), ("migrate", "eni-third"))

    def test_an_eip_left_behind_is_bound_again_after_a_second_look(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), DESCRIBE, "the cloud may bind it a moment later")
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), REBIND)
        answers.rebound(game.known, game.now, True)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), REBIND, "unbound elsewhere, now to be bound here")

    def test_an_eip_is_bound_only_right_after_a_look(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        looked_at, bound_at = None, []
        while game.now < NOW + 120:
            if game.issue() == DESCRIBE:
                looked_at = game.now
                game.saw(ME, eip=EIP_MISSING)
            else:
                self.assertEqual(game.now, looked_at, "the VIP may have gone since, and its EIP with it")
                bound_at.append(game.now)
                answers.rebound(game.known, game.now, False)
        self.assertIn(len(bound_at), range(5, 15))

    def test_no_eip_is_bound_on_an_answer_that_has_waited(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), DESCRIBE)
        game.now += 7  # stalled
        stalled_until = game.now
        for after_s in (0.0, 1.5):  # whether the VIP is still here; whether the cloud has bound the EIP meanwhile
            game.saw(ME, eip=EIP_MISSING)
            self.assertEqual(game.issue(), DESCRIBE)
            self.assertEqual(game.now, stalled_until + after_s)
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), REBIND)

    def test_nor_on_one_that_came_in_time_and_was_taken_in_later(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(ME, eip=EIP_MISSING)
        game.now += 7  # the deciding thread hangs
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), REBIND)

    def test_an_eip_that_was_missing_before_the_vip_went_is_given_time_again(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(ME, eip=EIP_MISSING)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.issue(), ("migrate", PEER))
        answers.accepted(game.known, game.now, "task")
        game.issue()
        answers.task_said(game.known, game.now, False)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), DESCRIBE, "the cloud may bind it a moment later")

    def test_another_eip_on_the_vip_is_left_alone(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        for _ in range(5):
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(ME, eip=EIP_FOREIGN)


class Purity(unittest.TestCase):
    RESTS_ON = {
        "answers": ["decide", "patience", "switch", "knowledge"],
        "decide": ["patience", "switch", "knowledge"],
        "switch": ["patience", "knowledge"],
        "knowledge": ["patience"],
        "patience": [],
    }

    def test_the_decision_imports_nothing_but_what_it_rests_on(self):
        for name, wanted in self.RESTS_ON.items():
            with open(os.path.join(support.RUNTIME, "keepalived_vip", "agent", "policy", name + ".py")) as file:
                tree = ast.parse(file.read())
            found = []
            for node in ast.walk(tree):
                self.assertNotIsInstance(node, ast.Import)
                if isinstance(node, ast.ImportFrom):
                    module = node.module.rpartition(".")[2]
                    found += [alias.name for alias in node.names] if module == "policy" else [module]
                    self.assertIn(node.module, ("keepalived_vip.agent.policy", "keepalived_vip.agent.policy." + module))
            self.assertEqual(found, wanted)

    def test_nobody_else_changes_what_is_known(self):
        files = glob.glob(support.RUNTIME + "/**/*.py", recursive=True)
        self.assertGreater(len(files), 30)
        for path in files:
            if os.path.basename(path)[: -len(".py")] in self.RESTS_ON:
                continue
            with open(path) as file:
                tree = ast.parse(file.read())
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    self.assertNotIn("known", ast.dump(node.value), "%s:%d" % (path, node.lineno))


if __name__ == "__main__":
    unittest.main()

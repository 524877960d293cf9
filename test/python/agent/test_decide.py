import ast
import os
import unittest

import support
from keepalived_vip.agent import decide, knowledge, patience
from keepalived_vip.agent.knowledge import ASSIGN, DESCRIBE, EIP_FOREIGN, EIP_MISSING, EIP_OK, IDLE, NOBODY, REBIND
from keepalived_vip.cloud import errors
from support import ME, PEER

NOW = 1000.0


class Game:
    """One node, told what happened; `step()` is what it would do next."""

    def __init__(self, eip: bool = False) -> None:
        self.now = NOW
        self.known = knowledge.Knowledge(ME, PEER, eip, 20)

    def step(self):
        return decide.decide(self.known, self.now)

    def issue(self):
        """The next step that is no waiting, made when it is due."""
        step = self.step()
        if step[0] == "wait":
            self.now = step[1]
            step = self.step()
        decide.issued(self.known, self.now, step)
        return step

    def saw(self, holder, available=True, eip=EIP_OK, jitter=0.5):
        decide.saw(self.known, self.now, holder, available, eip, jitter)

    def master(self):
        decide.became_master(self.known, self.now)

    def settled(self):
        """MASTER for long, the cloud agrees."""
        self.master()
        self.issue()
        decide.accepted(self.known, self.now, "task")
        self.issue()
        decide.task_said(self.known, self.now, False)
        self.issue()
        self.saw(ME)
        self.known.patience.alert_until = self.now
        self.now += 500
        self.issue()
        self.saw(ME)
        return self

    def failed(self, reaction):
        decide.failed(self.known, self.now, reaction, 0.5)


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
        decide.accepted(game.known, NOW, "task-1")
        game.now += 100
        self.assertEqual(game.step(), IDLE)
        game.master()
        self.assertEqual(game.step(), ("migrate", PEER), "nothing of the old move is left")

    def test_a_move_is_polled_then_looked_at(self):
        game = Game()
        game.master()
        game.issue()
        decide.accepted(game.known, NOW, "task-1")
        self.assertEqual(game.step()[0], "wait")
        self.assertEqual(game.issue(), ("task", "task-1"))
        decide.task_said(game.known, game.now, True)
        self.assertEqual(game.issue(), ("task", "task-1"))
        decide.task_said(game.known, game.now, False)
        self.assertEqual(game.step(), DESCRIBE)

    def test_a_task_that_never_ends_is_forgotten(self):
        game = Game()
        game.master()
        game.issue()
        decide.accepted(game.known, NOW, "task-1")
        while game.issue() != DESCRIBE:
            decide.task_said(game.known, game.now, True)
            self.assertLess(game.now, NOW + 60)

    def test_listed_but_not_available_is_not_done(self):
        game = Game()
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(ME, available=False)
        self.assertFalse(game.known.here())
        self.assertEqual(game.issue(), DESCRIBE)

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
                decide.accepted(game.known, game.now, "task")
            else:
                decide.task_said(game.known, game.now, False)
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
        decide.rebound(game.known, game.now, True)
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
                decide.rebound(game.known, game.now, False)
        self.assertIn(len(bound_at), range(5, 15))

    def test_no_eip_is_bound_on_an_answer_that_has_waited(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        game.issue()
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), DESCRIBE)
        game.now += 7  # stalled
        game.saw(ME, eip=EIP_MISSING)
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
        decide.accepted(game.known, game.now, "task")
        game.issue()
        decide.task_said(game.known, game.now, False)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(ME, eip=EIP_MISSING)
        self.assertEqual(game.issue(), DESCRIBE, "the cloud may bind it a moment later")

    def test_another_eip_on_the_vip_is_left_alone(self):
        game = Game(eip=True)
        decide.found_master(game.known, NOW)
        for _ in range(5):
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(ME, eip=EIP_FOREIGN)


class Events(unittest.TestCase):
    def test_an_event_during_a_look_asks_for_another_look(self):
        game = Game().settled()
        game.issue()
        decide.heard_lower(game.known, game.now)
        game.saw(ME)  # asked before the event: says nothing about the time after it
        self.assertEqual(game.step(), DESCRIBE)

    def test_a_rise_during_a_look_still_claims(self):
        game = Game()
        game.master()
        decide.issued(game.known, NOW, DESCRIBE)
        decide.lost_master(game.known)
        game.now += 60
        game.master()
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_a_storm_of_events_makes_few_looks(self):
        game = Game().settled()
        looks, end = 0, game.now + 30
        while game.now < end:  # an advert every 0.1 s, each answered at once
            decide.heard_lower(game.known, game.now)
            if game.step() == DESCRIBE:
                looks += 1
                game.issue()
                game.saw(ME)
            game.now += 0.1
        self.assertGreater(looks, 4)
        self.assertLess(looks, 15)

    def test_a_storm_faster_than_the_cloud_makes_few_looks_and_lets_the_vip_be_taken(self):
        game = Game().settled()
        decide.heard_lower(game.known, game.now)
        steps, end = [], game.now + 30
        while game.now < end:  # an event during each call
            step = game.step()
            if step[0] == "wait":
                game.now += 0.1
                decide.heard_lower(game.known, game.now)
                continue
            steps.append(game.issue())
            game.now += 0.1
            decide.heard_lower(game.known, game.now)
            if step == DESCRIBE:
                game.saw(PEER)
            elif step[0] == "migrate":
                decide.accepted(game.known, game.now, "task")
            else:
                decide.task_said(game.known, game.now, True)
        self.assertEqual(steps[:2], [DESCRIBE, ("migrate", PEER)])
        self.assertLess(steps.count(DESCRIBE), 15)

    def test_after_an_event_an_address_on_its_way_is_looked_at_often_again(self):
        game = Game()
        decide.found_master(game.known, NOW)
        while game.now < NOW + 20:
            game.issue()
            game.saw(ME, available=False)
        decide.heard_lower(game.known, game.now)
        game.issue()
        game.saw("eni-third", available=False)
        self.assertEqual(game.step(), ("wait", game.now + 0.5))

    def test_a_later_event_is_looked_at_at_once_again(self):
        game = Game().settled()
        for _ in range(2):
            decide.heard_lower(game.known, game.now)
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(ME)
            game.now += 15


class Reassertion(unittest.TestCase):
    def test_a_settled_master_looks_every_20_seconds_more_or_less(self):
        for jitter, wait in ((0.0, 18.0), (1.0, 22.0)):
            game = Game().settled()
            game.issue()
            game.saw(ME, jitter=jitter)
            self.assertEqual(game.step(), ("wait", game.now + wait))

    def test_an_idle_master_makes_at_most_5000_calls_a_day(self):
        game = Game().settled()
        start, calls = game.now, 0
        while game.now < start + 86400:
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(ME)
            calls += 1
        self.assertLess(calls, 5000)

    def test_after_anything_unusual_it_looks_more_often_for_a_minute(self):
        game = Game().settled()
        decide.heard_lower(game.known, game.now)
        start, calls = game.now, 0
        while game.now < start + 60:
            game.issue()
            game.saw(ME)
            calls += 1
        self.assertIn(calls, range(12, 32))

    def test_the_black_hole_without_an_event_ends_at_the_next_look(self):
        game = Game().settled()
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_the_black_hole_with_an_event_is_looked_at_at_once(self):
        game = Game().settled()
        game.now += 2
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def duel(self, game, rounds):
        """The peer takes the VIP back each time; gives the waits before each claim."""
        waits = []
        for _ in range(rounds):
            self.assertEqual(game.issue(), DESCRIBE)
            game.saw(PEER)
            before = game.now
            while game.issue() != ("migrate", PEER):
                game.saw(PEER)
            waits.append(game.now - before)
            decide.accepted(game.known, game.now, "task")
            game.issue()
            decide.task_said(game.known, game.now, False)
            game.issue()
            game.saw(ME)
        return waits

    def test_a_duel_costs_less_and_less(self):
        waits = self.duel(Game().settled(), 9)
        self.assertEqual(waits[0], 0)
        self.assertEqual(sorted(waits), waits)
        self.assertLessEqual(waits[-1], patience.DUEL_MAX_S * 1.25)
        self.assertGreater(sum(waits), 300)

    def test_a_duel_costs_less_and_less_also_when_the_peer_is_quicker_than_the_next_look(self):
        for end_is_told in (True, False):
            game = Game()
            game.master()
            moves = []
            while game.now < NOW + 300:
                step = game.issue()
                game.now += 1.0
                if step[0] == "migrate":
                    moves.append(game.now)
                    decide.accepted(game.known, game.now, "task")
                elif step == DESCRIBE:
                    game.saw(PEER)
                elif end_is_told:
                    decide.task_said(game.known, game.now, False)
                else:
                    game.failed(errors.RETRY)
            gaps = [later - earlier for earlier, later in zip(moves, moves[1:])]
            self.assertEqual(sorted(gaps), gaps)
            self.assertLess(len(moves), 10)

    def test_a_move_that_the_peer_has_undone_during_a_stall_is_no_second_round_of_a_duel(self):
        game = Game().settled()
        self.duel(game, 1)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step()[0], "wait")
        decide.heard_lower(game.known, game.now)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.issue(), ("migrate", PEER))
        game.now += 10  # stalled: the move ended, the peer took the VIP back and resigned
        decide.accepted(game.known, game.now, "task")
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_the_end_of_the_partition_ends_the_duel(self):
        game = Game().settled()
        self.duel(game, 6)
        game.issue()
        game.saw(PEER)
        self.assertEqual(game.step()[0], "wait")
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))


class Failures(unittest.TestCase):
    def test_a_refusal_is_followed_by_a_look_not_by_the_same_again(self):
        for reaction in (errors.DESCRIBE, errors.RETRY, errors.STOP):
            game = Game()
            game.master()
            game.issue()
            game.failed(reaction)
            self.assertEqual(game.issue(), DESCRIBE)

    def test_a_refused_claim_is_followed_by_a_look_though_an_event_came_meanwhile(self):
        game = Game()
        game.known.seen.holder, game.known.seen.at = "eni-third", NOW - 100
        game.master()
        self.assertEqual(game.issue(), ("migrate", "eni-third"))
        decide.heard_lower(game.known, game.now)
        game.failed(errors.DESCRIBE)
        self.assertEqual(game.issue(), DESCRIBE)
        game.saw(PEER)
        self.assertEqual(game.step(), ("migrate", PEER))

    def test_a_move_that_is_always_refused_is_asked_for_less_and_less(self):
        game = Game()
        game.master()
        moves = 0
        while game.now < NOW + 600:
            if game.issue() == DESCRIBE:
                game.saw(PEER)
            else:
                moves += 1
                self.assertLess(moves, 1000)
                game.failed(errors.DESCRIBE)
        self.assertIn(moves, range(40, 60))

    def test_how_an_older_move_ended_says_nothing_about_this_one(self):
        game = Game()
        game.master()
        game.issue()
        decide.accepted(game.known, game.now, "task-1")
        game.issue()
        decide.lost_master(game.known)
        game.master()
        decide.task_said(game.known, game.now, False, True)
        self.assertEqual(game.issue(), ("migrate", PEER))
        decide.accepted(game.known, game.now, "task-2")
        game.issue()
        decide.task_said(game.known, game.now, False, True)
        self.assertEqual(game.step(), DESCRIBE, "the first failure is looked into at once")

    def test_a_move_that_always_fails_is_asked_for_less_and_less_but_not_as_in_a_duel(self):
        game = Game()
        game.master()
        moves = 0
        while game.now < NOW + 600:
            step = game.issue()
            if step == DESCRIBE:
                game.saw(PEER)
            elif step[0] == "migrate":
                moves += 1
                self.assertLess(moves, 1000)
                decide.accepted(game.known, game.now, "task")
            else:
                decide.task_said(game.known, game.now, False, True)
        self.assertIn(moves, range(38, 60))

    def test_a_cloud_that_is_down_is_asked_for_ever_at_a_civil_rate(self):
        game = Game()
        game.master()
        calls = 0
        while game.now < NOW + 3600:
            game.issue()
            game.failed(errors.RETRY)
            calls += 1
            self.assertLess(calls, 1000)
            if game.now < NOW + 60:
                self.assertLessEqual(game.step()[1] - game.now, patience.RETRY_SOON_MAX_S)
        self.assertIn(calls, range(200, 300))

    def test_an_event_gets_through_a_pause(self):
        game = Game().settled()
        game.issue()
        game.failed(errors.STOP)
        self.assertEqual(game.step()[0], "wait")
        decide.heard_lower(game.known, game.now)
        self.assertEqual(game.step(), DESCRIBE)

    def test_what_only_a_person_can_mend_is_asked_more_and_more_rarely_and_once_a_minute_in_the_end(self):
        game = Game()
        game.master()
        waits = []
        while len(waits) < 6:
            if game.issue() != DESCRIBE:
                game.failed(errors.STOP)
                waits.append(game.step()[1] - game.now)
            else:
                game.saw(PEER)
        self.assertEqual(waits, [5.0, 10.0, 20.0, 40.0, 60.0, 60.0])

    def test_a_refusal_about_the_eip_does_not_keep_it_from_looking_after_the_vip(self):
        game = Game(eip=True).settled()
        looks, binds, end = [], [], game.now + 600
        while game.now < end:
            if game.issue() == knowledge.REBIND:
                binds.append(game.now)
                game.failed(errors.STOP)
            else:
                looks.append(game.now)
                game.saw(ME, eip=EIP_MISSING)
        self.assertIn(len(binds), range(8, 20))
        gaps = [later - earlier for earlier, later in zip(looks, looks[1:])]
        self.assertLessEqual(max(gaps), patience.ALERT_INTERVAL_S + patience.POLL_S)


class Purity(unittest.TestCase):
    def test_the_decision_imports_nothing_but_what_it_rests_on(self):
        rests_on = {"decide": ["patience", "switch", "knowledge"], "switch": ["patience", "knowledge"]}
        rests_on.update({"knowledge": ["patience"], "patience": []})
        for name, wanted in rests_on.items():
            with open(os.path.join(support.RUNTIME, "keepalived_vip", "agent", name + ".py")) as file:
                tree = ast.parse(file.read())
            found = []
            for node in ast.walk(tree):
                self.assertNotIsInstance(node, ast.Import)
                if isinstance(node, ast.ImportFrom):
                    module = node.module.rpartition(".")[2]
                    found += [alias.name for alias in node.names] if module == "agent" else [module]
                    self.assertIn(node.module, ("keepalived_vip.agent", "keepalived_vip.agent." + module))
            self.assertEqual(found, wanted)


if __name__ == "__main__":
    unittest.main()

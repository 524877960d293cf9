"""Every code of the error table, answered by a cloud to the real mover: what follows is the table's reaction."""

import os
import re
import shutil
import tempfile
import time
import unittest
from unittest import mock

import support
from fake_cloud import FakeCloud
from keepalived_vip import settings
from keepalived_vip.agent.policy import decide, knowledge, patience
from keepalived_vip.agent.vip.mover import Mover
from keepalived_vip.cloud import errors
from support import EIP, ME, VIP

MIGRATE, DESCRIBE, ASSIGN, BIND = (
    "MigratePrivateIpAddress", "DescribeNetworkInterfaces", "AssignPrivateIpAddresses", "AssociateAddress",
)  # fmt: skip
# Codes of the other actions; a move itself meets the rest.
ACTIONS = {
    DESCRIBE: "InvalidParameter.Coexist InvalidParameter.FilterInvalidKey InvalidParameter.FilterNotDict "
    "InvalidParameter.FilterValuesNotList InvalidParameterValue.LimitExceeded InvalidParameterValue.Range "
    "InvalidParameterValue.NotUtf8EncodingError LimitExceeded.ActionLimited",
    ASSIGN: "ResourceInUse ResourceInsufficient ResourceInsufficient.Subnet InvalidParameterValue.DuplicatePara "
    "InvalidParameterValue.Reserved MissingParameter FailedOperation.NetDetectTimeOut "
    "UnsupportedOperation.IdempotentParameterMismatch UnsupportedOperation.IdempotentProcessing "
    "UnsupportedOperation.InvalidState UnsupportedOperation.ResourceMismatch UnsupportedOperation.AttachmentNotFound",
    BIND: "InvalidPrivateIpAddress.AlreadyBindEip InvalidNetworkInterfaceId.NotFound InvalidAddressId.NotFound "
    "InvalidParameterValue.PrivateIpAddressNotMatch InvalidParameterValue.NetworkInterfaceIdNotMatch "
    "UnsupportedOperation.AddressStatusNotPermit OperationDenied.MutexTaskRunning OperationDenied.AddressInArrears",
}
ROW = re.compile(r"^\| `([A-Za-z0-9.]+)` \| (\S.*?) \| (\w+) \|$", re.M)


def action_of(code: str) -> str:
    return next((action for action, codes in ACTIONS.items() if code in codes.split()), MIGRATE)


class Lines:
    def __init__(self) -> None:
        self.said = []

    def say(self, event: str, **fields) -> None:
        self.said.append((event, fields))


class Play:
    """A MASTER whose call of one action is refused as often as asked for. Waiting takes no time, but is measured."""

    def __init__(self, test, code: str) -> None:
        self.code, self.action = code, action_of(code)
        self.cloud = FakeCloud(eip=EIP if self.action == BIND else None)
        test.addCleanup(self.cloud.close)
        folder = tempfile.mkdtemp()
        test.addCleanup(shutil.rmtree, folder)
        values = support.values(vpcEndpoints=[self.cloud.endpoint], eipId=self.cloud.eip_id)
        self.log = Lines()
        conf = settings.Settings(values, folder, folder, "", self.cloud.endpoint, "http", lib=folder)
        self.mover = Mover(conf, self.log)
        test.addCleanup(self.mover.api.drop)
        self.known = self.mover.known
        self.test, self.waited_s = test, 0.0
        now = time.monotonic()
        if self.action == MIGRATE:
            decide.became_master(self.known, now)
        else:
            decide.found_master(self.known, now)
        if self.action == ASSIGN:
            self.cloud.holder = None
        if self.action == BIND:
            self.cloud.holder, self.cloud.eip_at = ME, None

    def ready(self):
        """The next step that is no waiting, at its time."""
        step = decide.decide(self.known, time.monotonic())
        while step[0] == "wait":
            left_s = max(0.0, step[1] - time.monotonic())
            self.waited_s += left_s
            self.test.skipped_s += left_s
            step = decide.decide(self.known, time.monotonic())
        return step

    def step(self):
        step = self.ready()
        decide.issued(self.known, time.monotonic(), step)
        self.mover.take(step, *self.mover.make(step))
        return step

    def inject(self) -> None:
        if self.code == "Network":
            self.mover.api.drop()  # a kept connection that is cut would be replaced
            self.cloud.drop_next = 1
        elif self.code == "NoCredentials":
            self.mover.credentials.values = None
            self.cloud.metadata_up = False
        elif self.code == "NotMaster":
            self.mover.api.wanted = lambda: False
        else:
            self.cloud.refusals = [(self.action, self.code)] * (2 if self.reaction() in AGAIN else 1)

    def reaction(self) -> str:
        return errors.CODES[self.code]

    def count(self) -> int:
        return sum(results.get(self.code, 0) for results in self.mover.api.requests.values())

    def refused(self) -> float:
        """Goes on until the action has been refused once more; gives the seconds waited for since the last time."""
        self.waited_s = 0.0
        for _ in range(20):
            if NAMES[self.ready()[0]] == self.action:
                self.inject()
                self.step()
                self.cloud.metadata_up, self.mover.api.wanted = True, lambda: True
                return self.waited_s
            self.step()
        raise AssertionError("%s was never asked for: %s" % (self.action, self.cloud.actions()))

    def events(self, name: str) -> list:
        return [fields for event, fields in self.log.said if event == name]


NAMES = {"migrate": MIGRATE, "describe": DESCRIBE, "assign": ASSIGN, "rebind": BIND, "task": "DescribeVpcTaskResult"}
AGAIN = (errors.RENEW, errors.CLOCK)


class Table(unittest.TestCase):
    def setUp(self):
        self.skipped_s, real = 0.0, time.monotonic
        clock = mock.patch("time.monotonic", lambda: real() + self.skipped_s)
        clock.start()
        self.addCleanup(clock.stop)

    def each(self, reaction: str, act) -> None:
        codes = [code for code, found in errors.CODES.items() if found == reaction]
        self.assertTrue(codes)
        for code in codes:
            with self.subTest(code):
                act(Play(self, code))

    def test_the_documentation_says_the_same(self):
        with open(os.path.join(support.HERE, "..", "..", "docs", "errors.md")) as file:
            rows = ROW.findall(file.read())
        self.assertEqual([(code, reaction) for code, _, reaction in rows], list(errors.CODES.items()))

    def test_retry_asks_later_and_later_and_tells_it_once(self):
        def act(play):
            play.known.asked.event_at -= patience.ALERT_S  # the first minute is over
            gaps = [play.refused() for _ in range(5)][1:]
            self.assertEqual(gaps, sorted(set(gaps)), "later and later")
            self.assertGreater(gaps[0], 0.3)
            self.assertGreater(gaps[-1], 2.9)
            # A dead NIC is told by the thread that looks after connections.
            self.assertEqual(len(play.events("trouble")), int(play.code != "NoPath"), play.log.said)
            self.heals(play)

        self.each(errors.RETRY, act)

    def test_later_asks_again_until_it_is_its_turn_and_tells_it_once(self):
        def act(play):
            for _ in range(5):
                play.refused()
            self.assertEqual(len(play.events("trouble")), 1, play.log.said)
            asked = play.cloud.actions().count(play.action)
            self.assertGreaterEqual(asked, 5)
            self.heals(play)

        self.each(errors.LATER, act)

    def test_describe_looks_at_once_and_alarms_nobody(self):
        def act(play):
            play.refused()
            play.waited_s = 0.0
            self.assertEqual(play.step(), knowledge.DESCRIBE)
            self.assertEqual(play.waited_s, 0.0)
            self.assertEqual(play.events("trouble"), [])
            self.assertEqual(play.events("refused")[0]["code"], play.code)
            self.heals(play)

        self.each(errors.DESCRIBE, act)

    def test_renew_asks_again_with_new_credentials(self):
        def act(play):
            play.mover.credentials.current()
            asked = play.cloud.metadata_asked
            play.cloud.refusals = [(MIGRATE, play.code)]
            play.cloud.secret = 2
            play.step()
            self.assertGreater(play.cloud.metadata_asked, asked)
            self.again_at_once(play)

        self.each(errors.RENEW, act)

    def test_clock_takes_the_time_of_the_answer(self):
        def act(play):
            play.cloud.clock_ahead_s = 900
            play.cloud.refusals = [(MIGRATE, play.code)]
            play.step()
            self.assertAlmostEqual(play.mover.api.clock_offset_s, 900, delta=3)
            self.again_at_once(play)

        self.each(errors.CLOCK, act)

    def test_renew_and_clock_that_do_not_help_become_retry(self):
        def act(play):
            gaps = [play.refused() for _ in range(4)][1:]
            self.assertEqual(gaps, sorted(set(gaps)), "later and later")
            self.assertEqual(len(play.events("trouble")), 1)
            self.heals(play)

        for reaction in AGAIN:
            self.each(reaction, act)

    def test_stop_shouts_and_asks_only_rarely(self):
        def act(play):
            play.refused()
            told = play.events("trouble")
            self.assertEqual(len(told), 1)
            self.assertIn(play.code, told[0]["message"])
            self.assertTrue(told[0]["requestId"])
            gaps = [play.refused() for _ in range(5)]
            self.assertEqual(gaps[:4], sorted(gaps[:4]), "later and later, up to a minute")
            self.assertGreater(gaps[0], 3.7)
            self.assertGreater(gaps[-1], 44)
            self.assertEqual(len(play.events("trouble")), 1, "told once")
            self.assertIn(play.code, play.mover.troubles["cloud"], "and it stays in the status")
            self.heals(play)

        self.each(errors.STOP, act)

    def again_at_once(self, play):
        self.assertEqual(play.cloud.actions(), [MIGRATE, MIGRATE])
        self.assertEqual(play.events("trouble"), [])
        self.heals(play)

    def heals(self, play):
        """Once the cloud answers as usual the VIP is here, with its EIP, and nothing is complained about."""
        for _ in range(24):  # one look each 4 s, and a minute until the EIP is asked for again
            if play.known.here() and (play.action != BIND or play.cloud.eip_at == (ME, VIP)):
                break
            play.step()
        else:
            self.fail("does not heal: %s" % play.cloud.actions())
        play.step()
        self.assertEqual(play.mover.troubles, {})


if __name__ == "__main__":
    unittest.main()

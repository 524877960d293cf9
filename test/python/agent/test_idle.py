"""What a pair costs on a day on which nothing happens."""

import glob
import json
import os
import tempfile
import unittest

import support
from fake_cloud import FakeCloud
from keepalived_vip import cloud, http1, settings
from keepalived_vip.agent.policy import answers, decide, knowledge
from keepalived_vip.agent.vip import calls
from keepalived_vip.cloud import credentials
from support import ME, PEER

DAY_S, LIMIT = 86400, 2000
RENDERED = os.path.join(support.HERE, "..", "golden", "expected", "*", "*", "etc", "keepalived", "vip.json")


class Idle(unittest.TestCase):
    def test_at_most_2000_calls_a_day_with_the_interval_that_is_rendered(self):
        paths = glob.glob(RENDERED)
        self.assertEqual(len(paths), 4)
        for path in paths:
            with open(path) as file:
                reassert_s = json.load(file)["reassertIntervalS"]
            for jitter in (0.0, 0.5, 1.0):
                master, standby = (knowledge.Knowledge(ME, PEER, True, reassert_s) for _ in range(2))
                now, looks = 0.0, 0
                decide.found_master(master, now)
                while now < DAY_S:
                    self.assertEqual(decide.decide(standby, now), knowledge.IDLE)
                    step = decide.decide(master, now)
                    if step[0] == "wait":
                        now = step[1]
                        continue
                    self.assertEqual(step, knowledge.DESCRIBE)
                    decide.issued(master, now, step)
                    answers.saw(master, now, ME, True, knowledge.EIP_OK, jitter)
                    looks += 1
                self.assertLessEqual(looks, LIMIT, path)
                self.assertGreater(looks, DAY_S / 60, "looked so rarely, a black hole would last")

    def test_a_look_is_one_call(self):
        fake = FakeCloud()
        self.addCleanup(fake.close)
        with tempfile.TemporaryDirectory() as folder:
            conf = settings.Settings(
                support.values(vpcEndpoints=[fake.endpoint]), folder, folder, "", fake.endpoint, "http"
            )
            addresses = http1.Addresses(conf.addresses_file)
            api = cloud.Api(conf, credentials.Credentials(conf, addresses), addresses)
            self.addCleanup(api.drop)
            for holder in (ME, PEER):
                fake.holder = holder
                calls.describe(api, conf)
            self.assertEqual(fake.actions(), ["DescribeNetworkInterfaces"] * 2)


if __name__ == "__main__":
    unittest.main()

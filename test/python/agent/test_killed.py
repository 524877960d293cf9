"""kill -9 of the service at each step of its work: started again, it ends with the VIP and its EIP here."""

import os
import signal
import unittest

import support
from keepalived_vip.agent.node import nic
from node import MIGRATE, Node
from support import EIP, ME, VIP, until

TASK, DESCRIBE, ASSIGN = "DescribeVpcTaskResult", "DescribeNetworkInterfaces", "AssignPrivateIpAddresses"
# What is wrong when the node becomes MASTER, and the calls that this alone brings.
SCENARIOS = {
    "move": ({}, [MIGRATE, TASK, DESCRIBE]),
    "nobody": ({"holder": None, "eip_at": None}, [ASSIGN]),
    "eip": ({"eip_follows": False}, ["DescribeAddresses", "DisassociateAddress", "AssociateAddress"]),
}
# `sent` is the moment between the two others: the cloud has done it, and its answer finds nobody.
STEPS = [
    (scenario, "%s %s" % (verb, action))
    for scenario, (_, actions) in SCENARIOS.items()
    for action in actions
    for verb in ("asks", "sent", "hears")
]
STEPS += [("move", "reads MASTER")]
STEPS += [("move", "writes " + file) for file in ("state", "status.json")]


class Killed(Node):
    eip = EIP
    moment = "lives on"

    def verb(self, *argv):
        command = super().verb(*argv)
        at = command.index(self.settings)
        return command[: at - 1] + [os.path.join(support.HERE, "dying_service.py"), self.moment] + command[at:]

    def arrange(self, scenario):
        self.cloud.move_s = 0.2
        self.cloud.server.handle_error = lambda *_: None  # a killed client resets its connections
        for name, value in SCENARIOS[scenario][0].items():
            setattr(self.cloud, name, value)

    def strike(self, action):
        if self.moment == "sent " + action:
            self.service.kill()

    def comes_through(self):
        until(lambda: self.here() and self.cloud.eip_at == (ME, VIP), lambda: (self.output(), self.cloud.actions()))
        self.assertEqual(len(self.cloud.tasks), 1, "one move is made, however often the service dies")
        self.assertNotIn("UnassignPrivateIpAddresses", self.cloud.actions())

    def dies(self):
        self.assertEqual(self.service.wait(support.PATIENCE_S), -signal.SIGKILL, self.output())
        self.moment = "lives on"

    def hold_pipe(self):
        """As keepalived does, so that what it says while the service is dead is kept."""
        os.makedirs(self.run_dir, exist_ok=True)
        self.addCleanup(os.close, nic.open_fifo(self.run_dir + "/keepalived.fifo"))

    def dies_at(self, scenario, moment):
        self.arrange(scenario)
        self.moment = moment
        self.cloud.before_answer = self.strike
        self.start()
        self.hold_pipe()
        self.write('INSTANCE "VI_1" BACKUP 250')
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.become_master()
        self.dies()

    def test_move_killed_when_it_writes_its_credentials(self):
        self.arrange("move")
        self.moment = "writes credentials.json"
        self.start(ready=False)
        self.dies()
        self.hold_pipe()
        self.become_master()
        self.start()
        self.comes_through()

    def test_a_node_that_is_no_longer_master_when_the_service_comes_back_makes_no_call(self):
        self.dies_at("move", "sent " + MIGRATE)
        self.become_backup()
        self.start()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.calls_stop()


def complete(scenario):
    def test(self):
        self.arrange(scenario)
        self.start()
        self.become_master()
        self.comes_through()
        listed = {moment.split(" ")[1] for known, moment in STEPS if known in ("move", "eip", scenario)}
        self.assertEqual(sorted(set(self.cloud.actions()) - listed), [])
        self.assertEqual(sorted(set(SCENARIOS[scenario][1]) - set(self.cloud.actions())), [])

    return test


def killed_at(scenario, moment):
    def test(self):
        self.dies_at(scenario, moment)
        self.start()
        self.comes_through()

    return test


for scenario_ in SCENARIOS:
    setattr(Killed, "test_the_calls_of_%s_are_all_among_the_steps" % scenario_, complete(scenario_))
for scenario_, moment_ in STEPS:
    name_ = "test_%s_killed_when_it_%s" % (scenario_, moment_.replace(" ", "_").replace(".", "_"))
    setattr(Killed, name_, killed_at(scenario_, moment_))

del Node  # its own tests are elsewhere

if __name__ == "__main__":
    unittest.main()

"""One node, told what happened, and what it decides."""

from keepalived_vip.agent.policy import answers, decide, knowledge
from keepalived_vip.agent.policy.knowledge import EIP_OK
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
        """The next step that is no waiting, made when it is due; a peer that is asked something does not answer."""
        step = self.step()
        while step[0] == "wait" or step == knowledge.ASK:
            if step == knowledge.ASK:
                decide.asked_peer(self.known, self.now)
            else:
                self.now = step[1]
            step = self.step()
        decide.issued(self.known, self.now, step)
        return step

    def saw(self, holder, available=True, eip=EIP_OK, jitter=0.5):
        answers.saw(self.known, self.now, holder, available, eip, jitter)

    def master(self):
        decide.became_master(self.known, self.now)

    def settled(self):
        """MASTER for long, the cloud agrees."""
        self.master()
        self.issue()
        answers.accepted(self.known, self.now, "task")
        self.issue()
        answers.task_said(self.known, self.now, False)
        self.issue()
        self.saw(ME)
        self.known.patience.alert_until = self.now
        self.now += 100
        self.issue()
        self.saw(ME)
        return self

    def failed(self, reaction):
        answers.failed(self.known, self.now, reaction, 0.5)

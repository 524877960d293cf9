"""One node of two that keep connections, told what happened, and what it says."""

from keepalived_vip.agent.policy import connections, peer_says, stand

KEEP_S = 600


class Side:
    """One node's state, and its clock."""

    def __init__(self, master: bool) -> None:
        self.now, self.master, self.switching, self.moved = 100.0, master, False, False
        self.taking, self.here, self.listed, self.leaving = False, master, False, False
        self.there = self.moving = False
        self.state = connections.Keeping(KEEP_S)
        self.stands()

    @classmethod
    def taker(cls):
        """A node that is about to take the VIP of a peer that would keep its connections."""
        node = cls(master=False)
        peer_says.holds(node.state, node.now, True)
        node.later(60)
        return node

    @classmethod
    def stalled(cls):
        """MASTER after it stood still, or in a partition, and hears that the peer takes the VIP."""
        node = cls(master=True)
        peer_says.takes(node.state, node.now - 2, node.now, True)
        return node

    def stands(self, **changes) -> None:
        for name, value in changes.items():
            setattr(self, name, value)
        here_at = self.now if self.here else None
        listed_at = self.now if self.here or self.listed else None
        there_at = self.now if self.there else None
        moving_at = self.now if self.moving else None
        asked = self.master, self.switching, self.moved, self.taking
        looks = here_at, there_at, listed_at, moving_at
        stand.stands(self.state, self.now, stand.Stand(*asked, self.leaving, *looks))

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.stands()

    def word(self):
        return connections.word(self.state, self.now)

    def words(self, seconds: int) -> list:
        """What it says within so many seconds."""
        said = []
        for _ in range(seconds * 10):
            said.append(self.word())
            self.later(0.1)
        return [word for word in said if word is not None]

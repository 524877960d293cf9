"""Clients that open connections and send, again and again; a server that sends unasked as well."""

import random

from keepalived import MASTER

PORT = 443
CLIENTS = 5
EVERY_S = (0.1, 0.3, 1.0, 1.0, 4.0, 15.0)
LIFE_S = (0.5, 10.0, 60.0, 1e6)
BEFORE_S = 2.0  # the first fault
AGAIN_S = (0.2, 2.0)  # TCP sends again, later and later
PUSHED = 0.2  # share of what the server sends


class Client:
    __slots__ = ("again_s", "at_home", "closes_at", "every_s", "key", "lost_since", "number", "owner")

    def __init__(self, number: int) -> None:
        self.number = number
        self.owner, self.key = None, None
        self.closes_at = self.every_s = 0.0
        self.at_home = True  # opened on a MASTER
        self.lost_since, self.again_s = None, AGAIN_S[0]


class Clients:
    """rng: their own, so that they change no dice of the history's."""

    def __init__(self, world, seed: str) -> None:
        self.world = world
        self.rng = random.Random(seed)
        self.opened = 0
        self.all = [Client(number) for number in range(CLIENTS)]

    def begin(self, first: float) -> None:
        for client in self.all:
            self.world.at(max(0.0, first - BEFORE_S * self.rng.random()), self.turn, client)

    def meanwhile(self, share: float) -> None:
        """Between two steps of a node's thread: packets of so many may come just then, and one that opens."""
        for client in self.all:
            if self.rng.random() < share:
                self.send(client)
        if self.rng.random() < 0.2:
            self.turn(Client(CLIENTS))

    def turn(self, client: Client) -> None:
        after_s = self.send(client)
        self.world.at(self.world.now + after_s, self.turn, client)

    def send(self, client: Client) -> float:
        """Gives the seconds until the next."""
        return self.open(client) if client.owner is None else self.go_on(client)

    def holder(self):
        for node in self.world.nodes:
            if node.eni == self.world.cloud.holder:
                return node
        return None

    def open(self, client: Client) -> float:
        rng, holder = self.rng, self.holder()
        self.opened += 1
        key = "10.9.%d.%d" % (self.opened >> 8, self.opened & 255), 40000 + client.number, PORT
        if holder is None or holder.kernel.from_nic(key, syn=True)[0] != "served":
            return 1.0
        client.key, client.owner, client.lost_since, client.again_s = key, holder, None, AGAIN_S[0]
        client.at_home = holder.keepalived.state == MASTER
        client.every_s = rng.choice(EVERY_S) if client.number < CLIENTS else EVERY_S[2]
        client.closes_at = self.world.now + rng.choice(LIFE_S) * (0.5 + rng.random())
        if client.number == CLIENTS:
            client.closes_at = self.world.now
        return client.every_s * rng.random()

    def arrives(self, key, fin: bool):
        holder = self.holder()
        return ("lost", None) if holder is None else holder.kernel.from_nic(key, fin=fin)

    def go_on(self, client: Client) -> float:
        world, rng, owner = self.world, self.rng, client.owner
        fin = world.now >= client.closes_at
        pushed = not fin and rng.random() < PUSHED and client.key in owner.kernel.sockets
        if pushed:
            fate, where = ("served" if owner.kernel.answers() else "lost"), owner
        if not pushed or fate == "served":  # the client acknowledges at once
            pushed = False
            fate, where = self.arrives(client.key, fin)
        world.fates.judge(client, fate, where, pushed)
        if fate == "served":
            client.lost_since, client.again_s = None, AGAIN_S[0]
            if fin:
                client.owner = None
                return 0.5 * rng.random() if client.number < CLIENTS else 1e9
            return client.every_s * (0.5 + rng.random())
        if fate == "reset":
            client.owner = None
            return 0.1
        if client.lost_since is None:
            client.lost_since = world.now
        again_s, client.again_s = client.again_s, min(AGAIN_S[1], 2 * client.again_s)
        return again_s

"""Puts the runtime on the path as it lies beside vip.py on a node, and what several tests need."""

import ctypes
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RUNTIME = os.path.join(HERE, "..", "..", "templates", "etc", "keepalived")
sys.path.insert(0, RUNTIME)

ME, PEER, VIP, EIP = "eni-aaaaaaaa", "eni-bbbbbbbb", "10.0.1.100", "eip-cccccccc"


def values(**changes) -> dict:
    """A vip.json."""
    found = {
        "schemaVersion": 1, "pair": "test", "node": "a", "peer": "b", "mode": "stable", "preferred": False,
        "vip": VIP, "address": "10.0.1.16", "peerAddress": "10.0.1.17", "interface": "eth1", "virtualRouterId": 51,
        "mac": "20:90:6F:00:00:0A", "subnetCidr": "10.0.1.0/24", "gateway": "10.0.1.1", "routeTable": 101,
        "eniId": ME, "peerEniId": PEER, "eipId": None, "region": "ap-guangzhou", "vpcEndpoints": ["127.0.0.1:1"],
        "advertIntervalMs": 500, "reassertIntervalS": 20,
    }  # fmt: skip
    found.update(changes)
    return found


PATIENCE_S = 60.0  # of a test, for what has to come: a slow machine is no reason to fail


def until(what, why=""):
    """Polls until `what()` is true and gives that; AssertionError when it does not become so."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError("not within %d s: %s" % (PATIENCE_S, why() if callable(why) else why))
        time.sleep(0.01)


def never(what, for_s: float) -> None:
    """Asserts that `what()` stays false for a while: what must not come can only be waited for."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert not what()
        time.sleep(0.05)


def enter_namespace(name: str) -> None:
    """Moves the calling thread into a network namespace; the sockets that it opens stay there."""
    with open("/run/netns/" + name) as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")


class Troubles:
    """In place of the mover: what is told of troubles."""

    def __init__(self):
        self.troubles = {}

    def trouble(self, what, message, kind):
        self.troubles[what] = message

    def well(self, what):
        self.troubles.pop(what, None)

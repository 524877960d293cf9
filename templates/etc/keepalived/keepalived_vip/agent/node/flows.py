"""The connections of the VIP in this node's kernel, and the sets of nft by which packets of those of the peer go to
it. What the sets are for: connections.sh, which makes them."""

import re
import socket
import struct
import subprocess

TABLE = "ip keepalived_vip"
LINK, PORT = "vip-kept", 34  # the tunnel, and of UDP
SETS = ("known", "asked_all", "answered_all", "ended")  # of connections
COUNTED = (TABLE + " forwarded", TABLE + " owed", "netdev keepalived_vip answers")
COUNTER = re.compile(r"counter packets (\d+) bytes (\d+)")
LIMIT_S = 5.0
SAID_LENGTH = 200  # of a line: it stands in the log and in status.json
ROOM = 240_000  # of 262,144: what is opened meanwhile takes some
ENDED_S = 120  # as in connections.sh
THROUGH_S = 5.0  # longer than between two looks, on a busy machine too
SYN_RECV, TIME_WAIT, CLOSE, LISTEN = 3, 6, 7, 10  # include/net/tcp_states.h
# How /proc/net/tcp6 shows an IPv4 address: that of a program which listens to both.
MAPPED = "0" * 16 + "%08X" % struct.unpack("=I", b"\0\0\xff\xff")[0]
PLACES = ("/proc/net/tcp", "/proc/net/tcp6")


def connections(vip: str, places=PLACES) -> list:
    """(client's address, its port, own port, whether it still lives) of each at the VIP that comes from elsewhere."""
    mine = "%08X" % struct.unpack("=I", socket.inet_aton(vip))[0]
    found = []
    for path in places:
        try:
            with open(path) as file:
                lines = file.readlines()[1:]
        except FileNotFoundError:  # without IPv6
            continue
        for line in lines:
            _, local, remote, state = line.split(None, 4)[:4]
            address, _, port = local.replace(MAPPED, "").partition(":")
            client, _, client_port = remote.replace(MAPPED, "").partition(":")
            if address != mine or client == mine or int(state, 16) in (CLOSE, LISTEN):
                continue
            client = socket.inet_ntoa(struct.pack("=I", int(client, 16)))
            found.append((client, int(client_port, 16), int(port, 16), int(state, 16) != TIME_WAIT))
    return found


def ends(node: str) -> tuple:
    """The tunnel's addresses, this node's own and the peer's."""
    own = 1 if node == "a" else 2
    return "169.254.112.%d" % own, "169.254.112.%d" % (3 - own)


def is_so(name: str, vip: str, seconds: float) -> list:
    """Lines for nft: the VIP is in that set for so long from now on, 0 = no longer."""
    lines = ["flush set %s %s" % (TABLE, name)]
    if seconds > 0:
        lines.append("add element %s %s { %s timeout %dms }" % (TABLE, name, vip, max(1, seconds * 1000)))
    return lines


def known(found) -> list:
    """Lines for nft: these are connections of this node's own. Those that have ended need no room for long; and what is
    beyond the room is left out, for nft would refuse all of them."""
    lives = {one[:3]: one[3] for one in found}
    some = sorted(lives, key=lambda one: (not lives[one], one))[:ROOM]
    tuples = ["%s . %d . %d" % one + ("" if lives[one] else " timeout %ds" % ENDED_S) for one in some]
    return ["add element %s known { %s }" % (TABLE, ", ".join(tuples))] if tuples else []


def begins() -> list:
    """Lines for nft: which are this node's own is asked anew. Not where a service before this one has just sent what is
    the peer's there: its sets are right, and without them this node's own would go there as well. Raises OSError."""
    if has("forward"):
        return []
    return ["flush set %s %s" % (TABLE, name) for name in ("alone",) + SETS]


def has(name: str) -> bool:
    """Whether anything is in that set. Raises OSError."""
    return "elements" in nft(["list", "set"] + TABLE.split() + [name])


def load(lines) -> None:
    """All of it or nothing. Raises OSError."""
    nft(["-f", "-"], "\n".join(lines) + "\n")


def forwarded() -> tuple:
    """(packets, bytes) that went to the peer since the rules were made, how many of the packets want an answer, and how
    many came back. Raises OSError."""
    # One set at a time: of several things that it is asked for at once nft 1.1.3 (Debian 13) finds only the last.
    told = [COUNTER.search(nft(["list", "set"] + place.split())) for place in COUNTED]
    packets, owed, answers = [[int(number) for number in found.groups()] if found else [0, 0] for found in told]
    return packets[0], packets[1], owed[0], answers[0]


def nft(argv, given: str = "") -> str:
    """What it says. Raises OSError."""
    try:
        done = subprocess.run(
            ["nft"] + argv,
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError("nft does not end") from error
    said = done.stdout.decode(errors="replace").strip()
    if done.returncode:
        # Its first error and the line that it is about, which may name every connection; the others repeat it.
        raise OSError("nft: %s" % ": ".join(line[:SAID_LENGTH] for line in said.splitlines()[:2]))
    return said

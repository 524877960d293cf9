"""Who asks this node for something, and has the service log that. It is no proof: whoever may ask is root."""

import json
import os
import pwd

from keepalived_vip import settings
from keepalived_vip.agent.node import nic
from keepalived_vip.log import plain

# What `npm run ha` says of its user. In the environment: an earlier release refuses an option that it does not know.
SAID = "KEEPALIVED_VIP_ASKED_BY"
MOST = 100  # characters of a name


def who() -> str:
    """`alice@laptop from 203.0.113.7`: without that word the login, and without SSH, or behind sudo, no address."""
    said = os.environ.get(SAID) or os.environ.get("SUDO_USER") or name_of(os.getuid())
    address = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    return plain(said, MOST) + (" from %s" % plain(address, MOST) if address else "")


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "user %d" % uid


def note(conf, what: str, why: str) -> None:
    """The service logs what was asked, if it runs: by a file, and a word on keepalived's pipe."""
    try:
        settings.write_atomically(conf.asked, json.dumps({"what": what, "by": who(), "why": why}))
    except OSError:
        return  # a full disk: what was asked is done all the same
    wake(conf, "ASKED")


def wake(conf, word: str) -> None:
    fifo = nic.open_fifo(conf.fifo)
    try:
        os.write(fifo, b'NOTIFY "VI_1" %s 0\n' % word.encode())
    except BlockingIOError:
        pass  # full: nobody reads
    finally:
        os.close(fifo)

"""That this node takes the VIP over in a planned switch, said before the cloud moves it. As long as it holds nobody may
take the node out of service: the VIP would go to one that can't be MASTER, and come back.

`vip.py prepare` says it to who drives the switch, the service to the peer that is to give the VIP. Who says it writes
it down, and then looks once more at what keeps this node away; who takes the node out of service writes that down, and
then looks here. So the later of the two sees the other, and the service need not wait for a lock.
"""

import json
import os
import time

from keepalived_vip import settings


def give(conf, seconds: float, in_maintenance: bool = False, to_peer: bool = False) -> None:
    """in_maintenance: this node is in it, and who has asked ends it in time; to_peer: the peer may give the VIP now.
    What was said before holds as well. Raises OSError."""
    before = current(conf) or {}
    said = {"inMaintenance": in_maintenance or before.get("inMaintenance") is True}
    said.update(toPeer=to_peer or before.get("toPeer") is True, until=time.monotonic() + seconds)
    settings.write_atomically(conf.promise_file, json.dumps(said))


def current(conf):
    """{"inMaintenance", "toPeer", "leftS"}, None where nothing is promised, or no longer."""
    said = settings.read_json(conf.promise_file)
    if not isinstance(said, dict) or not isinstance(said.get("until"), float):
        return None
    left_s = said["until"] - time.monotonic()
    return dict(said, leftS=left_s) if left_s > 0 else None


def end(conf) -> None:
    """It was kept, or will not be asked for."""
    try:
        os.unlink(conf.promise_file)
    except OSError:
        pass  # there was none, or it ends by itself

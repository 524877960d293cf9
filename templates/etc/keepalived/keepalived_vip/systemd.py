"""A word to systemd about this unit: READY=1, WATCHDOG=1 (sd_notify(3)), without a library."""

import os
import socket

WATCHDOG_S = 5.0  # between two pings; systemd waits for four times that, as WatchdogSec= of the units says


def tell(text: str) -> None:
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.setblocking(False)
            try:
                notify.sendto(text.encode(), "\0" + path[1:] if path[0] == "@" else path)
            except OSError:
                pass  # systemd then does what it does when we hang

"""What the service tells of itself: its state, status.json and the metrics, all by the writer's thread."""

import json
import time

from keepalived_vip import VERSION, metrics, settings
from keepalived_vip.agent.node import nic

BEAT_S = 15.0  # how often status and metrics are written though nothing changed
CALM_S = 0.5  # the metrics follow a change so much later, and never beside a call


class Report:
    def __init__(self, conf, writer) -> None:
        self.conf = conf
        self.writer = writer
        self.state_written = self.status_written = None
        self.next_beat = self.next_metrics = 0.0

    def status(self, service) -> dict:
        mover, known = service.mover, service.known
        found = {
            "schemaVersion": 1,
            "version": VERSION,
            "pair": self.conf.pair,
            "node": self.conf.node,
            "state": service.role.state["state"],
            "since": service.role.state["since"],
            "keepalivedAlive": service.role.runs is True,
            "vipOnNic": service.vip.on_nic == nic.PRESENT,
            "cloudHolder": mover.holder_name(),
            "holderEni": known.seen.holder or None if known.master else None,
            "available": known.master and known.seen.available,
            "checkedAt": mover.checked_at,
            "lastMove": mover.moves[-1] if mover.moves else None,
            "moves": mover.moves[:-4:-1],  # the newest first
            "movesTotal": sum(mover.moves_by_trigger.values()),
            "movesByTrigger": dict(mover.moves_by_trigger),
            "apiRequests": dict(mover.api.requests),
            "prepared": service.vip.on_nic == nic.LEASED,
            "switch": service.handover.told,
            "hooks": service.announcer.done,
            "trouble": "; ".join(mover.troubles[what] for what in sorted(mover.troubles)) or None,
            "troubles": dict(mover.troubles),
        }
        found.update(service.kept.status())
        return found

    def turn(self, service, now: float) -> float:
        """Tells what changed; gives the time at which there is something to tell without a change."""
        self.writer.check()
        if service.role.state != self.state_written:
            self.put(self.conf.state_file, service.role.state)
            self.state_written = service.role.state
        status = self.status(service)
        if status != self.status_written or now >= self.next_beat:
            self.put(self.conf.status_file, dict(status, updatedAt=round(time.time(), 3)))
            if status != self.status_written:
                self.next_metrics = min(self.next_metrics, now + CALM_S)
            self.status_written = status
            self.next_beat = now + BEAT_S
        if now >= self.next_metrics and service.known.asked.busy:
            self.next_metrics = now + CALM_S
        if now >= self.next_metrics:
            told = dict(status, drained=service.drained, serviceAlive=True)
            self.writer.put(metrics.write, self.conf, told)
            self.next_metrics = now + BEAT_S
        return self.next_metrics

    def put(self, path: str, content: dict) -> None:
        self.writer.put(settings.write_atomically, path, json.dumps(content))

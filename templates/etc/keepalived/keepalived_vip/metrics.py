"""What the node says of itself to Prometheus: a file for node_exporter's textfile collector."""

import os
import time

from keepalived_vip import settings

ROLES = ("master", "backup", "fault", "stop", "unknown")
OWNERS = ("self", "peer", "other", "none", "unknown")
# Those that are told as 0 too, so that an alert has something to compare with before the first time.
DRAINS = ("firewall", "health", "maintenance", "restart", "switch")
TRIGGERS = (
    "keepalived", "kernel", "migrate", "nic", "peer-left", "prepared", "reassert", "rx-lower", "start", "switch",
)  # fmt: skip
TROUBLES = (
    "adverts", "announce", "cloud", "connection", "credentials", "dns", "drain", "eip", "firewall", "folder",
    "hooks", "keepalived", "nic", "notify", "path", "peer", "rank", "scheduled", "upkeep", "write",
)  # fmt: skip
KEPT_TROUBLES = ("connections", "silent-tunnel", "tunnel")  # where connections are kept, while they last
KEPT = ("kept", "carried")
PHASES = ("decision", "request", "cloud")


def one_of(label: str, values, current: str) -> list:
    return [({label: value}, value == current) for value in values]


def each(label: str, values, current) -> list:
    return [({label: value}, value in current) for value in sorted(set(values) | set(current))]


def families(status: dict, now: float):
    """(name without the prefix, type, what it says, [(labels, value)]) of everything that is told."""
    alive, watched = status["keepalivedAlive"], status["serviceAlive"]
    # What nobody watches is unknown, whatever was last said of it.
    role = "unknown" if not watched else status["state"].lower() if alive else "stop"
    hung = "keepalived" in status["troubles"]
    owner = status["cloudHolder"] if watched else "unknown"
    here = owner == "self" and status["available"]
    master = role == "master"
    last = status["lastMove"]
    build = {name: status[name] for name in ("version", "pair", "node")}
    moves = status["movesByTrigger"]
    triggers = sorted(set(TRIGGERS) | set(moves))
    requests = [
        ({"action": action, "result": result}, count)
        for action, results in sorted(status["apiRequests"].items())
        for result, count in sorted(results.items())
    ]
    maintenance, left_s = status["drained"].get("maintenance", {}).get("leftS"), status.get("credentialsLeftS")
    outlives = status.get("connections")
    ways = [({"which": name}, (outlives[name] or {}).get("count") or 0) for name in KEPT] if outlives else []
    forwarded = outlives["forwarded"] if outlives else {}
    phases = [({"phase": name}, last["phasesMs"].get(name, 0) / 1000.0) for name in PHASES] if last else []
    return [
        ("build_info", "gauge", "Version of the runtime, and which node of which pair this is.", [(build, 1)]),
        ("up", "gauge", "Whether keepalived-vip.service runs.", [({}, watched)]),
        ("keepalived_up", "gauge", "Whether keepalived runs, and works.", [({}, alive and not hung)]),
        ("role", "gauge", "1 for the role that keepalived has on this node.", one_of("role", ROLES, role)),
        ("role_since_timestamp_seconds", "gauge", "When it took that role.", [({}, status["since"] or 0)]),
        ("address_present", "gauge", "Whether the VIP is on the NIC of this node.", [({}, status["vipOnNic"])]),
        ("cloud_owner", "gauge", "1 for where the cloud has the VIP; a MASTER asks.", one_of("owner", OWNERS, owner)),
        (
            "mismatch",
            "gauge",
            "Whether role, NIC and cloud disagree: MASTER without the VIP on NIC and ENI, or the VIP without MASTER.",
            [({}, master != status["vipOnNic"] or (master and not here))],
        ),
        ("drained", "gauge", "Why this node must not be MASTER.", each("reason", DRAINS, status["drained"])),
        (
            "maintenance_end_timestamp_seconds",
            "gauge",
            "When the maintenance of this node ends; 0 without one.",
            [({}, round(now + maintenance) if maintenance else 0)],
        ),
        ("trouble", "gauge", "What does not work at the moment.", each("what", TROUBLES, status["troubles"])),
        (
            "moves_total",
            "counter",
            "Moves of the VIP by this node, by what they were due to.",
            [({"trigger": name}, moves.get(name, 0)) for name in triggers],
        ),
        ("last_move_timestamp_seconds", "gauge", "When the last one began.", [({}, last["startedAt"])] if last else []),
        ("last_move_phase_seconds", "gauge", "How long its phases took.", phases),
        ("api_requests_total", "counter", "Requests to the cloud by action and result: ok or error code.", requests),
        (
            "last_success_timestamp_seconds",
            "gauge",
            "When the cloud last said where the VIP is; 0 before the first time.",
            [({}, status["checkedAt"] or 0)],
        ),
        (
            "credentials_end_timestamp_seconds",
            "gauge",
            "When the role's credentials end; without a role there is none of this.",
            [({}, round(now + left_s))] if left_s is not None else [],
        ),
        (
            "connections",
            "gauge",
            "Connections that outlive a move: kept, its own; carried, the peer's. Only with keepConnections.",
            ways,
        ),
        (
            "connections_forwarded_packets_total",
            "counter",
            "Packets that went on to the peer, which has their connection.",
            [({}, forwarded["packets"])] if outlives else [],
        ),
        (
            "connections_forwarded_bytes_total",
            "counter",
            "Bytes of those.",
            [({}, forwarded["bytes"])] if outlives else [],
        ),
        (
            "connections_reset_total",
            "counter",
            "Its own that were open when the time was over, or the tunnel fell silent.",
            [({}, outlives["reset"])] if outlives else [],
        ),
        ("last_update_timestamp_seconds", "gauge", "When this was written: every 15 s.", [({}, round(now, 3))]),
    ]


def text(status: dict, now: float) -> str:
    """The exposition format, version 0.0.4."""
    lines = []
    for name, kind, told, samples in families(status, now):
        name = "keepalived_vip_" + name
        lines += ["# HELP %s %s" % (name, told), "# TYPE %s %s" % (name, kind)]
        for labels, value in samples:
            inner = ",".join('%s="%s"' % (label, escape(labels[label])) for label in sorted(labels))
            lines.append("%s%s %s" % (name, "{%s}" % inner if inner else "", repr(value + 0)))
    return "\n".join(lines) + "\n"


def escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def credentials_left_s(conf):
    """Seconds that the role's credentials are good for; None where a key of the machine's own has no end, and before
    the first ones."""
    values = settings.read_json(conf.credentials_file)
    if values is None or os.path.exists(conf.static_credentials):
        return None
    return values["goodUntil"] - time.monotonic()


def write(conf, status: dict) -> None:
    """In our own folder only: node_exporter's belongs to another user, who would choose what is written to. There the
    installation has put a link to this file."""
    try:
        told = dict(status, credentialsLeftS=credentials_left_s(conf))
        settings.write_atomically(conf.metrics_file, text(told, time.time()))
    except OSError:
        pass  # a full disk: the timestamp in the old file tells

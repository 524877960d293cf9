"""`vip.py self-test`: every prerequisite of a failover, each with what was found and what to do about it.

Nothing is changed, and the service may run meanwhile. Ends within 15 s whatever is down.
"""

import json
import os
import time

from keepalived_vip.agent.node import peer
from keepalived_vip.operator.selftest import prerequisites
from keepalived_vip.operator.selftest.prerequisites import PUSH_AGAIN
from keepalived_vip.operator.selftest.prerequisites_cloud import CloudChecks

FIRST_S, SECOND_S = 7.0, 6.0  # limits of the two rounds
WORDS = {"pass": "ok", "fail": "FAIL", "unknown": "?"}


def table(conf):
    """(name, check, cure, round)."""
    cloud = CloudChecks(conf)

    def here(check):
        return lambda: check(conf)

    kept = [("tunnel", here(prerequisites.tunnel), "let UDP port 34 pass between the VRRP addresses, both ways", 1)]
    policy = "the policy of the CAM role, or of the key, was changed or taken off: %s" % PUSH_AGAIN
    return [
        (
            "nic",
            here(prerequisites.second_nic),
            "/etc/keepalived/nic.sh up; if no NIC has that address, %s" % PUSH_AGAIN,
            1,
        ),
        (
            "adverts",
            here(prerequisites.vrrp),
            "keepalived has to run on both nodes, and IP protocol 112 to pass between them through your firewalls; "
            "the security group's rules are put back %s" % PUSH_AGAIN,
            1,
        ),
        ("peer", here(prerequisites.ping), "see whether the peer runs, and what its firewall lets in", 1),
        (
            "words",
            here(prerequisites.peers_service),
            "let %s in on UDP port %d there, through that machine's firewall; or see whether keepalived-vip.service "
            "runs there; the security group's rules are put back %s" % (conf.address, peer.PORT, PUSH_AGAIN),
            1,
        ),
        *(kept if conf.keep_s is not None else []),
        ("dns", cloud.dns, "see /etc/resolv.conf; the VPC's own name servers alone know the *.internal.* names", 1),
        ("api", cloud.endpoints, "let this node reach an endpoint by TCP 443, or name one it reaches: apiEndpoints", 1),
        ("clock", cloud.clock, "timedatectl set-ntp true; the service makes up for it, logs do not", 2),
        ("credentials", cloud.credentials, "the CAM role of this machine, or its key: %s" % PUSH_AGAIN, 1),
        ("look", cloud.look, policy, 2),
        ("permission", cloud.permission, policy, 2),
        ("files", here(prerequisites.files), PUSH_AGAIN, 1),
        (
            "keepalived",
            here(prerequisites.keepalived),
            "it takes %d.%d.%d or newer; where none is, %s" % (prerequisites.OLDEST + (PUSH_AGAIN,)),
            1,
        ),
        ("services", here(prerequisites.services), "systemctl enable --now %s" % " ".join(prerequisites.UNITS), 1),
        (
            "fifo",
            here(prerequisites.fifo),
            "systemd-tmpfiles --create /etc/tmpfiles.d/keepalived-vip.conf, then: systemctl restart keepalived",
            1,
        ),
        ("hooks", here(prerequisites.hooks), "what keeps keepalived from running scripts: journalctl -u keepalived", 1),
        ("disk", here(prerequisites.disk), "make room there", 1),
    ]


def run(conf) -> list:
    """A row for each check, those that did not end in time included."""
    rows = {}

    def make(name: str, check, cure: str) -> None:
        try:
            rows[name] = {"name": name, "result": "pass", "found": check(), "cure": None}
        except prerequisites.NotAsked as problem:
            rows[name] = {"name": name, "result": "unknown", "found": str(problem), "cure": problem.cure}
        except prerequisites.Problem as problem:
            rows[name] = {"name": name, "result": "fail", "found": str(problem), "cure": problem.cure or cure}
        except OSError as error:
            rows[name] = {"name": name, "result": "fail", "found": prerequisites.words(error), "cure": cure}

    every = table(conf)
    prerequisites.at_once([lambda one=one: make(*one[:3]) for one in every if one[3] == 1], FIRST_S)
    prerequisites.at_once([lambda: [make(*one[:3]) for one in every if one[3] == 2]], SECOND_S)
    late = {"result": "fail", "found": "no answer in time"}
    return [rows.get(name) or dict(late, name=name, cure=cure) for name, _, cure, _ in every]


def show(conf, as_json: bool) -> int:
    """Exit code 0 when every check passes, else 1."""
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    rows = run(conf)
    good = sum(row["result"] == "pass" for row in rows)
    if as_json:
        document = {"schemaVersion": 1, "pair": conf.pair, "node": conf.node, "at": round(time.time(), 3)}
        print(json.dumps(dict(document, passed=good == len(rows), checks=rows), indent=2))
    else:
        for row in rows:
            print("%-4s %-11s %s" % (WORDS[row["result"]], row["name"], row["found"]))
            if row["cure"]:
                print("     -> %s" % row["cure"])
        print("\n%d of %d pass" % (good, len(rows)))
    return 0 if good == len(rows) else 1

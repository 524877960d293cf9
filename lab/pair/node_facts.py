"""What a node says of itself, as one JSON object. The lab runs this inside its nodes, from standard input."""
import json
import subprocess
import time


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def run(*argv):
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    return result.stdout.strip()


config = read_json("/etc/keepalived/vip.json")
maintenance = read_json("/var/lib/keepalived-vip/drain.d/maintenance")
addresses = run("ip", "-4", "-o", "addr", "show", "dev", config["interface"]) if config else ""
# One with a lifetime was put there ahead of a planned switch.
lasting = [line for line in addresses.splitlines() if " dynamic " not in line]
print(
    json.dumps(
        {
            "keepalived": run("systemctl", "is-active", "keepalived"),
            "word": read_json("/run/keepalived-vip/state"),
            "mode": config["mode"] if config else None,
            "preferred": config["preferred"] if config else None,
            "vipOnNic": bool(config) and any(" %s/" % config["vip"] in line for line in lasting),
            "maintenance": bool(maintenance) and time.time() < (maintenance["until"] or float("inf")),
        }
    )
)

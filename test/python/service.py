"""Runs one verb of vip.py against a fake cloud: service.py SETTINGS.json VERB…; the rest is as on a node."""

import json
import os
import sys

import support  # noqa: F401
from keepalived_vip import settings
from keepalived_vip.agent.vip import vip_on_nic
from keepalived_vip.operator import main


def load(path):
    with open(path) as file:
        given = json.load(file)
    places = [given[name] for name in ("run", "etc", "log", "metadata")]
    conf = settings.Settings(given["values"], *places, scheme="http", lib=given["run"] + "/lib")
    conf.pid_files = given["pidFiles"]
    conf.start_hooks = given.get("startHooks") or [sys.executable, os.path.abspath(__file__), path, "hooks"]
    conf.restart_keepalived = ["sh", "-c", "echo restart >>'%s/systemctl'" % given["run"]]
    conf.start = ["sh", "-c", "echo start $0 >>'%s/systemctl'" % given["run"]]
    conf.kill_keepalived = ["sh", "-c", "echo kill >>'%s/systemctl'" % given["run"]]
    for name in ("health_lease_s", "hook_limit_s"):
        setattr(conf, name, given.get(name, getattr(conf, name)))
    vip_on_nic.LINGER_S = given.get("lingerS", vip_on_nic.LINGER_S)
    if given.get("withoutPidfd"):
        del os.pidfd_open  # as on Python before 3.9
    return conf


if __name__ == "__main__":
    sys.exit(main.main(sys.argv[2:], lambda: load(sys.argv[1])))

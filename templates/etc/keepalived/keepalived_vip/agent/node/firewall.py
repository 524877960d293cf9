"""Which firewall of this node keeps the peer's words from it, and the command that lets them in. Starts no process: the
service is confined, and a firewall that is hit in the middle of a failover must not be waited for."""

import os

SLICES = ("/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/systemd/system.slice")  # cgroups of version 2, and 1
UFW = "/etc/ufw/ufw.conf"


def named(conf, slices=SLICES, ufw: str = UFW):
    """(name, command). Everything of the peer's is let in, as in the cloud's security group: VRRP, the nodes' words to
    each other, ping."""
    peer = conf.peer_address
    if any(os.path.isdir(place + "/firewalld.service") for place in slices):  # gone when it does not run
        add = "firewall-cmd --permanent --zone=trusted --add-source=%s" % peer
        return "firewalld", "%s && firewall-cmd --reload" % add
    if enabled(ufw):
        return "ufw", "ufw allow in on %s from %s" % (conf.interface, peer)
    add = "iptables -I INPUT -s %s -j ACCEPT" % peer
    return "nftables or iptables", "%s, or so in your nft ruleset, for every boot" % add


def enabled(path: str) -> bool:
    try:
        with open(path, errors="replace") as file:
            return any(line.strip().lower() == "enabled=yes" for line in file)
    except OSError:
        return False


def told(conf) -> str:
    """One line, short enough for a reason of drain.py."""
    name, command = named(conf)
    return "%s drops the adverts of %s that reach %s: %s" % (name, conf.peer_address, conf.interface, command)

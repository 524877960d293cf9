"""What a machine is like, as lines: the same as long as nobody changes it. The lab runs this inside, from stdin."""
import hashlib
import json
import os
import stat
import subprocess

# Whole trees, by their bytes: what an administrator and packages' scripts write. The rest is what packages bring.
TREES = ["/etc", "/home", "/opt", "/root", "/srv", "/usr/local", "/var/spool/cron"]
# Of these the names alone: what runs there writes all the time.
FOLDERS = ["/", "/run", "/var", "/var/cache", "/var/lib", "/var/log"]
# The package manager's own account of what was installed and removed, and what the first login brings.
TRACES = ["/run/motd.dynamic", "/var/log/alternatives.log", "/var/log/apt", "/var/log/dpkg.log"]
# Kernel settings of addresses, which a NIC more could change for all.
SYSCTLS = ["net.ipv4.ip_forward", "net.ipv4.ip_nonlocal_bind", "net.ipv4.conf.", "net.ipv4.vs."]


def run(*argv):
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    return result.stdout


def described(path):
    info = os.lstat(path)
    about = "%s %d:%d" % (stat.filemode(info.st_mode), info.st_uid, info.st_gid)
    if stat.S_ISLNK(info.st_mode):
        return "%s -> %s" % (about, os.readlink(path))
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            return "%s sha256:%s" % (about, hashlib.sha256(file.read()).hexdigest())
    return about


def files():
    for tree in TREES:
        for folder, folders, names in os.walk(tree):
            for name in sorted(folders + names):
                path = os.path.join(folder, name)
                yield "file %s %s" % (path, described(path))
    for folder in FOLDERS:
        paths = [os.path.join(folder, name) for name in os.listdir(folder)]
        for path in sorted(set(paths) - set(TRACES)):
            yield "name %s" % path


def packages():
    for line in run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n").splitlines():
        yield "package %s" % line.strip()
    for line in run("apt-mark", "showmanual").splitlines():
        yield "package %s wanted by hand" % line


def units():
    for line in run("systemctl", "list-unit-files", "--no-legend", "--no-pager").splitlines():
        yield "unit-file %s" % " ".join(line.split()[:2])
    kinds = "--type=service,socket,timer,path,mount,swap"
    for line in run("systemctl", "list-units", "--plain", "--no-legend", "--no-pager", kinds).splitlines():
        unit, _load, active, sub = line.split()[:4]
        # What has run once at some boot, and what comes and goes with a login, tells nothing.
        if sub != "exited" and not unit.startswith(("user@", "user-runtime-dir@", "run-user-")):
            yield "unit %s %s" % (unit, active)


def network():
    for link in json.loads(run("ip", "-j", "-d", "addr") or "[]"):
        name = link["ifname"]
        about = {key: link.get(key) for key in ("address", "mtu", "qdisc", "operstate", "flags")}
        yield "link %s %s" % (name, json.dumps(about, sort_keys=True))
        for address in link["addr_info"]:
            kept = {key: value for key, value in sorted(address.items()) if not key.endswith("_life_time")}
            yield "address %s %s" % (name, json.dumps(kept))
    for family in ("-4", "-6"):
        for line in run("ip", family, "rule").splitlines():
            yield "rule %s %s" % (family, " ".join(line.split()))
        for line in run("ip", family, "route", "show", "table", "all").splitlines():
            yield "route %s %s" % (family, " ".join(line.split()))
    for line in run("sysctl", "-a").splitlines():
        if line.startswith(tuple(SYSCTLS)):
            yield "sysctl %s" % line


for part in (files, packages, units, network):
    for text in part():
        print(text)
print("whole")

/** What makes a plain Debian tree the image of a cloud machine. Part of the recipe: a change here builds a new image. */

/** Installed in the image beside the minimal system: what Tencent Cloud's Debian has and the program counts on. */
export const imagePackages = [
  "ca-certificates",
  "iproute2",
  "iputils-ping",
  "logrotate",
  "nftables",
  "openssh-server",
  "procps",
  "python3",
  "sudo",
  "systemd",
  "systemd-sysv",
];

/** Not in the image; the mirror has them with all that they need. */
export const mirrorPackages = ["keepalived", "nftables", "prometheus-node-exporter"];

export const nameserver = "183.60.83.19";

/** Runs the user data of a new disk once, as cloud-init does on the real image: only a script (`#!`) is run. */
const firstBoot = `#!/usr/bin/python3
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

URL = "http://metadata.tencentyun.com/latest/user-data"
DONE = "/var/lib/first-boot/done"


def fetch():
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(URL, timeout=3) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return b""
            failure = error
        except OSError as error:
            failure = error
        if time.monotonic() > deadline:
            sys.exit("no user data within 60 s: %s" % failure)
        time.sleep(0.1)


os.makedirs(os.path.dirname(DONE), mode=0o700, exist_ok=True)
data = fetch()
# Before the script runs: it is run once per disk, also when it reboots the machine.
open(DONE, "w").close()
if data.startswith(b"#!"):
    script = "/var/lib/first-boot/user-data"
    with open(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700), "wb") as file:
        file.write(data)
    sys.exit(subprocess.call([script], stdin=subprocess.DEVNULL))
`;

const firstBootUnit = `[Unit]
Description=User data of a new disk
After=systemd-networkd.service ssh.service
ConditionPathExists=!/var/lib/first-boot/done

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/first-boot/run
TimeoutStartSec=600

[Install]
WantedBy=multi-user.target
`;

export interface ImageFile {
  path: string;
  mode: number;
  content: string;
}

/** What lies over a Debian image to make it another system's; part of the recipe too. */
export interface Layer {
  packages: string[];
  files: ImageFile[];
  units: string[];
  /**
   * Shell lines that run inside the tree once packages and files are there. /build/pool has the mirror's Debian packages;
   * what they put into /build/repository the mirror serves too.
   */
  setUp: string;
}

/**
 * Runs the user data after these units, and lets an installation wait for it, as cloud-init does both: what it says to a
 * firewall may break connections.
 */
export const firstBootAfter = (...units: string[]): ImageFile[] => [
  {
    path: "/etc/systemd/system/first-boot.service.d/after.conf",
    mode: 0o644,
    content: `[Unit]\nAfter=${units.join(" ")}\n`,
  },
  {
    path: "/usr/bin/cloud-init",
    mode: 0o755,
    content: '#!/bin/sh\n[ "$*" = "status --wait" ] && exec systemctl start first-boot.service\n',
  },
];

/** Files that the image has beyond its packages. */
export const imageFiles = (suite: string): ImageFile[] => [
  { path: "/usr/local/lib/first-boot/run", mode: 0o755, content: firstBoot },
  { path: "/etc/systemd/system/first-boot.service", mode: 0o644, content: firstBootUnit },
  {
    path: "/etc/apt/sources.list",
    mode: 0o644,
    content: `deb [trusted=yes] http://mirrors.tencentyun.com/debian ${suite} main\n`,
  },
  { path: "/etc/apt/apt.conf.d/90lab", mode: 0o644, content: 'Acquire::Languages "none";\n' },
  // A machine of the lab lives minutes: syncing every unpacked file costs seconds and protects nothing.
  { path: "/etc/dpkg/dpkg.cfg.d/90lab", mode: 0o644, content: "force-unsafe-io\n" },
  {
    path: "/etc/systemd/journald.conf.d/90lab.conf",
    mode: 0o644,
    content: "[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n",
  },
  { path: "/etc/resolv.conf", mode: 0o644, content: `nameserver ${nameserver}\noptions timeout:2 attempts:2\n` },
  // One key: each machine gets its own, and making an RSA key would cost every boot a second.
  { path: "/etc/ssh/sshd_config.d/90lab.conf", mode: 0o644, content: "HostKey /etc/ssh/ssh_host_ed25519_key\n" },
  { path: "/etc/machine-id", mode: 0o444, content: "uninitialized\n" },
];

/** Units that run in every machine. */
export const imageUnits = ["systemd-networkd.service", "ssh.service", "first-boot.service"];

/** Removed from the tree: what belongs to one machine, or tells of the host that built it. */
export const imageDebris = [
  "/etc/apt/apt.conf.d/99mmdebstrap",
  "/etc/apt/sources.list.d",
  "/etc/ssh/ssh_host_rsa_key",
  "/etc/ssh/ssh_host_rsa_key.pub",
  "/etc/ssh/ssh_host_ecdsa_key",
  "/etc/ssh/ssh_host_ecdsa_key.pub",
  "/etc/ssh/ssh_host_ed25519_key",
  "/etc/ssh/ssh_host_ed25519_key.pub",
  "/etc/hostname",
];

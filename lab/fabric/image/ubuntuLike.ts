/**
 * Ubuntu Server's ways as the cloud's image has them, on Debian's packages: the login `ubuntu` and none for root, the
 * network by netplan, and ufw, which lets in nothing but SSH. (The kernel is the host's: where that has no AppArmor, neither
 * have its machines.)
 */
import { firstBootAfter, type Layer } from "./imageFiles.ts";

/**
 * `netplan apply` asks udev to look at every NIC anew, and ends half-way where that fails: a container's /sys is read-only,
 * and no udev runs in it.
 */
const udevadm = `#!/bin/sh
[ "$1" = trigger ] || exec /usr/bin/udevadm "$@"
`;

export const ubuntuLike: Layer = {
  packages: ["dbus", "isc-dhcp-client", "netplan.io", "udev", "ufw"],
  files: [
    ...firstBootAfter("ufw.service"),
    { path: "/etc/sudoers.d/90-cloud-init-users", mode: 0o440, content: "ubuntu ALL=(ALL) NOPASSWD:ALL\n" },
    { path: "/usr/local/sbin/udevadm", mode: 0o755, content: udevadm },
    { path: "/etc/ssh/sshd_config.d/60-cloudimg-settings.conf", mode: 0o644, content: "PermitRootLogin no\n" },
  ],
  units: ["ufw.service"],
  setUp: `
    useradd --create-home --shell /bin/bash ubuntu
    ufw allow 22/tcp >/dev/null
    sed -i s/^ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf
  `,
};

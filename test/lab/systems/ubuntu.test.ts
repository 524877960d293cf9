import { Lab } from "../../support/lab.ts";
import { runsOn } from "./system.ts";

runsOn(new Lab("tub"), {
  imageName: "Ubuntu Server 22.04",
  marks: {
    "echo $SUDO_USER": /^ubuntu$/m,
    "sshd -T": /^permitrootlogin no$/m,
    "ufw status verbose": /^Status: active\n.*\nDefault: deny \(incoming\)/m,
    "netplan get": /^ {4}eth0:\n {6}addresses:/m,
    "networkctl --no-legend list eth1": / eth1 .* unmanaged$/m,
  },
  // The second NIC is asked for as cloud-init's hot-plug does it when the ENI is attached.
  disturbances: ["netplan apply", "ufw reload", "netplan set ethernets.eth1.dhcp4=true && netplan apply"],
  dhcp: "netplan set ethernets.eth0.dhcp4=true && netplan apply",
});

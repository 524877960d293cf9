import { Lab } from "../../support/lab.ts";
import { runsOn } from "./system.ts";

runsOn(new Lab("tel"), {
  imageName: "CentOS Stream 9",
  // A reload of firewalld holds adverts back: on a busy machine it cost a move at `fast`, see docs/systems.md.
  settings: ["failoverSpeed=normal"],
  marks: {
    "echo $PATH": /^\/usr\/local\/bin:\/usr\/bin:\/bin$/m,
    "rpm -q keepalived": /^keepalived-\d/m,
    "firewall-cmd --get-active-zones": /^public\n {2}interfaces: eth0$/m,
    "nmcli -t -f DEVICE,STATE device": /^eth1:unmanaged$/m,
  },
  disturbances: [
    "nmcli connection reload",
    "nmcli device reapply eth0",
    "systemctl restart NetworkManager",
    "firewall-cmd --reload",
    // As cloud-init's hot-plug has it when the ENI is attached.
    'nmcli connection add type ethernet ifname eth1 con-name "cloud-init eth1" ipv4.method auto && nmcli connection reload',
  ],
  dhcp: 'nmcli connection modify "cloud-init eth0" ipv4.method auto ipv4.addresses "" ipv4.gateway "" && nmcli device reapply eth0',
});

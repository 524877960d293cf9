/** The first NIC's address, static, as cloud-init writes it for the network manager of the image. */
import { blockOf } from "../../../render/ipv4.ts";
import type { NetworkView, PortView } from "../../dataplane.ts";
import type { ImageFile } from "./imageFiles.ts";

function addressOf(view: NetworkView, port: PortView): { address: string; gateway: string } {
  const subnet = view.subnets.find(({ subnetId }) => subnetId === port.subnetId);
  if (!subnet)
    throw new Error(`ENI ${port.eniId} is in subnet ${port.subnetId}, which VPC ${view.vpcId} does not have`);
  return { address: `${port.primaryAddress}/${blockOf(subnet.cidr).prefix}`, gateway: subnet.gateway };
}

/** For systemd-networkd. */
export function networkdEth0(view: NetworkView, port: PortView): ImageFile {
  const { address, gateway } = addressOf(view, port);
  const content = `[Match]
Name=eth0

[Network]
Address=${address}
Gateway=${gateway}
LinkLocalAddressing=no
IPv6AcceptRA=no
`;
  return { path: "/etc/systemd/network/10-eth0.network", mode: 0o644, content };
}

/**
 * For netplan, in cloud-init's own words, but for `match` and `set-name`: netplan looks for the permanent MAC, and the lab's
 * cables have none.
 */
export function netplanEth0(view: NetworkView, port: PortView): ImageFile {
  const { address, gateway } = addressOf(view, port);
  const content = `# This file is generated from information provided by the datasource.  Changes
# to it will not persist across an instance reboot.  To disable cloud-init's
# network configuration capabilities, write a file
# /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg with the following:
# network: {config: disabled}
network:
    version: 2
    ethernets:
        eth0:
            addresses:
            - ${address}
            routes:
            -   to: 0.0.0.0/0
                via: ${gateway}
`;
  return { path: "/etc/netplan/50-cloud-init.yaml", mode: 0o600, content };
}

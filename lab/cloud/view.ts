import type { NetworkView, PortView } from "../dataplane.ts";
import { gatewayOf } from "./account/api/addresses.ts";
import type { Model } from "./account/model.ts";
import type { Eni } from "./account/records.ts";
import { rulesFor } from "./vpc/securityGroupRules.ts";

/** An ENI has a port once it is attached in earnest, and until its machine is let go. */
const hasPort = (eni: Eni) => eni.attachment !== null && eni.state !== "ATTACHING";

function portOf(model: Model, eni: Eni): PortView {
  return {
    eniId: eni.id,
    subnetId: eni.subnetId,
    instanceId: eni.attachment?.instanceId ?? "",
    deviceIndex: eni.attachment?.deviceIndex ?? 0,
    mac: eni.mac,
    primaryAddress: eni.addresses.find(({ primary }) => primary)?.address ?? "",
    // An address on its way to another ENI still works here; one being assigned doesn't work yet.
    addresses: eni.addresses.filter(({ state }) => state !== "PENDING").map(({ address }) => address),
    ingress: rulesFor(model, eni.groupIds, "ingress"),
    egress: rulesFor(model, eni.groupIds, "egress"),
  };
}

function publicAddresses(model: Model, vpcId: string): NetworkView["publicAddresses"] {
  const pairs: NetworkView["publicAddresses"] = [];
  for (const eip of model.eips.values()) {
    const eni = eip.binding && model.enis.get(eip.binding.eniId);
    if (!eip.binding || !eni || eni.vpcId !== vpcId || eip.state === "BINDING") continue;
    // An EIP that was left behind points at an address that is no longer on its ENI: its packets go nowhere.
    if (!eni.addresses.some(({ address }) => address === eip.binding?.address)) continue;
    pairs.push({ publicIp: eip.publicIp, privateIp: eip.binding.address });
  }
  for (const instance of model.instances.values()) {
    if (instance.vpcId !== vpcId || !instance.publicIp) continue;
    const eni = [...model.enis.values()].find((e) => e.primary && e.attachment?.instanceId === instance.id);
    const privateIp = eni?.addresses[0]?.address;
    if (privateIp) pairs.push({ publicIp: instance.publicIp, privateIp });
  }
  return pairs;
}

/** What the model means for packets. */
export function networksOf(model: Model): NetworkView[] {
  return [...model.vpcs.values()].map((vpc) => ({
    vpcId: vpc.id,
    cidr: vpc.cidr,
    subnets: [...model.subnets.values()]
      .filter(({ vpcId }) => vpcId === vpc.id)
      .map(({ id, cidr }) => ({ subnetId: id, cidr, gateway: gatewayOf(cidr) })),
    ports: [...model.enis.values()]
      .filter((eni) => eni.vpcId === vpc.id && hasPort(eni))
      // A machine that is gone has no ports, though its primary ENI keeps its address for a moment.
      .filter((eni) => model.instances.has(eni.attachment?.instanceId ?? ""))
      .map((eni) => portOf(model, eni)),
    publicAddresses: publicAddresses(model, vpc.id),
  }));
}

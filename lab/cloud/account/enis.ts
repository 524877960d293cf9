/** Which ENIs hang where, and which public address stands for which private one. */
import type { Model } from "./model.ts";
import type { Eni, PrivateIp } from "./records.ts";

/** ENIs of a machine, primary first. */
export const enisOf = (model: Model, instanceId: string): Eni[] =>
  [...model.enis.values()]
    .filter(({ attachment }) => attachment?.instanceId === instanceId)
    .sort((one, other) => (one.attachment?.deviceIndex ?? 0) - (other.attachment?.deviceIndex ?? 0));

/** The public address of a private one: an EIP, or on a machine's primary NIC the machine's own; "" without. */
export function publicOf(model: Model, eni: Eni, ip: PrivateIp): { publicIp: string; eipId: string } {
  for (const { id, publicIp, binding, state } of model.eips.values()) {
    if (state === "READY" && binding?.eniId === eni.id && binding.address === ip.address)
      return { publicIp, eipId: id };
  }
  const instance = eni.primary && ip.primary && eni.attachment && model.instances.get(eni.attachment.instanceId);
  return { publicIp: instance ? instance.publicIp : "", eipId: "" };
}

/** The public addresses of an ENI, in the order of the private ones. */
export const publicAddresses = (model: Model, eni: Eni): string[] =>
  eni.addresses.map((ip) => publicOf(model, eni, ip).publicIp).filter((address) => address !== "");

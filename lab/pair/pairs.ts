/** The highly available pairs that are in the local cloud, whoever made them. */
import { imageOf } from "../cloud/cvm/image.ts";
import type { Cloud } from "../cloud/index.ts";

export interface CloudNode {
  instanceId: string;
  /** The dedicated ENI: VRRP and the VIP. */
  eniId: string;
  address: string;
  /** Public address of the node itself, "" without. */
  publicIp: string;
  /** Where SSH reaches it: its public address, else that of its first NIC, which is reached through a bastion. */
  sshHost: string;
  /** The account that the image lets in by SSH. */
  sshUser: string;
}

export interface CloudPair {
  /** `<project>-<stack>`: the ENIs are named after it, with -a and -b; the machines may be a user's own, named otherwise. */
  pair: string;
  vpcId: string;
  vip: string;
  /** EIP on the VIP. */
  publicIp: string | null;
  /** Node whose ENI has the VIP, AVAILABLE. */
  cloudHolder: "a" | "b" | null;
  nodes: Record<"a" | "b", CloudNode>;
}

/**
 * Two machines with an ENI more, which are named alike but for -a and -b, and an address that can move.
 * @param seen each pair's VIP as last seen, for the time in which it is on none of them
 */
export function pairsOfModel(
  { model, holderOf }: Pick<Cloud, "model" | "holderOf">,
  seen = new Map<string, string>(),
): CloudPair[] {
  const enis = [...model.enis.values()];
  // A machine of the user's may have an EIP instead of a public address of its own.
  const eipOf = (primary: (typeof enis)[number] | undefined) =>
    [...model.eips.values()].find(({ binding }) => binding !== null && binding.eniId === primary?.id)?.publicIp ?? "";
  const nodes = new Map<string, Partial<Record<"a" | "b", CloudNode & { vpcId: string; subnetId: string }>>>();
  for (const eni of enis) {
    const [, pair = "", node] = /^(.+)-([ab])$/.exec(eni.name) ?? [];
    const instance = model.instances.get(eni.attachment?.instanceId ?? "");
    const address = eni.addresses.find(({ primary }) => primary)?.address;
    if ((node !== "a" && node !== "b") || eni.primary || !instance || !address || instance.state === "TERMINATING") {
      continue;
    }
    const { id: instanceId } = instance;
    const first = enis.find((one) => one.primary && one.attachment?.instanceId === instanceId);
    const publicIp = instance.publicIp || eipOf(first);
    const sshHost = publicIp || (first?.addresses.find(({ primary }) => primary)?.address ?? "");
    const sshUser = imageOf(instance.imageId)?.user ?? "root";
    const found = {
      instanceId,
      eniId: eni.id,
      address,
      publicIp,
      sshHost,
      sshUser,
      vpcId: eni.vpcId,
      subnetId: eni.subnetId,
    };
    nodes.set(pair, { ...nodes.get(pair), [node]: found });
  }
  return [...nodes].flatMap(([pair, { a, b }]) => {
    if (!a || !b) return [];
    const movable = (fits: (eni: (typeof enis)[number]) => boolean) =>
      enis.filter(fits).flatMap(({ addresses }) => addresses.find(({ primary }) => !primary)?.address ?? [])[0];
    const vip =
      movable(({ id }) => id === a.eniId || id === b.eniId) ??
      seen.get(pair) ??
      movable(({ subnetId }) => subnetId === a.subnetId) ??
      "";
    seen.set(pair, vip);
    const holder = holderOf(a.vpcId, vip);
    const eip = [...model.eips.values()].find(
      ({ binding }) => binding?.address === vip && model.enis.get(binding.eniId)?.vpcId === a.vpcId,
    );
    return [
      {
        pair,
        vpcId: a.vpcId,
        vip,
        publicIp: eip?.publicIp ?? null,
        cloudHolder: holder === a.eniId ? "a" : holder === b.eniId ? "b" : null,
        nodes: { a, b },
      } satisfies CloudPair,
    ];
  });
}

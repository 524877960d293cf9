import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import type { NodeName } from "../render/model.ts";

export interface VirtualIpArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  vpcId: pulumi.Input<string>;
  subnetId: pulumi.Input<string>;
  securityGroupIds: pulumi.Input<string>[];
  vip: string;
  /** Primary address of each node's ENI. */
  nodeAddresses: Record<NodeName, string>;
  /** The node whose ENI has the VIP now. Of effect only where something is made: an ENI, or the EIP's binding. */
  activeNode: NodeName;
  /** Whether an ENI is on a machine: from then on the nodes move the VIP. */
  attached: boolean;
  /** The EIP on the VIP: one that is there, or the bandwidth in Mbit/s of one that is made; null without an EIP. */
  eip: VipEip | { bandwidthMbps: number } | null;
  tags: Record<string, string>;
}

/** An EIP for the VIP. */
export interface VipEip {
  id: pulumi.Input<string>;
  address: pulumi.Input<string>;
}

/**
 * Where the VIP lives: one ENI per node, the VIP as a secondary address of one of them, and the EIP on it if there is one.
 * ENIs of their own and not the instances' primary NICs, because they outlive a replaced instance, because the provider
 * never re-reads an ENI's addresses (a failover is no drift), and because an instance that still had the VIP could not be
 * deleted (the provider waits until each address of the primary NIC is free).
 */
export class VirtualIp extends pulumi.ComponentResource {
  readonly enis: Record<NodeName, tencentcloud.Eni>;
  readonly eip: VipEip | undefined;
  /** The EIP's binding. It has to be there before the ENIs are attached: from then on a node may move the VIP. */
  readonly eipBinding: tencentcloud.EipAssociation | undefined;

  constructor(name: string, args: VirtualIpArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:VirtualIp", name, {}, opts);
    const { pair, vip, attached, tags } = args;

    const eniFor = (node: NodeName) =>
      new tencentcloud.Eni(
        `${name}-eni-${node}`,
        {
          name: `${pair}-${node}`,
          description: `VRRP address of node ${node}`,
          vpcId: args.vpcId,
          subnetId: args.subnetId,
          orderlySecurityGroups: args.securityGroupIds,
          ipv4s: addressesOf(args, node),
          tags,
        },
        {
          parent: this,
          // The nodes move the VIP between the ENIs; a change of ipv4s here would be sent to the ENI that has lost it.
          ...(attached ? { ignoreChanges: ["ipv4s", "ipv4Count"] } : { replaceOnChanges: ["ipv4s"] }),
          // Explicit addresses are in use until the old ENI is gone, so it goes first.
          deleteBeforeReplace: true,
        },
      );
    this.enis = { a: eniFor("a"), b: eniFor("b") };

    const makeEip = (bandwidthMbps: number): VipEip => {
      const { eipId, publicIp } = new tencentcloud.Eip(
        `${name}-eip`,
        {
          name: pair,
          internetChargeType: "TRAFFIC_POSTPAID_BY_HOUR",
          internetMaxBandwidthOut: bandwidthMbps,
          tags,
        },
        { parent: this },
      );
      return { id: eipId, address: publicIp };
    };
    if (args.eip !== null) {
      this.eip = "id" in args.eip ? args.eip : makeEip(args.eip.bandwidthMbps);
      // The end of the binding leaves the EIP, and whose it is.
      this.eipBinding = new tencentcloud.EipAssociation(
        `${name}-eip-binding`,
        {
          eipId: this.eip.id,
          networkInterfaceId: this.enis[args.activeNode].eniId,
          privateIp: vip,
        },
        {
          parent: this,
          // Made where the VIP is, and left alone ever after: the nodes keep it on the VIP, also when an ENI is rebuilt. Made
          // anew with the ENI it would meet the MASTER, which binds an EIP that it sees unbound, and fail.
          ...(attached && { ignoreChanges: ["networkInterfaceId", "privateIp"] }),
          deleteBeforeReplace: true,
        },
      );
    }

    this.registerOutputs({ vip, publicIp: this.eip?.address });
  }
}

type Ipv4 = tencentcloud.types.input.EniIpv4;

function addressesOf({ nodeAddresses, vip, activeNode }: VirtualIpArgs, node: NodeName): Ipv4[] {
  const primary = { ip: nodeAddresses[node], primary: true, description: `node ${node}` };
  return node === activeNode ? [primary, { ip: vip, primary: false, description: "VIP" }] : [primary];
}

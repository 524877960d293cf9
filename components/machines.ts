/** The two ways to a node's machine: made for the pair, or there before it. */
import type * as pulumi from "@pulumi/pulumi";
import type { NodeName } from "../render/model.ts";
import { ExistingNode } from "./existingNode.ts";
import type { ExistingMachines } from "./lookups/machineRules.ts";
import type { Network } from "./network.ts";
import { Node } from "./node.ts";
import { NodeTemplate } from "./nodeTemplate.ts";
import type { MachineSettings } from "./replacement.ts";
import { secretFor, withSecret } from "./ssh/firstLogin.ts";
import type { VirtualIp } from "./virtualIp.ts";

/** What has to be in place before a machine starts, and before its ENI is attached and the node may take the VIP. */
export interface MachineOrder {
  start: pulumi.Resource[];
  attach: pulumi.Resource[];
}

export interface Machine {
  instanceId: pulumi.Input<string>;
  attachment: pulumi.Resource;
  sshHost: pulumi.Input<string>;
  /** Its own public address, null without one. */
  publicIp: pulumi.Input<string | null>;
  /** What it proves its host key with at the first login (ssh/firstLogin.ts), null where it was given nothing. */
  secret: string | null;
}

export type MachineMaker = (node: NodeName, order: MachineOrder) => Machine;

/** What both ways have to know of the pair. */
interface MachineArgs {
  enis: VirtualIp["enis"];
  /** Of both machines, before their ENI is attached. */
  attachAfter: pulumi.Resource[];
}

export interface ExistingMachinesArgs extends MachineArgs {
  machines: ExistingMachines["machines"];
}

export function existingMachines(
  name: string,
  { machines, enis, attachAfter }: ExistingMachinesArgs,
  opts: pulumi.ComponentResourceOptions,
): MachineMaker {
  return (node, order) => {
    const { instanceId, sshHost, publicIp } = machines[node];
    const args = { instanceId, eniId: enis[node].eniId, attachAfter: [...attachAfter, ...order.attach] };
    const { attachment } = new ExistingNode(`${name}-${node}`, args, opts);
    return { instanceId, attachment, sshHost, publicIp, secret: null };
  };
}

export interface NewMachinesArgs extends MachineArgs {
  settings: MachineSettings & {
    pair: string;
    imageId: string;
    sshPrivateKey?: string | undefined;
    tags: Record<string, string>;
  };
  zone: string;
  network: Network;
  roleName: pulumi.Input<string> | undefined;
  /** As designOf has it. */
  design: string;
}

export function newMachines(name: string, args: NewMachinesArgs, opts: pulumi.ComponentResourceOptions): MachineMaker {
  const { settings, network, enis } = args;
  const { pair, tags } = settings;
  const { imageId, keyPairId, placementGroupId } = new NodeTemplate(`${name}-template`, settings, opts);
  return (node, order) => {
    const { userData, secret } = provingUserData(settings, node);
    const { instance, attachment, sshHost } = new Node(
      `${name}-${node}`,
      {
        instanceName: `${pair}-${node}`,
        zone: args.zone,
        vpcId: network.vpcId,
        subnetId: network.subnetId,
        securityGroupIds: network.securityGroupIds,
        imageId,
        instanceType: settings.instanceType,
        keyPairId,
        placementGroupId,
        roleName: args.roleName,
        systemDiskType: settings.systemDiskType,
        systemDiskSizeGb: settings.systemDiskSizeGb,
        userData,
        publicIp: settings.nodePublicIp,
        eniId: enis[node].eniId,
        design: args.design,
        // The ENIs first: the cloud picks the machines' own addresses, and could pick one that is meant for an ENI.
        startAfter: [network.rules, enis.a, enis.b, ...order.start],
        attachAfter: [...args.attachAfter, ...order.attach],
        tags,
      },
      opts,
    );
    const publicIp = settings.nodePublicIp ? instance.publicIp : null;
    return { instanceId: instance.instanceId, attachment, sshHost, publicIp, secret };
  };
}

/** The user data as the machine gets it, and the secret that was put into it, where there is a key to make it of. */
function provingUserData({ pair, userData, sshPrivateKey }: NewMachinesArgs["settings"], node: NodeName) {
  const secret = sshPrivateKey === undefined ? null : secretFor(sshPrivateKey, pair, node);
  const both = secret === null ? null : withSecret(userData, secret);
  return both === null ? { userData, secret: null } : { userData: both, secret };
}

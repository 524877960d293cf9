import * as pulumi from "@pulumi/pulumi";
import type { Bastion, CloudIds, NodeName, PairSettings, ServicePort } from "../render/model.ts";
import { renderCloud, renderKey, renderStatic } from "../render/render.ts";
import { type HandoverArgs, handover } from "./handover.ts";
import type { PlaceSettings } from "./lookups/facts.ts";
import { existingMachines, type MachineOrder, newMachines } from "./machines.ts";
import { Network } from "./network.ts";
import { NodeFiles } from "./nodeFiles.ts";
import { type CallerKind, NodeRole } from "./nodeRole.ts";
import { designOf, designOfExisting, type MachineSettings, orderOf } from "./replacement.ts";
import type { Running } from "./running.ts";
import { hostKeyOf } from "./ssh/hostKey.ts";
import type { Login } from "./ssh/login.ts";
import { VirtualIp } from "./virtualIp.ts";

/** Everything that can be set of a pair, of MachineSettings without instanceIds. `pair` (see pairName) names it in the cloud. */
export interface HaPairSettings
  extends Omit<PairSettings, "subnetCidr" | "nodeAddresses">,
    MachineSettings,
    PlaceSettings {
  /** An EIP of the pair's own on the VIP. */
  publicIp: boolean;
  publicIpBandwidthMbps: number;
  /** PEM; the private half of sshPublicKey or keyPairId. */
  sshPrivateKey?: string | undefined;
  /** An agent that has it: a socket, or the word SSH_AUTH_SOCK. */
  agentSocketPath?: string | undefined;
  sshUser: string;
  /** SSH goes through it. */
  bastion?: Bastion | null | undefined;
  /** Host keys to insist on, or `any`; by default the one that a machine showed at its first login. */
  hostKeys: Partial<Record<NodeName, string | undefined>>;
  sshCidrs: string[];
  servicePorts: ServicePort[];
  serviceCidrs: string[];
  tags: Record<string, string>;
}

export interface HaPairArgs {
  settings: HaPairSettings;
  /** What lookUp found for the same name and settings. */
  running: Running;
}

/** What else has to be in place, for each step of a node. */
interface Order extends MachineOrder {
  install: pulumi.Resource[];
}

/** A node as the outputs show it. */
export interface NodeOutput {
  instanceId: string;
  eniId: string;
  /** Its VRRP address. */
  address: string;
  /** Its own public address, null without one. */
  publicIp: string | null;
  /** The address by which `up` logs in: on a machine that was there before, that of its first NIC. */
  sshHost: string;
  sshUser: string;
  /** The host key that every login insists on, null where any is accepted. */
  hostKey: string | null;
}

/** How one logs in on the nodes. */
export interface AccessOutput {
  /** PEM, null where an agent has it. */
  privateKey: string | null;
  /** As the setting has it, null without one. */
  agentSocketPath: string | null;
  /** What SSH goes through, null without one; its privateKey is null where the agent has it. */
  bastion: { host: string; port: number; user: string; hostKey: string | null; privateKey: string | null } | null;
}

function accessTo({ bastion, ...settings }: HaPairSettings): AccessOutput {
  const privateKey = settings.sshPrivateKey ?? null;
  const through = bastion && {
    ...bastion,
    hostKey: bastion.hostKey ?? null,
    privateKey: bastion.privateKey ?? privateKey,
  };
  return { privateKey, agentSocketPath: settings.agentSocketPath ?? null, bastion: through ?? null };
}

/** The settings with the key that the stack has made, where the user names none. */
const withOwnKey = ({ settings, running: { ownKey } }: HaPairArgs): HaPairSettings =>
  ownKey === null ? settings : { ...settings, sshPublicKey: ownKey.publicKey, sshPrivateKey: ownKey.privateKey };

/**
 * Two nodes, one VIP: everything that has to exist in the cloud, and the files on both nodes.
 *
 *     const running = await lookUp("ha", settings);
 *     const ha = new HaPair("ha", { settings, running });
 */
export class HaPair extends pulumi.ComponentResource {
  readonly vip: string;
  /** The EIP's address, null without one. */
  readonly publicIp: pulumi.Output<string | null>;
  readonly nodes: pulumi.Output<Record<NodeName, NodeOutput>>;
  /** Secret. */
  readonly access: pulumi.Output<AccessOutput>;

  constructor(name: string, args: HaPairArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:HaPair", name, {}, opts);
    const { running } = args;
    const settings = withOwnKey(args);
    const { pair, vip, region, tags } = settings;
    const { place } = running;
    const { nodeAddresses } = place;
    const known: PairSettings = { ...settings, subnetCidr: place.subnetCidr, nodeAddresses };
    const child = { parent: this };
    const network = new Network(`${name}-network`, { ...settings, place }, child);
    const { vpcId, subnetId, securityGroupIds } = network;
    const ownEip = settings.publicIp ? { bandwidthMbps: settings.publicIpBandwidthMbps } : null;
    const virtualIp = new VirtualIp(
      `${name}-vip`,
      {
        pair,
        vpcId,
        subnetId,
        securityGroupIds,
        vip,
        nodeAddresses,
        activeNode: running.activeNode,
        attached: running.attached,
        eip: place.eip ?? ownEip,
        tags,
      },
      child,
    );
    const { enis, eip, eipBinding } = virtualIp;
    const { existing } = running;
    const access = new NodeRole(
      `${name}-access`,
      { pair, region, eniIds: [enis.a.eniId, enis.b.eniId], eipId: eip?.id, caller: callerOf(existing), tags },
      child,
    );
    const ids = pulumi
      .all([enis.a.eniId, enis.b.eniId, enis.a.mac, enis.b.mac, eip?.id])
      .apply(([aId, bId, aMac, bMac, eipId]): CloudIds => {
        return { eniIds: { a: aId, b: bId }, eniMacs: { a: aMac, b: bMac }, eipId: eipId ?? null };
      });
    const design = settings.instanceIds ? designOfExisting(settings.instanceIds) : designOf(settings);
    const readyToServe = [access.grant, ...(eipBinding ? [eipBinding] : [])];
    const machineOf = existing
      ? existingMachines(name, { machines: existing.machines, enis, attachAfter: readyToServe }, child)
      : newMachines(
          name,
          {
            settings: { ...settings, imageId: running.imageId },
            zone: place.zone,
            network,
            enis,
            roleName: access.roleName,
            design,
            attachAfter: readyToServe,
          },
          child,
        );
    const keyFiles = access.key?.apply(renderKey);
    const build = (node: NodeName, order: Order) => {
      const machine = machineOf(node, order);
      const { sshPrivateKey: privateKey, agentSocketPath, sshUser: user, bastion } = settings;
      const unknown: Login = {
        host: machine.sshHost,
        user,
        privateKey,
        agentSocketPath,
        bastion,
        sshCidrs: existing ? null : settings.sshCidrs,
        hostKey: null,
      };
      const { instanceId } = machine;
      const hostKey = hostKeyOf(
        `${name}-${node}-host-key`,
        { node, given: settings.hostKeys[node], login: unknown, instanceId, secret: machine.secret },
        child,
      );
      const login = { ...unknown, hostKey };
      const files = new NodeFiles(
        `${name}-${node}-files`,
        {
          login,
          staticFiles: renderStatic(known, node),
          cloudFiles: ids.apply((cloudIds) => renderCloud(known, cloudIds, node)),
          secretFiles: keyFiles,
          instanceId,
          existingId: existing?.machines[node].instanceId,
          attachment: machine.attachment,
          foundation: network.foundation,
          repair: running.repair,
          installAfter: order.install,
        },
        child,
      );
      return { machine, files, login };
    };
    type Built = ReturnType<typeof build>;
    const takeOver = (giver: NodeName, taker: Built, take: HandoverArgs["take"]) => {
      const after = [taker.files.installed];
      const { keepConnectionsS } = settings;
      return handover(
        `${name}-${giver}-handover`,
        { taker: taker.login, design, take, keepConnectionsS, after },
        child,
      );
    };
    const order = orderOf(running);
    const one = build(order[0], { start: [], attach: [], install: [] });
    const proved = [one.files.installed];
    const handedOver = running.attached
      ? [takeOver(order[1], one, running.servingId === undefined ? "may" : "must")]
      : [];
    const two = build(order[1], { start: running.attached ? proved : [], attach: handedOver, install: proved });
    if (!running.attached) takeOver(order[1], one, "no");
    takeOver(order[0], two, "no");
    const [a, b] = order[0] === "a" ? [one, two] : [two, one];

    this.access = pulumi.secret(accessTo(settings));
    this.vip = vip;
    this.publicIp = pulumi.output<string | null>(eip ? eip.address : null);
    const shown = (node: NodeName, { machine, login }: Built) =>
      pulumi
        .all([machine.instanceId, enis[node].eniId, machine.publicIp, machine.sshHost, login.hostKey])
        .apply(([instanceId, eniId, publicIp, sshHost, hostKey]): NodeOutput => {
          const address = nodeAddresses[node];
          return { instanceId, eniId, address, publicIp, sshHost, sshUser: settings.sshUser, hostKey };
        });
    this.nodes = pulumi.all([shown("a", a), shown("b", b)]).apply(([nodeA, nodeB]) => ({ a: nodeA, b: nodeB }));
    this.registerOutputs({ vip: this.vip, publicIp: this.publicIp, nodes: this.nodes });
  }
}

/** Machines that were there before are given no role: theirs gets the policy, or they get a key. */
function callerOf(existing: Running["existing"]): CallerKind {
  if (!existing) return { kind: "own" };
  return existing.roleId === undefined ? { kind: "key" } : { kind: "role", roleId: existing.roleId };
}

/** What has to be known of a running stack before its resources can be put in order. */
import { randomUUID } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { type NodeName, nodeNames } from "../render/model.ts";
import { checkUnused, type OwnKey, ownKey } from "./keys.ts";
import type { Place, PlaceSettings } from "./lookups/facts.ts";
import { type ExistingMachines, existingOf, machineProblems, placeFor } from "./lookups/machineRules.ts";
import { lookUpMachines } from "./lookups/machines.ts";
import { lookUpNetwork } from "./lookups/network.ts";
import { placeOf, placeProblems } from "./lookups/place.ts";
import { refuse } from "./lookups/refusal.ts";
import { settled } from "./settled.ts";

export interface LookUpArgs extends ImageArgs, PlaceSettings {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  region: string;
  /** An EIP of the pair's own on the VIP. */
  publicIp: boolean;
  /** Machines that were there before the pair, undefined where it makes its own. */
  instanceIds?: Record<NodeName, string> | undefined;
  /** Their role, undefined where they call the cloud by a key. */
  nodeRole?: string | undefined;
  /** The user's key for the machines; with neither the stack has one of its own. */
  sshPublicKey?: string | undefined;
  keyPairId?: string | undefined;
}

interface ImageArgs {
  /** The image; looked up by imageName when undefined. */
  imageId?: string | undefined;
  /** Part of a public image's name, for example `Debian 12`. */
  imageName: string;
  instanceType: string;
}

/** A stack as this run finds it. */
export interface Running extends VipHolder {
  /** Whether this run makes the stack: then both machines start at once. In a running one they never change together. */
  firstRun: boolean;
  /** Where the pair is. */
  place: Place;
  /** What a new machine is made of. */
  imageId: string;
  /** The key that the stack has made, null where the user names one. */
  ownKey: OwnKey | null;
  /** Machines that were there before the pair; then imageId is empty. */
  existing: ExistingMachines | null;
}

/**
 * Looks at the stack, for the pair that is then made with the same name. Await it before anything else is made: then a
 * refusal is one message, and nothing has been created or changed.
 * @param options the provider, where the pair gets one of its own.
 * @throws RunError when something differs that a running pair can't change, no image has the name, or the
 * account has the public key already.
 */
export async function lookUp(name: string, args: LookUpArgs, options?: pulumi.InvokeOptions): Promise<Running> {
  const { pair, region, vip, instanceIds, nodeRole, sshPublicKey, keyPairId } = args;
  // Before the Stash: what is refused here must not have become what the stack was made with.
  const named = instanceIds && { instanceIds, nodeRole };
  const machines = named && (await lookUpMachines(named, options));
  const wanted = machines ? placeFor(args, machines) : args;
  const facts = await lookUpNetwork(wanted, pair, options);
  const ofMachines = machines ? machineProblems({ ...args, ...named }, pair, machines, facts) : [];
  refuse([...ofMachines, ...placeProblems(wanted, facts, pair, region)]);
  if (sshPublicKey !== undefined) await checkUnused(pair, sshPublicKey, options);
  const existing = machines ? existingOf(machines) : null;
  const { firstRun, place } = await checkIdentity(`${name}-identity`, wanted, placeOf(wanted, facts));
  const [holder, imageId, own] = await Promise.all([
    firstRun ? nobody : vipHolder(pair, vip, options),
    existing ? "" : (args.imageId ?? newestImage(args, options)),
    existing || sshPublicKey !== undefined || keyPairId !== undefined ? null : ownKey(`${name}-key`),
  ]);
  return { firstRun, place, ...holder, imageId, ownKey: own, existing };
}

/** What the stack was made with, as far as a later change has to be judged by it. */
interface Identity {
  zone: string;
  /** Undefined in an existing VPC. */
  vpcCidr?: string | undefined;
  subnetCidr: string;
  vip: string;
  nodeAddressA: string;
  nodeAddressB: string;
  /** What was there before; undefined for what the stack made, as in a Stash from before there was a choice. */
  vpcId?: string | undefined;
  subnetId?: string | undefined;
  publicIpId?: string | undefined;
  machines?: "existing" | undefined;
}

/** What a running pair can't change in place, with the keys that the user knows. */
const fixed = {
  vpcId: "vpcId",
  subnetId: "subnetId",
  zone: "zone",
  vpcCidr: "vpcCidr",
  subnetCidr: "subnetCidr",
  vip: "vip",
  nodeAddressA: "nodeAddresses.a",
  nodeAddressB: "nodeAddresses.b",
} as const;

/** One line per value that differs from what the stack was made with. */
function problemsOf(made: Identity, wanted: Identity, ownEip: boolean): string[] {
  const refused = (key: string, came: string | undefined, allowed: string | undefined) => {
    const text = (value: string | undefined) => (value === undefined ? "none" : `"${value}"`);
    return `${key}: ${text(came)} can't be applied to the running stack; allowed: ${text(allowed)}`;
  };
  const isId = (field: string) => field === "vpcId" || field === "subnetId";
  const problems = (Object.keys(fixed) as (keyof typeof fixed)[])
    .filter((field) => made[field] !== wanted[field])
    // That there is a VPC's id where was a network, or the other way round, is said once.
    .filter((field) => isId(field) || (made[field] !== undefined && wanted[field] !== undefined))
    .map((field) => refused(fixed[field], wanted[field], made[field]));
  // An EIP that was there may be let go of, and taken again. For another one there would be two moments of one update in which
  // the MASTER, which binds an EIP that it sees unbound, and the engine are in each other's way.
  if (wanted.publicIpId !== undefined && wanted.publicIpId !== made.publicIpId) {
    problems.push(refused("publicIpId", wanted.publicIpId, made.publicIpId));
  }
  if (wanted.machines !== made.machines) {
    problems.push(
      wanted.machines === undefined
        ? `instanceIds: none can't be applied to the running stack, whose machines were there before; allowed: two machines`
        : `instanceIds: can't be applied to the running stack, which has machines of its own; allowed: none`,
    );
  }
  if (ownEip && made.publicIpId !== undefined) problems.push(refused("publicIp", "true", "false"));
  return problems;
}

/**
 * Holds what is wanted against what the stack was made with, and tells whether this run is the one that makes it, and where
 * the pair is: node addresses that were chosen stay.
 *
 * The nodes move the VIP, so the ENIs' addresses are in ignoreChanges, and there a changed VIP would be ignored in silence.
 * What the stack was made with is therefore kept in a Stash: the engine itself returns a Stash's first value for as long as
 * the stack lives, without a provider and in previews too (pulumi/pulumi pkg/resource/deploy/builtins.go; engines from
 * 3.208). Why not otherwise: a StackReference to the own stack has no outputs after an update that failed half-way; a hook
 * on the ENI's update never fires, since the change is ignored, and one elsewhere fires while other resources are already
 * under way; the addresses of the ENIs in the cloud don't tell who put them there.
 */
async function checkIdentity(
  name: string,
  { vip, vpcCidr, nodeAddresses, publicIp, publicIpId, instanceIds }: LookUpArgs,
  place: Place,
): Promise<{ firstRun: boolean; place: Place }> {
  const wanted: Identity = {
    zone: place.zone,
    vpcCidr,
    subnetCidr: place.subnetCidr,
    vip,
    nodeAddressA: place.nodeAddresses.a,
    nodeAddressB: place.nodeAddresses.b,
    vpcId: place.vpcId ?? undefined,
    subnetId: place.subnetId ?? undefined,
    publicIpId,
    machines: instanceIds && "existing",
  };
  const input = { ...wanted, run: randomUUID() };
  // ignoreChanges: a refused change would otherwise be written to the state, as the stash's newest input.
  const stash = new pulumi.Stash(name, { input }, { ignoreChanges: ["input"] });
  const made = (await settled(stash.output)) ?? input;
  const kept = { a: nodeAddresses.a ?? made.nodeAddressA, b: nodeAddresses.b ?? made.nodeAddressB };
  const problems = problemsOf(made, { ...wanted, nodeAddressA: kept.a, nodeAddressB: kept.b }, publicIp);
  if (problems.length > 0) throw new pulumi.RunError(refusal(problems));
  return { firstRun: made.run === input.run, place: { ...place, nodeAddresses: kept } };
}

const refusal = (problems: string[]): string =>
  `The running stack was made with other addresses; nothing was changed.\n${problems.map((text) => `  ${text}`).join("\n")}\n` +
  "Set the old value again, or make a second stack with the new one, or take this one down first: " +
  "pulumi destroy --refresh, then pulumi up";

/** Which node the cloud delivers to. */
interface VipHolder {
  /** The node that has the VIP, which is changed last; `a` while neither has it. */
  activeNode: NodeName;
  /**
   * Whether that node's ENI is on a machine. If not, nobody serves, as after a first update that ended half-way, and there is
   * nothing to take over.
   */
  activeAttached: boolean;
}

/** In a new stack. */
const nobody: VipHolder = { activeNode: "a", activeAttached: false };

/**
 * The node whose ENI has the VIP now. Looked up by address: an id that has gone would fail the whole
 * update. The ENIs are told apart by name, and since the filter is fuzzy and other VPCs may use the address, by both.
 */
async function vipHolder(pair: string, vip: string, options?: pulumi.InvokeOptions): Promise<VipHolder> {
  const { enis } = await tencentcloud.getEnis({ ipv4: vip }, options);
  const holder = enis?.find(({ name, ipv4s }) => name?.slice(0, -2) === pair && ipv4s?.some(({ ip }) => ip === vip));
  const activeNode = nodeNames.find((node) => holder?.name === `${pair}-${node}`) ?? "a";
  return { activeNode, activeAttached: Boolean(holder?.instanceId) };
}

/** Newest first, by the provider's own order; the instance type leaves out images for other processors. */
async function newestImage({ imageName, instanceType }: ImageArgs, options?: pulumi.InvokeOptions): Promise<string> {
  const wanted = { imageTypes: ["PUBLIC_IMAGE"], osName: imageName, instanceType };
  const id = (await tencentcloud.getImages(wanted, options)).images[0]?.imageId;
  if (id !== undefined) return id;
  throw new pulumi.RunError(
    `imageName: no public image for ${instanceType} has "${imageName}" in its name; allowed: part of an image name ` +
      "as the console shows it, or imageId",
  );
}

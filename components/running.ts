/** What has to be known of a running stack before its resources can be put in order. */
import { randomUUID } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { type NodeName, nodeNames } from "../render/model.ts";
import { checkUnused, type OwnKey, ownKey } from "./keys.ts";
import { settled } from "./settled.ts";

export interface LookUpArgs extends ImageArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  zone: string;
  vpcCidr: string;
  subnetCidr: string;
  vip: string;
  nodeAddresses: Record<NodeName, string>;
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
  /** What a new machine is made of. */
  imageId: string;
  /** The key that the stack has made, null where the user names one. */
  ownKey: OwnKey | null;
}

/**
 * Looks at the stack, for the pair that is then made with the same name. Await it before anything else is made: then a
 * refusal is one message, and nothing has been created or changed.
 * @param options the provider, where the pair gets one of its own.
 * @throws RunError when something differs that a running pair can't change, no image has the name, or the
 * account has the public key already.
 */
export async function lookUp(name: string, args: LookUpArgs, options?: pulumi.InvokeOptions): Promise<Running> {
  const { pair, zone, vpcCidr, subnetCidr, vip, nodeAddresses, sshPublicKey, keyPairId } = args;
  const firstRun = await checkIdentity(`${name}-identity`, {
    zone,
    vpcCidr,
    subnetCidr,
    vip,
    nodeAddressA: nodeAddresses.a,
    nodeAddressB: nodeAddresses.b,
  });
  const [holder, imageId, own] = await Promise.all([
    firstRun ? nobody : vipHolder(pair, vip, options),
    args.imageId ?? newestImage(args, options),
    sshPublicKey === undefined && keyPairId === undefined ? ownKey(`${name}-key`) : null,
    sshPublicKey === undefined ? null : checkUnused(pair, sshPublicKey, options),
  ]);
  return { firstRun, ...holder, imageId, ownKey: own };
}

/** What the stack was made with, as far as a later change has to be judged by it. */
interface Identity {
  zone: string;
  vpcCidr: string;
  subnetCidr: string;
  vip: string;
  nodeAddressA: string;
  nodeAddressB: string;
}

/** What a running pair can't change in place, with the keys that the user knows. */
const fixed = {
  zone: "zone",
  vpcCidr: "vpcCidr",
  subnetCidr: "subnetCidr",
  vip: "vip",
  nodeAddressA: "nodeAddresses.a",
  nodeAddressB: "nodeAddresses.b",
} as const;

/** One line per value that differs from what the stack was made with. */
function problemsOf(made: Identity, wanted: Identity): string[] {
  return (Object.keys(fixed) as (keyof typeof fixed)[])
    .filter((field) => made[field] !== undefined && made[field] !== wanted[field])
    .map(
      (field) => `${fixed[field]}: "${wanted[field]}" can't be applied to the running stack; allowed: "${made[field]}"`,
    );
}

/**
 * Holds what is wanted against what the stack was made with, and tells whether this run is the one that makes it.
 *
 * The nodes move the VIP, so the ENIs' addresses are in ignoreChanges, and there a changed VIP would be ignored in silence.
 * What the stack was made with is therefore kept in a Stash: the engine itself returns a Stash's first value for as long as
 * the stack lives, without a provider and in previews too (pulumi/pulumi pkg/resource/deploy/builtins.go; engines from
 * 3.208). Why not otherwise: a StackReference to the own stack has no outputs after an update that failed half-way; a hook
 * on the ENI's update never fires, since the change is ignored, and one elsewhere fires while other resources are already
 * under way; the addresses of the ENIs in the cloud don't tell who put them there.
 */
async function checkIdentity(name: string, wanted: Identity): Promise<boolean> {
  const input = { ...wanted, run: randomUUID() };
  // ignoreChanges: a refused change would otherwise be written to the state, as the stash's newest input.
  const stash = new pulumi.Stash(name, { input }, { ignoreChanges: ["input"] });
  const made = (await settled(stash.output)) ?? input;
  const problems = problemsOf(made, wanted);
  if (problems.length > 0) throw new pulumi.RunError(refusal(problems));
  return made.run === input.run;
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

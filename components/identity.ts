/** What a stack was made with, and what of it a running pair can't change. */
import { randomUUID } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Place, PlaceSettings } from "./lookups/facts.ts";
import { settled } from "./settled.ts";

export interface IdentityArgs extends PlaceSettings {
  /** An EIP of the pair's own on the VIP. */
  publicIp: boolean;
  /** The repair that is asked for, undefined without one. */
  repair?: string | undefined;
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
 * Holds what is wanted against what the stack was made with, and tells where the pair is: node addresses that were chosen stay.
 *
 * The nodes move the VIP, so the ENIs' addresses are in ignoreChanges, and there a changed VIP would be ignored in silence.
 * What the stack was made with is therefore kept in a Stash: the engine itself returns a Stash's first value for as long as
 * the stack lives, without a provider and in previews too (pulumi/pulumi pkg/resource/deploy/builtins.go; engines from
 * 3.208). Why not otherwise: a StackReference to the own stack has no outputs after an update that failed half-way; a hook
 * on the ENI's update never fires, since the change is ignored, and one elsewhere fires while other resources are already
 * under way; the addresses of the ENIs in the cloud don't tell who put them there.
 *
 * Beside that first value a Stash keeps the newest one that it was given. There the last repair stays: each run gives it to
 * the nodes' commands, so that a repair changes them once, and the next run changes nothing.
 *
 * @param pair its name; in an account there is one of each, whichever stack it belongs to.
 * @param attached whether an ENI of the pair is on a machine. While none is, nobody can have been served: a first update that
 * ended half-way, as where a zone is sold out, may go on with anything else, and is a first one again.
 */
export async function checkIdentity(
  name: string,
  pair: string,
  { vip, vpcCidr, nodeAddresses, publicIp, publicIpId, instanceIds, repair }: IdentityArgs,
  place: Place,
  attached: boolean,
): Promise<{ place: Place; repair: string | undefined }> {
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
  const identity = { ...wanted, run: randomUUID() };
  const input = repair === undefined ? identity : { ...identity, repair };
  // ignoreChanges: a refused change would otherwise be written to the state, as the stash's newest input.
  const ignoreChanges = repair === undefined ? ["input"] : Object.keys(identity).map((key) => `input.${key}`);
  const stash = new pulumi.Stash(name, { input }, attached ? { ignoreChanges } : { replaceOnChanges: ["input"] });
  const [first = input, newest = input] = await Promise.all([settled(stash.output), settled(stash.input)]);
  const made = attached ? first : input;
  if (attached && made.run === input.run) throw new pulumi.RunError(foreign(pair));
  const kept = { a: nodeAddresses.a ?? made.nodeAddressA, b: nodeAddresses.b ?? made.nodeAddressB };
  const problems = problemsOf(made, { ...wanted, nodeAddressA: kept.a, nodeAddressB: kept.b }, publicIp);
  if (problems.length > 0) throw new pulumi.RunError(refusal(problems));
  return { place: { ...place, nodeAddresses: kept }, repair: newest.repair };
}

/**
 * The name with which a pair was made, kept when its stack is renamed: a role, a policy or a key with another name is another
 * one, and would replace the machines.
 */
export async function keptName(name: string, wanted: string): Promise<string> {
  const stash = new pulumi.Stash(name, { input: wanted }, { ignoreChanges: ["input"] });
  return ((await settled(stash.output)) as string | undefined) ?? wanted;
}

const foreign = (pair: string): string =>
  `The account has a pair named ${pair} that this stack knows nothing of; nothing was changed. It may be the one of a stack ` +
  "that was renamed, of another backend, or of a lost state. Name this stack differently: pulumi stack rename <name>";

const refusal = (problems: string[]): string =>
  `The running stack was made with other addresses; nothing was changed.\n${problems.map((text) => `  ${text}`).join("\n")}\n` +
  "Set the old value again, or make a second stack with the new one, or take this one down first: " +
  "pulumi destroy --refresh, then pulumi up";

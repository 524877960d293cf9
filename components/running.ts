/** What has to be known of a running stack before its resources can be put in order. */
import type * as pulumi from "@pulumi/pulumi";
import type { NodeName } from "../render/model.ts";
import { checkIdentity } from "./identity.ts";
import type { NetworkFacts, Place, PlaceSettings } from "./lookups/facts.ts";
import { type ExistingMachines, existingOf, machineProblems, placeFor } from "./lookups/machineRules.ts";
import { lookUpMachines } from "./lookups/machines.ts";
import { lookUpMakings, type Makings, type MakingsArgs } from "./lookups/makings.ts";
import { lookUpNetwork } from "./lookups/network.ts";
import { placeOf, placeProblems } from "./lookups/place.ts";
import { refuse } from "./lookups/refusal.ts";
import { keyProblems, type OwnKey, ownKey } from "./ssh/keys.ts";

export interface LookUpArgs extends Omit<MakingsArgs, "zone">, PlaceSettings {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  region: string;
  /** An EIP of the pair's own on the VIP. */
  publicIp: boolean;
  /** The role of machines that were there before, undefined where they call the cloud by a key. */
  nodeRole?: string | undefined;
  /** The repair that is asked for, see config/repair.ts; undefined without one. */
  repair?: string | undefined;
  /** The user's key for the machines; with neither the stack has one of its own. */
  sshPublicKey?: string | undefined;
  keyPairId?: string | undefined;
}

/** A stack as this run finds it. */
export interface Running extends VipHolder {
  /**
   * Whether an ENI of the pair is on a machine. While none is, nobody was ever served: everything may still change, and both
   * machines start at once. In a running pair they never change together.
   */
  attached: boolean;
  /** Where the pair is. */
  place: Place;
  /** The repair that is asked for now, else the last one that was; undefined for a pair that never needed any. */
  repair: string | undefined;
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
 * @throws RunError when something differs that a running pair can't change, is not there, in use, or not to be had.
 */
export async function lookUp(name: string, args: LookUpArgs, options?: pulumi.InvokeOptions): Promise<Running> {
  const { pair, region, vip, instanceIds, nodeRole, sshPublicKey, keyPairId } = args;
  // Before the Stash: what is refused here must not have become what the stack was made with.
  const named = instanceIds && { instanceIds, nodeRole };
  const machines = named && (await lookUpMachines(named, options));
  const wanted = machines ? placeFor(args, machines) : args;
  const facts = await lookUpNetwork(wanted, pair, options);
  const holder = holderOf(facts.own, vip);
  const zone = wanted.zone ?? facts.subnet?.zone;
  const [makings, ofKey] = await Promise.all([
    machines || zone === undefined ? nothing : lookUpMakings({ ...args, zone }, holder.servingId, options),
    sshPublicKey === undefined ? [] : keyProblems(pair, sshPublicKey, options),
  ]);
  const ofMachines = machines ? machineProblems({ ...args, ...named }, pair, machines, facts) : [];
  refuse([...ofMachines, ...placeProblems(wanted, facts, pair, region), ...makings.problems, ...ofKey]);
  const existing = machines ? existingOf(machines) : null;
  const attached = facts.own.some(({ instanceId }) => instanceId !== "");
  const identity = { ...wanted, repair: args.repair };
  const kept = await checkIdentity(`${name}-identity`, pair, identity, placeOf(wanted, facts), attached);
  const hasKey = existing !== null || sshPublicKey !== undefined || keyPairId !== undefined;
  const own = hasKey ? null : await ownKey(`${name}-key`);
  return { attached, ...kept, ...holder, imageId: makings.imageId, ownKey: own, existing };
}

/** Where no machine is made. */
const nothing: Makings = { imageId: "", problems: [] };

/** Which node the cloud delivers to. */
interface VipHolder {
  /** The node that has the VIP, which is changed last; `a` while neither has it. */
  activeNode: NodeName;
  /**
   * The machine that has that node's ENI. If none has, nobody serves, as after a first update that ended half-way, and there
   * is nothing to take over.
   */
  servingId: string | undefined;
}

function holderOf(own: NetworkFacts["own"], vip: string): VipHolder {
  const holder = own.find(({ addresses }) => addresses.includes(vip));
  return { activeNode: holder?.node ?? "a", servingId: holder?.instanceId || undefined };
}

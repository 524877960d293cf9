/** What makes machines be replaced, and in which order: one at a time, and the VIP is never on the one that goes. */
import { type NodeName, peerOf } from "../render/model.ts";
import { hashOf, withoutComment } from "./names.ts";
import type { Running } from "./running.ts";

/** What a machine can't change while it lives. */
export interface MachineSettings {
  instanceType: string;
  imageName: string;
  /** Instead of the newest image of that name. */
  imageId?: string | undefined;
  systemDiskType: string;
  systemDiskSizeGb: number;
  /** For cloud-init, plain text. */
  userData?: string | undefined;
  /** One of the two: a public key to import (the stack's own, where the user names none), or an existing key pair. */
  sshPublicKey?: string | undefined;
  keyPairId?: string | undefined;
  /** A public address on each node; without one, SSH uses the private address. */
  nodePublicIp: boolean;
}

/**
 * All of it as one short text, the replacementTrigger of both machines. The image by what the user named, not by what that
 * name means today: a new image of that name must not replace a running pair.
 */
export function designOf(settings: MachineSettings): string {
  const { imageId, imageName, instanceType, systemDiskType, systemDiskSizeGb, userData, keyPairId, sshPublicKey } =
    settings;
  const key = sshPublicKey === undefined ? keyPairId : withoutComment(sshPublicKey);
  const parts = [
    imageId ?? imageName,
    instanceType,
    systemDiskType,
    systemDiskSizeGb,
    userData,
    key,
    settings.nodePublicIp,
  ];
  return hashOf(JSON.stringify(parts), 16);
}

/**
 * The same for machines that were there before: another one takes the place of one in the same order, so that the VIP is
 * never on the one that goes. What they are made of is not the pair's.
 */
export const designOfExisting = (instanceIds: Record<NodeName, string>): string =>
  hashOf(JSON.stringify([instanceIds.a, instanceIds.b]), 16);

/**
 * Which node is made or changed first. A new pair: both machines start together, and node b gets its files when node a has
 * proved its own. A running one: the node without the VIP first, as a whole; then it takes the VIP over (handover.ts), should
 * the other be replaced, which follows. HaPair makes them depend on each other so.
 */
export const orderOf = ({ attached, activeNode }: Pick<Running, "attached" | "activeNode">): [NodeName, NodeName] =>
  attached ? [peerOf(activeNode), activeNode] : ["a", "b"];

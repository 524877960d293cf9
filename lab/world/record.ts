/** What the lab keeps of a world: .lab/<name>/world/ has its ids, the bastion's key, and what it was like before the program. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type KeyPair, keyPairIn } from "../ssh/keys.ts";
import type { Jump } from "../ssh/login.ts";
import { labPaths } from "../state.ts";

export interface WorldMachine {
  name: string;
  instanceId: string;
  /** Private address of its one NIC. */
  address: string;
}

/** Ids as the cloud gave them. */
export interface World {
  vpcId: string;
  subnetId: string;
  /** The group of the two machines. */
  securityGroupId: string;
  bastionGroupId: string;
  /** The lab's own key, as the two machines know it. */
  keyPairId: string;
  /** The role of the two machines. */
  roleName: string;
  /** An EIP that is bound to nothing. */
  publicIpId: string;
  /** The machines, by the node that each may become. */
  machines: Record<"a" | "b", WorldMachine>;
  bastion: WorldMachine & { publicIp: string };
  /** A free address of the subnet. */
  vip: string;
}

const fileOf = (lab: string, name: string): string => join(labPaths(lab).world, name);

export const bastionKeyFile = (lab: string): string => fileOf(lab, "bastion");

/** The bastion's key opens nothing but the bastion. */
export const bastionKey = (lab: string): KeyPair => keyPairIn(bastionKeyFile(lab), `bastion-${lab}`);

/** The lab's world, null where none was made to its end. */
export function readWorld(lab: string): World | null {
  const file = fileOf(lab, "world.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as World) : null;
}

/** The world's bastion as ssh goes through it, null in a lab without a world. */
export function jumpOf(lab: string): Jump | null {
  const world = readWorld(lab);
  return world && { keyFile: bastionKeyFile(lab), user: "root", host: world.bastion.publicIp, port: 22 };
}

/** The lines of snapshot.ts, as they were before the program came. */
export const readBefore = (lab: string): string[] =>
  readFileSync(fileOf(lab, "before.txt"), "utf8").trimEnd().split("\n");

export function writeWorld(lab: string, world: World, before: string[]): void {
  mkdirSync(labPaths(lab).world, { recursive: true });
  writeFileSync(fileOf(lab, "before.txt"), `${before.join("\n")}\n`, { mode: 0o600 });
  // Last: the world is there once all that is known of it is.
  writeFileSync(fileOf(lab, "world.json"), `${JSON.stringify(world, null, 2)}\n`, { mode: 0o600 });
}

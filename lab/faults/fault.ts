/** What a fault is: how it is made, and what is true of the VIP meanwhile and afterwards. */
import type { Cloud } from "../cloud/index.ts";
import type { Fabric, LabDns } from "../fabric/index.ts";
import type { CloudPair } from "../pair/pairs.ts";

export type NodeName = "a" | "b";

export interface Scene {
  fabric: Fabric;
  cloud: Cloud;
  dns: LabDns;
  pair: CloudPair;
  /** A call of the account's owner, as by the console. */
  owner(action: string, request: Record<string, unknown>): Promise<Record<string, unknown>>;
}

/**
 * Where the VIP is, seen from the MASTER before the fault:
 * - `stays`: where it was, and no move is made;
 * - `moves`: on the other node;
 * - `either`: on a live MASTER; which one is a matter of addresses and of moments;
 * - `waits`: nowhere until the fault is undone, for nobody could move it; then as for `moves` with a trigger, else
 *   `either`.
 */
export type Effect = "stays" | "moves" | "either" | "waits";

export interface Fault {
  name: string;
  /** One line for people. */
  what: string;
  /** While it lasts; and in mode stable also after it was undone, for there nothing moves back ... */
  vip: Effect;
  /** ... unless keepalived speaks once more: both were MASTER meanwhile and sort it out, or one is started anew. */
  afterwards?: "either";
  /** So long it has to stay like that while the fault lasts: a node that is wrong looks again after the interval. */
  holdsMs?: number;
  /** So many moves it may cost while it lasts, those of both nodes. Back to a preferred node is one more. */
  movesAtMost?: number;
  /**
   * So long before it no node has moved the VIP. Of two that have asked for it within five seconds the higher address
   * stays, once one of them has stood still: agent/node/rank.py.
   */
  restMs?: number;
  /** Both machines and their NICs live: a client is to be answered all the while, wherever the VIP goes. */
  lossless?: true;
  /** The node on which it matters, seen from the VIP; default: the MASTER. */
  at?: "standby";
  /** It moves nothing by itself. A proof makes the MASTER fail besides, and `vip` is about the move that follows. */
  needsTrigger?: true;
  /** Over without anybody's help: a proof undoes nothing. */
  passes?: true;
  /** Kept from `fail --how`: a proof wants it, a person hardly. */
  internal?: true;
  /** Resolves once the fault is there (one that passes may be over by then). */
  inject(scene: Scene, node: NodeName): Promise<void>;
}

/** Faults that are undone by the same means. */
export interface Kind {
  faults: Fault[];
  undo(scene: Scene): Promise<void>;
}

export const otherThan = (node: NodeName): NodeName => (node === "a" ? "b" : "a");

/** Runs a shell text inside a node; rejects with what it said when it fails. */
export async function onNode({ fabric, pair }: Scene, node: NodeName, text: string): Promise<string> {
  const { code, stdout, stderr } = await fabric.exec(pair.nodes[node].instanceId, ["sh", "-euc", text]);
  if (code !== 0) throw new Error(`node ${node}: ${stderr.trim() || stdout.trim() || `exit ${code}`} (${text})`);
  return stdout.trim();
}

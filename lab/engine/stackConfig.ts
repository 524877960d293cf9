/** What the configuration of the lab's stack becomes: the lab writes its settings, and `pulumi config` may have written too. */
import { isDeepStrictEqual } from "node:util";

export type StackConfig = Record<string, unknown>;

/**
 * A three-way merge: what the lab has not changed since it last wrote stays as `pulumi config` left it.
 * @param theirs as it is in the stack's file
 * @param last what the lab wrote the last time, {} for a new stack
 * @param ours what the lab's settings say now
 * @param named keys that this command itself was told: there the lab's word counts, whatever was before
 */
export function merge(theirs: StackConfig, last: StackConfig, ours: StackConfig, named: string[]): StackConfig {
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  const isOurs = (key: string) => named.includes(key) || !isDeepStrictEqual(ours[key], last[key]);
  const all = keys.map((key) => [key, isOurs(key) ? ours[key] : theirs[key]] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

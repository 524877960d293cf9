/**
 * The one list of faults: for `fail --how`, for the fault matrix, for the soak and for the bench. A new one is an entry in
 * faults/powerAndCables.ts, faults/node.ts or faults/cloud.ts, by what undoes it; faults/fault.ts has the fields. Unless it is
 * `internal`, test/unit/lab/faults.test.ts names it too.
 */
import { cloud } from "./faults/cloud.ts";
import type { Fault, Kind, Scene } from "./faults/fault.ts";
import { node } from "./faults/node.ts";
import { powerAndCables } from "./faults/powerAndCables.ts";

export { type Effect, type Fault, type NodeName, otherThan, type Scene } from "./faults/fault.ts";

/** In the order in which they are undone: keepalived starts into a world that is well. */
const kinds: Kind[] = [cloud, powerAndCables, node];

export const faults: Fault[] = [powerAndCables, node, cloud].flatMap((kind) => kind.faults);

export function faultNamed(name: string): Fault {
  const fault = faults.find((item) => item.name === name);
  if (!fault) throw new Error(`there is no fault "${name}"; there is ${faults.map((item) => item.name).join(", ")}`);
  return fault;
}

/** Those that `fail --how` offers. */
export const faultNames = (): string[] => faults.filter(({ internal }) => !internal).map(({ name }) => name);

/** Undoes one fault, and others only as far as they are of its kind (power and cables, a node's inside, the cloud). */
export async function undo(scene: Scene, name: string): Promise<void> {
  await kinds.find((kind) => kind.faults.includes(faultNamed(name)))?.undo(scene);
}

/** Undoes every fault: machines on, packets flow, keepalived runs, the cloud answers. */
export async function healAll(scene: Scene): Promise<void> {
  for (const kind of kinds) await kind.undo(scene);
}

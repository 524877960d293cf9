/** Which ENIs hang where. */
import type { Model } from "./model.ts";
import type { Eni } from "./records.ts";

/** ENIs of a machine, primary first. */
export const enisOf = (model: Model, instanceId: string): Eni[] =>
  [...model.enis.values()]
    .filter(({ attachment }) => attachment?.instanceId === instanceId)
    .sort((one, other) => (one.attachment?.deviceIndex ?? 0) - (other.attachment?.deviceIndex ?? 0));

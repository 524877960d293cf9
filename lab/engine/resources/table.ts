/**
 * The one table that stands in for the providers: it knows what this program uses and no more. A row of a service of its own
 * goes into a file of its own beside this one.
 */
import type { Json } from "../client.ts";
import { addresses } from "./addresses.ts";
import { cam } from "./cam.ts";
import { commands } from "./command.ts";
import { existingLookups } from "./existingLookups.ts";
import { machineLookups } from "./machineLookups.ts";
import { machines } from "./machines.ts";
import { network } from "./network.ts";
import { networkLookups } from "./networkLookups.ts";
import type { Lookup, Resource, Tools } from "./resource.ts";
import { users } from "./users.ts";

/** By the resource's type. */
export const resources: Record<string, Resource> = {
  ...network,
  ...addresses,
  ...machines,
  ...cam,
  ...users,
  ...commands,
};

const lookups: Record<string, Lookup> = { ...networkLookups, ...machineLookups, ...existingLookups };

/** Asks a data source. @throws when the table has no row for it. */
export function lookUp(token: string, inputs: Json, tools: Tools): Promise<Json> {
  const lookup = lookups[token];
  if (!lookup) throw new Error(`The inline engine does not know the lookup ${token}; this needs the real engine.`);
  return lookup(inputs, tools);
}

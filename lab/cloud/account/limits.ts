/** Zones and instance types on sale, and how many ENIs and addresses each type may hold. */
import type { InstanceType } from "./records.ts";

export const zoneNames = (region: string) => [3, 4, 6, 7].map((number) => `${region}-${number}`);

const sizes: [name: string, cpu: number, memory: number][] = [
  ["SMALL1", 1, 1],
  ["SMALL2", 1, 2],
  ["SMALL4", 1, 4],
  ["MEDIUM2", 2, 2],
  ["MEDIUM4", 2, 4],
  ["MEDIUM8", 2, 8],
  ["LARGE8", 4, 8],
  ["LARGE16", 4, 16],
  ["2XLARGE16", 8, 16],
  ["4XLARGE32", 16, 32],
];

export const instanceTypes: InstanceType[] = ["S5", "S6", "SA2", "SA5"].flatMap((family) =>
  sizes.map(([size, cpu, memory]) => ({ name: `${family}.${size}`, cpu, memory })),
);

export interface NicLimits {
  /** The primary ENI counts. */
  enis: number;
  /** Addresses on one ENI, its primary address included. */
  addresses: number;
}

/** From the vendor's table of ENI limits by cores and memory. */
export function nicLimits({ cpu, memory }: { cpu: number; memory: number }): NicLimits {
  if (cpu === 1) return memory <= 1 ? { enis: 2, addresses: 2 } : { enis: 2, addresses: 6 };
  if (cpu === 2) return { enis: 2, addresses: 10 };
  if (cpu === 4) return memory <= 16 ? { enis: 4, addresses: 10 } : { enis: 4, addresses: 20 };
  if (cpu <= 12) return { enis: 6, addresses: 20 };
  return { enis: 8, addresses: 30 };
}

/** An ENI that hangs on no instance: the most that any instance type allows. */
export const unattachedAddressLimit = 30;

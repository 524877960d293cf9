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

/** From Tencent's page on the limits of ENIs, which has S5 and SA2; their successors are taken to have the same. */
export function nicLimits({ cpu }: Pick<InstanceType, "cpu">): NicLimits {
  if (cpu === 1) return { enis: 2, addresses: 6 };
  if (cpu <= 4) return { enis: 4, addresses: 10 };
  if (cpu <= 8) return { enis: 6, addresses: 20 };
  return { enis: 8, addresses: 30 };
}

/** An ENI that hangs on no instance: the most that any instance type allows. */
export const unattachedAddressLimit = 30;

/** What the fault matrix consists of: parts of one image and one mode, each with its faults, and what came of them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../lab/faults/trial.ts";
import { type Fault, faultNamed, faults } from "../../lab/faults.ts";

/** Each with what its labs are called by. After Debian other systems' ways on its packages: lab/fabric/image/systems.ts. */
const labels = {
  "Debian 11": "11",
  "Debian 12": "12",
  "Debian 13": "13",
  "Ubuntu Server 22.04": "u",
  "TencentOS Server 3.1": "e8",
  "CentOS Stream 9": "e9",
} as const;
const images = Object.keys(labels) as (keyof typeof labels)[];
export const modes = ["stable", "standing-master"] as const;

export interface Part {
  image: keyof typeof labels;
  mode: (typeof modes)[number];
  faults: Fault[];
}

/** `npm test`: what test/lab does not have, and what only packets can show. */
const quick = {
  stable: ["oneway", "stall", "reply-lost", "eip-left-behind", "credentials-expired"],
  "standing-master": ["keepalived-kill", "service-kill", "metadata-down", "api-throttled", "rules-removed"],
};

const all: Part[] = images.flatMap((image) => modes.map((mode) => ({ image, mode, faults })));

/** @param wanted "" for the quick cells, `full` for all, or one part: `Debian 11, stable` */
export function partsOf(wanted: string): Part[] {
  if (wanted === "full") return all;
  if (wanted === "") return modes.map((mode) => ({ image: "Debian 12", mode, faults: quick[mode].map(faultNamed) }));
  const parts = all.filter(({ image, mode }) => `${image}, ${mode}` === wanted);
  if (parts.length === 0) {
    throw new Error(`MATRIX is "${wanted}"; there is full, ${all.map((p) => `"${p.image}, ${p.mode}"`).join(", ")}`);
  }
  return parts;
}

/** A lab name: at most 8 characters. */
export const labOf = ({ image, mode }: Part): string => `m${labels[image]}${mode === "stable" ? "s" : "m"}`;

/** What a part's faults did, kept until the report is written. */
export interface Results {
  image: string;
  mode: string;
  /** ISO date of the run. */
  date: string;
  /** What the nodes say: `Keepalived v2.2.7 (01/16,2022)`. */
  keepalived: string;
  cells: { fault: string; outcome: Outcome | null }[];
}

const folder = join(import.meta.dirname, "../../.lab/matrix");
const fileOf = (part: Pick<Part, "image" | "mode">) => join(folder, `${part.image}, ${part.mode}.json`);

export function keepResults(part: Part, results: Results): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(part), JSON.stringify(results, null, 1));
}

export function dropResults(part: Part): void {
  rmSync(fileOf(part), { force: true });
}

/** Of every part that has been run since the folder was cleared. */
export const keptResults = (): Results[] =>
  all
    .map(fileOf)
    .filter(existsSync)
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as Results);

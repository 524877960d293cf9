/** What the fault matrix consists of: parts of one image and one mode, each with its faults, and what came of them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../../lab/faults/trial.ts";
import { type Fault, faultNamed, faults } from "../../lab/faults.ts";
import { type Held, type HeldFault, heldFaults } from "./held.ts";

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

interface Place {
  image: keyof typeof labels;
  mode: (typeof modes)[number];
}

/** Faults of which a client asks whether it is answered. */
export interface Part extends Place {
  faults: Fault[];
}

/** Faults of a pair with keepConnections, of which a client asks what becomes of the connections that it has. */
export interface HeldPart extends Place {
  held: HeldFault[];
}

/** `npm test`: what test/lab does not have, and what only packets can show. */
const quick = {
  stable: ["oneway", "stall", "reply-lost", "eip-left-behind", "credentials-expired"],
  "standing-master": ["keepalived-kill", "service-kill", "metadata-down", "api-throttled", "rules-removed"],
};

const all: Part[] = images.flatMap((image) => modes.map((mode) => ({ image, mode, faults })));
/** The mode makes a difference of one more move, by keepalived, which the systems do not differ in. */
const allHeld: HeldPart[] = [
  ...images.map((image) => ({ image, mode: modes[0], held: heldFaults })),
  { image: "Debian 12", mode: modes[1], held: heldFaults },
];
const heldNamed = (name: string) => heldFaults.filter((fault) => fault.name === name);
/** `npm test`: on other systems than the tests in test/lab have theirs, one of them with the newest nft. */
const quickHeld: HeldPart[] = [
  { image: "CentOS Stream 9", mode: modes[0], held: heldNamed("power") },
  { image: "Debian 13", mode: modes[0], held: heldNamed("oneway") },
];

const nameOf = (part: Part | HeldPart) => `${part.image}, ${part.mode}${"held" in part ? ", connections" : ""}`;

function chosen<P extends Part | HeldPart>(wanted: string, parts: P[]): P[] {
  const names = [...all, ...allHeld].map(nameOf);
  if (wanted !== "full" && !names.includes(wanted)) {
    throw new Error(`MATRIX is "${wanted}"; there is full, ${names.map((name) => `"${name}"`).join(", ")}`);
  }
  return parts.filter((part) => wanted === "full" || nameOf(part) === wanted);
}

/** @param wanted "" for the quick cells, `full` for all, or one part: `Debian 11, stable` */
export function partsOf(wanted: string): Part[] {
  if (wanted !== "") return chosen(wanted, all);
  return modes.map((mode) => ({ image: "Debian 12", mode, faults: quick[mode].map(faultNamed) }));
}

/** @param wanted "" for the quick cells, `full` for all, or one part: `Debian 11, stable, connections` */
export const heldPartsOf = (wanted: string): HeldPart[] => (wanted === "" ? quickHeld : chosen(wanted, allHeld));

/** The settings of its pair, as `pulumi config` keys. */
export const settingsOf = ({ image, mode }: Place): string[] => [
  ...[`imageName=${image}`, `mode=${mode}`, "publicIp=true", "preemptDelay=1"],
  ...["healthCheck.process=say-name.service", "healthCheck.interval=1"],
];

/** Parts of the whole matrix side by side: making a lab takes ten seconds of CPU, and then it mostly waits. */
export const partsAtATime = (wanted: string): number => (wanted === "full" ? Math.min(3, cpus().length + 1) : 1);

/** A lab name: at most 8 characters. */
export const labOf = (part: Part | HeldPart): string =>
  `${"held" in part ? "c" : "m"}${labels[part.image]}${part.mode === "stable" ? "s" : "m"}`;

/** What a part's faults did, kept until the report is written. */
export interface Results<O = Outcome> {
  image: string;
  mode: string;
  /** ISO date of the run. */
  date: string;
  /** What the nodes say: `Keepalived v2.2.7 (01/16,2022)`. */
  keepalived: string;
  cells: { fault: string; outcome: O | null }[];
}
export type HeldResults = Results<Held>;

const folder = join(import.meta.dirname, "../../.lab/matrix");
const fileOf = (part: Part | HeldPart) => join(folder, `${nameOf(part)}.json`);

export function keepResults(part: Part, results: Results): void;
export function keepResults(part: HeldPart, results: HeldResults): void;
export function keepResults(part: Part | HeldPart, results: Results | HeldResults): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(part), JSON.stringify(results, null, 1));
}

export function dropResults(part: Part | HeldPart): void {
  rmSync(fileOf(part), { force: true });
}

const kept = (parts: (Part | HeldPart)[]): unknown[] =>
  parts
    .map(fileOf)
    .filter(existsSync)
    .map((file) => JSON.parse(readFileSync(file, "utf8")));

/** Of every part that has been run since the folder was cleared. */
export const keptResults = () => kept(all) as Results[];
export const keptHeldResults = () => kept(allHeld) as HeldResults[];

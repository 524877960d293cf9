/** Where a lab keeps what it knows, and how two labs on one machine stay out of each other's way. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { labCommand } from "../terminal/typed.ts";

/** What the commands of one lab share, written when it is made, never changed afterwards. Mode 0600: it holds the keys. */
export interface LabConfig {
  name: string;
  /** 0-6: picks the lab's address blocks 198.18.<index>.0/24 and 203.0.113.<32*index>/27. 7 belongs to fabric tests. */
  index: number;
  /** Port of the API on 127.0.0.1, plain HTTP. */
  apiPort: number;
  secretId: string;
  secretKey: string;
  region: string;
  zone: string;
}

export interface LabPaths {
  dir: string;
  config: string;
  control: string;
  journal: string;
  daemonLog: string;
  /** The key that the lab's stack logs in with. */
  sshKey: string;
  pids: string;
  /** What `up` was told, for the next `up`: settings as `pulumi config` keys. */
  settings: string;
  /** What `npm run ha` knows of the pair. */
  haTarget: string;
  /** The inline engine's record of what it made. */
  inlineState: string;
  /** What is known of the world that was made for the program to be built into. */
  world: string;
}

/** One file for each lab of this machine, named after its address block. */
export const registry = "/run/keepalived-cluster-lab";
const lastIndex = 6;

/** The lab of this command: LAB_NAME, `lab` by default. Names stay short: interfaces carry them and end at 15 characters. */
export function labName(): string {
  const name = process.env.LAB_NAME ?? "lab";
  if (!/^[a-z][a-z0-9]{0,7}$/.test(name)) {
    throw new Error(`LAB_NAME is "${name}"; allowed are 1 to 8 small letters and digits, a letter first.`);
  }
  return name;
}

export function labPaths(name: string): LabPaths {
  const dir = resolve(import.meta.dirname, "..", ".lab", name);
  return {
    dir,
    config: join(dir, "lab.json"),
    control: join(dir, "control.sock"),
    journal: join(dir, "journal.jsonl"),
    daemonLog: join(dir, "daemon.log"),
    sshKey: join(dir, "id_rsa"),
    pids: join(dir, "pids"),
    settings: join(dir, "settings.json"),
    haTarget: join(dir, "ha.json"),
    inlineState: join(dir, "inline-state.json"),
    world: join(dir, "world"),
  };
}

/** Where every lab's cloud lies. */
export const labRegion = "ap-guangzhou";

/** Images and packages, shared by all labs of the user and kept by `down`. */
export function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "keepalived-cluster");
}

export function readConfig(name: string): LabConfig | null {
  const file = labPaths(name).config;
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as LabConfig) : null;
}

export function writeConfig(config: LabConfig): void {
  mkdirSync(labPaths(config.name).pids, { recursive: true });
  writeFileSync(labPaths(config.name).config, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

/** A lab's reservation of an address block, and with it of its name: both are one for the whole machine. */
export interface Claim {
  index: number;
  name: string;
  dir: string;
  /** The command that made it, for as long as the lab's daemon does not run yet. */
  pid: number;
}

/** Nothing where another lab has ended just now. */
function recordIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** The records are in /run, so they are gone after a reboot, as the labs' networks are. */
export function claims(): Claim[] {
  if (!existsSync(registry)) return [];
  return readdirSync(registry).flatMap((file) => {
    const [, name = "", pid, dir = ""] = /^(\S+) (\d+) (.+)$/.exec(recordIn(join(registry, file))) ?? [];
    return name === "" ? [] : [{ index: Number(file), name, pid: Number(pid), dir }];
  });
}

/** Reserves an address block for the lab; the same lab gets the same one again. */
export function claimIndex(name: string): number {
  mkdirSync(registry, { recursive: true });
  const { dir } = labPaths(name);
  const same = claims().find((claim) => claim.name === name);
  if (same && same.dir !== dir) {
    throw new Error(
      `A lab named "${name}" already runs on this machine, from ${same.dir}. ` +
        `End it there with "${labCommand("down")}", or choose another name: ${labCommand("", "lab2")}`,
    );
  }
  const record = `${name} ${process.pid} ${dir}`;
  if (same) {
    writeFileSync(join(registry, String(same.index)), record);
    return same.index;
  }
  for (let index = 0; index <= lastIndex; index += 1) {
    try {
      const file = openSync(join(registry, String(index)), "wx");
      writeSync(file, record);
      closeSync(file);
      return index;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new Error(
    `${lastIndex + 1} labs run on this machine, and there are addresses for no more; see ${registry} for whose they are.`,
  );
}

/** Gives the address block back. */
export function releaseIndex({ index }: Pick<Claim, "index">): void {
  rmSync(join(registry, String(index)), { force: true });
  try {
    rmdirSync(registry);
  } catch {
    // Other labs have theirs there, one of them perhaps since a moment ago.
  }
}

/** What is measured: the settings of the pair, and what is done to its MASTER. Values only; measure.ts does the work. */
import { spawn } from "node:child_process";
import { advertIntervalsMs } from "../../config/schema.ts";
import type { Settings } from "../command/settings.ts";
import { unitPids } from "../fabric/machine/cgroup.ts";
import { labNames } from "../fabric/names.ts";
import { echoPort } from "./client/connections.ts";
import type { ProbeKind } from "./client/probe.ts";
import type { BenchPair, NodeName } from "./pair.ts";
import { moment } from "./pair.ts";
import { nowMs } from "./tap.ts";

/** The web server of the lab's nodes, whose death is the fault `process`. */
const service = "say-name.service";
const operator = "cli/ha/main.ts";

export const speeds = Object.keys(advertIntervalsMs) as (keyof typeof advertIntervalsMs)[];
export const settingNames = ["normal", "fast", "aggressive", "guide2019"] as const;
export type SettingName = (typeof settingNames)[number];

export const intervalMsOf = (setting: SettingName | keyof typeof advertIntervalsMs): number =>
  setting === "guide2019" ? 1000 : advertIntervalsMs[setting];

/** What the program is told for one speed. */
export const settingsFor = (failoverSpeed: string): Settings => ({
  failoverSpeed,
  healthCheck: JSON.stringify({ process: service }),
  servicePorts: JSON.stringify([80, echoPort]),
});

export interface BenchFault {
  name: string;
  /** Whether the 2019 procedure has an answer to it. */
  guide: boolean;
  /** What the client asks: the machine, or the process behind it. */
  probe: ProbeKind;
  /** How long the client asks at least: where the old MASTER lives on, it may come back for the VIP. */
  watchMs: number;
  /** From the healing to the next run: a machine that has booted makes its connection ready first, a service proves itself. */
  restMs: number;
  make(pair: BenchPair, master: NodeName): Promise<unknown>;
  /** When it took effect, given when it was asked for and what may die of it. */
  effectMs(pair: BenchPair, askedMs: number, victims: number[]): Promise<number>;
}

/** A cut begins with the rules that the router loads. */
const rulesLoaded: BenchFault["effectMs"] = (pair, askedMs) =>
  moment("the fault's rules", 5000, () => pair.tap.events.find((e) => e.what === "rules" && e.atMs >= askedMs)?.atMs);

const lives = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const victimsDead: BenchFault["effectMs"] = (_, __, victims) =>
  moment("the death of the service", 5000, () => (victims.some(lives) ? undefined : nowMs()), 1);

export const victimsOf = (pair: BenchPair, node: NodeName): number[] =>
  unitPids(`${labNames(pair.name).cgroup}/${pair.node(node).instanceId}`, service);

/** One of the lab's faults. */
export function labFault(name: string, more: Partial<BenchFault> = {}): BenchFault {
  return {
    name,
    guide: true,
    probe: "icmp",
    watchMs: 0,
    restMs: 2000,
    make: (pair, master) => pair.fail(master, name),
    effectMs: async (_, askedMs) => askedMs,
    ...more,
  };
}

/** The operator's command, as a user runs it. */
export function switchover(pair: BenchPair): Promise<void> {
  const argv = ["--disable-warning=ExperimentalWarning", operator, "switchover", "--yes", "--lab", pair.name];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${operator} switchover ended with ${code}: ${said}`)),
    );
  });
}

export const benchFaults: BenchFault[] = [
  labFault("power", { restMs: 10_000, effectMs: rulesLoaded }),
  labFault("nic", { watchMs: 20_000, effectMs: rulesLoaded }),
  labFault("keepalived-stop", { restMs: 1000 }),
  labFault("keepalived-kill"),
  labFault("stall", { guide: false }),
  labFault("process", { guide: false, probe: "tcp:80", restMs: 10_000, effectMs: victimsDead }),
  labFault("switchover", { guide: false, make: switchover }),
];

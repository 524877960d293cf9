/** Open connections over a fault, of a pair with keepConnections and of the 2019 procedure's: how many break, and how long the slowest answer takes. */
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchPair, moment, type NodeName, nodeNames } from "../pair.ts";
import { type Report, table } from "../report.ts";
import { type BenchFault, benchFaults, labFault } from "../scenarios.ts";
import { nowMs } from "../tap.ts";

/** Clients' connections at the fault. */
export const keptCounts = [200, 2000];
/** Some hundred small messages a second, however many there are: what is measured is the way, not the ends. */
const messagesPerS = 400;

const known = (name: string): BenchFault => benchFaults.find((fault) => fault.name === name)!;

/** The old node lives in all of them. A planned switch with the guide's files is a stop of keepalived. */
export const keptFaults: BenchFault[] = [
  known("switchover"),
  known("keepalived-stop"),
  { ...known("stall"), guide: true },
  known("keepalived-kill"),
  labFault("partition"),
];

/** So long a VIP may take to move, if it does: the guide's nodes sit out a stall. */
const moveLimitMs = 12_000;
/** So long the connections are used after the move, and again after the healing: whoever is wrong looks again meanwhile. */
const usedMs = 5000;

export interface KeptRun {
  /** Moves that the cloud accepted. */
  moves: number;
  broken: number;
  /** Those of them whose clients wait on. */
  hanging: number;
  longestAnswerMs: number;
}

export interface KeptCell {
  setting: string;
  fault: string;
  /** How many connections were open. */
  count: number;
  runs: KeptRun[];
}

export interface KeptReport {
  date: string;
  machine: Report["machine"];
  versions: Report["versions"];
  cells: KeptCell[];
}

/** Makes a fault and undoes it while a client uses its connections; the pair has to be at rest, and is afterwards. */
export async function heldOver(pair: BenchPair, fault: BenchFault, count: number): Promise<KeptRun> {
  const master = await pair.rest(0);
  const standby: NodeName = master === "a" ? "b" : "a";
  const connections = pair.connections({ count, periodMs: (count * 1000) / messagesPerS });
  try {
    await connections.opened;
    const since = nowMs();
    // The operator's command may also give up waiting for the last proof, on a busy machine: what counts is the move.
    const refused = await fault.make(pair, master).then(
      () => null,
      (error: unknown) => error,
    );
    const { address } = pair.node(standby);
    const moved = () => pair.tap.events.some((e) => e.what === "route" && e.to === address && e.atMs >= since);
    await moment("the VIP's move", moveLimitMs, () => moved() || undefined).catch(() => {});
    if (refused !== null && !moved()) throw refused;
    await sleep(usedMs);
    await pair.heal();
    await pair.oneMaster(usedMs);
    const moves = nodeNames.flatMap((node) => pair.migratesMs(node, since)).length;
    const { broken, hanging } = await connections.end();
    return { moves, broken, hanging, longestAnswerMs: Math.round(connections.longestAnswerMs) };
  } finally {
    await connections.end().catch(() => {});
    await pair.rest(fault.restMs);
  }
}

/** Faults down, a line for each setting; for each number of connections how many broke and how long the longest answer took, the most in a run. */
export function keptTable(cells: KeptCell[]): string {
  const settings = [...new Set(cells.map(({ setting }) => setting))];
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  const counts = [...new Set(cells.map(({ count }) => count))];
  const most = (runs: KeptRun[], key: keyof KeptRun) => Math.max(...runs.map((run) => run[key]));
  const columns = (setting: string, fault: string) =>
    counts.flatMap((count) => {
      const runs = cells.find((c) => c.setting === setting && c.fault === fault && c.count === count)?.runs ?? [];
      if (runs.length === 0) return ["", "", ""];
      return (["broken", "hanging", "longestAnswerMs"] as const).map((key) => String(most(runs, key)));
    });
  return table([
    ["fault", "setting", ...counts.flatMap((count) => [`${count}: broken`, "hanging", "longest answer"])],
    ...faults.flatMap((fault) =>
      settings
        .filter((setting) => cells.some((cell) => cell.setting === setting && cell.fault === fault))
        .map((setting) => [fault, setting, ...columns(setting, fault)]),
    ),
  ]);
}

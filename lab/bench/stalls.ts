/** What a speed costs: a MASTER that stands still for a moment is alive, and a peer that takes over is wrong. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFrozen } from "../fabric/machine/cgroup.ts";
import { labNames } from "../fabric/names.ts";
import { connectionCount } from "./client/connections.ts";
import { type BenchPair, moment, type NodeName, nodeNames } from "./pair.ts";
import { percentile, table } from "./report.ts";
import { nowMs } from "./tap.ts";

export const stallsMs = [200, 500, 1000, 3000];
/** Early and late in the advert interval: what counts is how old the last advert was. */
const phases = [1 / 6, 5 / 6];

export interface Stall {
  /** The standby became MASTER. */
  falseFailover: boolean;
  /** Moves that the cloud accepted until the pair was at rest again. */
  moves: number;
  /** Questions of a client without an answer, one every 10 ms. */
  lost: number;
  /** Of the client's connections. */
  connectionsBroken: number;
}

export interface StallCell {
  speed: string;
  stallMs: number;
  all: Stall[];
}

/** Makes a node MASTER as a user would: keepalived stops on the other one for a moment. */
async function makeMaster(pair: BenchPair, node: NodeName): Promise<void> {
  const master = await pair.rest(0);
  if (master === node) return;
  await pair.fail(master, "keepalived-stop");
  await moment(`node ${node} is MASTER`, 20_000, () => (pair.master() === node ? true : undefined));
  await pair.heal();
  await pair.rest(2000);
}

/** The whole machine stands still; its kernel goes on answering pings, so what is lost is lost to the failover alone. */
async function stall(pair: BenchPair, master: NodeName, stallMs: number, phase: number): Promise<Stall> {
  await makeMaster(pair, master);
  const standby = pair.node(master === "a" ? "b" : "a").address;
  const cgroup = `${labNames(pair.name).cgroup}/${pair.node(master).instanceId}`;
  const probe = pair.probe("icmp");
  const connections = pair.connections();
  await moment("the VIP's answers", 5000, () => probe.answers[30]);
  await connections.opened;
  await pair.atPhase(master, phase, 0);
  const since = nowMs();
  setFrozen(cgroup, true);
  try {
    await sleep(stallMs);
  } finally {
    setFrozen(cgroup, false);
  }
  await sleep(3.5 * pair.intervalMs);
  const falseFailover = pair.tap.adverts(since).some(({ source }) => source === standby);
  await pair.rest(3000);
  const questions = await probe.end();
  return {
    falseFailover,
    moves: nodeNames.flatMap((node) => pair.migratesMs(node, since)).length,
    lost: questions.filter(({ answeredMs }) => answeredMs === null).length,
    connectionsBroken: (await connections.end()).broken,
  };
}

/** Every length at the speed in force, with either node as MASTER: after a tie the higher address wins. */
export async function stallsAt(pair: BenchPair, speed: string, runs: number): Promise<StallCell[]> {
  const cells: StallCell[] = [];
  for (const stallMs of stallsMs) {
    const all: Stall[] = [];
    for (const master of nodeNames) {
      for (let run = 0; run < runs; run += 1) {
        const result = await stall(pair, master, stallMs, phases[run % phases.length]!);
        console.log(`${speed}, ${master} stalled for ${stallMs} ms: ${JSON.stringify(result)}`);
        all.push(result);
      }
    }
    cells.push({ speed, stallMs, all });
  }
  return cells;
}

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);

/**
 * Stalls down, speeds across. In a cell: false failovers, moves, answers that a client has lost as median (most), connections
 * that broke.
 */
export function stallTable(cells: StallCell[]): string {
  const speeds = [...new Set(cells.map(({ speed }) => speed))];
  const cell = (speed: string, stallMs: number) => {
    const all = cells.find((item) => item.speed === speed && item.stallMs === stallMs)?.all ?? [];
    if (all.length === 0) return "-";
    const failovers = all.filter(({ falseFailover }) => falseFailover).length;
    const moves = sum(all.map((item) => item.moves));
    const lost = all.map((item) => item.lost);
    const broken = sum(all.map((item) => item.connectionsBroken));
    const connections = all.length * connectionCount;
    return `${failovers} of ${all.length}; ${moves}; ${percentile(lost, 0.5)} (${Math.max(...lost)}); ${broken} of ${connections}`;
  };
  return table([
    ["stall", ...speeds],
    ...stallsMs.map((stallMs) => [`${stallMs / 1000} s`, ...speeds.map((speed) => cell(speed, stallMs))]),
  ]);
}

/** The bench's lab, from nothing to its end, and what is measured in it: each of it several times. */
import { readFileSync } from "node:fs";
import { Progress } from "../../terminal/progress.ts";
import type { Settings } from "../command/settings.ts";
import { upProgram } from "../engine/engine.ts";
import { ensureLab, removeLab } from "../lifecycle.ts";
import { writeHaTarget } from "../pair/haTarget.ts";
import { waitWhole } from "../pair/inspect.ts";
import { readConfig } from "../state.ts";
import { installGuide } from "./guide2019/install.ts";
import { heldOver, type KeptCell } from "./kept/held.ts";
import { directions, installStreams, type Throughput, throughput } from "./kept/throughput.ts";
import { type Measured, measure, phases } from "./measure.ts";
import { BenchPair } from "./pair.ts";
import { baseline, decisionOf, type Report, type Scenario, scenarioOf } from "./report.ts";
import {
  type BenchFault,
  benchFaults,
  intervalMsOf,
  type SettingName,
  settingsFor,
  type speeds,
  switchover,
} from "./scenarios.ts";

/** MASTER events that the decision's percentiles rest on at least. */
const decisions = 40;
const upLimitMs = 60_000;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
}

export class Bench {
  readonly #name: string;
  readonly #runs: number;
  readonly #more: Settings;
  readonly #decisionsMs: number[] = [];
  #pair: BenchPair | null = null;

  /** @param more settings of the pair, beside those of a speed */
  constructor(name: string, runs: number, more: Settings) {
    this.#name = name;
    this.#runs = runs;
    this.#more = more;
  }

  get pair(): BenchPair {
    if (!this.#pair) throw new Error("there is no pair yet");
    return this.#pair;
  }

  async #up(speed: string): Promise<void> {
    const config = readConfig(this.#name);
    if (!config) throw new Error(`no lab named "${this.#name}"`);
    const { engine } = await upProgram("inline", config, { ...settingsFor(speed), ...this.#more });
    const status = await waitWhole(this.#name, engine, upLimitMs);
    if (!status.converged) throw new Error(`the pair is not healthy: ${status.why.join("; ")}`);
    await writeHaTarget(this.#name, status);
  }

  /** A lab from nothing, and how long its commands take. */
  async start(speed: string): Promise<Report["lab"]> {
    const startMs = await timed(() => ensureLab(this.#name));
    const upMs = await timed(() => this.#up(speed));
    const noopUpMs = await timed(() => this.#up(speed));
    this.#pair = await BenchPair.open(this.#name, intervalMsOf("normal"));
    await this.#pair.serve();
    return { startMs, upMs, noopUpMs };
  }

  /** Brings a setting into force and waits for rest. */
  async apply(setting: SettingName | (typeof speeds)[number]): Promise<void> {
    const config = readConfig(this.#name);
    if (setting !== baseline) await this.#up(setting);
    else if (config) await installGuide(this.pair, config);
    this.pair.intervalMs = intervalMsOf(setting);
    await this.pair.rest(10_000);
  }

  async scenario(setting: SettingName, fault: BenchFault): Promise<Scenario> {
    const runs: Measured[] = [];
    for (let n = 0; n < this.#runs; n += 1) {
      const what = `${setting}, ${fault.name}, ${n + 1}/${this.#runs}`;
      const run = await Progress.during(what, () => measure(this.pair, fault, phases[n % phases.length]!));
      const [outage, own] = [Math.round(run.outageMs), Math.round(run.ownMs)];
      console.log(
        `${what}: outage ${outage} ms, own ${own} ms, ${run.connectionsBroken} connections broken, phase ${run.phase.toFixed(2)}`,
      );
      if (setting !== baseline && fault.name !== "switchover") this.#decisionsMs.push(run.phasesMs.decision);
      runs.push(run);
    }
    return scenarioOf(setting, fault.name, runs);
  }

  async held(setting: SettingName, fault: BenchFault, count: number): Promise<KeptCell> {
    const cell: KeptCell = { setting, fault: fault.name, count, runs: [] };
    while (cell.runs.length < this.#runs) {
      const what = `${setting}, ${fault.name}, ${count} connections, ${cell.runs.length + 1}/${this.#runs}`;
      const run = await Progress.during(what, () => heldOver(this.pair, fault, count));
      console.log(`${what}: ${JSON.stringify(run)}`);
      cell.runs.push(run);
    }
    return cell;
  }

  async streams(): Promise<Throughput[]> {
    await installStreams(this.pair);
    const all: Throughput[] = [];
    for (const direction of directions) {
      const work = () => throughput(this.pair, direction, this.#runs, () => switchover(this.pair));
      all.push(await Progress.during(`a stream ${direction}`, work));
      console.log(JSON.stringify(all.at(-1)));
    }
    return all;
  }

  async decision(): Promise<Report["decisionMs"]> {
    const stop = benchFaults.find(({ name }) => name === "keepalived-stop")!;
    while (this.#decisionsMs.length < decisions) {
      const known = this.#decisionsMs.length;
      console.log(`MASTER to request: ${known} of ${decisions}`);
      const phase = phases[known % phases.length]!;
      const run = await Progress.during("another one", () => measure(this.pair, stop, phase));
      this.#decisionsMs.push(run.phasesMs.decision);
    }
    return decisionOf(this.#decisionsMs);
  }

  async versions(): Promise<Report["versions"]> {
    const script =
      '. /etc/os-release; echo "$PRETTY_NAME"; keepalived -v 2>&1 | sed -n "1s/^Keepalived v\\([^ ]*\\).*/\\1/p"';
    const [nodes = "", keepalived = ""] = (await this.pair.exec("a", ["sh", "-c", script])).split("\n");
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    return { project: version, node: process.versions.node, keepalived, nodes };
  }

  async end(): Promise<void> {
    this.#pair?.end();
    await removeLab(this.#name);
  }
}

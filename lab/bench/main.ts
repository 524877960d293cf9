/** `npm run bench`: how long a failover takes, beside the 2019 procedure on the same nodes and the same local cloud. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import type { FailoverRecord } from "../../picture/failover.ts";
import { Progress } from "../../terminal/progress.ts";
import { runCommand } from "../command/run.ts";
import { upProgram } from "../engine/engine.ts";
import { ensureHostPackages, hostProblem, labPackages } from "../host.ts";
import { ensureLab, removeLab } from "../lifecycle.ts";
import { writeHaTarget } from "../pair/haTarget.ts";
import { waitWhole } from "../pair/inspect.ts";
import { labName, readConfig } from "../state.ts";
import { installGuide } from "./guide2019/install.ts";
import { type Measured, measure, phases } from "./measure.ts";
import { BenchPair } from "./pair.ts";
import { recordOf } from "./record.ts";
import { baseline, decisionOf, type Report, type Scenario, scenarioOf, tables } from "./report.ts";
import { idle } from "./runtime.ts";
import {
  type BenchFault,
  benchFaults,
  intervalMsOf,
  type SettingName,
  settingNames,
  settingsFor,
  speeds,
} from "./scenarios.ts";
import { type StallCell, stallsAt, stallTable } from "./stalls.ts";
import { timelineSvg } from "./svg.ts";

const usage = `npm run bench [-- --runs N]           faults per setting and kind, 3 by default
  --settings a,b  of ${settingNames.join(", ")}
  --faults a,b    of ${benchFaults.map(({ name }) => name).join(", ")}
  --json FILE     --svg FILE
  --record FILE   instead: one power cut at failoverSpeed fast, moment by moment, for docs/pictures/failover.svg
  --stalls        instead: what each speed (${speeds.join(", ")}) costs when the MASTER stands still for a moment
It makes a lab of its own, named by LAB_NAME ("bench" by default), and removes it.`;

/** MASTER events that the decision's percentiles rest on at least. */
const decisions = 40;
const upLimitMs = 60_000;

/** Some of the names that there are; all of them by default. */
function chosen<T extends string>(option: string, text: string | undefined, all: readonly T[]): T[] {
  const wanted = text?.split(",") ?? [...all];
  const unknown = wanted.filter((name) => !all.includes(name as T));
  if (unknown.length > 0) throw new Error(`${option}: no ${unknown.join(", ")}; there are ${all.join(", ")}.`);
  return all.filter((name) => wanted.includes(name));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
}

class Bench {
  readonly #name: string;
  readonly #runs: number;
  readonly #decisionsMs: number[] = [];
  #pair: BenchPair | null = null;

  constructor(name: string, runs: number) {
    this.#name = name;
    this.#runs = runs;
  }

  get pair(): BenchPair {
    if (!this.#pair) throw new Error("there is no pair yet");
    return this.#pair;
  }

  async #up(speed: string): Promise<void> {
    const config = readConfig(this.#name);
    if (!config) throw new Error(`no lab named "${this.#name}"`);
    const { engine } = await upProgram("inline", config, settingsFor(speed));
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

const machine = (): Report["machine"] => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cpus: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  load1: Math.round((loadavg()[0] ?? 0) * 100) / 100,
});

async function failovers(bench: Bench, settings: SettingName[], faults: BenchFault[]): Promise<Report> {
  const head = { date: new Date().toISOString(), machine: machine() };
  const lab = await bench.start("normal");
  const versions = await bench.versions();
  const scenarios: Scenario[] = [];
  // The guide's files come last: they replace ours for good.
  for (const setting of settings.filter((name) => name !== baseline)) {
    await bench.apply(setting);
    for (const fault of faults) scenarios.push(await bench.scenario(setting, fault));
  }
  const decisionMs = await bench.decision();
  console.log("The pair is left alone for 4.5 minutes ...");
  const runtime = await Progress.during("an idle pair's calls", () => idle(bench.pair));
  if (settings.includes(baseline)) {
    await bench.apply(baseline);
    for (const fault of faults.filter(({ guide }) => guide)) scenarios.push(await bench.scenario(baseline, fault));
  }
  return { ...head, versions, lab, scenarios, decisionMs, runtime };
}

async function stalls(bench: Bench, wanted: typeof speeds): Promise<StallCell[]> {
  await bench.start("normal");
  const cells: StallCell[] = [];
  for (const speed of wanted) {
    await bench.apply(speed);
    cells.push(...(await stallsAt(bench.pair, speed, 2)));
  }
  return cells;
}

/** So long after the fault the picture goes on. */
const recordedMs = 5000;

async function oneFailover(bench: Bench): Promise<FailoverRecord> {
  const date = new Date().toISOString();
  await bench.start("normal");
  const speed = "fast";
  await bench.apply(speed);
  const power = benchFaults.find(({ name }) => name === "power")!;
  const measured = await measure(bench.pair, { ...power, watchMs: recordedMs }, phases[1]!);
  return recordOf(bench.pair, measured, { date, speed, fault: "power cut" });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "3" },
      settings: { type: "string" },
      faults: { type: "string" },
      json: { type: "string" },
      svg: { type: "string" },
      stalls: { type: "boolean", default: false },
      record: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs is "${values.runs}"; wanted a number from 1.`);
  const settings = values.stalls ? [] : chosen("--settings", values.settings, settingNames);
  const stalled = values.stalls ? chosen("--settings", values.settings, speeds) : [];
  const names = chosen(
    "--faults",
    values.faults,
    benchFaults.map(({ name }) => name),
  );
  const faults = benchFaults.filter(({ name }) => names.includes(name));

  process.env.LAB_NAME ??= "bench";
  const name = labName();
  const problem = hostProblem();
  if (problem) throw new Error(`The bench can't run here: ${problem}`);
  if (readConfig(name)) {
    throw new Error(`There is a lab named "${name}" already; the bench makes its own: LAB_NAME=other npm run bench`);
  }
  await ensureHostPackages(labPackages);
  const bench = new Bench(name, runs);
  process.once("SIGINT", () => void bench.end().finally(() => process.exit(130)));
  try {
    if (values.stalls) {
      const cells = await stalls(bench, stalled);
      console.log(`\n${stallTable(cells)}`);
      if (values.json) writeFileSync(values.json, `${JSON.stringify(cells, null, 2)}\n`);
      return 0;
    }
    if (values.record !== undefined) {
      writeFileSync(values.record, `${JSON.stringify(await oneFailover(bench), null, 2)}\n`);
      return 0;
    }
    const report = await failovers(bench, settings, faults);
    console.log(`\n${tables(report)}`);
    if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
    if (values.svg) writeFileSync(values.svg, timelineSvg(report));
    return 0;
  } finally {
    await bench.end();
  }
}

await runCommand(main);

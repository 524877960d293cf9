/** `npm run bench`: how long a failover takes, beside the 2019 procedure on the same nodes and the same local cloud. */
import { writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import type { FailoverRecord } from "../../picture/failover.ts";
import { assertWritable } from "../../terminal/problem.ts";
import { Progress } from "../../terminal/progress.ts";
import { runCommand } from "../command/run.ts";
import type { Settings } from "../command/settings.ts";
import { ensureHostPackages, hostProblem, labPackages } from "../host.ts";
import { labName, readConfig } from "../state.ts";
import { Bench } from "./bench.ts";
import { echoPort } from "./client/connections.ts";
import { type KeptCell, type KeptReport, keptCounts, keptFaults, keptTable } from "./kept/held.ts";
import { streamPackages, streamPort, type ThroughputReport, throughputLine } from "./kept/throughput.ts";
import { measure, phases } from "./measure.ts";
import { recordOf } from "./record.ts";
import { baseline, type Report, type Scenario, tables } from "./report.ts";
import { idle } from "./runtime.ts";
import { type BenchFault, benchFaults, type SettingName, settingNames, speeds } from "./scenarios.ts";
import { type StallCell, stallsAt, stallTable } from "./stalls.ts";
import { timelineSvg } from "./svg.ts";

const usage = `npm run bench [-- --runs N]           faults per setting and kind, 3 by default
  --settings a,b  of ${settingNames.join(", ")}
  --faults a,b    of ${benchFaults.map(({ name }) => name).join(", ")}
  --json FILE     --svg FILE
  --record FILE   instead: one power cut at failoverSpeed fast, moment by moment, for docs/pictures/failover.svg
  --connections   instead: what becomes of ${keptCounts.join(" and ")} open connections with keepConnections, in ${keptFaults.map(({ name }) => name).join(", ")};
                  of the settings fast and guide2019
  --throughput    instead: what the way of a kept connection through both nodes costs, by iperf3
  --stalls        instead: what each speed (${speeds.join(", ")}) costs when the MASTER stands still for a moment
It makes a lab of its own, named by LAB_NAME ("bench" by default), and removes it.`;

/** Some of the names that there are; all of them by default. */
function chosen<T extends string>(option: string, text: string | undefined, all: readonly T[]): T[] {
  const wanted = text?.split(",") ?? [...all];
  const unknown = wanted.filter((name) => !all.includes(name as T));
  if (unknown.length > 0) throw new Error(`${option}: no ${unknown.join(", ")}; there are ${all.join(", ")}.`);
  return all.filter((name) => wanted.includes(name));
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

/** With it on, and ports for what the client brings along. */
const keptSettings: Settings = {
  keepConnections: "10m",
  servicePorts: JSON.stringify([80, echoPort, streamPort]),
};

const keptByDefault: SettingName[] = ["fast", baseline];

async function connections(bench: Bench, settings: SettingName[], faults: BenchFault[]): Promise<KeptReport> {
  const head = { date: new Date().toISOString(), machine: machine() };
  await bench.start("fast");
  const versions = await bench.versions();
  const cells: KeptCell[] = [];
  for (const setting of settings) {
    await bench.apply(setting);
    for (const fault of faults.filter(({ guide }) => guide || setting !== baseline)) {
      for (const count of keptCounts) cells.push(await bench.held(setting, fault, count));
    }
  }
  return { ...head, versions, cells };
}

async function streams(bench: Bench): Promise<ThroughputReport> {
  const head = { date: new Date().toISOString(), machine: machine() };
  await bench.start("fast");
  return { ...head, versions: await bench.versions(), throughput: await bench.streams() };
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
      connections: { type: "boolean", default: false },
      throughput: { type: "boolean", default: false },
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
  const all = values.connections ? keptFaults : benchFaults;
  const names = chosen(
    "--faults",
    values.faults,
    all.map(({ name }) => name),
  );
  const faults = all.filter(({ name }) => names.includes(name));

  for (const file of [values.json, values.svg, values.record]) if (file !== undefined) assertWritable(file);
  process.env.LAB_NAME ??= "bench";
  const name = labName();
  const problem = hostProblem();
  if (problem) throw new Error(`The bench can't run here: ${problem}`);
  if (readConfig(name)) {
    throw new Error(
      `There is a lab named "${name}" already; the bench makes its own: env LAB_NAME=other npm run bench`,
    );
  }
  await ensureHostPackages([...labPackages, ...(values.throughput ? streamPackages : [])]);
  const bench = new Bench(name, runs, values.connections || values.throughput ? keptSettings : {});
  process.once("SIGINT", () => void bench.end().finally(() => process.exit(130)));
  try {
    if (values.connections) {
      const wanted = settings.filter((setting) => values.settings !== undefined || keptByDefault.includes(setting));
      const report = await connections(bench, wanted, faults);
      console.log(`\n${keptTable(report.cells)}`);
      if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
      return 0;
    }
    if (values.throughput) {
      const report = await streams(bench);
      console.log(`\n${report.throughput.map(throughputLine).join("\n")}`);
      if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
      return 0;
    }
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

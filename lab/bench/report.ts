/** What the bench found: its JSON, its tables, and which goals it meets. Pure. */
import { type Column, markdown } from "../../terminal/table.ts";
import type { Measured } from "./measure.ts";
import type { Phases, Run } from "./timeline.ts";

export interface Scenario {
  setting: string;
  fault: string;
  outageMs: { p50: number; p95: number; all: number[] };
  ownMs: { p50: number; p95: number };
  /** The median of each part: they need not add up to the median of the whole. */
  phasesMs: Phases;
  /** Of the connections that a client held, in each run. */
  connectionsBroken: number[];
}

export interface Report {
  date: string;
  machine: { cpu: string; cpus: number; memoryGiB: number; kernel: string; load1: number };
  versions: { project: string; node: string; keepalived: string; nodes: string };
  /** What the lab's own commands took. */
  lab: { startMs: number; upMs: number; noopUpMs: number };
  scenarios: Scenario[];
  /** From keepalived's MASTER to the request at the cloud, over all moves of our settings. */
  decisionMs: { p50: number; p99: number };
  runtime: { rssAnonMiB: number; apiCallsPerIdleDay: number };
}

/** The value that a share of all values does not exceed (nearest rank). */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const tenth = (value: number) => Math.round(value * 10) / 10;
const p = (values: number[], share: number) => tenth(percentile(values, share));

export function scenarioOf(
  setting: string,
  fault: string,
  runs: (Run & Pick<Measured, "connectionsBroken">)[],
): Scenario {
  const outages = runs.map((run) => tenth(run.outageMs));
  const own = runs.map((run) => run.ownMs);
  const phase = (name: keyof Phases) =>
    p(
      runs.map(({ phasesMs }) => phasesMs[name]),
      0.5,
    );
  return {
    setting,
    fault,
    outageMs: { p50: p(outages, 0.5), p95: p(outages, 0.95), all: outages },
    ownMs: { p50: p(own, 0.5), p95: p(own, 0.95) },
    phasesMs: {
      detection: phase("detection"),
      decision: phase("decision"),
      api: phase("api"),
      network: phase("network"),
    },
    connectionsBroken: runs.map((run) => run.connectionsBroken),
  };
}

export const decisionOf = (valuesMs: number[]): Report["decisionMs"] => ({
  p50: p(valuesMs, 0.5),
  p99: p(valuesMs, 0.99),
});

export const baseline = "guide2019";

/** How many times shorter a scenario's own time is than the 2019 procedure's in the same run; null without one. */
export function timesShorter(report: Pick<Report, "scenarios">, { setting, fault, ownMs }: Scenario): number | null {
  const guide = report.scenarios.find((other) => other.setting === baseline && other.fault === fault);
  return guide && setting !== baseline ? guide.ownMs.p50 / ownMs.p50 : null;
}

export interface Goal {
  what: string;
  wanted: string;
  measured: string;
  met: boolean;
}

const powerGoals: Record<string, number> = { normal: 2.8, fast: 5, aggressive: 9 };

/** Every goal that this run says something about. */
export function goalsOf(report: Report): Goal[] {
  const goals: Goal[] = [];
  const goal = (what: string, value: number, least: number, most: number, unit: string) =>
    goals.push({
      what,
      wanted: [least > -Infinity ? `>= ${least}` : "", most < Infinity ? `<= ${most}` : ""].join(" ").trim() + unit,
      measured: `${tenth(value)}${unit}`,
      met: value >= least && value <= most,
    });
  for (const scenario of report.scenarios) {
    const { setting, fault, outageMs, ownMs, phasesMs } = scenario;
    const times = timesShorter(report, scenario);
    const least = fault === "power" ? powerGoals[setting] : fault === "keepalived-stop" ? 8 : undefined;
    if (times !== null && least !== undefined)
      goal(`${fault}, ${setting}: own time`, times, least, Infinity, "x shorter");
    if (fault === "switchover") goal(`${fault}, ${setting}: outage, p95`, outageMs.p95, -Infinity, 50, " ms");
    if (fault === "keepalived-kill" && setting !== baseline)
      goal(`${fault}, ${setting}: outage, p95`, outageMs.p95, -Infinity, 200, " ms");
    if (fault === "process") goal(`${fault}, ${setting}: death to request, p95`, ownMs.p95, -Infinity, 300, " ms");
    // A baseline made slow would prove nothing: these are what the guide's text implies.
    if (setting === baseline && fault === "power") {
      goal(`${setting}, ${fault}: detection`, phasesMs.detection, 2800, 3900, " ms");
      goal(`${setting}, ${fault}: decision`, phasesMs.decision, 500, 900, " ms");
    }
  }
  goal("MASTER to request, p50", report.decisionMs.p50, -Infinity, 20, " ms");
  goal("MASTER to request, p99", report.decisionMs.p99, -Infinity, 60, " ms");
  goal("the service's RssAnon", report.runtime.rssAnonMiB, -Infinity, 12, " MiB");
  goal("API calls of an idle pair", report.runtime.apiCallsPerIdleDay, -Infinity, 5000, " a day");
  return goals;
}

/** A Markdown table of these rows, the first of which is its head; numbers to the right. */
export function table([heads = [], ...rows]: string[][]): string {
  const isText = (column: number) => rows.some((row) => /^[a-z]/i.test(row[column] ?? ""));
  const columns = heads.map((head, n): Column => ({ head, align: isText(n) ? "left" : "right" }));
  return markdown(columns, rows).join("\n");
}

const whole = (value: number) => String(Math.round(value));

/** The tables on the screen and in docs/bench.md. Times are medians in ms unless they say otherwise. */
export function tables(report: Report): string {
  const scenarios = report.scenarios.map((scenario) => {
    const { setting, fault, outageMs, ownMs, phasesMs, connectionsBroken } = scenario;
    const parts = [phasesMs.detection, phasesMs.decision, phasesMs.api, phasesMs.network].map(whole);
    const times = timesShorter(report, scenario);
    const shorter = times === null ? "" : `${times.toFixed(1)}x`;
    const outage = [whole(outageMs.p50), whole(outageMs.p95), String(Math.max(...connectionsBroken))];
    return [fault, setting, ...outage, ...parts, whole(ownMs.p50), shorter];
  });
  scenarios.sort((a, b) => a[0]!.localeCompare(b[0]!));
  const head = [
    ...["fault", "setting", "outage", "p95", "conn. broken", "detection", "decision", "api", "network"],
    ...["own", "vs guide2019"],
  ];
  const goals = goalsOf(report).map(({ what, wanted, measured, met }) => [
    what,
    wanted,
    measured,
    met ? "met" : "MISSED",
  ]);
  const { machine, versions, lab } = report;
  return [
    `${report.date}: ${machine.cpus} x ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, load ${machine.load1}; ` +
      `keepalived-cluster ${versions.project}, Node.js ${versions.node}, nodes: ${versions.nodes}, keepalived ${versions.keepalived}.`,
    table([head, ...scenarios]),
    table([["goal", "wanted", "measured", "result"], ...goals]),
    `Lab start ${whole(lab.startMs)} ms, up ${whole(lab.upMs)} ms, up without a change ${whole(lab.noopUpMs)} ms.`,
  ].join("\n\n");
}

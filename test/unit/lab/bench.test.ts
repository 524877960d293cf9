/** What the bench makes of what it saw. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Question } from "../../../lab/bench/client/probe.ts";
import { keptTable } from "../../../lab/bench/kept/held.ts";
import { throughputLine } from "../../../lab/bench/kept/throughput.ts";
import { recordOf } from "../../../lab/bench/record.ts";
import { goalsOf, percentile, type Report, scenarioOf, table, tables } from "../../../lab/bench/report.ts";
import { stallTable } from "../../../lab/bench/stalls.ts";
import { timelineSvg } from "../../../lab/bench/svg.ts";
import type { TapEvent } from "../../../lab/bench/tap.ts";
import { outageMs, runOf, type Seen } from "../../../lab/bench/timeline.ts";
import type { CloudNode } from "../../../lab/pair/pairs.ts";

/** A question every 10 ms; those within a gap (first and last ms, both included) get no answer. */
function questions(untilMs: number, ...gaps: [number, number][]): Question[] {
  return Array.from({ length: untilMs / 10 + 1 }, (_, n) => n * 10).map((sentMs) => ({
    sentMs,
    answeredMs: gaps.some(([from, to]) => sentMs >= from && sentMs <= to) ? null : sentMs + 0.25,
  }));
}

const advert = (atMs: number, source: string, priority = 250): TapEvent => ({ atMs, what: "advert", source, priority });
const route = (atMs: number, to: string): TapEvent => ({ atMs, what: "route", to });

const powerCut: Seen = {
  faultMs: 1000,
  standby: "b",
  migratesMs: [500, 2310],
  events: [advert(800, "a"), route(900, "b"), advert(2300, "b"), advert(2800, "b"), route(4800, "b")],
  questions: questions(6000, [1010, 4790]),
};

test("a failover is split at the standby's first advert, its accepted request, the cloud's switch and the first answer", () => {
  const run = runOf(powerCut);
  assert.deepEqual(run, {
    outageMs: 3790,
    ownMs: 1310,
    phasesMs: { detection: 1300, decision: 10, api: 2490, network: 0.25 },
  });
});

test("what happened before the fault is no part of it", () => {
  const run = runOf({ ...powerCut, questions: questions(6000, [300, 400], [1010, 4790]) });
  assert.equal(run?.outageMs, 3790);
});

test("a VIP that goes away once more counts as outage, too", () => {
  assert.equal(outageMs(questions(1000, [100, 190], [500, 690])), 300);
});

test("an advert of priority 0 says that a node is no longer MASTER, not that it has become MASTER", () => {
  const events = [advert(1100, "b", 0), ...powerCut.events];
  assert.equal(runOf({ ...powerCut, events })?.phasesMs.detection, 1300);
});

test("a planned switch asks the cloud before the roles change: nothing was waited for", () => {
  const events = [advert(800, "a"), route(4000, "b"), advert(4020, "b")];
  const run = runOf({ ...powerCut, migratesMs: [1500], events, questions: questions(6000) });
  assert.deepEqual([run?.outageMs, run?.phasesMs.detection, run?.phasesMs.decision], [0, 0, 500]);
});

test("a record has each moment from the fault on, and what the client asked last before it was left alone", () => {
  const run = runOf(powerCut);
  assert.ok(run);
  const node = (name: string) => ({ address: name }) as CloudNode;
  const about = { date: "2026-01-02T03:04:05.000Z", speed: "normal", fault: "power cut" };
  assert.deepEqual(recordOf({ node, intervalMs: 500 }, { ...run, master: "a", seen: powerCut }, about), {
    ...about,
    master: "a",
    advertIntervalMs: 500,
    advertsMs: { a: [-200], b: [1300, 1800] },
    masterMs: 1300,
    requestMs: 1310,
    movedMs: 3800,
    answeredMs: 3800.3,
    lastAnsweredMs: 0,
    askedEveryMs: 10,
  });
  const answered = { ...powerCut, questions: questions(6000) };
  assert.throws(
    () => recordOf({ node, intervalMs: 500 }, { ...run, master: "a", seen: answered }, about),
    /all the while/,
  );
});

for (const [missing, change] of [
  ["MASTER", { events: [route(4800, "b")] }],
  ["request", { migratesMs: [] }],
  ["switch", { events: [advert(2300, "b")] }],
  ["answer", { questions: questions(6000, [1010, 6000]) }],
] as [string, Partial<Seen>][]) {
  test(`without a ${missing} there is no figure`, () => assert.equal(runOf({ ...powerCut, ...change }), null));
}

test("percentiles are values that were seen", () => {
  assert.deepEqual([percentile([3, 1, 2], 0.5), percentile([3, 1, 2], 0.95), percentile([7], 0.99)], [2, 3, 7]);
});

const run = (ownMs: number, decision = 600, connectionsBroken = 200) => ({
  connectionsBroken,
  outageMs: ownMs + 2500,
  ownMs,
  phasesMs: { detection: ownMs - decision, decision, api: 2500, network: 0 },
});
const report: Report = {
  date: "2026-01-02T03:04:05.000Z",
  machine: { cpu: "some CPU", cpus: 2, memoryGiB: 8, kernel: "6.1.0", load1: 0.1 },
  versions: { project: "0.1.0", node: "24.0.0", keepalived: "2.2.7", nodes: "Debian GNU/Linux 12" },
  lab: { startMs: 1, upMs: 2, noopUpMs: 3 },
  scenarios: [
    scenarioOf("normal", "power", [run(1300, 5), run(1200, 5), run(1400, 5)]),
    scenarioOf("aggressive", "power", [run(500, 5)]),
    scenarioOf("guide2019", "power", [run(3900)]),
    scenarioOf("normal", "switchover", [{ ...run(900), outageMs: 80 }]),
    scenarioOf("normal", "keepalived-kill", [
      { ...run(1300, 5), outageMs: 0 },
      { ...run(1300, 5, 0), outageMs: 0 },
    ]),
    scenarioOf("fast", "keepalived-kill", [
      { ...run(800, 5), outageMs: 0 },
      { ...run(800, 5), outageMs: 201 },
    ]),
  ],
  decisionMs: { p50: 5, p99: 61 },
  runtime: { rssAnonMiB: 11, apiCallsPerIdleDay: 5001 },
};

test("goals are ratios against the 2019 procedure in the same run; what was not run has none", () => {
  const goals = goalsOf(report);
  const met = (what: string) => goals.find((goal) => goal.what.startsWith(what))?.met;
  assert.equal(met("power, normal"), true);
  assert.equal(met("power, aggressive"), false);
  assert.equal(met("power, fast"), undefined);
  assert.equal(met("switchover, normal"), false);
  assert.equal(met("keepalived-kill, normal: outage"), true);
  assert.equal(met("keepalived-kill, fast: outage"), false);
  assert.equal(met("guide2019, power: detection"), true);
  assert.equal(met("MASTER to request, p50"), true);
  assert.equal(met("MASTER to request, p99"), false);
  assert.equal(met("API calls"), false);
});

test("a baseline that was made slow or fast misses what the guide's text implies", () => {
  const slow = { ...report, scenarios: [scenarioOf("guide2019", "power", [run(5000, 1000)])] };
  const missed = goalsOf(slow).filter(({ met }) => !met);
  assert.deepEqual(
    missed.map(({ what }) => what).filter((what) => what.startsWith("guide2019")),
    ["guide2019, power: detection", "guide2019, power: decision"],
  );
});

test("the tables show each scenario, with how much shorter it is", () => {
  const text = tables(report);
  assert.match(
    text,
    /\| power +\| normal +\| +3800 \| +3900 \| +200 \| +1295 \| +5 \| +2500 \| +0 \| +1300 \| +3\.0x \|/,
  );
  assert.match(text, /\| power +\| guide2019 +\|.*\| +3900 \| +\|/);
});

test("a table's columns line up", () => {
  const lines = table([
    ["name", "ms"],
    ["a", "1"],
    ["long name", "12345"],
  ]).split("\n");
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
});

test("the picture has a bar for each part of each scenario, and nothing outside", () => {
  const svg = timelineSvg(report);
  assert.equal([...svg.matchAll(/<title>(detection|decision|api|network) /g)].length, 4 * report.scenarios.length);
  const width = Number(/<svg [^>]*width="(\d+)"/.exec(svg)?.[1]);
  const rects = [...svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)];
  assert.ok(rects.length > 4 * report.scenarios.length);
  for (const [, x, w] of rects) assert.ok(Number(x) + Number(w) <= width, `${x} + ${w}`);
});

test("the picture does not show as an outage what a client was answered through", () => {
  const lines = timelineSvg(report).split("\n");
  /** Of the first row of a fault: how high its parts are, and what the client missed. */
  const drawnOf = (fault: string) => {
    const from = lines.findIndex((line) => line.includes(`>${fault}<`));
    const row = lines.slice(from + 2, from + 7);
    const heights = row.flatMap(
      (line) => /height="(\d+)".*<title>(?:detection|decision|api|network) /.exec(line)?.[1] ?? [],
    );
    return [...new Set(heights), ...row.flatMap((line) => /<title>(unanswered.*?)</.exec(line)?.[1] ?? [])];
  };
  assert.deepEqual(drawnOf("power"), ["18"]);
  assert.deepEqual(drawnOf("keepalived-kill"), ["3"]);
  assert.deepEqual(drawnOf("switchover"), ["3", "unanswered for 80 ms at most"]);
  assert.ok(lines.some((line) => line.includes(">answered all the while<")));
  assert.ok(lines.some((line) => line.includes(">unanswered for 201 ms at most<")));
});

test("the table of stalls counts false failovers, moves, and what they cost", () => {
  const all = [
    { falseFailover: true, moves: 2, lost: 100, connectionsBroken: 200 },
    { falseFailover: false, moves: 0, lost: 0, connectionsBroken: 0 },
    { falseFailover: true, moves: 1, lost: 30, connectionsBroken: 190 },
  ];
  assert.match(stallTable([{ speed: "fast", stallMs: 500, all }]), /\| 0\.5 s \| 2 of 3; 3; 30 \(100\); 390 of 600 \|/);
});

test("the table of open connections has the most of a run: those that broke, those that hang, and the longest answer", () => {
  const runs = [3, 90, 12].map((longestAnswerMs, broken) => ({ moves: 1, broken, hanging: 0, longestAnswerMs }));
  const cells = [
    { setting: "fast", fault: "stall", count: 200, runs },
    { setting: "fast", fault: "stall", count: 2000, runs: [{ moves: 1, broken: 5, hanging: 4, longestAnswerMs: 7 }] },
    { setting: "guide2019", fault: "stall", count: 200, runs: [{ ...runs[0]!, broken: 200 }] },
  ];
  const text = keptTable(cells);
  assert.match(text, /\| stall +\| fast +\| +2 \| +0 \| +90 \| +5 \| +4 \| +7 \|/);
  assert.match(text, /\| stall +\| guide2019 +\| +200 \| +0 \| +3 \| +\| +\| +\|/);
});

test("the tunnel's cost is the median of what each round's two halves say of each other", () => {
  const direct = { gbitPerS: 10, cpuMsPerGbit: 100 };
  const tunnel = (gbitPerS: number, cpuMsPerGbit: number) => ({ gbitPerS, cpuMsPerGbit });
  const rounds = [tunnel(9, 110), tunnel(8, 120), tunnel(2, 300)].map((rate) => ({ direct, tunnel: rate }));
  assert.match(
    throughputLine({ direction: "to the client", rounds }),
    /^to the client: .* 0\.80 of the throughput, 1\.20 of the CPU for each byte \(median of 3\)\.$/,
  );
});

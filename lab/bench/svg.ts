/**
 * The timeline of each failover as a picture: a row for each setting, from the fault to the new MASTER's first answer. Where
 * the client waited for it, it is a bar. Where the client was answered meanwhile, it is a thin line, and a bar only what the
 * client missed. Pure.
 */
import { type Phase, phaseNames, phaseStyle, phases } from "../../picture/phases.ts";
import { line, page, rect, text, widthOf } from "../../picture/svg.ts";
import { type Report, type Scenario, timesShorter } from "./report.ts";

const [width, left, right, top, row, gap] = [960, 210, 170, 96, 24, 18];
const thick = { offset: 3, size: row - 6 };
const thin = { offset: row / 2 - 1.5, size: 3 };

/** Who has to wait for a move waits longer than the move takes; who waits for less was answered by the old node meanwhile. */
const isAnswered = ({ outageMs, phasesMs }: Scenario) => outageMs.p95 < phasesMs.api;

/** What stands beside a row. */
function wordsOf(report: Report, scenario: Scenario): string {
  const { outageMs, ownMs } = scenario;
  if (isAnswered(scenario)) {
    return outageMs.p95 === 0 ? "answered all the while" : `unanswered for ${Math.round(outageMs.p95)} ms at most`;
  }
  const times = timesShorter(report, scenario);
  return `own ${Math.round(ownMs.p50)} ms${times === null ? "" : `, ${times.toFixed(1)}x shorter`}`;
}

const totalOf = ({ phasesMs }: Scenario) => phaseNames.reduce((sum, phase) => sum + phasesMs[phase], 0);

/** @param x pixels from the left of a time in ms */
function barsOf(scenario: Scenario, y: number, x: (ms: number) => number): string[] {
  const { phasesMs, outageMs } = scenario;
  const { offset, size } = isAnswered(scenario) ? thin : thick;
  const bar = (name: string, fromMs: number, ms: number, at: { offset: number; size: number }, title: string) =>
    // What is too short to be seen is still there.
    rect(x(fromMs), y + at.offset, Math.max(1.5, x(fromMs + ms) - x(fromMs)), at.size, { class: name }, title);
  let fromMs = 0;
  const drawn = phaseNames.map((phase) => {
    const ms = phasesMs[phase];
    fromMs += ms;
    return bar(phase, fromMs - ms, ms, { offset, size }, `${phase} ${Math.round(ms)} ms`);
  });
  const missed = isAnswered(scenario) ? outageMs.p95 : 0;
  return missed === 0
    ? drawn
    : [...drawn, bar("missed", 0, missed, thick, `unanswered for ${Math.round(missed)} ms at most`)];
}

function legend(): string[] {
  const keys: [name: Phase | "missed", words: string][] = [
    ...phaseNames.map((name): [Phase, string] => [name, phases[name].meaning]),
    ["missed", "answers missed"],
  ];
  let x = 16;
  const drawn = keys.flatMap(([name, words]) => {
    const at = x;
    x += 34 + widthOf(words);
    return [rect(at, 52, 12, 12, { class: name }), text(at + 18, 63, words)];
  });
  return [
    ...drawn,
    text(16, 82, "A bar is what a client waits for; a thin line goes on behind a client that is answered.", {
      class: "faint",
    }),
  ];
}

export function timelineSvg(report: Report): string {
  const faults = [...new Set(report.scenarios.map(({ fault }) => fault))];
  const longest = Math.max(1, ...report.scenarios.map(totalOf));
  const seconds = Math.ceil(longest / 1000);
  const x = (ms: number) => left + (ms / (seconds * 1000)) * (width - left - right);
  const rows: string[] = [];
  let y = top + 8;
  for (const fault of faults) {
    rows.push(text(16, y + 16, fault, { class: "strong" }));
    for (const scenario of report.scenarios.filter((item) => item.fault === fault)) {
      rows.push(text(left - 10, y + 16, scenario.setting, { "text-anchor": "end" }));
      rows.push(...barsOf(scenario, y, x));
      rows.push(text(x(totalOf(scenario)) + 8, y + 16, wordsOf(report, scenario), { class: "faint halo" }));
      y += row;
    }
    y += gap;
  }
  const grid = Array.from({ length: seconds + 1 }, (_, n) => n).flatMap((second) => [
    line(x(second * 1000), top, x(second * 1000), y, { class: "grid" }),
    text(x(second * 1000), y + 16, `${second} s`, { "text-anchor": "middle", class: "faint" }),
  ]);
  const title = "From a fault to the new MASTER's first answer";
  const head = text(16, 28, `${title}, medians of ${report.date.slice(0, 10)}`, { class: "title" });
  return page(width, y + 36, title, [head, ...legend(), ...grid, ...rows], `.missed{fill:#a33b4a}${phaseStyle}`);
}

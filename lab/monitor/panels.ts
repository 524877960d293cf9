/** The panels of dashboard.json, and what a Prometheus had to show in them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Target {
  expr: string;
  /** With {{label}} in the place of labels' values. */
  legendFormat: string;
  instant: boolean;
}

export interface Panel {
  type: "row" | "stat" | "state-timeline" | "timeseries";
  title: string;
  /** Of a grid that is 24 wide. */
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
  options?: { textMode?: string };
  fieldConfig?: {
    defaults: {
      unit?: string;
      decimals?: number;
      noValue?: string;
      mappings?: { options: Record<string, { text: string; color: string }> }[];
    };
  };
}

/** A value, null where there is none, and how many samples it lasts. */
type Run = [value: number | null, times: number];

export interface Series {
  legend: string;
  /** From the beginning of the time; of a number of now one sample. */
  runs: Run[];
}

/** One pair over some minutes. */
export interface Shown {
  pair: string;
  /** Unix seconds of the first sample. */
  startS: number;
  stepS: number;
  samples: number;
  /** Of each panel, in the dashboard's order; a row has none. */
  panels: { title: string; series: Series[] }[];
}

/** As Prometheus answers: an instant query has `value`, one over a time `values`, each with its Unix seconds. */
interface Answer {
  result: {
    metric: Record<string, string>;
    value?: [number, string];
    values?: [number, string][];
  }[];
}
/** Path and query of Prometheus' API. */
type Ask = (path: string, query: Record<string, string>) => Promise<Answer>;

export const readPanels = (): Panel[] =>
  (
    JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "monitoring", "dashboard.json"), "utf8")) as {
      panels: Panel[];
    }
  ).panels;

const rounded = (value: string) => Number(Number(value).toPrecision(4));

function runsOf(values: (number | null)[]): Run[] {
  const runs: Run[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[0] === value) last[1] += 1;
    else runs.push([value, 1]);
  }
  return runs;
}

/** Asks all that the dashboard asks, for one pair, from a time on until now. @param stepS whole seconds */
export async function shownBy(ask: Ask, pair: string, startS: number, stepS: number): Promise<Shown> {
  const start = Math.ceil(startS);
  const samples = Math.floor((Date.now() / 1000 - start) / stepS) + 1;
  const times = Array.from({ length: samples }, (_, n) => start + n * stepS);
  const range = { start: String(start), end: String(times.at(-1)), step: String(stepS) };
  const panels = [];
  for (const { title, targets = [] } of readPanels()) {
    const series: Series[] = [];
    for (const { expr, legendFormat, instant } of targets) {
      const query = expr.replaceAll("$pair", pair);
      const { result } = await (instant
        ? ask("query", { query, time: range.end })
        : ask("query_range", { query, ...range }));
      for (const { metric, value, values = [] } of result) {
        const found = new Map(values.map(([atS, text]) => [atS, rounded(text)]));
        series.push({
          legend: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ""),
          runs: value ? [[rounded(value[1]), 1]] : runsOf(times.map((atS) => found.get(atS) ?? null)),
        });
      }
    }
    panels.push({ title, series: series.toSorted((a, b) => (a.legend < b.legend ? -1 : 1)) });
  }
  return { pair, startS: start, stepS, samples, panels };
}

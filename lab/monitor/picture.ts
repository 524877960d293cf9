/** The dashboard as a picture: the panels of dashboard.json in their grid, with what a Prometheus had to show. Pure. */

import { line, page, path, rect, text } from "../../picture/svg.ts";
import type { Panel, Series, Shown } from "./panels.ts";

const [width, margin, top, unitHeight, gap] = [960, 16, 64, 26, 6];
const unitWidth = (width - 2 * margin) / 24;
/** Of a letter of 11 px, at most. */
const letter = 6.3;

/** Grafana's names for colours. */
const colours: Record<string, string> = { green: "#4a9c6d", red: "#d1495b", blue: "#5b8bd0", orange: "#edae49" };
/** To be told apart on a light and on a dark page. */
const palette = ["#5b8bd0", "#d1495b", "#edae49", "#4a9c6d", "#8f5aa8", "#b08968"];
const flatColour = "#8d99ae";
const style =
  ".small{font-size:11px}.name{font-size:12px;font-weight:bold}.frame{fill:none;stroke:#8d99ae}.curve{fill:none;stroke-width:1.5px}";
const small = { class: "small faint" };

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

const boxOf = ({ gridPos: { x, y, w, h } }: Panel): Box => ({
  x: margin + x * unitWidth,
  y: top + y * unitHeight,
  w: w * unitWidth - gap,
  h: h * unitHeight - gap,
});

/** A number as Grafana words it in that unit. */
function worded(value: number, unit = "short", decimals?: number): string {
  const plain = (number: number) =>
    decimals === undefined ? String(Number(number.toPrecision(3))) : number.toFixed(decimals);
  if (unit === "percentunit") return `${plain(value * 100)} %`;
  if (unit === "reqps") return `${plain(value)} req/s`;
  if (unit !== "s" || value === 0) return plain(value);
  if (value < 1) return `${plain(value * 1000)} ms`;
  return value < 120 ? `${plain(value)} s` : `${plain(value / 60)} min`;
}

/** The least number of the form 1, 2 or 5 and zeros that is not less. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((digit) => digit * power).find((number) => number >= value * 0.999) ?? 10 * power;
}

function stat({ options, fieldConfig }: Panel, box: Box, series: Series[]): string[] {
  const { unit, decimals, noValue = "" } = fieldConfig?.defaults ?? {};
  const words = series.map(({ legend, runs }) =>
    options?.textMode === "name" ? legend : worded(runs[0]?.[0] ?? Number.NaN, unit, decimals),
  );
  const shown = words.length === 0 ? [noValue] : words;
  const size = shown.length > 1 ? 15 : 24;
  const middle = box.y + 24 + (box.h - 24) / 2;
  return shown.map((word, n) =>
    text(box.x + box.w / 2, middle + size / 3 + (n - (shown.length - 1) / 2) * (size + 6), word, {
      "text-anchor": "middle",
      style: `font-size:${size}px`,
    }),
  );
}

/** From the beginning of the time: one mark a minute. */
function timeAxis({ x, y, w, h }: Box, { samples, stepS }: Shown): string[] {
  const lengthS = samples * stepS;
  const minutes = Math.floor(lengthS / 60);
  return Array.from({ length: minutes + 1 }, (_, minute) => minute).flatMap((minute) => {
    const at = x + (minute * 60 * w) / lengthS;
    return [
      line(at, y, at, y + h, { class: "grid" }),
      text(at, y + h + 13, minute === 0 ? "0" : `${minute} min`, { "text-anchor": "middle", ...small }),
    ];
  });
}

/** A bar for each state, named above; what it is stands in it where there is room. */
function timeline({ fieldConfig }: Panel, box: Box, series: Series[], shown: Shown): string[] {
  const states = fieldConfig?.defaults.mappings?.[0]?.options ?? {};
  const plot = { x: box.x + 12, y: box.y + 26, w: box.w - 24, h: box.h - 46 };
  const row = plot.h / Math.max(series.length, 1);
  const bar = Math.min(16, row - 15);
  const bars = series.flatMap(({ legend, runs }, n) => {
    const y = plot.y + n * row;
    let at = 0;
    return [
      text(plot.x, y + 11, legend, small),
      ...runs.flatMap(([value, times]) => {
        const place = {
          x: plot.x + (at * plot.w) / shown.samples,
          y: y + 15,
          w: (times * plot.w) / shown.samples,
          h: bar,
        };
        at += times;
        const state = value === null ? undefined : states[value];
        if (!state) return [];
        const fits = state.text.length * letter + 8 <= place.w;
        return [
          rect(place.x, place.y, place.w, place.h, { fill: colours[state.color] ?? "" }, `${legend}: ${state.text}`),
          ...(fits ? [text(place.x + 5, place.y + bar / 2 + 4, state.text, { class: "small on" })] : []),
        ];
      }),
    ];
  });
  return [...timeAxis(plot, shown), ...bars];
}

/** Lines over time, from 0 on. Those that are 0 all the while are one line, and have no name. */
function lines({ fieldConfig }: Panel, box: Box, series: Series[], shown: Shown): string[] {
  const unit = fieldConfig?.defaults.unit;
  const isFlat = ({ runs }: Series) => runs.every(([value]) => value === null || value === 0);
  const named = series.filter((one) => !isFlat(one));
  const highest = Math.max(0, ...named.flatMap(({ runs }) => runs.map(([value]) => value ?? 0))) || 1;
  const most = unit === "s" && highest >= 120 ? roundUp(highest / 60) * 60 : roundUp(highest);
  const names = named.map(({ legend }, n) => ({ legend, colour: palette[n % palette.length] ?? "" }));
  const legendRows: (typeof names)[] = [];
  let room = 0;
  for (const name of names) {
    const size = name.legend.length * letter + 22;
    if (legendRows.length === 0 || size > room) {
      legendRows.push([]);
      room = box.w - 24;
    }
    legendRows.at(-1)?.push(name);
    room -= size;
  }
  const plot = { x: box.x + 58, y: box.y + 32, w: box.w - 72, h: box.h - 52 - legendRows.length * 14 };
  const y = (value: number) => plot.y + plot.h * (1 - value / most);
  const marks = [0, most / 2, most].flatMap((value) => [
    line(plot.x, y(value), plot.x + plot.w, y(value), { class: "grid" }),
    text(plot.x - 5, y(value) + 4, worded(value, unit), { "text-anchor": "end", ...small }),
  ]);
  const paths = [
    ...series.filter(isFlat).map((one) => [one, flatColour] as const),
    ...named.map((one, n) => [one, names[n]?.colour ?? ""] as const),
  ].map(([{ legend, runs }, colour]) => {
    let at = 0;
    let pen = "M";
    const steps = runs.flatMap(([value, times]) => {
      const [from, to] = [at, at + times].map((sample) => (plot.x + (sample * plot.w) / shown.samples).toFixed(1));
      at += times;
      if (value === null) {
        pen = "M";
        return [];
      }
      const step = `${pen}${from},${y(value).toFixed(1)}H${to}`;
      pen = "L";
      return [step];
    });
    return path(steps.join(""), { class: "curve", stroke: colour }, legend);
  });
  const legend = legendRows.flatMap((row, n) => {
    let at = box.x + 12;
    return row.flatMap((name) => {
      const place = { x: at, y: box.y + box.h - 14 * (legendRows.length - n) + 1, w: 8, h: 8 };
      at += name.legend.length * letter + 22;
      return [
        rect(place.x, place.y, place.w, place.h, { fill: name.colour }),
        text(place.x + 12, place.y + 8, name.legend, small),
      ];
    });
  });
  return [...marks, ...timeAxis(plot, shown), ...paths, ...legend];
}

/** @param shown of these panels, in their order */
export function dashboardSvg(panels: Panel[], shown: Shown): string {
  const drawn = panels.flatMap((panel, n) => {
    const box = boxOf(panel);
    const title = panel.title.replaceAll("$pair", shown.pair);
    if (panel.type === "row") return [text(box.x, box.y + 16, title, { class: "strong" })];
    const series = shown.panels[n]?.series ?? [];
    const parts = { stat, "state-timeline": timeline, timeseries: lines }[panel.type](panel, box, series, shown);
    const frame = rect(box.x, box.y, box.w, box.h, { class: "frame" });
    return [frame, text(box.x + 8, box.y + 16, title, { class: "name" }), ...parts];
  });
  const height = Math.max(...panels.map((panel) => boxOf(panel).y + boxOf(panel).h)) + margin;
  const minutes = Math.round((shown.samples * shown.stepS) / 60);
  const said = `monitoring/dashboard.json, with what Prometheus had of a pair in the lab in ${minutes} minutes`;
  const body = [
    text(margin, 28, "The dashboard of a pair", { class: "title" }),
    text(margin, 48, said, small),
    ...drawn,
  ];
  return page(width, Math.ceil(height), "The dashboard of a pair", body, style);
}

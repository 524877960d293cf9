/**
 * The timeline of each failover as a picture: a row for each setting, a bar from the fault to the new MASTER's first answer,
 * pale where the client did not have to wait for it. Pure.
 */
import { type Report, type Scenario, timesShorter } from "./report.ts";
import type { Phases } from "./timeline.ts";

const colours: Record<keyof Phases, string> = {
  detection: "#d1495b",
  decision: "#edae49",
  api: "#8d99ae",
  network: "#2b2d42",
};
const meanings: Record<keyof Phases, string> = {
  detection: "detection: fault to MASTER",
  decision: "decision: MASTER to the request",
  api: "the cloud's move",
  network: "its first answer",
};
const parts = Object.keys(colours) as (keyof Phases)[];

const [width, left, right, top, row, gap] = [960, 210, 150, 96, 24, 30];

export const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
export const text = (x: number, y: number, content: string, more = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(content)}</text>`;

/** Who has to wait for a move waits longer than the move takes; who waits for less was answered by the old node meanwhile. */
const isAnswered = ({ outageMs, phasesMs }: Scenario) => outageMs.p95 < phasesMs.api;

/** What stands beside a bar. */
function wordsOf(report: Report, scenario: Scenario): string {
  const { outageMs, ownMs } = scenario;
  if (isAnswered(scenario)) {
    return outageMs.p95 === 0 ? "answered all the while" : `unanswered for ${Math.round(outageMs.p95)} ms at most`;
  }
  const times = timesShorter(report, scenario);
  return `own ${Math.round(ownMs.p50)} ms${times === null ? "" : `, ${times.toFixed(1)}x shorter`}`;
}

const totalOf = ({ phasesMs }: Scenario) => parts.reduce((sum, part) => sum + phasesMs[part], 0);

export function timelineSvg(report: Report): string {
  const faults = [...new Set(report.scenarios.map(({ fault }) => fault))];
  const longest = Math.max(1, ...report.scenarios.map(totalOf));
  const seconds = Math.ceil(longest / 1000);
  const x = (ms: number) => left + (ms / (seconds * 1000)) * (width - left - right);
  const out: string[] = [];
  let y = top;
  for (const fault of faults) {
    out.push(text(16, y + 16, fault, 'class="fault"'));
    for (const scenario of report.scenarios.filter((item) => item.fault === fault)) {
      out.push(text(left - 10, y + 16, scenario.setting, 'text-anchor="end"'));
      let at = 0;
      for (const part of parts) {
        const size = scenario.phasesMs[part];
        // A part too short to be seen is still there.
        const w = Math.max(1.5, x(at + size) - x(at));
        const pale = isAnswered(scenario) ? ' class="pale"' : "";
        out.push(
          `<rect x="${x(at).toFixed(1)}" y="${y + 3}" width="${w.toFixed(1)}" height="${row - 6}" fill="${colours[part]}"${pale}><title>${part} ${Math.round(size)} ms</title></rect>`,
        );
        at += size;
      }
      out.push(text(x(at) + 8, y + 16, wordsOf(report, scenario), 'class="own"'));
      y += row;
    }
    y += gap - 12;
  }
  const bottom = y;
  const grid = Array.from({ length: seconds + 1 }, (_, n) => n).flatMap((second) => [
    `<line x1="${x(second * 1000).toFixed(1)}" x2="${x(second * 1000).toFixed(1)}" y1="${top - 8}" y2="${bottom}" class="grid"/>`,
    text(x(second * 1000), bottom + 16, `${second} s`, 'text-anchor="middle" class="own"'),
  ]);
  let legendX = 16;
  const legend = parts.flatMap((part) => {
    const at = legendX;
    legendX += 32 + meanings[part].length * 6.6;
    return [
      `<rect x="${at}" y="50" width="12" height="12" fill="${colours[part]}"/>`,
      text(at + 18, 60, meanings[part]),
    ];
  });
  legend.push(text(legendX, 60, "pale: the client was answered"));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + 36}" viewBox="0 0 ${width} ${bottom + 36}">
<title>From a fault to the new MASTER's first answer</title>
<style>text{font:12px sans-serif;fill:#222}.fault{font-weight:bold}.own{fill:#666;paint-order:stroke;stroke:#fff;stroke-width:4px}.title{font-size:16px;font-weight:bold}.grid{stroke:#ddd}.pale{fill-opacity:.25}</style>
<rect width="100%" height="100%" fill="#fff"/>
${text(16, 28, `From a fault to the new MASTER's first answer, medians of ${report.date.slice(0, 10)}`, 'class="title"')}
${[...legend, ...grid, ...out].join("\n")}
</svg>
`;
}

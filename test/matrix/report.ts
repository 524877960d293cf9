/** docs/test-report.md: what the fault matrix found, from the results that its parts have left. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../lab/faults/trial.ts";
import { faults } from "../../lab/faults.ts";
import { heldHeading, heldReport } from "./heldReport.ts";
import { type HeldResults, keptHeldResults, keptResults, type Results } from "./parts.ts";
import { markdownTable } from "./table.ts";

/** The longest gap that counts as none: a client that asks every 10 ms misses a few answers, on a busy machine some more. */
const noGapMs = 200;
const lossless = new Set(faults.filter((fault) => fault.lossless).map(({ name }) => name));
const rested = faults
  .flatMap(({ name, restMs }) => (restMs ? [`a \`${name}\` begins ${restMs / 1000} s`] : []))
  .join(", ");
const oneMove = faults.filter(({ movesAtMost }) => movesAtMost === 1).map(({ name }) => name);
const hasGap = (fault: string, outcome: Outcome): boolean => lossless.has(fault) && outcome.outageMs > noGapMs;

/** What one cell found: the outage and the moves, in bold where no gap was to be; `FAILED`; nothing where it was not run. */
function cellOf({ cells }: Results, fault: string): string {
  const cell = cells.find((item) => item.fault === fault);
  if (!cell) return "";
  if (!cell.outcome) return "FAILED";
  const { outageMs, moves } = cell.outcome;
  return hasGap(fault, cell.outcome) ? `**${outageMs}** · ${moves}` : `${outageMs} · ${moves}`;
}

/** Whether what was to cost no answer has cost none: every such cell that was run and passed, and where it is not so. */
function gapsOf(parts: Results[]): string {
  const cells = parts.flatMap(({ image, mode, cells: all }) =>
    all.flatMap(({ fault, outcome }) =>
      outcome && lossless.has(fault) ? [{ gap: hasGap(fault, outcome), where: `${fault} on ${image}, ${mode}` }] : [],
    ),
  );
  const gaps = cells.filter(({ gap }) => gap).map(({ where }) => where);
  return `${cells.length - gaps.length} of ${cells.length} stayed within ${noGapMs} ms.${gaps.length > 0 ? ` Above: ${gaps.join("; ")}.` : ""}`;
}

/** The report as Markdown. Pure. */
export function report(parts: Results[]): string {
  const failed = parts.flatMap(({ image, mode, cells }) =>
    cells.filter(({ outcome }) => !outcome).map(({ fault }) => `${fault} on ${image}, ${mode}`),
  );
  const count = parts.reduce((sum, { cells }) => sum + cells.length, 0);
  return `# Test report

Written by \`npm run test:full\`, not by hand: every fault on a pair of real nodes in the lab, in both modes, on each release.
A cell passes when the VIP is where it has to be while the fault lasts (on a live MASTER: in the cloud's own record, on its
NIC, and answering a client), and when after healing the pair is whole: one MASTER, the one that the mode wants, the EIP with
it. The first number is the longest time in ms in which a client got no answer from the VIP, at a ping every 10 ms, the healing
included; where the old node can't answer meanwhile, the local cloud takes 2500 ms of it for each move. The second is how many
moves the cloud has accepted from the nodes, from the fault to the whole pair. Faults that move nothing by themselves are made
together with a power cut of the MASTER, so that a move has to succeed in spite of them; where nothing can move until the fault is over (\`both-down\`,
\`api-down\`, \`task-stuck\`, \`vip-elsewhere\`), the number says how long the test let it last, and the healing. A cell fails as
well where ${oneMove.map((name) => `\`${name}\``).join(", ")} cost more than one move, and that back to a preferred node;
${rested} after the last move at the earliest, for of two nodes that have asked for the VIP within five seconds the one with
the higher address stays.

${count - failed.length} of ${count} cells passed.${failed.length > 0 ? ` Failed: ${failed.join("; ")}.` : ""}

Where both machines and their NICs live, a client is to be answered all the while
(${[...lossless].map((name) => `\`${name}\``).join(", ")}); a gap above ${noGapMs} ms is in bold there.
${gapsOf(parts)}

${markdownTable([["nodes", "mode", "keepalived", "date"], ...parts.map((part) => [part.image, part.mode, part.keepalived, part.date])])}

${markdownTable([
  ["fault", "what it is", ...parts.map(({ image, mode }) => `${image}, ${mode}`)],
  ...faults.map(({ name, what }) => [`\`${name}\``, what, ...parts.map((part) => cellOf(part, name))]),
])}
`;
}

/** Both parts; one that was not run stays what it was. */
export function withNew(before: string, parts: Results[], held: HeldResults[]): string {
  const at = before.indexOf(heldHeading);
  const [faultsBefore, heldBefore] = at < 0 ? [before, ""] : [before.slice(0, at), before.slice(at)];
  return [
    parts.length > 0 ? report(parts) : faultsBefore.trimEnd().concat("\n"),
    held.length > 0 ? heldReport(held) : heldBefore,
  ]
    .filter(Boolean)
    .join("\n");
}

export function writeReport(): string {
  const file = join(import.meta.dirname, "../../docs/test-report.md");
  writeFileSync(file, withNew(readFileSync(file, "utf8"), keptResults(), keptHeldResults()));
  return file;
}

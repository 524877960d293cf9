/** docs/test-report.md: what the fault matrix found, from the results that its parts have left. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { faults } from "../../lab/faults.ts";
import { keptResults, type Results } from "./parts.ts";

const table = (rows: string[][]): string => {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(head.map(() => "---")), ...rest.map(line)].join("\n");
};

/** What one cell of the matrix found: the outage, `FAILED`, or nothing when it has not been run. */
function cellOf({ cells }: Results, fault: string): string {
  const cell = cells.find((item) => item.fault === fault);
  if (!cell) return "";
  return cell.outcome ? String(cell.outcome.outageMs) : "FAILED";
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
it. The number is the longest time in ms in which a client got no answer from the VIP, at a ping every 10 ms, the healing
included; the local cloud takes 2500 ms of it for each move. Faults that move nothing by themselves are made together with a power cut of the
MASTER, so that a move has to succeed in spite of them; where nothing can move until the fault is over (\`both-down\`,
\`api-down\`, \`task-stuck\`, \`vip-elsewhere\`), the number says how long the test let it last, and the healing.

${count - failed.length} of ${count} cells passed.${failed.length > 0 ? ` Failed: ${failed.join("; ")}.` : ""}

${table([["nodes", "mode", "keepalived", "date"], ...parts.map((part) => [part.image, part.mode, part.keepalived, part.date])])}

${table([
  ["fault", "what it is", ...parts.map(({ image, mode }) => `${image}, ${mode}`)],
  ...faults.map(({ name, what }) => [`\`${name}\``, what, ...parts.map((part) => cellOf(part, name))]),
])}
`;
}

export function writeReport(): string {
  const file = join(import.meta.dirname, "../../docs/test-report.md");
  writeFileSync(file, report(keptResults()));
  return file;
}

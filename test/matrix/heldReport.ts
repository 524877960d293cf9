/** The part of docs/test-report.md on open connections, from the results that connections.test.ts has left. Pure. */
import { type Cut, type Held, heldFaults } from "./held.ts";
import type { HeldResults } from "./parts.ts";
import { markdownTable } from "./table.ts";

export const heldHeading = "## Open connections";

/** TCP's own wait, of a client that has asked in vain just before a move of 3.5 s, and what a busy machine adds. */
const resetLimitMs = 4000;

interface Found {
  where: string;
  cut: Cut;
}

/** How many broke, the longest answer, the moves; of a fault that resets them, how many were reset. */
function cellOf({ cells }: HeldResults, fault: string): string {
  const cell = cells.find((item) => item.fault === fault);
  if (!cell) return "";
  if (!cell.outcome) return "FAILED";
  const { open, broken, longestAnswerMs, moves, cut }: Held = cell.outcome;
  return cut ? `${broken} of ${open} · ${moves}` : `${broken} of ${open} · ${longestAnswerMs} · ${moves}`;
}

const cutsOf = (parts: HeldResults[]): Found[] =>
  parts.flatMap(({ image, mode, cells }) =>
    cells.flatMap(({ outcome }) => (outcome?.cut ? [{ where: `${image}, ${mode}`, cut: outcome.cut }] : [])),
  );

function inTime(cuts: Found[]): string {
  const late = cuts.filter(({ cut }) => cut.lastResetMs - cut.movedMs > resetLimitMs).map(({ where }) => where);
  return `${cuts.length - late.length} of ${cuts.length} within ${resetLimitMs} ms.${late.length > 0 ? ` Later: ${late.join("; ")}.` : ""}`;
}

export function heldReport(parts: HeldResults[]): string {
  const failed = parts.flatMap(({ image, mode, cells }) =>
    cells.filter(({ outcome }) => !outcome).map(({ fault }) => `${fault} on ${image}, ${mode}`),
  );
  const count = parts.reduce((sum, { cells }) => sum + cells.length, 0);
  const cuts = cutsOf(parts);
  return `${heldHeading}

A pair with \`keepConnections\`: a client in the VPC holds 200 connections to a server on the nodes and sends a small message on each,
four times a second; while the fault lasts it opens 50 more. A cell passes when the VIP has moved, the pair is whole in the end, no
connection is broken and none owes an answer. In a cell: how many broke; the longest time in ms from a message to its answer,
on a machine that did much other work meanwhile; how many moves the cloud has accepted. Where the old node dies, all are to be reset and
none to hang: of the 200 and of 20 more, which are silent until the new node is done and are to be reset at their first word.

${count - failed.length} of ${count} cells passed.${failed.length > 0 ? ` Failed: ${failed.join("; ")}.` : ""}

${markdownTable([
  ["fault", "what it is", ...parts.map(({ image, mode }) => `${image}, ${mode}`)],
  ...heldFaults.map(({ name, what }) => [`\`${name}\``, what, ...parts.map((part) => cellOf(part, name))]),
])}

The power cut, in ms: from the cut until the cloud delivers to the new node; from the cut to the first and to the last reset of the 200;
and how long after the move the last one was. A dead node has three seconds of silence, counted from the new one's request for the VIP;
then whoever has asked since the move is reset at once. A client which asked last just before the move is reset at its next try: its
TCP waits about as long again as it has asked in vain, the time of the move. Of the last resets after the move ${inTime(cuts)}

${markdownTable([
  ["nodes", "moved", "first reset", "last reset", "after the move"],
  ...cuts.map(({ where, cut: { movedMs, firstResetMs, lastResetMs } }) => [
    where,
    ...[movedMs, firstResetMs, lastResetMs, lastResetMs - movedMs].map(String),
  ]),
])}

${markdownTable([["nodes", "mode", "keepalived", "date"], ...parts.map((part) => [part.image, part.mode, part.keepalived, part.date])])}
`;
}

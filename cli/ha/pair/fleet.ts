/** Many pairs at a glance, the worst first. Pure. */
import { oneLine } from "../../../terminal/printable.ts";
import { span } from "../../../terminal/span.ts";
import { type Column, table } from "../../../terminal/table.ts";
import { haCommand } from "../../../terminal/typed.ts";
import { judge, type Verdict, type View } from "./report.ts";
import { lastMoves, shown } from "./screen.ts";

/** A pair that was looked at, or why it could not be. */
export type PairSeen = { title: string; vip: string; view: View } | { title: string; problem: string };

export interface PairJudged {
  title: string;
  vip: string;
  verdict: Verdict;
  /** A node, or "-". */
  master: string;
  /** Since the last move, in seconds; null: none is known. */
  movedS: number | null;
  why: string[];
}

/** An outage that is certain comes before one that may be. */
const order: Verdict[] = ["down", "unknown", "degraded", "healthy"];

function judged(pair: PairSeen): PairJudged {
  const { title } = pair;
  if ("problem" in pair) {
    return { title, vip: "?", verdict: "unknown", master: "?", movedS: null, why: [oneLine(pair.problem)] };
  }
  const { vip, view } = pair;
  const { verdict, agreement, why } = judge(view);
  const [move] = lastMoves(view);
  return { title, vip, verdict, master: agreement.keepalived, movedS: move ? view.at - move.startedAt : null, why };
}

/** The worst first, by name where they are alike; each with what was seen of it. */
export const worstFirst = <Pair extends PairSeen>(pairs: Pair[]): (PairJudged & { seen: Pair })[] =>
  pairs
    .map((seen) => ({ ...judged(seen), seen }))
    .sort((x, y) => order.indexOf(x.verdict) - order.indexOf(y.verdict) || x.title.localeCompare(y.title, "en"));

const columns: Column[] = [
  { head: "pair" },
  { head: "is" },
  { head: "MASTER" },
  { head: "VIP", drop: 1 },
  { head: "moved", drop: 2 },
  { head: "why", cuts: true },
];

/** @param pairs the worst first @param width of the screen; without it this terminal's */
export function fleetScreen(pairs: PairJudged[], width?: number): string {
  const counts = order.flatMap((verdict) => {
    const count = pairs.filter((pair) => pair.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${shown(verdict)}`];
  });
  const rows = pairs.map(({ title, vip, verdict, master, movedS, why: [first = "", ...more] }) => [
    title.replace(/^stack /, ""),
    shown(verdict),
    master,
    vip,
    movedS === null ? "-" : `${span(movedS)} ago`,
    more.length === 0 ? first : `${first} (and ${more.length} more)`,
  ]);
  const [worst] = pairs;
  const next = !worst || worst.verdict === "healthy" ? [] : ["", `Next: ${haCommand(`status --${worst.title}`)}`];
  return [
    `${pairs.length} ${pairs.length === 1 ? "pair" : "pairs"}: ${counts.join(", ")}`,
    "",
    ...table(columns, rows, width),
    ...next,
  ].join("\n");
}

/** `npm run ha -- history`: each move of the VIP, from where to where, how long it took, and why. */
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { worse } from "../../../terminal/colours.ts";
import { folded } from "../../../terminal/fold.ts";
import { type Column, table } from "../../../terminal/table.ts";
import { divider } from "../pair/answer.ts";
import { askedText, historyOf, type NodePast, type PastMove, pastFrom } from "../pair/history.ts";
import { askNode } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";

export const exitCodes = { both: 0, one: 1, none: 3 } as const;
const limitMs = 9000;
/** Lines of the log; more is no answer that ends. */
const most = 2000;
/** What led to the first move was logged before it. */
const beforeS = 120;

const events = "asked|move-accepted|moved|holder|state|drained|started|health-failing|trouble|keepalived-restarted";

/** The moves that the node keeps for good, and what its log says beside them, by the node's own clock. */
const question = (sinceS: number): string =>
  `cat /var/lib/keepalived-vip/moves.jsonl 2>/dev/null; echo; echo ${divider}; ` +
  `since=$(( $(date +%s) - ${sinceS + beforeS} )); ` +
  `cat /var/log/keepalived.log.1 /var/log/keepalived.log 2>/dev/null | grep -E '"event": "(${events})"' | ` +
  `awk -v since="$since" 'substr($2, 1, length($2) - 1) + 0 >= since' | tail -n ${most}; true`;

type Told = { past: NodePast; problem: null } | { past: null; problem: string };

async function ask(target: Target, node: NodeName, sinceS: number): Promise<Told> {
  const { code, stdout, stderr } = await askNode(target, node, question(sinceS), limitMs);
  if (code !== 0) return { past: null, problem: stderr.split("\n").at(-1) || "no answer" };
  const [kept = "", log = ""] = stdout.split(`\n${divider}\n`);
  return { past: pastFrom(kept, log), problem: null };
}

const columns: Column[] = [
  { head: "when (UTC)" },
  { head: "move" },
  { head: "took", drop: 1, align: "right" },
  { head: "trigger", drop: 2 },
  { head: "asked by", drop: 3 },
  { head: "why", wraps: true },
  { head: "decision, request, cloud", drop: 4 },
  { head: "RequestId", drop: 5 },
];

/** One line for each move, the oldest first. Pure. @param width of the screen; without it this terminal's */
export function historyLines(moves: PastMove[], width?: number): string[] {
  const rows = moves.map(({ startedAt, from, to, trigger, why, tookMs, phasesMs, requestId, ...move }) => [
    new Date(startedAt * 1000).toISOString().slice(0, 19).replace("T", " "),
    `${from ?? "-"} -> ${to}`,
    tookMs === null ? "?" : `${(tookMs / 1000).toFixed(1)} s`,
    trigger,
    askedText(move),
    why,
    `${["decision", "request", "cloud"].map((phase) => phasesMs[phase] ?? "?").join(" + ")} ms`,
    requestId,
  ]);
  return table(columns, rows, width);
}

/** What is missing where a node could not be asked. Pure. */
export const silentText = (problem: string, width?: number): string =>
  folded(
    `  ${worse("!")} ${problem}; what it alone knows is missing. Look at its machine in the console, then ask again.`,
    width,
  );

/** All of it for a reader. Pure. @param width of the screen; without it this terminal's */
export const historyText = (title: string, moves: PastMove[], problems: string[], width?: number): string =>
  [
    `${title}: ${moves.length} ${moves.length === 1 ? "move" : "moves"} of the VIP`,
    ...(moves.length > 0 ? ["", ...historyLines(moves, width)] : []),
    ...(moves.length === 0 && problems.length === 0 ? ["Further back: --since 30d"] : []),
  ].join("\n");

/** The moves of both nodes since a time, and who could not be asked. @param sinceS seconds ago */
export async function pastOf(
  target: Target,
  sinceS: number,
): Promise<{ since: number; moves: PastMove[]; problems: string[] }> {
  const [a, b] = await Promise.all([ask(target, "a", sinceS), ask(target, "b", sinceS)]);
  const { nodes, mode } = target;
  const since = Math.floor(Date.now() / 1000) - sinceS;
  const enis = { a: nodes.a.eniId, b: nodes.b.eniId };
  const moves = historyOf({ a: a.past, b: b.past }, enis, mode, since);
  const told = { a, b };
  const problems = nodeNames.flatMap((node) => (told[node].problem === null ? [] : [`${node}: ${told[node].problem}`]));
  return { since, moves, problems };
}

export const historyJson = ({ title }: Target, past: Awaited<ReturnType<typeof pastOf>>): object => {
  return { schemaVersion: 1, target: title, ...past };
};

/** Exit code: 0 both nodes answered, 1 one did, 3 none. */
export async function history(target: Target, sinceS: number, { json }: { json: boolean }): Promise<number> {
  const past = await pastOf(target, sinceS);
  const { moves, problems } = past;
  if (json) {
    console.log(JSON.stringify(historyJson(target, past), null, 2));
  } else {
    console.log(historyText(target.title, moves, problems));
    for (const problem of problems) console.error(silentText(problem));
  }
  return problems.length === 0 ? exitCodes.both : problems.length === 1 ? exitCodes.one : exitCodes.none;
}

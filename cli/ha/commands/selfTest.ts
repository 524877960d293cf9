/** `npm run ha -- self-test`: every prerequisite of a failover on both nodes, side by side, each problem with its cure. */
import * as z from "zod";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { bad, good, worse } from "../../../terminal/colours.ts";
import { folded } from "../../../terminal/fold.ts";
import { table } from "../../../terminal/table.ts";
import { readAnswer } from "../pair/answer.ts";
import { atConsole } from "../pair/report.ts";
import { askNode } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";

/** The node's own checks end within 15 s, whatever is down. */
const limitMs = 20_000;
export const exitCodes = { passed: 0, failed: 1, unknown: 3 } as const;

const rowSchema = z.looseObject({
  name: z.string(),
  result: z.enum(["pass", "fail", "unknown"]),
  found: z.string(),
  cure: z.string().nullable(),
});
const answerSchema = z.looseObject({ checks: z.array(rowSchema).min(1) });
export type Check = z.infer<typeof rowSchema>;

/** What a node found, or why it could not be asked. */
export type NodeChecks = { checks: Check[]; problem: null } | { checks: null; problem: string };

/** @throws Error when it is anything else than what `vip.py self-test --json` prints */
export const parseChecks = (stdout: string): Check[] => answerSchema.parse(readAnswer(stdout)).checks;

export async function checksOn(target: Target, node: NodeName): Promise<NodeChecks> {
  const { code, stdout, stderr } = await askNode(target, node, "/etc/keepalived/vip.py self-test --json", limitMs);
  if (code === null) return { checks: null, problem: stderr };
  try {
    return { checks: parseChecks(stdout), problem: null };
  } catch {
    return { checks: null, problem: stderr.split("\n").at(-1) || "its vip.py gave no answer" };
  }
}

const words: Record<Check["result"], () => string> = {
  pass: () => good("ok"),
  fail: () => bad("FAIL"),
  unknown: () => worse("?"),
};

/** One screen. Pure. */
export function checksScreen(title: string, nodes: Record<NodeName, NodeChecks>, width?: number): string {
  const names = [...new Set(nodeNames.flatMap((node) => nodes[node].checks?.map(({ name }) => name) ?? []))];
  const find = (node: NodeName, name: string) => nodes[node].checks?.find((check) => check.name === name);
  const cells = nodeNames.flatMap((node) => names.map((name) => find(node, name)?.result));
  const passed = cells.filter((result) => result === "pass").length;
  const rows = names.map((name) => [
    name,
    ...nodeNames.map((node) => {
      const check = find(node, name);
      return check ? words[check.result]() : "-";
    }),
  ]);
  const unasked = nodeNames.flatMap((node) => {
    const { problem } = nodes[node];
    return problem === null ? [] : [`  ! ${node} could not be asked: ${problem}`, `    -> ${atConsole([node])}`];
  });
  const problems = nodeNames.flatMap((node) =>
    (nodes[node].checks ?? [])
      .filter(({ result }) => result !== "pass")
      .flatMap(({ name, found, cure }) => [`  ! ${node}, ${name}: ${found}`, ...(cure ? [`    -> ${cure}`] : [])]),
  );
  const summary = names.length > 0 ? `${passed} of ${cells.filter((cell) => cell).length} checks pass` : "no answer";
  const lines = [
    `${title}: ${summary}`,
    ...(rows.length > 0
      ? ["", ...table([{ head: "check" }, ...nodeNames.map((node) => ({ head: node }))], rows, width)]
      : []),
    ...(unasked.length + problems.length > 0 ? ["", ...unasked, ...problems] : []),
  ];
  return folded(lines.join("\n"), width);
}

/** Exit code: 0 all pass on both, 1 something does not, 3 nothing failed but a node could not be asked. */
export function verdictOf(nodes: Record<NodeName, NodeChecks>): number {
  const all = nodeNames.map((node) => nodes[node]);
  if (all.some(({ checks }) => checks?.some(({ result }) => result !== "pass"))) return exitCodes.failed;
  return all.some(({ checks }) => checks === null) ? exitCodes.unknown : exitCodes.passed;
}

/** What both find, asked at once. */
export async function checkBoth(target: Target): Promise<Record<NodeName, NodeChecks>> {
  const [a, b] = await Promise.all([checksOn(target, "a"), checksOn(target, "b")]);
  return { a, b };
}

export async function selfTest(target: Target, { json }: { json: boolean }): Promise<number> {
  const nodes = await checkBoth(target);
  console.log(
    json
      ? JSON.stringify({ schemaVersion: 1, target: target.title, passed: verdictOf(nodes) === 0, nodes }, null, 2)
      : checksScreen(target.title, nodes),
  );
  return verdictOf(nodes);
}

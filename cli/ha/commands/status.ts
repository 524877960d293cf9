/** `npm run ha -- status`: both nodes asked at once, one screen. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { oneLine } from "../../../terminal/printable.ts";
import { divider, parseAnswer } from "../pair/answer.ts";
import { exitCodes, judge, type NodeView, type View } from "../pair/report.ts";
import { lastMoves, screen } from "../pair/screen.ts";
import { answerLimitMs, onNode } from "../reach/ssh.ts";
import type { Client, Target } from "../reach/target.ts";

const run = promisify(execFile);
const vip = "/etc/keepalived/vip.py";

/** One command per node. The probe pings the VIP from the node that does not have it. */
const question = [`${vip} status --json`, `${vip} probe --json --within 1`].join(`; echo; echo ${divider}; `);

async function askNode(target: Target, node: NodeName): Promise<NodeView> {
  const { code, stdout, stderr } = await onNode(target, node, question, answerLimitMs(target));
  const missing = { report: null, probe: null };
  if (code === null) return { ...missing, problem: `no answer within ${answerLimitMs(target) / 1000} s` };
  if (code === 255) return { ...missing, problem: stderr.split("\n").at(-1) || "no connection" };
  try {
    return { ...parseAnswer(stdout), problem: null };
  } catch {
    const said = (stderr || stdout).trim().split("\n").at(-1) ?? "";
    return { ...missing, problem: said.startsWith("{") || said === "" ? "its vip.py gave no answer" : said };
  }
}

const clientLimitMs = 4000;

async function askClient({ name, argv }: Client): Promise<{ name: string; answer: string }> {
  const [file = "", ...args] = argv;
  try {
    return { name, answer: oneLine((await run(file, args, { timeout: clientLimitMs })).stdout.trim()) };
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    return { name, answer: oneLine((stderr || String(error)).trim()) };
  }
}

/** How the pair is at this moment. */
export async function look(target: Target): Promise<View> {
  const [a, b, clients] = await Promise.all([
    askNode(target, "a"),
    askNode(target, "b"),
    Promise.all(target.clients.map(askClient)),
  ]);
  return { at: Date.now() / 1000, nodes: { a, b }, clients };
}

export async function status(target: Target, { json }: { json: boolean }): Promise<number> {
  const view = await look(target);
  const judgement = judge(view);
  if (json) {
    const nodes = Object.fromEntries(nodeNames.map((node) => [node, { ...target.nodes[node], ...view.nodes[node] }]));
    const { title, vip: address, publicIp, mode } = target;
    const about = { schemaVersion: 1, target: title, vip: address, publicIp, mode };
    console.log(
      JSON.stringify({ ...about, ...judgement, nodes, clients: view.clients, lastMoves: lastMoves(view) }, null, 2),
    );
  } else {
    console.log(screen(target.title, target, view));
  }
  return exitCodes[judgement.verdict];
}

/** `npm run ha -- status`: both nodes asked at once, one screen. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { oneLine } from "../../../terminal/printable.ts";
import { divider, parseAnswer } from "../pair/answer.ts";
import { exitCodes, judge, type NodeView, type View } from "../pair/report.ts";
import { lastMoves, screen } from "../pair/screen.ts";
import { vip } from "../reach/asker.ts";
import { answerLimitMs, onNode } from "../reach/ssh.ts";
import type { Client, Target } from "../reach/target.ts";

const run = promisify(execFile);

/** The probe pings the VIP from the node that does not have it. */
const question = [`${vip} status --json`, `${vip} probe --json --within 1`];

/** One command per node. @param also is run after it, and what it prints is `more` */
export async function askNode(
  target: Target,
  node: NodeName,
  also: string | null = null,
): Promise<{ view: NodeView; more: string }> {
  const commands = [...question, ...(also === null ? [] : [also])].join(`; echo; echo ${divider}; `);
  const { code, stdout, stderr } = await onNode(target, node, commands, answerLimitMs(target));
  const more = stdout.split(`\n${divider}\n`)[question.length] ?? "";
  const without = (problem: string) => ({ view: { report: null, probe: null, problem }, more });
  if (code === null || code === 255) return without(stderr.split("\n").at(-1) || "no connection");
  try {
    return { view: { ...parseAnswer(stdout), problem: null }, more };
  } catch {
    const isWord = (line: string) => line.trim() !== "" && line !== divider && !line.startsWith("{");
    const said = (stderr || stdout).split("\n").findLast(isWord);
    return without(said?.trim() ?? "its vip.py gave no answer");
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

/** What the lab's clients get from the VIP. */
export const askClients = ({ clients }: Target) => Promise.all(clients.map(askClient));

/** How the pair is at this moment. */
export async function look(target: Target): Promise<View> {
  const [a, b, clients] = await Promise.all([askNode(target, "a"), askNode(target, "b"), askClients(target)]);
  return { at: Date.now() / 1000, nodes: { a: a.view, b: b.view }, clients };
}

/** For a program: all that was seen, and the verdict. */
export function statusJson(target: Target, view: View): object {
  const nodes = Object.fromEntries(nodeNames.map((node) => [node, { ...target.nodes[node], ...view.nodes[node] }]));
  const { title, vip: address, publicIp, mode } = target;
  const about = { schemaVersion: 1, target: title, vip: address, publicIp, mode };
  return { ...about, ...judge(view), nodes, clients: view.clients, lastMoves: lastMoves(view) };
}

export async function status(target: Target, { json }: { json: boolean }): Promise<number> {
  const view = await look(target);
  console.log(json ? JSON.stringify(statusJson(target, view), null, 2) : screen(target.title, target, view));
  return exitCodes[judge(view).verdict];
}

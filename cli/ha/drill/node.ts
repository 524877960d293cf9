/** What a drill asks of a node: what it has, what it knows of the past, a fault, and its undoing. */
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import { divider } from "../pair/answer.ts";
import { type NodePast, pastFrom } from "../pair/history.ts";
import { answerLimitMs, onNode } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { type FaultName, make, nodeQuestion, undo } from "./faults.ts";
import { type NodeReady, nodeReadyFrom } from "./plan.ts";

/** What makes a fault is a login, a unit and a program; keepalived takes a second to stop. */
const makeLimitMs = 15_000;
/** Lines of the log: a fault of a minute has some dozen. */
const most = 500;

/** Null: it could not be asked. */
export async function askReady(target: Target, node: NodeName): Promise<NodeReady | null> {
  const { code, stdout } = await onNode(target, node, nodeQuestion, answerLimitMs(target));
  return code === 0 ? nodeReadyFrom(stdout) : null;
}

/** So far a node's clock is ahead of this machine's, in seconds; wrong by what a line takes to arrive. @throws Error */
export async function askClock(target: Target, node: NodeName): Promise<number> {
  let aheadS: number | null = null;
  const take = (line: string) => {
    aheadS ??= Number(line) - Date.now() / 1000;
  };
  const { stderr } = await onNode(target, node, "date +%s.%N", answerLimitMs(target), take);
  if (aheadS === null || !Number.isFinite(aheadS)) throw new Error(`${node} does not tell its time: ${stderr}`);
  return aheadS;
}

const pastQuestion =
  `cat /var/lib/keepalived-vip/moves.jsonl 2>/dev/null; echo; echo ${divider}; ` +
  `cat /var/log/keepalived.log.1 /var/log/keepalived.log 2>/dev/null | grep '"event": ' | tail -n ${most}; true`;

/** What a node has kept, or why it could not be asked. */
export async function askPast(target: Target, node: NodeName): Promise<NodePast | string> {
  const { code, stdout, stderr } = await onNode(target, node, pastQuestion, answerLimitMs(target));
  if (code !== 0) return `${node} could not be asked: ${stderr.split("\n").at(-1) || "no answer"}`;
  const [kept = "", log = ""] = stdout.split(`\n${divider}\n`);
  return pastFrom(kept, log);
}

/**
 * Makes a fault on a node. Resolves as soon as it is made, with when that was by the node's clock: a machine that reboots
 * says nothing more.
 * @throws Error when it was not made
 */
export function makeFault(target: Target, node: NodeName, fault: FaultName): Promise<number> {
  const command = make(fault, target.nodes[peerOf(node)].address);
  return new Promise((resolve, reject) => {
    let at: number | null = null;
    const made = onNode(target, node, command, makeLimitMs, (line) => {
      const [word, when] = line.split(" ");
      if (word !== "at") return;
      at = Number(when);
      if (fault === "power") resolve(at);
    });
    void made.then(({ code, stderr }) => {
      if (at !== null && code === 0) resolve(at);
      else reject(new Error(`${fault} could not be made on ${node}: ${stderr.split("\n").at(-1) || `exit ${code}`}`));
    });
  });
}

/** On both nodes; one that cannot be reached undoes by itself. */
export async function undoAll(target: Target): Promise<void> {
  await Promise.all(nodeNames.map((node) => onNode(target, node, undo, makeLimitMs)));
}

/** `npm run ha -- switchover`: drives a planned switch on both nodes. Each side ends by itself should this command die. */
import { setTimeout as sleep } from "node:timers/promises";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { agreed, someoneIsHere } from "../../../terminal/ask.ts";
import { oneLine, spoken } from "../../../terminal/printable.ts";
import { Progress } from "../../../terminal/progress.ts";
import { notYet, planSwitch, planText, type SwitchPlan } from "../pair/plan.ts";
import { screen } from "../pair/screen.ts";
import { type Answer, onNode, quoted } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { look } from "./status.ts";

const [done, refused, incomplete, unknown] = [0, 4, 5, 6];
const vip = "/etc/keepalived/vip.py";
/** The node's own deadlines end before: 20 s for the cloud, 8 s for the peer, 5 s for the service's answer. */
const yieldLimitMs = 45_000;
const verifyMs = 15_000;

export interface SwitchoverOptions {
  to?: string | undefined;
  yes: boolean;
  for?: string | undefined;
  reason?: string | undefined;
}

interface SwitchoverWish {
  /** Undefined: to the node that is the standby. */
  to: NodeName | undefined;
  yes: boolean;
  /** How long the preferred node then stays away, with its unit. */
  stay: string;
  reason: string;
}

/** The options, checked before any pair is looked for. @throws Refusal with code 64 */
export function wishFrom(options: SwitchoverOptions): SwitchoverWish {
  const to = nodeNames.find((node) => node === options.to);
  if (options.to !== undefined && !to) throw new Refusal(`--to is "${options.to}"; the nodes are a and b.`, 64);
  const stay = options.for ?? "1h";
  if (!/^[1-9]\d*[smhd]$/.test(stay)) throw new Refusal(`--for is "${stay}"; it takes 90s, 30m, 2h or 1d.`, 64);
  return { to, stay, yes: options.yes, reason: options.reason ?? "planned switch" };
}

export async function switchover(target: Target, { to, stay, yes, reason }: SwitchoverWish): Promise<number> {
  console.log(target.title);
  const plan = planSwitch(await look(target), to);
  if (typeof plan === "string") throw new Refusal(`Refused, nothing has changed: ${plan}.`, refused);
  console.log(planText(plan, target, stay));
  if (!yes) await confirm();
  return carryOut(target, plan, `--for ${stay} --reason ${quoted(reason)}`);
}

async function confirm(): Promise<void> {
  if (!someoneIsHere()) throw new Refusal("Nobody can be asked here, nothing has changed. To go on: --yes", refused);
  if (!(await agreed("Go on?"))) throw new Refusal("Nothing has changed.", refused);
}

async function carryOut(target: Target, plan: SwitchPlan, stay: string): Promise<number> {
  const { from, to, endsMaintenance } = plan;
  const prepared = await onNode(target, to, `${vip} prepare${endsMaintenance ? " --in-maintenance" : ""}`, 15_000);
  say(to, prepared);
  if (prepared.code !== done) {
    console.log("Refused, nothing has changed.");
    return refused;
  }
  const since = Date.now() / 1000;
  let ending: Promise<Answer> | undefined;
  const yielded = await onNode(target, from, `${vip} yield --json ${stay}`, yieldLimitMs, (line) => {
    const { phase, text } = progressOf(line);
    console.log(spoken(from, text));
    // Not earlier: the preferred node would take over before the cloud delivers to it.
    if (endsMaintenance && (phase === "moved" || phase === "yielded")) {
      ending ??= onNode(target, to, `${vip} maintenance off`, 15_000);
    }
  });
  if (yielded.stderr) console.log(spoken(from, yielded.stderr));
  if (ending) say(to, await ending);
  if (yielded.code === refused) {
    await onNode(target, to, `${vip} prepare --undo`, 15_000);
    console.log("Refused, nothing has changed.");
    return refused;
  }
  return verify(target, plan, since, yielded.code === done || yielded.code === incomplete ? yielded.code : unknown);
}

function say(node: NodeName, { code, stdout, stderr }: Answer): void {
  const text = [stdout.trim(), stderr].filter(Boolean).join("\n") || (code === done ? "done" : "no answer");
  console.log(spoken(node, text));
}

/** A line of `vip.py yield --json`; a refusal at its very beginning is plain text. */
function progressOf(line: string): { phase: string; text: string } {
  try {
    const { phase, text } = JSON.parse(line) as { phase: unknown; text: unknown };
    return { phase: String(phase), text: oneLine(String(text)) };
  } catch {
    return { phase: "", text: line };
  }
}

/** Waits until everybody agrees on the target, and says so; otherwise shows how the pair is. */
async function verify(target: Target, plan: SwitchPlan, since: number, code: number): Promise<number> {
  const deadlineMs = Date.now() + verifyMs;
  const progress = new Progress(`everybody to agree on ${plan.to}`);
  try {
    for (;;) {
      const view = await look(target);
      const open = notYet(plan, view, since);
      progress.saw(open.join("; "));
      if (open.length === 0) {
        console.log(`Done: keepalived, cloud, NIC and client agree on ${plan.to}.`);
        return done;
      }
      // A node that has told that it did not work out is putting things right by itself.
      if (Date.now() > deadlineMs || code === incomplete) {
        console.log(`\n${screen(target.title, target, view)}\n`);
        const moved = code !== unknown || view.nodes[plan.to].report?.state === "MASTER";
        console.log(`${moved ? "Moved, but not complete" : "The result is unknown"}: ${open.join("; ")}`);
        return moved ? incomplete : unknown;
      }
      await sleep(200);
    }
  } finally {
    progress.end();
  }
}

/** `npm run ha -- switchover`: drives a planned switch on both nodes. Each side ends by itself should this command die. */
import { setTimeout as sleep } from "node:timers/promises";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { oneLine, spoken } from "../../../terminal/printable.ts";
import { Progress } from "../../../terminal/progress.ts";
import { quoted } from "../../../terminal/shell.ts";
import { resetOf } from "../pair/kept.ts";
import { notYet, planSwitch, planText, type SwitchPlan } from "../pair/plan.ts";
import type { View } from "../pair/report.ts";
import { lapsing } from "../pair/scheduled.ts";
import { screen } from "../pair/screen.ts";
import { asked, vip } from "../reach/asker.ts";
import { type Answer, onNode } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { waitForKept } from "./keptWait.ts";
import { look } from "./status.ts";
import { agree, done, incomplete, onNodes, refused, type Tell, told, unknown } from "./told.ts";

/** The node's own deadlines end before: 20 s for the cloud, 8 s for the peer, 5 s for the service's answer. */
const yieldLimitMs = 45_000;
const verifyMs = 15_000;
/** As the node has it: one that is out of service for good is to be replaced. */
const longestStayS = 365 * 86_400;

export interface SwitchoverOptions {
  to?: string | undefined;
  yes: boolean;
  json: boolean;
  for?: string | undefined;
  reason?: string | undefined;
  wait: boolean;
}

export interface SwitchoverWish {
  /** Undefined: to the node that is the standby. */
  to: NodeName | undefined;
  yes: boolean;
  json: boolean;
  /** How long the preferred node then stays away, with its unit. */
  stay: string;
  reason: string;
  /** Until the connections have ended that the old node keeps. */
  wait: boolean;
}

/** The options, checked before any pair is looked for. @throws Refusal with code 64 */
export function wishFrom(options: SwitchoverOptions): SwitchoverWish {
  const to = nodeNames.find((node) => node === options.to);
  if (options.to !== undefined && !to) throw new Refusal(`--to is "${options.to}"; the nodes are a and b.`, 64);
  const { yes, json, wait, reason = "planned switch" } = options;
  return { to, stay: stayFrom(options.for), yes, json, wait, reason };
}

/** How long a node stays away, with its unit. @throws Refusal with code 64 */
export function stayFrom(given = "1h"): string {
  const [, count = "", unit = ""] = /^([1-9]\d{0,7})([smhd])$/.exec(given) ?? [];
  const seconds = Number(count) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as "s" | "m" | "h" | "d"];
  if (!(seconds <= longestStayS)) {
    throw new Refusal(`--for is "${given}"; it takes 90s, 30m, 2h or 1d, and 365d at most.`, 64);
  }
  return given;
}

export function switchover(target: Target, wish: SwitchoverWish): Promise<number> {
  const about: About = { from: null, to: wish.to ?? null };
  return told(target, { json: wish.json, about }, (tell) => change(target, wish, { about, tell }));
}

/** What is said with --json. */
interface About {
  from: NodeName | null;
  to: NodeName | null;
}

async function change(
  target: Target,
  wish: SwitchoverWish,
  { about, tell }: { about: About; tell: Tell },
): Promise<number> {
  const { stay, reason } = wish;
  const view = await look(target);
  const plan = planSwitch(view, wish.to);
  if (typeof plan === "string") throw new Refusal(`Refused, nothing has changed: ${plan}.`, refused);
  about.from = plan.from;
  about.to = plan.to;
  tell(planText(plan, target, stay, lapsing(view)));
  await agree(wish);
  const command = `yield --json --for ${stay} --reason ${quoted(reason)}`;
  const code = await carryOut(target, plan, { command, tell });
  if (code !== done || !wish.wait) return code;
  return waitForKept(target, plan.from, { resetBefore: resetOf(view, plan.from), tell });
}

export interface Way {
  /** What the MASTER's vip.py is asked for: it hands the VIP over, and tells how far it is. */
  command: string;
  /** Gets what is told on the way. */
  tell: Tell;
  /** What else is not yet so at the end. */
  also?: (view: View) => string[];
}

/** Carries a planned switch out on both nodes. Gives the exit code. */
export const carryOut = (target: Target, plan: SwitchPlan, way: Way): Promise<number> =>
  onNodes(() => bothHalves(target, plan, way));

async function bothHalves(target: Target, plan: SwitchPlan, way: Way): Promise<number> {
  const { from, to, endsMaintenance } = plan;
  const { command, tell } = way;
  const prepared = await onNode(target, to, `${vip} prepare${endsMaintenance ? " --in-maintenance" : ""}`, 15_000);
  tell(saidBy(to, prepared));
  if (prepared.code !== done) {
    tell("Refused, nothing has changed.");
    return refused;
  }
  const since = Date.now() / 1000;
  let ending: Promise<Answer> | undefined;
  const yielded = await onNode(target, from, asked(command), yieldLimitMs, (line) => {
    const { phase, text } = progressOf(line);
    tell(spoken(from, text));
    // Not earlier: the preferred node would take over before the cloud delivers to it.
    if (endsMaintenance && (phase === "moved" || phase === "yielded")) {
      ending ??= onNode(target, to, asked("maintenance off"), 15_000);
    }
  });
  if (yielded.stderr) tell(spoken(from, yielded.stderr));
  if (ending) tell(saidBy(to, await ending));
  if (yielded.code === refused) {
    await onNode(target, to, `${vip} prepare --undo`, 15_000);
    tell("Refused, nothing has changed.");
    return refused;
  }
  const code = yielded.code === done || yielded.code === incomplete ? yielded.code : unknown;
  const { also = () => [] } = way;
  return verify(target, to, (view) => [...notYet(plan, view, since), ...also(view)], { tell, code });
}

/** What a node said, in its own name. */
export function saidBy(node: NodeName, { code, stdout, stderr }: Answer): string {
  return spoken(node, [stdout.trim(), stderr].filter(Boolean).join("\n") || (code === done ? "done" : "no answer"));
}

/** A line of `vip.py yield --json`; a refusal at its very beginning, and what `maintenance on` tells, is plain text. */
function progressOf(line: string): { phase: string; text: string } {
  try {
    const { phase, text } = JSON.parse(line) as { phase: unknown; text: unknown };
    return { phase: String(phase), text: oneLine(String(text)) };
  } catch {
    return { phase: "", text: line };
  }
}

/**
 * Waits until everybody agrees on a node, and says so; otherwise shows how the pair is. Gives the exit code.
 * @param openOf gives what is not yet so
 * @param of.code what the node's own command ended with
 */
export async function verify(
  target: Target,
  to: NodeName,
  openOf: (view: View) => string[],
  { tell, code }: { tell: Tell; code: number },
): Promise<number> {
  const deadlineMs = Date.now() + verifyMs;
  const progress = new Progress(`everybody to agree on ${to}`);
  try {
    for (;;) {
      const view = await look(target);
      const open = openOf(view);
      progress.saw(open.join("; "));
      if (open.length === 0) {
        tell(`Done: keepalived, cloud, NIC and client agree on ${to}.`);
        return done;
      }
      // A node that has told that it did not work out is putting things right by itself.
      if (Date.now() > deadlineMs || code === incomplete) {
        tell(`\n${screen(target.title, target, view)}\n`);
        const moved = code !== unknown || view.nodes[to].report?.state === "MASTER";
        tell(`${moved ? "Moved, but not complete" : "The result is unknown"}: ${open.join("; ")}`);
        return moved ? incomplete : unknown;
      }
      await sleep(200);
    }
  } finally {
    progress.end();
  }
}

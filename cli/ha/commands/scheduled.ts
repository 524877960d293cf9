/** `npm run ha -- switchover --at TIME` and `--drop`: a planned switch that the MASTER keeps and carries out by itself. */
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { quoted } from "../../../terminal/shell.ts";
import { haCommand, upCommand } from "../../../terminal/typed.ts";
import { planSwitch, planText } from "../pair/plan.ts";
import { iso, momentFrom, scheduledOn, scheduledText } from "../pair/scheduled.ts";
import { asked } from "../reach/asker.ts";
import { type Answer, onNode } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { look } from "./status.ts";
import { type SwitchoverOptions, type SwitchoverWish, saidBy, wishFrom } from "./switchover.ts";
import { agree, done, refused, type Tell, told, unknown } from "./told.ts";

const limitMs = 15_000;
/** Of the node's vip.py. */
const wrongUsage = 3;
/** Whoever types a time by a clock that is wrong by more means another moment than the node. */
const clocksDifferS = 5;

export interface ScheduledOptions extends SwitchoverOptions {
  at?: string | undefined;
  drop: boolean;
}

/** Null: the one that is kept is dropped. */
export type ScheduledWish = { json: boolean } & ((SwitchoverWish & { at: number }) | { at: null });

/** The options, checked before any pair is looked for. @throws Refusal with code 64 */
export function scheduledFrom(options: ScheduledOptions, now = Date.now() / 1000): ScheduledWish {
  if (options.drop) {
    const more = (["at", "to", "for", "reason"] as const).find((option) => options[option] !== undefined);
    if (more) throw new Refusal(`--drop excludes --${more}.`, 64);
    if (options.wait) throw new Refusal("--drop excludes --wait.", 64);
    return { at: null, json: options.json };
  }
  if (options.wait) throw new Refusal("--at excludes --wait: nobody sits there then.", 64);
  const at = momentFrom(options.at ?? "", now);
  if (typeof at === "string") throw new Refusal(`--at: ${at}.`, 64);
  return { ...wishFrom({ ...options, reason: options.reason ?? "scheduled switch" }), at };
}

/** Exit codes as `switchover` has them. */
export function scheduled(target: Target, wish: ScheduledWish): Promise<number> {
  const { at, json } = wish;
  if (at === null) return told(target, { json, about: { scheduled: null } }, (tell) => drop(target, tell));
  return told(target, { json, about: { scheduled: iso(at) } }, (tell) => arrange(target, { ...wish, at }, tell));
}

type Arranged = SwitchoverWish & { at: number };

async function arrange(target: Target, wish: Arranged, tell: Tell): Promise<number> {
  const { at, to, stay, reason } = wish;
  const plan = planSwitch(await look(target), to);
  const refuse = (why: string) => new Refusal(`Refused, nothing has changed: ${why}.`, refused);
  if (typeof plan === "string") throw refuse(plan);
  const { from } = plan;
  if (plan.endsMaintenance) {
    throw refuse(`${plan.to}, the preferred node, is in maintenance; when that ends the VIP returns to it by itself`);
  }
  const clocks = await clockOf(target, from);
  if (clocks !== null) throw refuse(clocks);
  tell(`${planText(plan, target, stay)}\n${scheduledText(from, at, Date.now() / 1000)}`);
  await agree(wish);
  const command = `switch-at ${iso(at)} --for ${stay} --reason ${quoted(reason)}`;
  const answer = await onNode(target, from, asked(command), limitMs);
  const code = outcome(from, answer, tell);
  if (code === done) tell(`${haCommand("status")} shows it. To drop it: ${haCommand("switchover --drop")}`);
  return code;
}

async function drop(target: Target, tell: Tell): Promise<number> {
  const view = await look(target);
  const [kept] = scheduledOn(view);
  if (kept) return outcome(kept.node, await onNode(target, kept.node, asked("switch-at --drop"), limitMs), tell);
  const silent = nodeNames.filter((node) => !view.nodes[node].report);
  if (silent.length > 0) {
    const who = silent.join(" and ");
    throw new Refusal(`Refused, nothing has changed: ${who} could not be asked, and may keep one.`, refused);
  }
  tell("No switch is kept.");
  return done;
}

/** What the node said, and the exit code. */
function outcome(node: NodeName, answer: Answer, tell: Tell): number {
  const { code, stderr } = answer;
  if (code === wrongUsage) {
    const why = /^vip\.py: (.*)$/m.exec(stderr)?.[1];
    const earlier = `an earlier release is on ${node}, which keeps no switch; ${upCommand()} brings this one`;
    tell(`Refused, nothing has changed: ${why ?? earlier}.`);
    return refused;
  }
  tell(saidBy(node, answer));
  if (code === done || code === refused) return code;
  tell(`The result is unknown; ${haCommand("status")} tells whether it is kept.`);
  return unknown;
}

/** Why a time that was typed here is not taken there, null when both clocks agree. */
async function clockOf(target: Target, node: NodeName): Promise<string | null> {
  const before = Date.now() / 1000;
  const { code, stdout, stderr } = await onNode(target, node, "date +%s", limitMs);
  const there = Number(stdout.trim() || Number.NaN);
  if (code !== 0 || Number.isNaN(there)) return `${node} could not be asked for its time: ${stderr || "no answer"}`;
  const behindS = before - (there + 1);
  const aheadS = there - Date.now() / 1000;
  if (Math.max(behindS, aheadS) <= clocksDifferS) return null;
  const by = behindS > 0 ? `${Math.round(behindS)} s behind` : `${Math.round(aheadS)} s ahead of`;
  return `the clock of ${node} is ${by} this machine's, and its own is what counts; set them right (timedatectl), or ask there: ${haCommand(`ssh ${node} sudo /etc/keepalived/vip.py switch-at TIME`)}`;
}

/** `npm run ha -- maintenance`: takes a node out of service for a time, and lets it take part again, with regard to its peer. */
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import { quoted } from "../../../terminal/shell.ts";
import { haCommand } from "../../../terminal/typed.ts";
import { maintenanceText, planMaintenance, planSwitch, planText } from "../pair/plan.ts";
import { judge, unasked, type View } from "../pair/report.ts";
import { asked, vip } from "../reach/asker.ts";
import { onNode } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { look } from "./status.ts";
import { carryOut, saidBy, stayFrom } from "./switchover.ts";
import { agree, done, onNodes, refused, type Tell, told, unknown } from "./told.ts";

const limitMs = 15_000;

export interface MaintenanceOptions {
  yes: boolean;
  json: boolean;
  for?: string | undefined;
  reason?: string | undefined;
}

export interface MaintenanceWish {
  node: NodeName;
  to: "on" | "off";
  yes: boolean;
  json: boolean;
  /** With its unit. */
  stay: string;
  reason: string;
}

/** What was typed, checked before any pair is looked for. @throws Refusal with code 64 */
export function maintenanceFrom(to: string | undefined, name: string | undefined, options: MaintenanceOptions) {
  const node = nodeNames.find((one) => one === name);
  if ((to !== "on" && to !== "off") || !node) {
    throw new Refusal("Maintenance is switched on or off for one node: npm run ha -- maintenance on|off a|b", 64);
  }
  const { yes, json, reason = "maintenance" } = options;
  return { node, to, yes, json, stay: stayFrom(options.for), reason } as MaintenanceWish;
}

/** Exit codes as `switchover` has them. */
export function maintenance(target: Target, wish: MaintenanceWish): Promise<number> {
  const { node, to, json } = wish;
  const work = to === "on" ? begin : end;
  const about = { node, maintenance: to };
  return told(target, { json, about }, async (tell) => work(target, wish, await look(target), tell));
}

async function begin(target: Target, wish: MaintenanceWish, view: View, tell: Tell): Promise<number> {
  const { node, stay, reason } = wish;
  const plan = planMaintenance(view, node);
  if (typeof plan === "string") {
    const force = haCommand(`ssh ${node} sudo ${vip} maintenance on --for ${stay} --force`);
    const hint = view.nodes[node].report ? `\nIf nobody has to serve meanwhile: ${force}` : "";
    throw new Refusal(`Refused, nothing has changed: ${plan}.${hint}`, refused);
  }
  tell(maintenanceText(plan, target, stay));
  await agree(wish);
  const command = `maintenance on --for ${stay} --reason ${quoted(reason)}`;
  if (plan.handover === null) return ask(target, node, command, tell);
  const also = (now: View) => (now.nodes[node].report?.maintenance ? [] : [`${node} is not in maintenance`]);
  return carryOut(target, plan.handover, { command, tell, also });
}

async function end(target: Target, wish: MaintenanceWish, view: View, tell: Tell): Promise<number> {
  const { node, stay } = wish;
  const { report } = view.nodes[node];
  if (!report) throw new Refusal(`Refused, nothing has changed: ${unasked(view, [node])}.`, refused);
  if (!report.maintenance) {
    tell(`${node} is in no maintenance.`);
    return done;
  }
  // Simply ended, it would let the preferred node take the VIP while the cloud still delivers to the other.
  const back = report.preferred && judge(view).master === peerOf(node) ? planSwitch(view, node) : "";
  if (typeof back === "string") return ask(target, node, "maintenance off", tell);
  tell(planText(back, target, stay));
  await agree(wish);
  return carryOut(target, back, { command: "yield --json --reason 'maintenance is over'", tell });
}

/** Only this node is concerned. */
async function ask(target: Target, node: NodeName, command: string, tell: Tell): Promise<number> {
  const answer = await onNodes(() => onNode(target, node, asked(command), limitMs));
  tell(saidBy(node, answer));
  if (answer.code === done || answer.code === refused) return answer.code;
  tell(`The result is unknown; ${haCommand("status")} tells how the pair is.`);
  return unknown;
}

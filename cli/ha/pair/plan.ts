/** Whether a planned switch or a maintenance can begin, what it will do, and whether it is done. Pure. */
import { type NodeName, peerOf } from "../../../render/model.ts";
import { haCommand } from "../../../terminal/typed.ts";
import type { Outputs } from "../reach/target.ts";
import { judge, keeps, unasked, type View } from "./report.ts";

export interface SwitchPlan {
  from: NodeName;
  to: NodeName;
  /** The target is the preferred node and away since an earlier switch: its maintenance ends with this one. */
  endsMaintenance: boolean;
  /** The MASTER is the preferred node, which would take the VIP back: it goes into maintenance. */
  staysAway: boolean;
}

/** The plan, or why not. */
export function planSwitch(view: View, wanted: NodeName | undefined): SwitchPlan | string {
  const { master, why } = judge(view);
  const blind = (["a", "b"] as const).filter((node) => view.nodes[node].report === null);
  if (blind.length > 0) return unasked(view, blind);
  if (master === null) return `there is no one MASTER: ${why.join("; ")}`;
  const to = wanted ?? peerOf(master);
  if (to === master) return `${to} is MASTER already`;
  const from = view.nodes[master].report!;
  const target = view.nodes[to].report!;
  if (!from.serviceAlive) return `keepalived-vip.service does not run on ${master}`;
  if (from.cloudHolder !== "self" || !from.available) return `the cloud does not have the VIP on ${master} yet`;
  if (!target.serviceAlive) return `keepalived-vip.service does not run on ${to}`;
  const endsMaintenance = target.state === "FAULT" && !!target.maintenance && !!target.preferred;
  if (target.maintenance && !endsMaintenance) {
    return inMaintenance(to, target.maintenance.why);
  }
  if (target.state !== "BACKUP" && !endsMaintenance) {
    const [problem] = target.problems;
    return `keepalived is ${target.state} on ${to}, not BACKUP${problem ? `: ${problem.found}` : ""}`;
  }
  return { from: master, to, endsMaintenance, staysAway: !!from.preferred };
}

const inMaintenance = (node: NodeName, why: string): string =>
  `${node} is in maintenance (${why}); end it first: ${haCommand(`maintenance off ${node}`)}`;

export interface MaintenancePlan {
  node: NodeName;
  /** The node is MASTER: it hands the VIP over first. Null when it is not. */
  handover: SwitchPlan | null;
}

/** How a node goes into maintenance, or what is in the way: who serves meanwhile has to be there, and able to. */
export function planMaintenance(view: View, node: NodeName): MaintenancePlan | string {
  const { master } = judge(view);
  const peer = peerOf(node);
  // A planned switch says it all: the same is asked of both nodes, and of the one that is to serve.
  if (master !== peer) {
    const handover = planSwitch(view, peer);
    if (typeof handover === "string") return handover;
    return handover.endsMaintenance
      ? inMaintenance(peer, view.nodes[peer].report!.maintenance!.why)
      : { node, handover };
  }
  const { report } = view.nodes[node];
  const serving = view.nodes[peer].report!;
  if (!report) return unasked(view, [node]);
  if (!serving.serviceAlive) return `keepalived-vip.service does not run on ${peer}`;
  if (serving.cloudHolder !== "self" || !serving.available) return `the cloud does not have the VIP on ${peer} yet`;
  if (view.nodes[node].probe === false) return `the VIP, on ${peer}, does not answer a ping from ${node}`;
  return { node, handover: null };
}

/** The plan as the operator reads it before it is carried out. */
export function maintenanceText({ node, handover }: MaintenancePlan, outputs: Outputs, stay: string): string {
  const peer = peerOf(node);
  const alone = `Until then nobody takes over from ${peer}. Sooner: ${haCommand(`maintenance off ${node}`)}`;
  if (handover === null) return `${node}, the standby, stays away for ${stay}; ${peer} goes on serving. ${alone}`;
  const stays = handover.staysAway ? [] : [`${node} stays in maintenance for ${stay}; then it takes part again`];
  return `${planText(handover, outputs, stay, stays)}\n${alone}`;
}

/** The plan as the operator reads it before it is carried out. @param more steps at its end */
export function planText(plan: SwitchPlan, outputs: Outputs, stay: string, more: string[] = []): string {
  const { from, to, endsMaintenance, staysAway } = plan;
  const { vip, nodes } = outputs;
  const steps = [
    `${to} gets ${vip} onto its NIC, for 30 s and without being MASTER`,
    `${from} asks the cloud: MigratePrivateIpAddress SourceNetworkInterfaceId=${nodes[from].eniId} DestinationNetworkInterfaceId=${nodes[to].eniId} PrivateIpAddress=${vip}`,
    `once it is AVAILABLE there, ${from} gives up MASTER and ${to} takes over`,
    ...(endsMaintenance ? [`the maintenance of ${to}, the preferred node, ends`] : []),
    ...(staysAway ? [`${from}, the preferred node, stays in maintenance for ${stay}; then the VIP returns to it`] : []),
    ...more,
  ];
  return [`Planned switch from ${from} to ${to}:`, ...steps.map((step, n) => `  ${n + 1}. ${step}`)].join("\n");
}

/** What is not yet so after a switch; empty when keepalived, cloud, NIC and every client agree on the target. */
export function notYet({ from, to }: SwitchPlan, view: View, since: number): string[] {
  const { agreement, why } = judge(view);
  const target = view.nodes[to].report;
  const alone = keeps(view, from);
  const open = Object.entries(agreement).flatMap(([what, who]) =>
    who === to || (alone && what === "client" && who === "?") ? [] : [`${what}: ${who}`],
  );
  // What the MASTER knew before it was asked says nothing about the switch.
  if ((target?.checkedAt ?? 0) < since) open.push(`${to} has not asked the cloud since`);
  if (view.nodes[from].probe !== true && !alone) open.push(`no ping from ${from}`);
  return open.length > 0 ? [...open, ...why] : [];
}

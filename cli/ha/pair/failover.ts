/** Whether a node may be made MASTER where nobody is, what is asked of it then, and what that may cost. Pure. */
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import { span } from "../../../terminal/span.ts";
import { haCommand } from "../../../terminal/typed.ts";
import type { Outputs } from "../reach/target.ts";
import { judge, unasked, type View } from "./report.ts";

export interface FailoverPlan {
  node: NodeName;
  /** What is done on the node, in order. */
  steps: string[];
  /** What may be lost by it. */
  risks: string[];
}

/** The plan, or why not, with what to do instead. */
export function planFailover(view: View, node: NodeName): FailoverPlan | string {
  const other = peerOf(node);
  // The last word of a service that is dead is no role; what its NIC has was looked at just now.
  const isMaster = (name: NodeName) => {
    const { report } = view.nodes[name];
    return report?.state === "MASTER" && (report.serviceAlive || report.vipOnNic);
  };
  if (nodeNames.every(isMaster)) return "both nodes are MASTER: do they hear each other?";
  if (isMaster(node)) return `${node} is MASTER already`;
  if (isMaster(other)) return `${other} is MASTER; to hand the VIP over: ${haCommand(`switchover --to ${node}`)}`;
  const { report, probe } = view.nodes[node];
  if (!report) return unasked(view, [node]);
  const answers = probe === true || view.clients.some(({ answer }) => answer === other);
  if (!view.nodes[other].report && answers) {
    const take = haCommand(`ssh ${node} sudo /etc/keepalived/vip.py take`);
    return `${other} could not be asked, and the VIP answers: ${other} serves. A planned switch without a login there: ${take}`;
  }
  const cureOf = (what: string) => report.problems.find(({ found }) => found.startsWith(what))?.cure ?? "";
  const kept = Object.entries(report.drained ?? {}).find(([name]) => name !== "maintenance");
  if (kept) {
    const [name, { why }] = kept;
    const what = `kept from being MASTER by ${name}`;
    return `${node} is ${what}: ${why}; on ${node}: ${cureOf(what) || "wait, it ends by itself"}`;
  }
  const steps = stepsOf(report, node);
  if (steps.length === 0) {
    const look = report.state === "BACKUP" ? "it takes over by itself within seconds" : `keepalived is ${report.state}`;
    return `nothing that a person could end keeps ${node} from being MASTER: ${look}; look again: ${haCommand("status")}`;
  }
  return { node, steps, risks: risksOf(view, node) };
}

function stepsOf(report: NonNullable<View["nodes"]["a"]["report"]>, node: NodeName): string[] {
  const { maintenance, serviceAlive, keepalivedAlive } = report;
  const left = maintenance && maintenance.leftS !== null ? `, ${span(maintenance.leftS)} left` : "";
  return [
    ...(serviceAlive ? [] : [`keepalived-vip.service is started on ${node}`]),
    ...(maintenance ? [`the maintenance of ${node} ends (${maintenance.why}${left})`] : []),
    ...(keepalivedAlive === false ? [`keepalived is started on ${node}`] : []),
  ];
}

function risksOf(view: View, node: NodeName): string[] {
  const other = peerOf(node);
  const { report } = view.nodes[node];
  const peer = view.nodes[other];
  const [first] = peer.report?.problems ?? [];
  return [
    `Nobody hands the VIP over: what ${other} has written and ${node} has not is not there, and connections end.`,
    ...(report?.maintenance ? [`${node} was taken out of service on purpose: is that work done?`] : []),
    peer.report
      ? `${other} stays as it is${first ? `: ${first.found}` : ""}.`
      : `${other} could not be asked (${peer.problem}). Should it live, cut off from here and from ${node}, it may go on as MASTER: both would then run what writes data.`,
  ];
}

/** The plan as the operator reads it before it is carried out. */
export function failoverText({ node, steps, risks }: FailoverPlan, { vip }: Outputs): string {
  const all = [...steps, `${node} becomes MASTER, and asks the cloud for ${vip}`];
  return [
    `Failover to ${node}; nobody is MASTER:`,
    ...all.map((step, n) => `  ${n + 1}. ${step}`),
    "What may be lost:",
    ...risks.map((risk) => `  - ${risk}`),
  ].join("\n");
}

/** What is not yet so afterwards; empty when all that could be asked agree on the node. */
export function notServing(view: View, node: NodeName): string[] {
  const { agreement, why } = judge(view);
  const open = Object.entries(agreement).flatMap(([what, who]) =>
    who === node || (what === "client" && who === "?") ? [] : [`${what}: ${who}`],
  );
  return open.length > 0 ? [...open, ...why] : [];
}

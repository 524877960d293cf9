/** What was seen of a pair as one screen. Pure: a view in, text out. */
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { bad, good, worse } from "../../../terminal/colours.ts";
import { folded } from "../../../terminal/fold.ts";
import { span } from "../../../terminal/span.ts";
import { type Column, table } from "../../../terminal/table.ts";
import { haCommand } from "../../../terminal/typed.ts";
import type { Outputs } from "../reach/target.ts";
import type { Move, NodeReport } from "./answer.ts";
import { keptLines } from "./kept.ts";
import { atConsole, type Judgement, judge, type Verdict, type View } from "./report.ts";
import { scheduledLines } from "./scheduled.ts";

const colours: Record<Verdict, (text: string) => string> = { healthy: good, degraded: worse, down: bad, unknown: bad };

/** A verdict as it is read. */
export const shown = (verdict: Verdict): string => colours[verdict](verdict === "unknown" ? "could not tell" : verdict);

const columns: Column[] = [
  { head: "node" },
  { head: "instance", drop: 5 },
  { head: "address", drop: 4 },
  { head: "keepalived" },
  { head: "since", drop: 1 },
  { head: "VIP on NIC", drop: 2 },
  { head: "VIP in cloud" },
  { head: "service" },
];

/** Gives the node that has an ENI, or the ENI that neither has. */
export const eniNames =
  (outputs: Outputs) =>
  (eni: string | null): string =>
    nodeNames.find((node) => outputs.nodes[node].eniId === eni) ?? eni ?? "nowhere";

/** The last three moves of both nodes, newest first. */
export function lastMoves(view: View): Move[] {
  const moves = nodeNames.flatMap((node) => view.nodes[node].report?.moves ?? []);
  return moves.sort((x, y) => y.startedAt - x.startedAt).slice(0, 3);
}

const moveMs = ({ phasesMs }: Move): number => Object.values(phasesMs).reduce((sum, ms) => sum + ms, 0);

/** What to type next. */
export function nextCommand({ verdict }: Judgement, view: View): string {
  if (verdict === "healthy") return haCommand("switchover");
  for (const node of nodeNames) {
    const report = view.nodes[node].report;
    if (report?.maintenance) return haCommand(`maintenance off ${node}`);
    const cure = report?.problems[0]?.cure;
    if (cure) return `on ${node}: ${cure}`;
  }
  const dead = nodeNames.filter((node) => !view.nodes[node].report);
  return dead.length > 0 ? atConsole(dead) : haCommand("self-test");
}

/** The cells of a node, as the columns name them. */
function row(node: NodeName, outputs: Outputs, view: View): string[] {
  const ago = (unix: number | null | undefined) => (unix ? span(view.at - unix) : "?");
  const { instanceId, publicIp, address } = outputs.nodes[node];
  const { report } = view.nodes[node];
  const about = [node, instanceId, publicIp ?? address];
  if (!report) return [...about, worse("?"), "", "?", "?", "?"];
  return [
    ...about,
    report.state,
    ago(report.since),
    report.vipOnNic ? "yes" : "-",
    report.state === "MASTER" ? inCloud(report, view.at) : "-",
    service(report),
  ];
}

/** What the MASTER knows of the cloud's record. A new one has not heard yet, which is no answer. */
function inCloud({ cloudHolder, available, checkedAt }: NodeReport, at: number): string {
  if (cloudHolder === "unknown") return worse("not known yet");
  const owns = cloudHolder === "self" && available ? "yes" : bad("NO");
  return checkedAt ? `${owns}, ${span(at - checkedAt)} ago` : owns;
}

function service({ maintenance, serviceAlive }: NodeReport): string {
  if (!maintenance) return serviceAlive ? "runs" : bad("STOPPED");
  return worse(`maintenance, ${maintenance.leftS === null ? "no end" : `${span(maintenance.leftS)} left`}`);
}

/** Who has the VIP, from each point of view. */
export const agreementText = ({ keepalived, cloud, nic, client }: Judgement["agreement"]): string =>
  `keepalived ${keepalived} · cloud ${cloud} · NIC ${nic} · client ${client}`;

/** @param width of the screen; without it this terminal's */
export function screen(title: string, outputs: Outputs, view: View, width?: number): string {
  const judgement = judge(view);
  const { agreement, verdict, why } = judgement;
  const nameOf = eniNames(outputs);
  const rows = nodeNames.map((node) => row(node, outputs, view));
  const moves = lastMoves(view).map(
    (move) =>
      `  ${span(view.at - move.startedAt)} ago: ${nameOf(move.from)} -> ${nameOf(move.to)}, ${moveMs(move)} ms, by ${move.trigger}`,
  );
  const publicIp = outputs.publicIp ? `, public ${outputs.publicIp}` : "";
  const lines = [
    `${title}, VIP ${outputs.vip}${publicIp}, mode ${outputs.mode}: ${shown(verdict)}`,
    "",
    ...table(columns, rows, width),
    "",
    `  ${agreementText(agreement)}`,
    ...keptLines(view),
    ...scheduledLines(view),
    ...why.map((reason) => `  ${colours[verdict]("!")} ${reason}`),
    "",
    "Last moves:",
    ...(moves.length > 0 ? moves : ["  none"]),
    "",
    `Next: ${nextCommand(judgement, view)}`,
  ];
  return folded(lines.join("\n"), width);
}

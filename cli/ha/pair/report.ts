/** What was seen of a pair, and what it means. Pure: answers in, verdict out. */
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import type { NodeReport } from "./answer.ts";

/** One node, asked over SSH. */
export interface NodeView {
  /** Null when the node could not be asked. */
  report: NodeReport | null;
  /** Why not. */
  problem: string | null;
  /** Whether the VIP answered this node's ping through the cloud; null on the node that has it. */
  probe: boolean | null;
}

export interface View {
  /** Unix seconds. */
  at: number;
  nodes: Record<NodeName, NodeView>;
  /** What the lab's clients got from the VIP: the node's name, or what went wrong. */
  clients: { name: string; answer: string }[];
}

export type Verdict = "healthy" | "degraded" | "down" | "unknown";
export const exitCodes: Record<Verdict, number> = { healthy: 0, degraded: 1, down: 2, unknown: 3 };

export interface Judgement {
  verdict: Verdict;
  /** The one MASTER, null when there is none or more than one, or it could not be asked. */
  master: NodeName | null;
  /** Who has the VIP, from each point of view; "?" where nobody could tell, "-" for nobody. */
  agreement: { keepalived: string; cloud: string; nic: string; client: string };
  why: string[];
}

/** Nodes that could not be asked, why, and what to do about it. */
export const unasked = (view: View, nodes: NodeName[]): string =>
  `${nodes.join(" and ")} could not be asked: ${view.nodes[nodes[0]!].problem}; ${atConsole(nodes)}`;
/** What to do about machines that give no answer. */
export const atConsole = (nodes: NodeName[]): string =>
  `look at ${nodes.length > 1 ? "both machines" : `the machine of ${nodes.join("")}`} in the console`;

const reportOf = (view: View, node: NodeName): NodeReport | null => view.nodes[node].report;
const list = (nodes: NodeName[], asked: boolean): string =>
  nodes.length > 0 ? nodes.join(" and ") : asked ? "-" : "?";

/**
 * Whether a node that is not the holder has the VIP on its NIC for connections that it still serves. It reaches itself by the
 * VIP: that it can't be asked whether the VIP answers says nothing against the pair.
 */
export const keeps = (view: View, node: NodeName): boolean =>
  view.nodes[node].probe === null && Boolean(reportOf(view, node)?.connections?.kept);

/** Whether the pair serves, and whether the other node could take over. */
export function judge(view: View): Judgement {
  const asked = nodeNames.filter((node) => reportOf(view, node));
  const all = asked.length === nodeNames.length;
  const having = (fits: (report: NodeReport) => boolean) =>
    nodeNames.filter((node) => {
      const report = reportOf(view, node);
      return report !== null && fits(report);
    });
  const masters = having(({ state }) => state === "MASTER");
  const onNic = having(({ vipOnNic }) => vipOnNic);
  const claimed = having(
    ({ state, cloudHolder, available }) => state === "MASTER" && cloudHolder === "self" && !!available,
  );
  const [master = null, second] = masters;
  const only = second ? null : master;
  const why: string[] = [];

  for (const node of nodeNames) {
    const { report, problem } = view.nodes[node];
    if (!report) why.push(`${node} could not be asked: ${problem ?? "no answer"}`);
    else why.push(...report.problems.map(({ found }) => `${node}: ${found}`));
  }
  if (second) why.push("both nodes are MASTER: do they hear each other?");
  if (all && !master) why.push("no node is MASTER");
  if (only) {
    if (!claimed.includes(only)) {
      const unknown = view.nodes[only].report?.cloudHolder === "unknown";
      const has = unknown ? "it is not known yet whether the cloud has" : "the cloud does not have";
      why.push(`${has} the VIP on the ENI of the MASTER, ${only}`);
    }
    if (!onNic.includes(only)) why.push(`the VIP is not on the NIC of the MASTER, ${only}`);
    const other = peerOf(only);
    if (onNic.includes(other)) why.push(`the VIP is on the NIC of ${other}, which is not MASTER`);
  }
  const answers = [
    ...view.clients.map(({ name, answer }) => {
      const served = only === null ? answer === "a" || answer === "b" : answer === only;
      if (!served) why.push(`the ${name} client got ${JSON.stringify(answer)} from the VIP`);
      return served;
    }),
    ...nodeNames.flatMap((node) => {
      const { probe } = view.nodes[node];
      if (probe === false) why.push(`the VIP does not answer a ping from ${node}`);
      return probe === null ? [] : [probe];
    }),
  ];
  const served = answers.length > 0 ? answers.every(Boolean) : null;
  const cloud = claimed.length > 0 ? list(claimed, true) : masters.length > 0 ? "-" : "?";
  const client = answers.length === 0 ? "?" : served ? (only ?? "answered") : "no answer";
  return {
    verdict: verdictOf({
      served: served ?? (nodeNames.some((node) => keeps(view, node)) ? true : null),
      works: only !== null && claimed.includes(only) && onNic.includes(only),
      all,
      whole: why.length === 0,
    }),
    master: only,
    agreement: { keepalived: list(masters, all), cloud, nic: list(onNic, all), client },
    why,
  };
}

/**
 * @param facts.served what clients and probes say, null when none could be asked
 * @param facts.works the one MASTER has the VIP, in the cloud and on its NIC
 * @param facts.all both nodes could be asked
 * @param facts.whole nothing at all is wrong
 */
function verdictOf(facts: { served: boolean | null; works: boolean; all: boolean; whole: boolean }): Verdict {
  const { served, works, all, whole } = facts;
  if (served === false) return "down";
  if (works && served && whole) return "healthy";
  if (works || served) return "degraded";
  return all ? "down" : "unknown";
}

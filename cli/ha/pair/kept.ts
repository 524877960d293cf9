/** Connections that outlive a switch: what is said of them, and whether there is still something to wait for. Pure. */
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import { span } from "../../../terminal/span.ts";
import { haCommand } from "../../../terminal/typed.ts";
import type { View } from "./report.ts";

interface Left {
  count: number | null;
  leftS: number;
}

const many = ({ count }: Left): string => `${count ?? "some"} connection${count === 1 ? "" : "s"}`;
const kept = (node: NodeName, left: Left): string => `${node} still serves ${many(left)}, ${span(left.leftS)} left`;

/** A line for each node that serves some without being the holder. */
export const keptLines = (view: View): string[] =>
  nodeNames.flatMap((node) => {
    const left = view.nodes[node].report?.connections?.kept;
    return left ? [`  ${kept(node, left)}`] : [];
  });

/** How many connections of a node's were open as their time was over, or nothing came through the tunnel any more. */
export const resetOf = (view: View, node: NodeName): number => view.nodes[node].report?.connections?.reset ?? 0;

export type Kept =
  /** `leftS`: for so long at most, null where nobody could be asked. */
  | { is: "kept"; text: string; leftS: number | null }
  /** Ended, each by itself or at the end of the time; or there was nothing to wait for. */
  | { is: "over"; text: string }
  /** They were not kept, or not to their end; or the pair is not as the switch has left it. */
  | { is: "lost"; text: string };

/** As agent/policy/connections.py has it. */
const [allClosed, timeOver] = ["all are closed", "the time is over"];
const more = () => `${haCommand("self-test")} tries the tunnel.`;

/**
 * What became of the connections of the node that handed the VIP over.
 * @param resetBefore how many it had reset before the switch
 */
export function keptBy(view: View, from: NodeName, resetBefore: number): Kept {
  const { report, problem } = view.nodes[from];
  const to = peerOf(from);
  if (!report) return byTheHolder(view, from, problem ?? "no answer");
  // Its last words stand still, and their time with them.
  if (!report.serviceAlive) return byTheHolder(view, from, "keepalived-vip.service does not run there");
  const { connections, state } = report;
  if (!connections) {
    return {
      is: "over",
      text: `Nothing to wait for: keepConnections is off, and the connections of ${from} have ended.`,
    };
  }
  if (state === "MASTER") return { is: "lost", text: `${from} is MASTER again, and serves its connections itself.` };
  if (connections.kept) return { is: "kept", text: kept(from, connections.kept), leftS: connections.kept.leftS };
  if (connections.ended === null) return { is: "lost", text: `${from} has kept none of its connections. ${more()}` };
  const counted = resetOf(view, from);
  const reset = counted < resetBefore ? counted : counted - resetBefore; // from 0 on, in a service that has started anew
  const had = reset > 0 ? `${from} had ${reset} left, which are reset` : `what ${from} had left is reset`;
  const ended = connections.ended ?? (reset > 0 ? timeOver : allClosed); // as far as an earlier release says it
  if (ended === timeOver) {
    return { is: "over", text: `The time of keepConnections is over: ${had}.` };
  }
  if (ended === allClosed) {
    return { is: "over", text: `The connections that ${from} kept have ended; ${to} serves alone.` };
  }
  return { is: "lost", text: `${from} keeps its connections no longer: ${ended}; ${had}. ${more()}` };
}

/** The new holder says for how long it carries what is the other's. */
function byTheHolder(view: View, from: NodeName, problem: string): Kept {
  const to = peerOf(from);
  const { report } = view.nodes[to];
  if (!report) return { is: "kept", text: `neither ${from} nor ${to} could be asked: ${problem}`, leftS: null };
  const carried = report.connections?.carried;
  if (carried) {
    const { leftS } = carried;
    return { is: "kept", text: `${to} carries ${many(carried)} of ${from}, ${span(leftS)} left; ${problem}`, leftS };
  }
  return { is: "lost", text: `${from} could not be asked: ${problem}. ${to} carries nothing to it any more.` };
}

/** How the VIP came to be where it is: the moves of both nodes, and what led to each. Pure: what the nodes logged in. */
import * as z from "zod";
import { type Mode, type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import { readAnswer } from "./answer.ts";

const moveSchema = z.looseObject({
  id: z.string(),
  trigger: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  startedAt: z.number(),
  requestId: z.string(),
  phasesMs: z.record(z.string(), z.number()),
  asked: z.looseObject({ by: z.string().nullable(), why: z.string() }).nullish(),
});
type LoggedMove = z.infer<typeof moveSchema>;

const eventSchema = z.looseObject({ time: z.number(), event: z.string() });

/** A line of the node's log, as docs/node.md describes it. */
export interface NodeEvent {
  /** Unix seconds. */
  time: number;
  event: string;
  /** What it says of that, checked where it is read. */
  fields: Record<string, unknown>;
}

/** What a node has kept of the past. */
export interface NodePast {
  events: NodeEvent[];
  moves: LoggedMove[];
}

export interface PastMove {
  /** Unix seconds: when it became due. */
  startedAt: number;
  /** Node, or an ENI that is neither node's; null: it was on none. */
  from: string | null;
  to: string;
  /** The node that asked the cloud. */
  by: NodeName;
  trigger: string;
  /** What led to it, as far as the nodes know. */
  why: string;
  /** Whether somebody wanted it. */
  asked: "operator" | "nobody";
  /** Who that was, as far as the nodes know; null where nobody was, or an earlier release kept no name. */
  askedBy: string | null;
  /** Null: the node gave up MASTER before it saw the end. */
  tookMs: number | null;
  phasesMs: Record<string, number>;
  requestId: string;
}

/** Who wanted a move, for a table: where the login came from is left to JSON. */
export const askedText = ({ asked, askedBy }: Pick<PastMove, "asked" | "askedBy">): string =>
  asked === "nobody" ? "-" : (askedBy?.split(" from ")[0] ?? asked);

/** What a node does before a peer takes over shows within this time; the peer is silent for at most some adverts. */
const beforeS = 60;
/** Clocks of two machines differ, and what a drain brings about is logged with it. */
const afterS = 5;

/** Each line of JSON in a text; what is none is left out. */
export function linesOf(text: string): unknown[] {
  return text.split("\n").flatMap((line) => {
    try {
      return [readAnswer(line)];
    } catch {
      return [];
    }
  });
}

/** @param kept lines of moves.jsonl @param log lines of the service's log */
export function pastFrom(kept: string, log: string): NodePast {
  const events = linesOf(log).flatMap((line) => {
    const found = eventSchema.safeParse(line);
    if (!found.success) return [];
    const { time, event, ...fields } = found.data;
    return [{ time, event, fields }];
  });
  const asked = events
    .filter(({ event }) => event === "move-accepted" || event === "moved")
    .map(({ fields }) => fields);
  // The same move comes up to three times; what was written last says most.
  const moves = new Map<string, LoggedMove>();
  for (const one of [...linesOf(kept), ...asked]) {
    const found = moveSchema.safeParse(one);
    if (!found.success) continue;
    const phasesMs = { ...moves.get(found.data.id)?.phasesMs, ...found.data.phasesMs };
    moves.set(found.data.id, { ...found.data, phasesMs });
  }
  return { events: events.sort((x, y) => x.time - y.time), moves: [...moves.values()] };
}

const reasonsSchema = z.record(z.string(), z.string());
const reasonsOf = ({ fields }: Pick<NodeEvent, "fields">) => reasonsSchema.safeParse(fields.reasons).data ?? {};

/** The reasons of an event `drained` in words; empty when the node takes part again. */
export function drainedBy(event: Pick<NodeEvent, "fields">): string {
  const reasons = Object.entries(reasonsOf(event));
  return reasons.map(([name, why]) => (why === "" || why === name ? name : `${name}: ${why}`)).join("; ");
}

/** What an event of the node that lost the VIP says of why it did; null when it says nothing of that. */
function cause(node: NodeName, said: NodeEvent): string | null {
  const text = (name: string) => String(said.fields[name] ?? "");
  switch (said.event) {
    case "health-failing":
      return `the service on ${node} failed its check: ${text("why")}`;
    case "drained":
      return drainedBy(said) === "" ? null : `${node} gave up: ${drainedBy(said)}`;
    case "keepalived-restarted":
      return `keepalived was started anew on ${node}: ${text("why")}`;
    case "trouble":
      return ["keepalived", "nic", "path", "firewall"].includes(text("what")) ? `${node}: ${text("message")}` : null;
    case "state":
      if (text("state") === "STOP") {
        return text("trigger") === "process-gone" ? `keepalived died on ${node}` : `keepalived was stopped on ${node}`;
      }
      return text("state") === "FAULT" ? `keepalived on ${node} was in FAULT` : null;
    default:
      return null;
  }
}

/** The order in which causes are believed: the first is the deepest. */
const depth = ["health-failing", "drained", "keepalived-restarted", "trouble", "state"];

/** What a node said before it lost the VIP, and around that: not what belongs to an earlier time as MASTER, or before it. */
function saidAround(past: NodePast, at: number, laterS = afterS): NodeEvent[] {
  const said = past.events.filter(({ time }) => time >= at - beforeS && time <= at + laterS);
  const master = said.findLastIndex(
    ({ time, event, fields }) => time < at && event === "state" && fields.state === "MASTER",
  );
  return said.slice(master + 1);
}

const isBackup = ({ event, fields }: NodeEvent): boolean => event === "state" && fields.state === "BACKUP";

/** Whether a node lived and went on as MASTER: it saw the VIP with its peer in the cloud before it heard the peer itself. */
function wentOn(past: NodePast, at: number): boolean {
  const sawIt = ({ event, fields }: NodeEvent) => event === "holder" && fields.holder === "peer";
  const first = saidAround(past, at, beforeS).find(
    (one) => one.time > at - afterS && (isBackup(one) || sawIt(one) || one.event === "started"),
  );
  return first !== undefined && sawIt(first);
}

/**
 * Why a planned switch was asked for: what keeps the node that gave up from taking the VIP back. A reason that ends with the
 * switch is mostly gone before the service looks for what to log; a maintenance stays.
 */
function plannedFor(past: NodePast, at: number): string {
  const drained = past.events.filter(
    (said) => said.event === "drained" && said.time >= at && said.time <= at + beforeS,
  );
  const reasons = drained.map(reasonsOf);
  return (
    reasons.map(({ maintenance, switch: why }) => maintenance ?? why).find((why) => why !== undefined) ??
    "planned switch"
  );
}

const askedSchema = z.looseObject({ what: z.string(), by: z.string().nullable(), why: z.string() });
type Asked = z.infer<typeof askedSchema>;

/** The last time that somebody asked a node for this, shortly before a move or with it, and got no earlier one for it. */
const askedOf = (past: NodePast | null, at: number, what: string): Asked | undefined =>
  (past?.events ?? [])
    .filter(({ event, time }) => event === "asked" && time >= at - beforeS && time <= at + afterS)
    .filter(({ time }) => !past?.moves.some(({ startedAt }) => startedAt > time && startedAt < at))
    .flatMap(({ fields }) => askedSchema.safeParse(fields).data ?? [])
    .findLast((asked) => asked.what === what);

/** Why a node took the VIP that nobody had handed to it, and who had wanted that. */
interface Taken {
  why: string;
  asked?: Asked | undefined;
}

function takenFor(move: LoggedMove, node: NodeName, pasts: Record<NodeName, NodePast | null>, mode: Mode): Taken {
  const [other, at] = [peerOf(node), move.startedAt];
  const asked = (of: NodeName, what: string) => askedOf(pasts[of], at, what);
  if (move.trigger === "migrate") return { why: "typed on the node: vip.py migrate", asked: asked(node, "migrate") };
  if (move.trigger === "rx-lower")
    return { why: `${node} heard a MASTER beside itself: the nodes had been cut off from each other` };
  if (move.trigger === "reassert") return { why: "the cloud had it elsewhere, and nobody had said so" };
  const wanted = asked(node, "failover");
  if (wanted) return { why: `failover: ${wanted.why}`, asked: wanted };
  const past = pasts[other];
  if (!past) return { why: `${other} was no longer heard; it cannot be asked now` };
  const said = saidAround(past, at);
  const causes = said.flatMap((one) => {
    const why = cause(other, one);
    return why === null ? [] : [{ why, depth: depth.indexOf(one.event), one }];
  });
  const deepest = causes.sort((x, y) => x.depth - y.depth)[0];
  if (deepest) {
    const maintained = Object.keys(reasonsOf(deepest.one)).includes("maintenance");
    return { why: deepest.why, asked: maintained ? asked(other, "maintenance on") : undefined };
  }
  if (said.some(({ time, event }) => event === "started" && time <= at)) return { why: `${other} was just starting` };
  if (wentOn(past, at)) {
    return { why: `${node} no longer heard ${other}, which went on as MASTER: they were cut off from each other` };
  }
  const next = past.events.find(({ time }) => time > at);
  if (next?.event === "started") {
    return { why: `${other} fell silent; its service was back ${Math.round(next.time - at)} s later` };
  }
  if (said.some(isBackup)) {
    const why = mode === "standing-master" ? `${node} is preferred, and took it back` : `${other} gave way to ${node}`;
    return { why, asked: asked(node, "maintenance off") };
  }
  if (next && isBackup(next)) {
    return {
      why: `${other} fell silent for ${Math.round(next.time - at)} s, and lived: it stood still, or was cut off`,
    };
  }
  if (move.trigger === "start") return { why: `the service was started on ${node}, which was MASTER` };
  return { why: `${other} was no longer heard, and has logged nothing of why` };
}

/** Why and by whom a planned switch was asked for; an earlier release kept only the reason, and that of a maintenance. */
function plannedBy({ asked, startedAt }: LoggedMove, past: NodePast): Taken {
  return asked ? { why: asked.why, asked: { what: "switch", ...asked } } : { why: plannedFor(past, startedAt) };
}

/**
 * The moves of both nodes since a time, the oldest first.
 * @param pasts null for a node that could not be asked
 * @param enis of the nodes
 * @param since Unix seconds
 */
export function historyOf(
  pasts: Record<NodeName, NodePast | null>,
  enis: Record<NodeName, string>,
  mode: Mode,
  since: number,
): PastMove[] {
  const nameOf = (eni: string | null) => nodeNames.find((node) => enis[node] === eni) ?? eni;
  return nodeNames
    .flatMap((node) => (pasts[node]?.moves ?? []).map((move) => ({ node, move })))
    .filter(({ move }) => move.startedAt >= since)
    .map(({ node, move }) => {
      const planned = move.trigger === "switch";
      const { why, asked } = planned ? plannedBy(move, pasts[node]!) : takenFor(move, node, pasts, mode);
      const wanted = asked ? asked.by !== null : planned || move.trigger === "migrate";
      return {
        startedAt: move.startedAt,
        from: nameOf(move.from),
        to: nameOf(move.to) ?? move.to,
        by: node,
        trigger: move.trigger,
        why,
        asked: wanted ? ("operator" as const) : ("nobody" as const),
        askedBy: asked?.by ?? null,
        tookMs:
          move.phasesMs.cloud === undefined ? null : Object.values(move.phasesMs).reduce((sum, ms) => sum + ms, 0),
        phasesMs: move.phasesMs,
        requestId: move.requestId,
      };
    })
    .sort((x, y) => x.startedAt - y.startedAt);
}

/** What a drill has seen, as report.json has it. Times are Unix seconds by the clock of the machine that ran the drill. */
import type { Mode, NodeName } from "../../../render/model.ts";
import type { PairEvent } from "../pair/events.ts";
import type { PastMove } from "../pair/history.ts";
import type { FaultName } from "./faults.ts";

/** What a client was told, as far as a reader wants it. */
export interface Heard {
  name: string;
  /** How it asks, for people. */
  how: string;
  everyMs: number;
  /** Questions and answers. */
  asked: number;
  answered: number;
  /** When no answer came for longer than is usual, in their order. */
  gaps: Gap[];
}

export interface Gap {
  from: number;
  to: number;
}

/** One fault, from a whole pair to a whole pair. */
export interface Phase {
  fault: FaultName;
  /** What it was, for people. */
  what: string;
  /** MASTER before. */
  node: NodeName;
  /** When it was made, by the node's own word. */
  at: number;
  /** When it was undone; null where there was nothing to undo. */
  undoneAt: number | null;
  /** When the pair was whole again; null: it was not. */
  wholeAt: number | null;
  /** What was still wrong at the end; empty when it was whole. */
  open: string[];
  /** MASTER afterwards, null when there was none or more than one. */
  masterAfter: NodeName | null;
  /** Why it was given up half-way; null when it was not. */
  stopped: string | null;
  clients: Heard[];
  moves: PastMove[];
  movesAtMost: number;
  /** What both nodes logged; it names ENIs. */
  events: PairEvent[];
  enis: Record<NodeName, string>;
  /** Nodes that could not be asked for their part, and why. */
  silent: string[];
}

export interface Planned {
  fault: FaultName;
  what: string;
  undone: string;
  movesAtMost: number;
}

/** What is promised, and what is done about it. */
export interface Plan {
  /** How long the VIP may be without an answer. */
  withinMs: number;
  /** How long the pair may take to be whole again after the fault was undone. */
  wholeWithinS: number;
  steps: Planned[];
  /** Faults that were asked for or usual, and are not made. */
  leftOut: { fault: FaultName; why: string }[];
  /** Who asks the VIP, for people. */
  clients: string[];
  /** The drill stops when nobody was answered for so long. */
  stopAfterS: number;
  /** A node undoes by itself after so long. */
  leaseS: number;
  /** The steady state as it was found, in a line. */
  steady: string;
}

export interface DrillRecord {
  schemaVersion: 1;
  target: string;
  vip: string;
  publicIp: string | null;
  mode: Mode;
  startedAt: number;
  /** Null while it goes on. */
  endedAt: number | null;
  /** Who asked for it: the user of this machine. */
  by: string;
  plan: Plan;
  phases: Phase[];
  /** Why it was stopped; null when it went to its end. */
  stopped: string | null;
}

/** An answer that a client got. Times are Unix seconds. */
export interface Answer {
  /** Of its question: each next one has the next number. */
  number: number;
  sent: number;
  at: number;
}

/** A pause is no gap while it is as short as a busy machine's own, in ms. */
const usualMs = 100;
/** At the end an answer may have come and not have been read yet. */
const unreadS = 0.5;

/**
 * The gaps between answers. Where a client itself did not come to ask, for its machine had other things to do, there is none.
 * @param answers in the order in which they came
 * @param from when it was asked first @param to when it was asked last
 */
export function gapsOf(answers: Answer[], from: number, to: number, everyMs: number): Gap[] {
  const longestS = Math.max(usualMs, 5 * everyMs) / 1000;
  const gaps = answers.flatMap(({ number, sent, at }, n): Gap[] => {
    const before = answers[n - 1];
    const since = before?.at ?? from;
    const itsOwnPause = before !== undefined && number === before.number + 1 && at - sent < longestS;
    return at - since > longestS && !itsOwnPause ? [{ from: since, to: at }] : [];
  });
  const last = answers.at(-1)?.at ?? from;
  return to - last > Math.max(longestS, unreadS) ? [...gaps, { from: last, to }] : gaps;
}

/** The longest gap of a client, in ms; 0: it was answered all the while. */
export const longestGapMs = ({ gaps }: Pick<Heard, "gaps">): number =>
  Math.round(Math.max(0, ...gaps.map(({ from, to }) => (to - from) * 1000)));

/**
 * What the cloud says of a node's own questions: on the node that has got the VIP they may not be seen to come back. From
 * when the cloud had the VIP AVAILABLE on that node, it counts as answered.
 * @param node that asks
 */
export function endedByWord(
  gaps: Gap[],
  node: NodeName,
  moves: Pick<PastMove, "to" | "startedAt" | "tookMs">[],
): Gap[] {
  const arrivals = moves.flatMap(({ to, startedAt, tookMs }) =>
    to === node && tookMs !== null ? [startedAt + tookMs / 1000] : [],
  );
  return gaps.map(({ from, to }) => ({ from, to: Math.min(to, ...arrivals.filter((at) => at > from)) }));
}

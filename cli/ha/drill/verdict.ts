/** Whether the hypothesis held. Pure: a record in, words out. */
import { moves as movesText, seconds } from "./plan.ts";
import { type DrillRecord, type Heard, longestGapMs, type Phase, type Plan } from "./record.ts";

export type Verdict = "held" | "not held" | "stopped";
export const exitCodes: Record<Verdict, number> = { held: 0, "not held": 1, stopped: 2 };

/** One promise, and what became of it. */
export interface Check {
  what: string;
  held: boolean;
  found: string;
}

/** How long a client had no answer, for people. */
export function gapText(client: Heard): string {
  if (client.answered === 0) return "never answered";
  const gap = longestGapMs(client);
  return gap === 0 ? "answered all the while" : seconds(gap);
}

/** A client that was never asked proves nothing, and neither does a drill without one. */
const answeredIn = ({ clients }: Phase, withinMs: number): boolean =>
  clients.length > 0 && clients.every((client) => client.answered > 0 && longestGapMs(client) <= withinMs);

export function checksOf(phase: Phase, plan: Pick<Plan, "withinMs" | "wholeWithinS">): Check[] {
  const { clients, moves, movesAtMost, wholeAt, open, undoneAt, at, silent } = phase;
  const most = movesAtMost === 0 ? "no move" : `at most ${movesText(movesAtMost)}`;
  const whole =
    wholeAt === null ? open.join("; ") || "not seen" : `${seconds((wholeAt - (undoneAt ?? at)) * 1000)} later`;
  return [
    {
      what: `answered again within ${seconds(plan.withinMs)}`,
      held: answeredIn(phase, plan.withinMs),
      found: clients.map((client) => `${client.name}: ${gapText(client)}`).join(", ") || "nobody asked",
    },
    {
      what: most,
      // Of a node that cannot be asked nobody knows how often it moved the VIP.
      held: moves.length <= movesAtMost && silent.length === 0,
      found: [movesText(moves.length), ...silent].join("; "),
    },
    { what: `whole within ${plan.wholeWithinS} s`, held: wholeAt !== null, found: whole },
  ];
}

export function verdictOfPhase(phase: Phase, plan: Pick<Plan, "withinMs" | "wholeWithinS">): Verdict {
  if (phase.stopped !== null) return "stopped";
  return checksOf(phase, plan).every(({ held }) => held) ? "held" : "not held";
}

/** Of the whole drill. One that was stopped proves nothing, even where what it saw was well. */
export function verdictOf({ phases, plan, stopped, endedAt }: DrillRecord): Verdict {
  if (stopped !== null || endedAt === null) return "stopped";
  return phases.length > 0 && phases.every((phase) => verdictOfPhase(phase, plan) === "held") ? "held" : "not held";
}

/** The verdict in a sentence. */
export function verdictText(record: DrillRecord): string {
  const { phases, plan, stopped, endedAt } = record;
  const verdict = verdictOf(record);
  const broken = phases.filter((phase) => verdictOfPhase(phase, plan) === "not held");
  if (verdict === "stopped") return `Stopped: ${stopped ?? (endedAt === null ? "it did not come to its end" : "")}`;
  if (verdict === "held") {
    return `The hypothesis held: ${phases.length} ${phases.length === 1 ? "fault" : "faults"}, each as promised.`;
  }
  const which = broken.map((phase) => {
    const missed = checksOf(phase, plan).filter(({ held }) => !held);
    return `${phase.fault} on ${phase.node} (${missed.map(({ what, found }) => `${what}: ${found}`).join("; ")})`;
  });
  return `The hypothesis did not hold: ${which.join(", ")}`;
}

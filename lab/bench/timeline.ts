/** From what was seen around one fault to how long each part of the failover took. Pure. */
import type { Question } from "./client/probe.ts";
import type { TapEvent } from "./tap.ts";

export interface Seen {
  /** When the fault took effect. */
  faultMs: number;
  /** Address of the node that was to take over, and the arrival of each move to its ENI that the cloud accepted. */
  standby: string;
  migratesMs: number[];
  events: TapEvent[];
  questions: Question[];
}

export interface Phases {
  /** From the fault to keepalived's MASTER on the standby: its first advert on the wire. */
  detection: number;
  /** From there to its accepted MigratePrivateIpAddress at the cloud. */
  decision: number;
  /** From there until the cloud delivers the VIP to it. */
  api: number;
  /** From there until a client has an answer. */
  network: number;
}

export interface Run {
  /** Time in which the client's questions got no answer. */
  outageMs: number;
  /** From the fault to the accepted move: detection and decision, the part that is not the cloud's. */
  ownMs: number;
  phasesMs: Phases;
}

const firstAfter = (times: number[], sinceMs: number) => times.find((atMs) => atMs >= sinceMs);

/** Time without an answer: from each first unanswered question to the next answered one, added up. */
export function outageMs(questions: Question[]): number {
  let total = 0;
  let since: number | null = null;
  for (const { sentMs, answeredMs } of questions) {
    if (answeredMs === null) since ??= sentMs;
    else if (since !== null) {
      total += sentMs - since;
      since = null;
    }
  }
  return total;
}

/** Null while something of it has not happened. */
export function runOf({ faultMs, standby, migratesMs, events, questions }: Seen): Run | null {
  const master = firstAfter(
    events.flatMap((e) => (e.what === "advert" && e.source === standby && e.priority > 0 ? [e.atMs] : [])),
    faultMs,
  );
  // The journal's times have no fraction.
  const request = firstAfter(migratesMs, Math.floor(faultMs));
  if (master === undefined || request === undefined) return null;
  const routes = events.flatMap((e) => (e.what === "route" && e.to === standby ? [e.atMs] : []));
  const switched = firstAfter(routes, request);
  if (switched === undefined) return null;
  const answered = questions.find(({ sentMs, answeredMs }) => sentMs >= switched && answeredMs !== null)?.answeredMs;
  if (answered == null) return null;
  // A planned switch moves the VIP before keepalived's roles change: then nothing was waited for.
  const detection = Math.max(0, Math.min(master, request) - faultMs) * (master <= request ? 1 : 0);
  return {
    outageMs: outageMs(questions.filter(({ sentMs }) => sentMs >= faultMs)),
    ownMs: request - faultMs,
    phasesMs: {
      detection,
      decision: request - faultMs - detection,
      api: switched - request,
      network: answered - switched,
    },
  };
}

/** One fault, from a pair at rest to a client that is answered again. */
import { type BenchPair, moment, type NodeName } from "./pair.ts";
import { type BenchFault, victimsOf } from "./scenarios.ts";
import { nowMs } from "./tap.ts";
import { type Run, runOf, type Seen } from "./timeline.ts";

/** So many questions are answered before and after: the outage has a beginning and an end. */
const calm = 30;
const recoveryLimitMs = 60_000;

/** Points of the advert interval at which faults come, in turn: so that few runs give a steady figure. */
export const phases = [1 / 6, 1 / 2, 5 / 6];

/** What lies between asking for a fault and its effect, in ms, as last seen. */
const leadsMs = new Map<string, number>();

export interface Measured extends Run {
  /** How many of a client's connections broke. */
  connectionsBroken: number;
  /** Where in the MASTER's advert interval the fault took effect, 0-1. */
  phase: number;
  /** The node that was MASTER. */
  master: NodeName;
  seen: Seen;
}

/** Makes the fault and undoes it; the pair has to be at rest, and is afterwards. */
export async function measure(pair: BenchPair, fault: BenchFault, phase: number): Promise<Measured> {
  const master = await pair.rest(0);
  const standby: NodeName = master === "a" ? "b" : "a";
  const victims = victimsOf(pair, master);
  const probe = pair.probe(fault.probe);
  const connections = pair.connections();
  await moment("the VIP's answers", 5000, () => probe.answers[calm]);
  await connections.opened;
  const leadMs = leadsMs.get(fault.name) ?? 15;
  await pair.atPhase(master, phase, leadMs);
  const askedMs = nowMs();
  const made = fault.make(pair, master);
  const refused = made.then(() => new Promise<never>(() => {}));
  refused.catch(() => {}); // thrown where the outage is waited for
  const faultMs = await fault.effectMs(pair, askedMs, victims);
  leadsMs.set(fault.name, faultMs - askedMs);
  const { address } = pair.node(standby);
  const switched = () => pair.tap.events.find((e) => e.what === "route" && e.to === address && e.atMs >= faultMs);
  const answered = moment(`a client's answer from node ${standby}`, recoveryLimitMs, () => {
    const since = switched()?.atMs;
    if (since === undefined || nowMs() < faultMs + fault.watchMs) return undefined;
    return probe.answers.filter(({ sentMs }) => sentMs > since).length > calm || undefined;
  });
  await Promise.race([answered, refused]);
  await made;
  const questions = await probe.end();
  const { broken: connectionsBroken } = await connections.end();
  // What is healed is heard as well, and forgotten at the next rest.
  const events = [...pair.tap.events];
  const seen: Seen = { faultMs, standby: address, migratesMs: pair.migratesMs(standby, faultMs), events, questions };
  const run = runOf(seen);
  if (!run) throw new Error(`${fault.name}: node ${standby} serves, but how it came to that was not seen`);
  const last = events.findLast(
    (e) => e.what === "advert" && e.source === pair.node(master).address && e.atMs < faultMs,
  );
  await pair.heal();
  await pair.rest(fault.restMs);
  return {
    ...run,
    connectionsBroken,
    master,
    seen,
    phase: last ? (faultMs - last.atMs) / pair.intervalMs : Number.NaN,
  };
}

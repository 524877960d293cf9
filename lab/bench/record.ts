/** One run of the bench's, moment by moment, as the picture of a failover is drawn from it. */
import type { FailoverRecord } from "../../picture/failover.ts";
import type { Measured } from "./measure.ts";
import { type BenchPair, nodeNames, probeEveryMs } from "./pair.ts";

const tenth = (ms: number) => Math.round(ms * 10) / 10;

/** @throws Error when the client was answered all the while: then there is no gap to show */
export function recordOf(
  pair: Pick<BenchPair, "node" | "intervalMs">,
  { ownMs, phasesMs, master, seen }: Pick<Measured, "ownMs" | "phasesMs" | "master" | "seen">,
  about: Pick<FailoverRecord, "date" | "speed" | "fault">,
): FailoverRecord {
  const { faultMs, events, questions } = seen;
  // The fault is made a moment before its effect is seen.
  const lost = questions.findIndex(
    ({ sentMs, answeredMs }) => answeredMs === null && sentMs > faultMs - pair.intervalMs,
  );
  const last = questions[lost - 1];
  if (!last) throw new Error("The client was answered all the while.");
  // Those of the setting that was in force before are no part of it.
  const adverts = events.flatMap((e) => (e.what === "advert" && e.priority > 0 ? [e] : []));
  const recent = adverts.filter(({ atMs }) => atMs > faultMs - 4 * pair.intervalMs);
  const advertsOf = (address: string) =>
    recent.filter(({ source }) => source === address).map(({ atMs }) => tenth(atMs - faultMs));
  const [a, b] = nodeNames.map((node) => advertsOf(pair.node(node).address));
  const movedMs = ownMs + phasesMs.api;
  return {
    ...about,
    master,
    advertIntervalMs: pair.intervalMs,
    advertsMs: { a: a ?? [], b: b ?? [] },
    masterMs: tenth(phasesMs.detection),
    requestMs: tenth(ownMs),
    movedMs: tenth(movedMs),
    answeredMs: tenth(movedMs + phasesMs.network),
    lastAnsweredMs: tenth(last.sentMs - faultMs),
    askedEveryMs: probeEveryMs,
  };
}

/** What the service costs while nothing happens: memory, and calls of the cloud's API. */
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchPair, nodeNames } from "./pair.ts";
import type { Report } from "./report.ts";
import { nowMs } from "./tap.ts";

/** After anything unusual the service looks more often for a minute. */
const alertMs = 70_000;
const idleMs = 200_000;
const dayMs = 86_400_000;

/** The larger of both nodes, in MiB. */
async function rssAnonMiB(pair: BenchPair): Promise<number> {
  const script = "awk '/^RssAnon/ { print $2 }' /proc/$(systemctl show -p MainPID --value keepalived-vip)/status";
  const kib = await Promise.all(nodeNames.map((node) => pair.exec(node, ["sh", "-c", script])));
  return Math.max(...kib.map(Number)) / 1024;
}

/** Calls of both nodes in a span without an event, as a day would have. */
export async function idle(pair: BenchPair): Promise<Report["runtime"]> {
  await sleep(alertMs);
  const since = nowMs();
  await sleep(idleMs);
  const until = nowMs();
  const calls = pair.journal(since).filter(({ atMs, caller }) => atMs <= until && caller.startsWith("role:"));
  return {
    rssAnonMiB: Math.round((await rssAnonMiB(pair)) * 10) / 10,
    apiCallsPerIdleDay: Math.round((calls.length * dayMs) / (until - since)),
  };
}

/** Collects the facts of a pair: from the cloud's own record, from the nodes, and from clients that ask the VIP. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Progress } from "../../terminal/progress.ts";
import { ask } from "../control.ts";
import { labPaths } from "../state.ts";
import type { CloudPair } from "./pairs.ts";
import { judge, type NodeFacts, type NodeState, type PairFacts, type Status } from "./status.ts";

const run = promisify(execFile);
export type ClientKind = "vpc" | "internet";

export const pairsOf = (name: string): Promise<CloudPair[]> => ask(labPaths(name).control, "pairs");

/** A client is a machine of its own: this one's way to the internet is not its. */
const proxies = ["http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/** A command line that runs inside the client's namespace, and so can reach nothing but the lab. */
export async function clientArgv(name: string, kind: ClientKind, argv: string[], vpcId?: string): Promise<string[]> {
  const id = vpcId ?? (kind === "vpc" ? (await pairsOf(name))[0]?.vpcId : undefined);
  const namespace = await ask<string>(labPaths(name).control, "client", { kind, vpcId: id });
  return ["ip", "netns", "exec", namespace, ...unproxied(argv)];
}

/** The same without this machine's proxies. */
export const unproxied = (argv: string[]): string[] => ["env", ...proxies.flatMap((one) => ["-u", one]), ...argv];

/** What one client gets from the web server behind an address: the node's name, or what went wrong. */
async function answer(name: string, kind: ClientKind, target: string, vpcId: string): Promise<string> {
  const [file = "", ...args] = await clientArgv(name, kind, ["curl", "-sS", "-m", "2", `http://${target}/`], vpcId);
  try {
    return (await run(file, args)).stdout.trim();
  } catch (error) {
    return ((error as { stderr?: string }).stderr ?? String(error)).trim();
  }
}

/** What lab/pair/node_facts.py prints. */
interface NodeReport {
  /** systemd's word: active, inactive, failed, ... */
  keepalived: string;
  word: { state: NodeState; since: number } | null;
  mode: PairFacts["mode"] | null;
  preferred: boolean | null;
  vipOnNic: boolean;
  maintenance: boolean;
}

const nodeScript = readFileSync(join(import.meta.dirname, "node_facts.py"), "utf8");

async function nodeFacts(name: string, pair: CloudPair, node: "a" | "b"): Promise<NodeFacts & Partial<NodeReport>> {
  const { instanceId, eniId, address, publicIp } = pair.nodes[node];
  const base = { name: node, instanceId, eniId, address, publicIp, since: null, vipOnNic: false, maintenance: false };
  const { control } = labPaths(name);
  if (!(await ask<boolean>(control, "running", instanceId))) return { ...base, state: "OFF" };
  let report: NodeReport;
  try {
    const argv = ["timeout", "4", "python3", "-"];
    report = JSON.parse(await ask<string>(control, "exec", { instanceId, argv, input: nodeScript })) as NodeReport;
  } catch {
    // The node boots, or stands still.
    return { ...base, state: "UNKNOWN" };
  }
  const state = report.keepalived === "active" ? (report.word?.state ?? "UNKNOWN") : "STOPPED";
  return { ...base, ...report, state, since: report.word?.since ?? null };
}

/** All that is known of one pair at this moment. */
export async function factsOf(name: string, pair: CloudPair): Promise<PairFacts> {
  const targets: [ClientKind, string][] = [["vpc", pair.vip]];
  if (pair.publicIp) targets.push(["internet", pair.publicIp]);
  const [a, b, answers] = await Promise.all([
    nodeFacts(name, pair, "a"),
    nodeFacts(name, pair, "b"),
    Promise.all(
      targets.map(async ([client, target]) => ({
        client,
        target,
        answer: await answer(name, client, target, pair.vpcId),
      })),
    ),
  ]);
  return {
    pair: pair.pair,
    mode: a.mode ?? b.mode ?? "stable",
    preferredNode: a.preferred === false || b.preferred === true ? "b" : "a",
    vip: pair.vip,
    publicIp: pair.publicIp,
    cloudHolder: pair.cloudHolder,
    nodes: [a, b],
    answers,
  };
}

/** The status of one pair, as it is at this moment. */
export async function collect(name: string, pair: CloudPair, engine?: string): Promise<Status> {
  const used = engine ?? (existsSync(labPaths(name).inlineState) ? "inline" : "pulumi");
  return judge(used, await factsOf(name, pair));
}

/**
 * Polls until the pair is converged and both nodes take part, showing what it waits for; at the deadline gives the last
 * status as it is.
 */
export async function waitWhole(
  name: string,
  engine: string | undefined,
  limitMs: number,
  wanted?: string,
): Promise<Status> {
  const deadlineMs = Date.now() + limitMs;
  const waiting = new Progress("a healthy pair");
  try {
    for (;;) {
      const pair = (await pairsOf(name)).find((item) => wanted === undefined || item.pair === wanted);
      if (!pair) throw new Error("There is no pair in the local cloud.");
      const status = await collect(name, pair, engine);
      const absent = status.nodes.filter(({ state }) => state !== "MASTER" && state !== "BACKUP");
      const open = [...status.why, ...absent.map(({ name: node, state }) => `${node} is ${state}`)];
      if (open.length === 0 || Date.now() > deadlineMs) return status;
      waiting.saw(open.join("; "));
      await sleep(500); // a look is a tenth of a second of CPU, half of it on the nodes that are waited for
    }
  } finally {
    waiting.end();
  }
}

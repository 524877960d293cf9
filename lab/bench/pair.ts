/** The bench's own lab: made for it, watched on its router, and known to be at rest before anything is measured. */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { JournalEntry } from "../cloud/index.ts";
import { until } from "../command/wait.ts";
import { ask } from "../control.ts";
import { labNames } from "../fabric/names.ts";
import { pairsOf } from "../pair/inspect.ts";
import type { CloudNode, CloudPair } from "../pair/pairs.ts";
import { labPaths } from "../state.ts";
import { Connections, echoInstall, type Use } from "./client/connections.ts";
import { Probe, type ProbeKind } from "./client/probe.ts";
import { nowMs, Tap } from "./tap.ts";

export type NodeName = "a" | "b";
export const nodeNames: NodeName[] = ["a", "b"];
export const probeEveryMs = 10;

const restLimitMs = 120_000;

export class BenchPair {
  readonly name: string;
  readonly pair: CloudPair;
  readonly tap: Tap;
  /** Advert interval in force. */
  intervalMs: number;
  /** Namespace of the client. */
  readonly client: string;
  readonly #control: string;

  private constructor(name: string, pair: CloudPair, client: string, intervalMs: number) {
    this.name = name;
    this.pair = pair;
    this.intervalMs = intervalMs;
    this.#control = labPaths(name).control;
    this.client = client;
    // A lab of the bench's own has one VPC, the router of which is the first.
    this.tap = new Tap(labNames(name).router(0), pair.vip);
  }

  static async open(name: string, intervalMs: number): Promise<BenchPair> {
    const [pair] = await pairsOf(name);
    if (!pair) throw new Error("There is no pair in the local cloud.");
    const client = await ask<string>(labPaths(name).control, "client", { kind: "vpc", vpcId: pair.vpcId });
    return new BenchPair(name, pair, client, intervalMs);
  }

  node = (name: NodeName): CloudNode => this.pair.nodes[name];

  probe = (kind: ProbeKind): Probe => new Probe(this.client, this.pair.vip, kind, probeEveryMs);

  connections = (use?: Use): Connections => new Connections(this.client, this.pair.vip, use);

  /** Has both nodes serve what `connections` are held to. */
  async serve(): Promise<void> {
    await Promise.all(nodeNames.map((node) => this.exec(node, echoInstall.argv, echoInstall.input)));
  }

  /** Runs a program on a node; gives its output. */
  exec = (node: NodeName, argv: string[], input?: string): Promise<string> =>
    ask(this.#control, "exec", { instanceId: this.node(node).instanceId, argv, input });

  fail = (node: NodeName, how: string): Promise<unknown> =>
    ask(this.#control, "fail", { pair: this.pair.pair, node, how });

  heal = (): Promise<unknown> => ask(this.#control, "heal", { pair: this.pair.pair });

  /** The node whose adverts the router has heard in the last three intervals, if it is one. */
  master(): NodeName | null {
    const heard = new Set(this.tap.adverts(nowMs() - 3.2 * this.intervalMs).map(({ source }) => source));
    const [master, other] = nodeNames.filter((node) => heard.has(this.node(node).address));
    return master && !other ? master : null;
  }

  /** The cloud's journal since a time. */
  journal(sinceMs: number): (JournalEntry & { atMs: number })[] {
    const file = labPaths(this.name).journal;
    return (existsSync(file) ? readFileSync(file, "utf8").split("\n") : [])
      .filter(Boolean)
      .map((line) => JSON.parse(line) as JournalEntry)
      .map((entry) => ({ ...entry, atMs: Date.parse(entry.at) }))
      .filter(({ atMs }) => atMs >= Math.floor(sinceMs));
  }

  /** Arrival of every accepted move to a node. */
  migratesMs(to: NodeName, sinceMs: number): number[] {
    return this.journal(sinceMs)
      .filter(
        ({ action, result, request }) =>
          action === "MigratePrivateIpAddress" &&
          result === "ok" &&
          request.DestinationNetworkInterfaceId === this.node(to).eniId,
      )
      .map(({ atMs }) => atMs);
  }

  /** Resolves with the one node that sends adverts, once it has been so for a while, whatever else is not at rest. */
  async oneMaster(settledMs: number): Promise<NodeName> {
    let last: NodeName | null = null;
    let since = nowMs();
    return moment(
      "one MASTER",
      restLimitMs,
      () => {
        const master = this.master();
        if (master !== last) [last, since] = [master, nowMs()];
        return master && nowMs() - since >= settledMs ? master : undefined;
      },
      50,
    );
  }

  /** What is not as it has to be before a run; null when all is. */
  async #restless(): Promise<string | null> {
    const master = this.master();
    if (!master) return "not exactly one node sends adverts";
    const holder = (await pairsOf(this.name))[0]?.cloudHolder;
    if (holder !== master) return `${master} is MASTER, the cloud's holder is ${holder ?? "nobody"}`;
    for (const node of nodeNames) {
      const script = `systemctl is-active keepalived; ip -4 -o addr show | grep -c ' ${this.pair.vip}/'`;
      const seen = await this.exec(node, ["sh", "-c", script]).catch(() => "is off");
      const wanted = `active\n${node === master ? 1 : 0}`;
      if (seen.trim() !== wanted) return `node ${node} says ${JSON.stringify(seen.trim())}`;
    }
    return null;
  }

  /** Resolves with the MASTER once the pair is whole and has been so for a while; what was heard before is forgotten. */
  async rest(restMs: number): Promise<NodeName> {
    let since = nowMs();
    let last: NodeName | null = null;
    const progress = () => {};
    this.tap.events.splice(0, this.tap.events.length - 50);
    const found = await until({ what: "the pair to be at rest", limitMs: restLimitMs, progress }, async () => {
      const problem = await this.#restless();
      const master = this.master();
      if (problem !== null || master !== last) {
        since = nowMs();
        last = master;
      }
      return problem ?? (master && nowMs() - since >= restMs ? { master } : "it has just come to rest");
    });
    return found.master;
  }

  /** Waits for a point of the MASTER's advert interval: `phase` of it after an advert, less `leadMs`. */
  async atPhase(master: NodeName, phase: number, leadMs: number): Promise<void> {
    const { address } = this.node(master);
    const startedMs = nowMs();
    for (;;) {
      const last = this.tap.adverts(startedMs).findLast(({ source }) => source === address);
      const target = last && last.atMs + phase * this.intervalMs - leadMs;
      const due = target && (target > nowMs() ? target : target + this.intervalMs);
      if (due === undefined) {
        if (nowMs() - startedMs > 5 * this.intervalMs) throw new Error(`no advert of node ${master}`);
        await sleep(2);
        continue;
      }
      // Timers are a millisecond late or more; the last two are spent looking at the clock.
      await sleep(Math.max(0, due - nowMs() - 2));
      while (nowMs() < due);
      return;
    }
  }

  end(): void {
    this.tap.end();
  }
}

/** Polls in pauses that do not matter to what is measured. */
export async function moment<T>(what: string, limitMs: number, look: () => T | undefined, everyMs = 5): Promise<T> {
  const startedMs = nowMs();
  for (;;) {
    const seen = look();
    if (seen !== undefined) return seen;
    if (nowMs() - startedMs > limitMs) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await sleep(everyMs);
  }
}

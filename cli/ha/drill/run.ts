/** Carries a drill out: one fault after the other, each from a whole pair to a whole pair. */
import { setTimeout as sleep } from "node:timers/promises";
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import { messageOf } from "../../../terminal/problem.ts";
import { Progress } from "../../../terminal/progress.ts";
import { look } from "../commands/status.ts";
import { carryOut } from "../commands/switchover.ts";
import { done } from "../commands/told.ts";
import { historyOf, type NodePast } from "../pair/history.ts";
import { planSwitch } from "../pair/plan.ts";
import { judge, type View } from "../pair/report.ts";
import type { Target } from "../reach/target.ts";
import { type Client, type ClientWish, nodeOf, startClients } from "./clients.ts";
import { type FaultName, faults, leaseS, movesAtMost } from "./faults.ts";
import { askClock, askPast, makeFault, undoAll } from "./node.ts";
import { endedByWord, type Heard, type Phase, type Plan } from "./record.ts";

/** Answers before a fault and after what followed, so that an outage has a beginning and an end. */
const calmMs = 1000;
const pollMs = 300;
/** A pair that is hit is whole once it has been so for longer than VRRP needs to notice. */
const settledMs = 1500;
/** A client that was answered within this time is answered now. */
const freshS = 1;

/** The drill cannot go on: the stop condition, or somebody who wants it to end. */
class Stopped extends Error {}

export interface DrillRun {
  target: Target;
  plan: Plan;
  clients: ClientWish[];
  /** Aborted by whoever wants the drill to end; the reason is a sentence. */
  signal: AbortSignal;
  tell: (text: string) => void;
}

const now = (): number => Date.now() / 1000;

/** What a whole pair still lacks. */
function openOf(view: View, { mode }: Target): string[] {
  const { verdict, master, why } = judge(view);
  if (verdict !== "healthy") return why.length > 0 ? why : [`the pair is ${verdict}`];
  const away = mode === "standing-master" && master !== null && view.nodes[master].report?.preferred === false;
  return away ? [`the VIP has not returned to ${peerOf(master)}`] : [];
}

/** One fault on its way. */
class Trial {
  readonly #run: DrillRun;
  readonly fault: FaultName;
  readonly master: NodeName;
  readonly aheadS: Record<NodeName, number>;
  readonly clients: Client[];
  at = now();
  undoneAt: number | null = null;
  /** Since when each look has found the pair whole. */
  #wholeSince: number | null = null;
  #open: string[] = [];
  #view: View | null = null;
  /** When the cloud's word last said of a node's own client that its node has the VIP. */
  readonly #wordAt = new Map<Client, number>();

  constructor(run: DrillRun, fault: FaultName, master: NodeName, aheadS: Record<NodeName, number>, clients: Client[]) {
    this.#run = run;
    this.fault = fault;
    this.master = master;
    this.aheadS = aheadS;
    this.clients = clients;
  }

  /** @throws Stopped */
  #check(): void {
    const { signal, plan } = this.#run;
    if (signal.aborted) throw new Stopped(String(signal.reason));
    const last = Math.max(...this.clients.map((client) => this.#heardAt(client)));
    if (now() - Math.max(last, this.at) > plan.stopAfterS) {
      throw new Stopped(`nobody was answered for ${plan.stopAfterS} s`);
    }
  }

  #heardAt = (client: Client): number => Math.max(client.lastAt, this.#wordAt.get(client) ?? 0);

  async #look(): Promise<void> {
    const view = await look(this.#run.target);
    this.#view = view;
    for (const client of this.clients) {
      if (nodeOf(client) === judge(view).agreement.cloud) this.#wordAt.set(client, now());
    }
    this.#open = openOf(view, this.#run.target);
    this.#wholeSince = this.#open.length === 0 ? (this.#wholeSince ?? now()) : null;
  }

  /** A MASTER has the VIP in the cloud, and everybody is answered. Nodes that do not hear each other may both be MASTER. */
  #served(): boolean {
    const owner = this.#view && judge(this.#view).agreement.cloud;
    const answered = this.clients.every((client) => now() - this.#heardAt(client) < freshS + pollMs / 1000);
    return nodeNames.some((node) => node === owner) && answered;
  }

  /** Makes the fault. @throws Stopped, Error */
  async make(): Promise<void> {
    this.at = now();
    if (this.fault === "switch") return this.#switchOver();
    const nodes = faults[this.fault].at === "both" ? nodeNames : [this.master];
    const made = await Promise.allSettled(nodes.map((node) => makeFault(this.#run.target, node, this.fault)));
    const times = made.flatMap((one, n) => (one.status === "fulfilled" ? [one.value - this.aheadS[nodes[n]!]] : []));
    // It is there once it is on all of them.
    if (times.length > 0) this.at = Math.max(...times);
    const failed = made.find((one) => one.status === "rejected");
    if (failed) throw new Stopped(messageOf(failed.reason));
  }

  async #switchOver(): Promise<void> {
    const { target, signal } = this.#run;
    const plan = planSwitch(await look(target), undefined);
    if (typeof plan === "string") throw new Stopped(`the planned switch was refused: ${plan}`);
    // In standing-master the preferred node stays away for so long; should nobody be there to switch back, it returns then.
    const command = `yield --json --for ${leaseS}s --reason drill`;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Stopped(String(signal.reason))), { once: true });
    });
    const told: string[] = [];
    const tell = (text: string) => void told.push(text);
    const code = await Promise.race([carryOut(target, plan, { command, tell }), aborted]);
    if (code !== done) throw new Stopped(`the planned switch was not done: ${told.join("; ")}`);
  }

  /** Until it has done what it can: the VIP is served again, for as long as the fault is to last. @throws Stopped */
  async hold(progress: Progress): Promise<void> {
    const { stopAfterS } = this.#run.plan;
    const { holdS } = faults[this.fault];
    for (;;) {
      this.#check();
      await this.#look();
      progress.saw(this.#open.join("; "));
      const forS = now() - this.at;
      if ((forS >= holdS && this.#served()) || forS >= stopAfterS) return;
      await sleep(pollMs);
    }
  }

  async undo(): Promise<void> {
    const { target } = this.#run;
    if (this.fault === "switch") {
      // Else the preferred node, still MASTER after a switch that did not come about, would give the VIP away.
      const back = target.mode === "standing-master" && judge(await look(target)).master === peerOf(this.master);
      if (back) await this.#switchOver().catch(() => {});
      return;
    }
    if (this.fault === "power") return;
    await undoAll(target);
    if (faults[this.fault].lasts) this.undoneAt = now();
  }

  /** Until the pair is whole, or the time for that is over. @param stoppable ends with the drill's stop condition too */
  async whole(progress: Progress, stoppable: boolean): Promise<void> {
    const deadline = now() + this.#run.plan.wholeWithinS;
    this.#wholeSince = faults[this.fault].lasts ? null : this.#wholeSince;
    while (now() < deadline) {
      if (stoppable) this.#check();
      await this.#look();
      progress.saw(this.#open.join("; "));
      if (this.#wholeSince !== null && now() - this.#wholeSince > settledMs / 1000) return;
      await sleep(pollMs);
    }
    this.#wholeSince = null;
  }

  /** All that was seen of it. */
  async record(stopped: string | null): Promise<Phase> {
    const { target } = this.#run;
    const { fault, master, at, undoneAt, aheadS } = this;
    const heard = this.clients.map((client) => ({ client, heard: client.end() }));
    const [a, b] = await Promise.all(nodeNames.map((node) => askPast(target, node)));
    const told = { a: a!, b: b! };
    const past = (node: NodeName): NodePast | null => {
      const found = told[node];
      return typeof found === "string" ? null : inTime(found, aheadS[node]);
    };
    const pasts = { a: past("a"), b: past("b") };
    const enis = { a: target.nodes.a.eniId, b: target.nodes.b.eniId };
    const since = at - calmMs / 1000;
    const moves = historyOf(pasts, enis, target.mode, since);
    return {
      fault,
      what: faults[fault].what(master),
      node: master,
      at,
      undoneAt,
      wholeAt: this.#wholeSince,
      open: this.#open,
      masterAfter: this.#view && judge(this.#view).master,
      stopped,
      clients: heard.map(({ client, heard: one }): Heard => {
        const node = nodeOf(client);
        return node === null ? one : { ...one, gaps: endedByWord(one.gaps, node, moves) };
      }),
      moves,
      movesAtMost: movesAtMost(fault, target.mode),
      events: nodeNames
        .flatMap((node) => (pasts[node]?.events ?? []).map((event) => ({ ...event, node })))
        .filter(({ time }) => time >= since)
        .sort((x, y) => x.time - y.time),
      enis,
      silent: nodeNames.flatMap((node) => (typeof told[node] === "string" ? [told[node]] : [])),
    };
  }
}

/** What a node has logged, by this machine's clock. */
const inTime = ({ events, moves }: NodePast, aheadS: number): NodePast => ({
  events: events.map((event) => ({ ...event, time: event.time - aheadS })),
  moves: moves.map((move) => ({ ...move, startedAt: move.startedAt - aheadS })),
});

/**
 * One fault, from a whole pair to a whole pair.
 * @throws Error when it could not even begin; nothing was done then
 */
export async function runFault(run: DrillRun, fault: FaultName): Promise<Phase> {
  const { target, signal, tell } = run;
  const { master } = judge(await look(target));
  if (master === null) throw new Error("there is no one MASTER");
  const standby = peerOf(master);
  const [a = 0, b = 0] = await Promise.all(nodeNames.map((node) => askClock(target, node)));
  const aheadS = { a, b };
  const clients = await startClients(target, run.clients, { node: standby, aheadS: aheadS[standby] }, signal);
  const trial = new Trial(run, fault, master, aheadS, clients);
  const waiting = async (wait: (progress: Progress) => Promise<void>) => {
    const progress = new Progress(`what follows ${faults[fault].what(master)}`);
    await wait(progress).finally(() => progress.end());
  };
  let stopped: string | null = null;
  try {
    await sleep(calmMs, undefined, { signal });
    await trial.make();
    await waiting((progress) => trial.hold(progress));
    await trial.undo();
    await waiting((progress) => trial.whole(progress, true));
    await sleep(calmMs, undefined, { signal });
  } catch (error) {
    stopped = signal.aborted ? String(signal.reason) : messageOf(error);
    tell(`Stopped: ${stopped}. Undoing ...`);
    await trial.undo();
    await waiting((progress) => trial.whole(progress, false));
  }
  return trial.record(stopped);
}

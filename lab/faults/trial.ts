/** A fault from a whole pair to a whole pair: the one body of the fault matrix and of the soak. */
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../control.ts";
import { type Fault, type NodeName, otherThan } from "../faults.ts";
import { factsOf, pairsOf } from "../pair/inspect.ts";
import { Pinger } from "../pair/pinger.ts";
import { judge, type PairFacts } from "../pair/status.ts";
import { labPaths } from "../state.ts";

/** So long a VIP may take to be served again, and a pair to be whole: the longest patience of a node is 75 s. */
const limitMs = 100_000;
/** A pair that was hit by something that passes counts as whole once it has been so for longer than VRRP needs to notice. */
const settledMs = 2000;
/** A look at a pair is a tenth of a second of CPU, half of it on its nodes; how long an outage is the client's packets tell. */
const pollMs = 250;
/** What makes the MASTER fail where the fault itself moves nothing. One that is stopped in order goes on answering. */
const trigger = "power";

export interface Outcome {
  from: NodeName;
  to: NodeName;
  /** Longest time in which the client in the VPC got no answer from the VIP. */
  outageMs: number;
  /** Moves that the cloud accepted from the nodes, from the fault to the whole pair. */
  moves: number;
}

/** The node that serves the VIP: MASTER, with it on the NIC and in the cloud, and every client is answered by it. */
export function servedBy({ nodes, cloudHolder, answers }: PairFacts): NodeName | null {
  const serving = nodes.find(({ name }) => name === cloudHolder);
  const right =
    serving?.state === "MASTER" && serving.vipOnNic && answers.every(({ answer }) => answer === serving.name);
  return right ? serving.name : null;
}

/** What a whole pair still lacks: converged, both nodes taking part, the EIP on the VIP. */
export function lacking(facts: PairFacts, publicIp = facts.publicIp): string[] {
  const absent = facts.nodes.filter(({ state }) => state !== "MASTER" && state !== "BACKUP");
  return [
    ...judge("", facts).why,
    ...absent.map(({ name, state }) => `${name} is ${state}`),
    ...(facts.publicIp === publicIp ? [] : [`the EIP ${publicIp} is not on the VIP`]),
  ];
}

/** Who is to be MASTER after a fault was undone; null when that is open. */
export function expectedMaster(facts: PairFacts, fault: Fault, before: NodeName): NodeName | null {
  if (facts.mode === "standing-master") return facts.preferredNode;
  if (fault.afterwards === "either" || fault.vip === "either") return null;
  if (fault.vip === "waits" && !fault.needsTrigger) return null;
  return fault.vip === "stays" ? before : otherThan(before);
}

/** One pair of one lab. */
export class Subject {
  readonly lab: string;
  readonly pair: string | undefined;

  constructor(lab: string, pair?: string) {
    this.lab = lab;
    this.pair = pair;
  }

  private tell<T>(verb: string, args: Record<string, string> = {}): Promise<T> {
    return ask<T>(labPaths(this.lab).control, verb, args);
  }

  private async found() {
    const pair = (await pairsOf(this.lab)).find((item) => this.pair === undefined || item.pair === this.pair);
    if (!pair) throw new Error(`the lab "${this.lab}" has no such pair`);
    return pair;
  }

  async look(): Promise<PairFacts> {
    return factsOf(this.lab, await this.found());
  }

  async inject(how: string, node: NodeName): Promise<void> {
    await this.tell("fail", { pair: (await this.found()).pair, how, node });
  }

  async undo(how: string): Promise<void> {
    await this.tell("undo", { pair: (await this.found()).pair, how });
  }

  async heal(): Promise<void> {
    await this.tell("heal", { pair: (await this.found()).pair });
  }

  /** When the cloud has accepted each move from the nodes so far: ISO times. */
  private async movedAt(): Promise<string[]> {
    const calls = await this.tell<{ at: string; action: string; caller: string; result: string }[]>("journal");
    const moves = calls.filter(
      ({ action, caller, result }) =>
        action === "MigratePrivateIpAddress" && caller.startsWith("role:") && result === "ok",
    );
    return moves.map(({ at }) => at);
  }

  /** Moves that the cloud has accepted from the nodes so far. */
  async moves(): Promise<number> {
    return (await this.movedAt()).length;
  }

  /** Until no node has moved the VIP for so long. */
  async rests(forMs: number): Promise<void> {
    const startedMs = Date.now();
    for (;;) {
      const last = (await this.movedAt()).at(-1);
      const leftMs = last === undefined ? 0 : Date.parse(last) + forMs - Date.now();
      if (leftMs <= 0) return;
      if (Date.now() - startedMs > limitMs) throw new Error(`the nodes go on moving the VIP: last at ${last}`);
      await sleep(Math.min(leftMs, pollMs));
    }
  }

  async probe(): Promise<Pinger> {
    const { vip, vpcId } = await this.found();
    const pinger = new Pinger(await this.tell<string>("client", { kind: "vpc", vpcId }), vip);
    await pinger.first();
    return pinger;
  }

  /** Polls until `fits` has been true for a while; the error tells what was seen last, and what the nodes wrote. */
  async until(what: string, fits: (facts: PairFacts) => boolean, holdsMs = 0): Promise<PairFacts> {
    const startedMs = Date.now();
    let sinceMs: number | null = null;
    for (;;) {
      const facts = await this.look();
      sinceMs = fits(facts) ? (sinceMs ?? Date.now()) : null;
      if (sinceMs !== null && Date.now() - sinceMs >= holdsMs) return facts;
      if (Date.now() - startedMs > limitMs) {
        throw new Error(`${what}: not within ${limitMs / 1000} s\n${describe(facts)}\n${await this.logs()}`);
      }
      await sleep(pollMs);
    }
  }

  /** Until the pair is whole, with this EIP if one is named; gives its MASTER too. */
  async whole(publicIp?: string | null, holdsMs = 0): Promise<PairFacts & { master: NodeName }> {
    const isWhole = (now: PairFacts) => servedBy(now) !== null && lacking(now, publicIp).length === 0;
    const facts = await this.until("the pair is whole", isWhole, holdsMs);
    return { ...facts, master: servedBy(facts) as NodeName };
  }

  /**
   * Until both nodes say of themselves that nothing is wrong. A pair can be whole before: a keepalived without its pipe serves
   * until its service starts it anew, five seconds later, and hands the VIP over for that, in the midst of the next fault.
   */
  async well(): Promise<void> {
    const startedMs = Date.now();
    for (;;) {
      const ill = (await this.onBoth("/etc/keepalived/vip.py", "status", "--json")).filter(
        ({ text }) => !isHealthy(text),
      );
      if (ill.length === 0) return;
      if (Date.now() - startedMs > limitMs) throw new Error(`not well within ${limitMs / 1000} s\n${told(ill)}`);
      await sleep(pollMs);
    }
  }

  /** What a command prints on each node, whatever its exit code is. */
  private async onBoth(...argv: string[]): Promise<{ node: NodeName; text: string }[]> {
    const { nodes } = await this.found();
    const texts = (["a", "b"] as const).map(async (node) => {
      const { instanceId } = nodes[node];
      return { node, text: await ask<string>(labPaths(this.lab).control, "exec", { instanceId, argv }).catch(String) };
    });
    return Promise.all(texts);
  }

  private async logs(): Promise<string> {
    return told(await this.onBoth("tail", "-n", "12", "/var/log/keepalived.log"));
  }
}

const told = (all: { node: NodeName; text: string }[]): string =>
  all.map(({ node, text }) => `--- ${node}\n${text.trim()}`).join("\n");

/** By what a node says of itself; one that is off or does not get to say it is not. */
const isHealthy = (text: string): boolean => text.startsWith("{") && (JSON.parse(text) as { healthy: boolean }).healthy;

function describe(facts: PairFacts): string {
  const nodes = facts.nodes.map(({ name, state, vipOnNic }) => `${name} is ${state}${vipOnNic ? " with the VIP" : ""}`);
  const answers = facts.answers.map(({ client, answer }) => `${client} client: ${JSON.stringify(answer)}`);
  return [...nodes, `the cloud's holder is ${facts.cloudHolder}`, ...answers].join("; ");
}

/**
 * Makes one fault, waits for what has to be true while it lasts, undoes it, and waits until the pair is whole with the
 * roles that the mode wants. Rejects when something of it does not come true.
 * @param besides what has to come true as well before the fault is undone
 */
export async function tryFault(subject: Subject, fault: Fault, besides = async () => {}): Promise<Outcome> {
  await subject.rests(fault.restMs ?? 0);
  const { master, publicIp } = await subject.whole();
  const other = otherThan(master);
  const movesBefore = await subject.moves();
  const movesSince = async () => (await subject.moves()) - movesBefore;
  const fewMoves = async (back = 0) => {
    const moves = await movesSince();
    const most = fault.vip === "stays" ? 0 : (fault.movesAtMost ?? Number.POSITIVE_INFINITY) + back;
    if (moves > most) throw new Error(`${moves} moves, wanted at most ${most}`);
  };
  /** Nothing is undone, so nobody can tell when it is over. */
  const alone = fault.passes && !fault.needsTrigger;
  const probe = await subject.probe();
  try {
    await subject.inject(fault.name, fault.at === "standby" ? other : master);
    if (fault.needsTrigger) await subject.inject(trigger, master);
    await meanwhile(subject, fault, master);
    await besides();
    if (!alone) {
      await fewMoves();
      await subject.heal();
    }
    const after = await subject.whole(publicIp, alone ? settledMs : 0);
    const expected = expectedMaster(after, fault, master);
    if (expected !== null && after.master !== expected) {
      throw new Error(`the MASTER is ${after.master} in the end, wanted ${expected}\n${describe(after)}`);
    }
    if (!fault.afterwards) await fewMoves(after.mode === "standing-master" ? 1 : 0);
    const { longestGapMs: outageMs } = await probe.stop();
    return { from: master, to: after.master, outageMs, moves: await movesSince() };
  } finally {
    await probe.stop();
  }
}

/** Waits for what has to be true while a fault lasts. */
async function meanwhile(subject: Subject, fault: Fault, master: NodeName): Promise<void> {
  const other = otherThan(master);
  const rises = (node: NodeName) =>
    subject.until(`${node} becomes MASTER`, ({ nodes }) =>
      nodes.some(({ name, state }) => name === node && state === "MASTER"),
    );
  const serves = (node: NodeName) =>
    subject.until(`${node} serves the VIP`, (now) => servedBy(now) === node, fault.holdsMs);
  const anybodyServes = () => subject.until("a MASTER serves the VIP", (now) => servedBy(now) !== null);
  switch (fault.vip) {
    case "moves":
      await serves(other);
      return;
    case "stays":
      if (!fault.passes) await serves(master);
      return;
    case "either":
      if (fault.passes) return;
      await rises(other);
      await anybodyServes();
      return;
    case "waits":
      if (fault.needsTrigger) await rises(other);
      if (fault.needsTrigger && (await subject.look()).cloudHolder === other) {
        throw new Error("the VIP has moved in spite of the fault");
      }
      await subject.undo(fault.name);
      await (fault.needsTrigger ? serves(other) : anybodyServes());
  }
}

/** A fault of several. */
export interface Made {
  fault: Fault;
  node: NodeName;
  /** Since the one before. */
  afterMs: number;
}

/** Makes several faults one after the other, undoes them all, and waits until the pair is whole. */
export async function tryTogether(subject: Subject, all: Made[]): Promise<Outcome> {
  const { master, publicIp } = await subject.whole();
  const movesBefore = await subject.moves();
  const probe = await subject.probe();
  try {
    for (const { fault, node, afterMs } of all) {
      await sleep(afterMs);
      await subject.inject(fault.name, node);
    }
    await subject.heal();
    const after = await subject.whole(publicIp, settledMs);
    const { longestGapMs: outageMs } = await probe.stop();
    return { from: master, to: after.master, outageMs, moves: (await subject.moves()) - movesBefore };
  } finally {
    await probe.stop();
  }
}

/** Open connections over a fault, on a pair with keepConnections: which faults, and what a client sees of each. */
import { type Connections, connectionCount } from "../../lab/bench/client/connections.ts";
import { Tap } from "../../lab/bench/tap.ts";
import { labNames } from "../../lab/fabric/names.ts";
import { type Subject, tryFault } from "../../lab/faults/trial.ts";
import { faultNamed, faults, type NodeName, otherThan } from "../../lab/faults.ts";
import type { KeptLab } from "../lab/moves/keptLab.ts";
import { until } from "../support/lab.ts";

export interface HeldFault {
  name: string;
  /** One line for people. */
  what: string;
  /** What is to become of the connections. */
  end: "kept" | "reset";
}

const switchover = "switchover";

/** Each in which the VIP moves while both machines and their NICs live; and the one in which the old node dies. */
export const heldFaults: HeldFault[] = [
  { name: switchover, what: "planned switch to the other node, and back again", end: "kept" },
  ...faults
    .filter(({ lossless, vip }) => lossless && vip !== "stays")
    .map(({ name, what }): HeldFault => ({ name, what, end: "kept" })),
  { name: "power", what: faultNamed("power").what, end: "reset" },
];

/** Small messages all the time. */
const periodMs = 250;
/** Opened while the fault lasts: whoever has the VIP in the end, one of the nodes has to keep these for the other. */
const betweenCount = 50;
/** Silent until the rules are gone. */
const silentCount = 20;

/** A power cut as the connections see it, in ms. */
export interface Cut {
  /** From the cut until the cloud delivers to the other node. */
  movedMs: number;
  /** From the cut to the first and to the last reset of a client that has been asking all the time. */
  firstResetMs: number;
  lastResetMs: number;
}

export interface Held {
  /** How many connections were open at the fault or were opened while it lasted. */
  open: number;
  broken: number;
  /** Those of the broken ones whose clients wait on. */
  hanging: number;
  /** From a question to its answer. */
  longestAnswerMs: number;
  moves: number;
  /** When those broke, of each client the first and the last, for where to look in the nodes' logs. */
  brokenAt?: string[];
  cut?: Cut;
}

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);

async function ended(all: Connections[], moves: number): Promise<Held> {
  const broken = await Promise.all(all.map((connections) => connections.end()));
  const times = all.flatMap(({ brokenAtMs: [first, ...more] }) => (first ? [first, more.at(-1) ?? first] : []));
  return {
    ...(times.length > 0 && { brokenAt: times.map((atMs) => new Date(atMs).toISOString()) }),
    open: sum(all.map(({ count }) => count)),
    broken: sum(broken.map((one) => one.broken)),
    hanging: sum(broken.map((one) => one.hanging)),
    longestAnswerMs: Math.round(Math.max(...all.map(({ longestAnswerMs }) => longestAnswerMs))),
    moves,
  };
}

/**
 * Holds connections over a fault, from a whole pair to a whole pair.
 * @param switchTo a planned switch, as the operator has it made
 */
export async function tryHeld(
  lab: KeptLab,
  subject: Subject,
  { name, end }: HeldFault,
  switchTo: (node: NodeName) => Promise<void>,
): Promise<Held> {
  const { master } = await subject.whole();
  if (end === "reset") return tryCut(lab, subject, name, otherThan(master));
  const before = await subject.moves();
  const all = [await lab.held({ periodMs })];
  try {
    const another = async () => void all.push(await lab.held({ periodMs, count: betweenCount }));
    if (name === switchover) {
      await switchTo(otherThan(master));
      await another();
      await switchTo(master);
      await subject.whole();
    } else await tryFault(subject, faultNamed(name), another);
    return await ended(all, (await subject.moves()) - before);
  } finally {
    await Promise.allSettled(all.map((connections) => connections.end()));
  }
}

/** When the service of a node has written an event last, ms since 1970. */
async function saidAtMs(lab: KeptLab, node: NodeName, event: string): Promise<number> {
  const line = await lab.on(node, `grep '"${event}"' /var/log/keepalived.log | tail -n 1`);
  return line.trim() === "" ? 0 : (JSON.parse(line) as { time: number }).time * 1000;
}

async function tryCut(lab: KeptLab, subject: Subject, name: string, other: NodeName): Promise<Held> {
  const tap = new Tap(labNames(lab.name).router(0), lab.pair.vip);
  const asking = await lab.held({ periodMs });
  const silent = await lab.held({ periodMs: 0, count: silentCount });
  const sinceMs = Date.now();
  let cut: Cut | undefined;
  try {
    const { moves } = await tryFault(subject, faultNamed(name), async () => {
      await until("nothing is sent to the dead node any more", async () => {
        return (await saidAtMs(lab, other, "connections-carried-no-more")) > sinceMs;
      });
      // Whoever speaks from now on is reset at the first word; who has been asking has been reset already, or will be.
      await silent.end();
      await until("every connection is reset", () => asking.brokenAtMs.length === connectionCount);
      const events = tap.events.filter(({ atMs }) => atMs >= sinceMs);
      // A cut begins with the rules that the router loads.
      const cutAtMs = events.find(({ what }) => what === "rules")?.atMs ?? Number.NaN;
      const { address } = lab.pair.nodes[other];
      const movedAtMs = events.find((event) => event.what === "route" && event.to === address)?.atMs ?? Number.NaN;
      cut = {
        movedMs: Math.round(movedAtMs - cutAtMs),
        firstResetMs: Math.round(Math.min(...asking.brokenAtMs) - cutAtMs),
        lastResetMs: Math.round(Math.max(...asking.brokenAtMs) - cutAtMs),
      };
    });
    const held = await ended([asking, silent], moves);
    return cut ? { ...held, cut } : held;
  } finally {
    tap.end();
    await Promise.allSettled([asking.end(), silent.end()]);
  }
}

/** `npm run soak`: random faults, and random pairs of them, on a lab pair, each from a whole pair to a whole pair. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../terminal/problem.ts";
import { Progress } from "../terminal/progress.ts";
import { labCommand } from "../terminal/typed.ts";
import { runCommand } from "./command/run.ts";
import { type Made, type Outcome, Subject, tryFault, tryTogether } from "./faults/trial.ts";
import { type Fault, faultNamed, faults, type NodeName, otherThan } from "./faults.ts";

const usage = `npm run soak -- [--faults 100] [--seed N] [--mode stable|standing-master] [--only fault,fault ...]
Makes a lab (LAB_NAME, default "soak"), draws faults by the seed, and takes the lab away when all went well.`;

/** Numbers from 0 to 1 that a seed decides: mulberry32. */
export function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is done at one step: one fault with all that has to be true of it, or two at once. */
export type Draw = { single: Fault } | { both: [Made, Made] };

/** Share of draws that are two faults at once. */
const bothShare = 0.3;
const betweenMaxMs = 3000;

/** Faults that can be made in any state of the pair, on one node or with the node as a mere name. */
const combinable = (fault: Fault): boolean => !fault.name.startsWith("both-") && !fault.name.startsWith("vip-");

/** The next step. Two faults come on different nodes: in one that is off nothing more can break. */
export function draw(random: () => number, from: Fault[] = faults): Draw {
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)]!;
  const single = pick(from);
  const node: NodeName = random() < 0.5 ? "a" : "b";
  const others = from.filter((fault) => combinable(fault) && fault !== single);
  if (random() >= bothShare || !combinable(single) || others.length === 0) return { single };
  const afterMs = Math.round(random() * betweenMaxMs);
  return {
    both: [
      { fault: single, node, afterMs: 0 },
      { fault: pick(others), node: otherThan(node), afterMs },
    ],
  };
}

const nameOf = (drawn: Draw): string =>
  "single" in drawn
    ? drawn.single.name
    : drawn.both
        .map(({ fault, node, afterMs }) => `${fault.name} on ${node}${afterMs ? ` after ${afterMs} ms` : ""}`)
        .join(" + ");

function lab(name: string, ...args: string[]): void {
  execFileSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "main.ts"), ...args],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, LAB_NAME: name },
    },
  );
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      faults: { type: "string", default: "100" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      mode: { type: "string", default: "stable" },
      only: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const count = Number(values.faults);
  const seed = Number(values.seed);
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) throw new Error(usage);
  const from = values.only ? values.only.split(",").map(faultNamed) : faults;
  const name = process.env.LAB_NAME ?? "soak";
  const repeat = `env LAB_NAME=${name} npm run soak -- --faults ${count} --seed ${seed} --mode ${values.mode}${values.only ? ` --only ${values.only}` : ""}`;
  const settings = [`mode=${values.mode}`, "preemptDelay=2", "publicIp=true", "healthCheck.process=say-name.service"];
  lab(name, "up", ...settings.flatMap((set) => ["--set", set]));
  console.log(`\n${repeat}`);
  const random = randomBy(seed);
  const subject = new Subject(name);
  for (let n = 1; n <= count; n += 1) {
    const drawn = draw(random, from);
    const startedMs = Date.now();
    const what = `${String(n).padStart(String(count).length)}/${count}  ${nameOf(drawn)}`;
    try {
      const outcome: Outcome = await Progress.during(what.trimStart(), async () => {
        await subject.well();
        return "single" in drawn ? tryFault(subject, drawn.single) : tryTogether(subject, drawn.both);
      });
      const tookS = ((Date.now() - startedMs) / 1000).toFixed(1);
      console.log(
        `${what}: ${outcome.from} -> ${outcome.to}, outage ${outcome.outageMs} ms, moves ${outcome.moves}, whole after ${tookS} s`,
      );
    } catch (error) {
      console.log(`${what}: FAILED after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
      console.log(`${messageOf(error)}\n
The lab "${name}" is left as it is. Look at it with
  ${labCommand("status", name)}
  ${labCommand("ssh a /etc/keepalived/vip.py status", name)}      (or: journalctl -u keepalived -u keepalived-vip)
  ${labCommand("journal", name)}
and remove it with
  ${labCommand("down", name)}
The same faults again: ${repeat}`);
      return 1;
    }
  }
  lab(name, "down");
  console.log(`\n${count} faults by seed ${seed}: the VIP came back and the pair was whole after each.`);
  return 0;
}

if (import.meta.main) await runCommand(main);

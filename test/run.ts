/**
 * `npm test [-- level…]`: every level of proof, from fast to real, one total line each, and one line at the end.
 * `npm test -- fast` is those that take a minute; `npm run test:full` adds the folders named `full` and the whole fault
 * matrix, on each system, and writes docs/test-report.md. Levels that need root on Debian say so by name when they can't run.
 */
import { globSync } from "node:fs";
import { cpus } from "node:os";
import { findRealEngine } from "../lab/engine/cli.ts";
import { browserPackages, checkPackages, ensureHostPackages, hostProblem, labPackages } from "../lab/host.ts";
import { aloneWithLabs } from "./alone.ts";
import { nodeTests, nodeTestsWith, programs, type Tests, type Total } from "./runner.ts";

interface Level {
  name: string;
  proves: string;
  /** Levels of one lane run one after the other, the lanes side by side. */
  lane: "computes" | "waits" | "labs" | "faults";
  /** Needs root on Debian, for namespaces and machines. */
  real: boolean;
  /** Makes labs, whose names and addresses are the machine's: one run at a time. */
  labs?: true;
  /** What else it needs and this machine lacks. */
  missing?(): string[];
  /** Debian packages that it alone needs. */
  packages?: string[];
  run: Tests;
}

const full = process.argv.includes("--full");
/** Test files of one folder, and of those below it. */
const filesOf = (folder: string) =>
  globSync(`test/${folder}/**/*.test.ts`, { exclude: full ? [] : ["**/full"] }).sort();
const cores = cpus().length;

/**
 * Labs of the level `lab` at a time. Making one takes ten seconds of CPU, watching it a fifth of a core: mostly its tests
 * wait. There are addresses for seven labs; others of this machine, the matrix's and one that a test plays need theirs.
 * The matrix's is given to this level once its lane has ended: five in all, from the first to the last.
 */
const labsAtATime = Math.min(4, 2 * cores);
let faultsAreOver = () => {};
const afterFaults = new Promise<void>((resolve) => {
  faultsAreOver = resolve;
});

const levels: Level[] = [
  {
    name: "check",
    proves: "types, lint, shell, Python 3.6, dependency directions",
    lane: "computes",
    real: false,
    run: programs([process.execPath, "test/check.ts"]),
  },
  {
    name: "unit",
    proves: "settings, components under mocks, pure code",
    lane: "computes",
    real: false,
    run: nodeTests(filesOf("unit"), cores),
  },
  {
    name: "golden",
    proves: "rendered files, byte for byte",
    lane: "computes",
    real: false,
    run: nodeTests(filesOf("golden"), cores),
  },
  {
    name: "browser",
    proves: "the page of a drill, in Debian's Chromium: on a wide screen, on a narrow one, and on paper",
    lane: "computes",
    real: true,
    packages: browserPackages,
    run: nodeTests(filesOf("browser"), 1),
  },
  {
    name: "monitoring",
    proves: "the alerts, by Prometheus' own tool",
    lane: "computes",
    real: true,
    run: nodeTests(filesOf("monitoring"), cores),
  },
  {
    name: "python",
    proves: "the node runtime",
    lane: "waits",
    real: true,
    run: programs(["python3", "-B", "test/python"]),
  },
  {
    name: "install",
    proves: "a node's files: the real keepalived takes them, they are put in place whole or not at all",
    lane: "computes",
    real: true,
    run: nodeTests(filesOf("install"), cores),
  },
  {
    name: "simulation",
    proves:
      "the runtime in twenty-two thousand histories of faults and in fleets of 1,000 pairs; each mutant is caught",
    lane: "computes",
    real: false,
    run: programs(
      ["python3", "-B", "test/simulation", "--seeds", "10000"],
      ["python3", "-B", "test/simulation", "--connections", "--seeds", "1000"],
      ["python3", "-B", "test/simulation", "--fleet", "1000"],
      ["python3", "-B", "test/simulation", "--mutants"],
    ),
  },
  {
    name: "contract",
    proves: "the local cloud against the vendor's Node and Python SDKs and recorded traffic",
    lane: "computes",
    real: false,
    run: nodeTests(filesOf("contract"), cores),
  },
  {
    name: "fabric",
    proves: "the lab's network and machines",
    lane: "waits",
    real: true,
    labs: true,
    run: nodeTests(filesOf("fabric"), 1),
  },
  {
    name: "lab",
    proves: "the whole program on real nodes",
    lane: "labs",
    real: true,
    labs: true,
    run: nodeTestsWith(afterFaults, filesOf("lab"), labsAtATime),
  },
  {
    name: "matrix",
    proves: "the VIP, and open connections, in spite of each fault, on real nodes",
    // The whole of it takes three labs: after the others, for there are addresses for seven.
    lane: full ? "labs" : "faults",
    real: true,
    labs: true,
    run: nodeTests(filesOf("matrix"), 1),
  },
  {
    name: "engine",
    proves: "the whole life of a stack by the real Pulumi CLI and provider",
    lane: "faults",
    real: true,
    labs: true,
    missing: () => findRealEngine().missing,
    run: nodeTests(filesOf("engine"), 1),
  },
];

/** What one runs while working. */
const fast = ["check", "unit", "python", "golden"];

if (full) process.env.MATRIX ||= "full";
const words = process.argv.slice(2).filter((argument) => argument !== "--full");
const unknown = words.filter((word) => word !== "fast" && !levels.some(({ name }) => name === word));
if (unknown.length > 0) {
  const names = ["fast", ...levels.map(({ name }) => name)];
  console.error(`No test level named ${unknown.join(", ")}; there are: ${names.join(", ")}.`);
  process.exit(2);
}
const names = words.flatMap((word) => (word === "fast" ? fast : [word]));
const wanted = levels.filter(({ name }) => names.length === 0 || names.includes(name));

const problem = hostProblem();
if (problem === null) {
  const own = wanted.flatMap(({ packages = [] }) => packages);
  await ensureHostPackages([...labPackages, ...checkPackages(), "keepalived", ...own]);
  if (wanted.some(({ labs }) => labs)) await aloneWithLabs();
}

const totals = new Map<Level, Total>();
const lines = new Map<Level, string>();

/** A level that runs alone speaks as it goes; of several each speaks when it has ended, for they run side by side. */
async function runLevel(level: Level): Promise<void> {
  let said = "";
  const print = (text: string) => {
    if (wanted.length === 1) process.stdout.write(text);
    else said += text;
  };
  print(`\n== ${level.name}: ${level.proves}\n`);
  const lacking = level.real && problem !== null ? [problem] : (level.missing?.() ?? []);
  if (lacking.length > 0) {
    lines.set(level, `${level.name}: did not run here: ${lacking.join("; ")}`);
  } else {
    const startedMs = Date.now();
    const total = { passed: 0, failed: 0 };
    totals.set(level, total);
    await level.run(total, print);
    if (total.passed + total.failed === 0) {
      print(`✖ ${level.name}: there is no test\n`);
      total.failed = 1;
    }
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    lines.set(level, `${level.name}: ${total.passed} passed, ${total.failed} failed, ${seconds} s`);
  }
  print(`${lines.get(level)}\n`);
  process.stdout.write(said);
  if (full && level.name === "matrix") (await import("./matrix/report.ts")).writeReport();
}

const lanes: Level["lane"][] = ["computes", "waits", "labs", "faults"];
const startedMs = Date.now();
const progress = setInterval(() => {
  const running = [...totals].filter(([level]) => !lines.has(level));
  const counts = running.map(([{ name }, { passed, failed }]) => `${name} ${passed + failed}`);
  console.log(`... ${Math.round((Date.now() - startedMs) / 1000)} s, tests done: ${counts.join(", ")}`);
}, 30_000);
await Promise.all(
  lanes.map(async (lane) => {
    for (const level of wanted) if (level.lane === lane) await runLevel(level);
    if (lane === "faults") faultsAreOver();
  }),
);
clearInterval(progress);

const sum = (key: keyof Total) => [...totals.values()].reduce((count, total) => count + total[key], 0);
const [passed, failed] = [sum("passed"), sum("failed")];
console.log(`\n${wanted.map((level) => lines.get(level)).join("\n")}\n\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

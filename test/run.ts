/**
 * `npm test [-- level…]`: every level of proof, from fast to real, one total line each, and one line at the end.
 * `npm run test:full` adds the folders named `full` and the whole fault matrix, on each release; it writes docs/test-report.md.
 * Levels that need root on Debian say so by name when they can't run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { cpus } from "node:os";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { findRealEngine } from "../lab/engine/cli.ts";
import { checkPackages, ensureHostPackages, hostProblem, labPackages } from "../lab/host.ts";

interface Total {
  passed: number;
  failed: number;
}

interface Level {
  name: string;
  proves: string;
  /** Needs root on Debian, for namespaces and machines. */
  real: boolean;
  /** What else it needs and this machine lacks. */
  missing?(): string[];
  run(): Promise<Total>;
}

const full = process.argv.includes("--full");

/**
 * Node's own test runner over the files of one folder, and of those below it.
 * @param concurrency files at a time. Those of real levels have labs of their own; each keeps about half a core busy.
 */
function nodeTests(folder: string, concurrency: number): () => Promise<Total> {
  return () =>
    new Promise((resolve, reject) => {
      const total: Total = { passed: 0, failed: 0 };
      const files = globSync(`test/${folder}/**/*.test.ts`, { exclude: full ? [] : ["**/full"] }).sort();
      const stream = run({ files, concurrency });
      stream.on("test:pass", (event) => {
        if (event.details.type !== "suite") total.passed += 1;
      });
      stream.on("test:fail", (event) => {
        // A suite fails with its tests, which are counted already, or by itself, when a hook of it fails.
        const { failureType } = event.details.error as { failureType?: string };
        if (event.details.type !== "suite" || failureType !== "subtestsFailed") total.failed += 1;
      });
      stream.on("error", reject);
      const report = stream.compose(spec);
      report.on("data", (line: Buffer | string) => process.stdout.write(line));
      report.on("end", () => resolve(total));
    });
}

/** Python programs of tests, each of which ends with a line that begins with `N passed, N failed`. */
function pythonTests(...programs: string[][]): () => Promise<Total> {
  return async () => {
    const total: Total = { passed: 0, failed: 0 };
    for (const args of programs) {
      const child = spawn("python3", ["-B", ...args], { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        process.stdout.write(chunk);
      });
      const [code] = (await once(child, "close")) as [number | null];
      const [, passed, failed] = /^(\d+) passed, (\d+) failed/m.exec(text) ?? [];
      total.passed += Number(passed ?? 0);
      total.failed += Number(failed ?? 0) || (code === 0 ? 0 : 1);
    }
    return total;
  };
}

const levels: Level[] = [
  {
    name: "check",
    proves: "types, lint, shell, Python 3.6, dependency directions",
    real: false,
    run: async () => (await import("./check.ts")).runChecks(),
  },
  {
    name: "unit",
    proves: "settings, components under mocks, pure code",
    real: false,
    run: nodeTests("unit", cpus().length),
  },
  { name: "python", proves: "the node runtime", real: true, run: pythonTests(["test/python"]) },
  {
    name: "golden",
    proves: "rendered files, byte for byte",
    real: false,
    run: nodeTests("golden", cpus().length),
  },
  {
    name: "install",
    proves: "a node's files: the real keepalived takes them, they are put in place whole or not at all",
    real: true,
    run: nodeTests("install", cpus().length),
  },
  {
    name: "simulation",
    proves: "the runtime in forty thousand histories of faults, and that each mutant of it is caught",
    real: false,
    run: pythonTests(["test/simulation", "--seeds", "20000"], ["test/simulation", "--mutants"]),
  },
  {
    name: "contract",
    proves: "the local cloud against the vendor's Node and Python SDKs and recorded traffic",
    real: false,
    run: nodeTests("contract", cpus().length),
  },
  {
    name: "fabric",
    proves: "the lab's network and machines",
    real: true,
    run: nodeTests("fabric", 1),
  },
  {
    name: "lab",
    proves: "the whole program on real nodes",
    real: true,
    run: nodeTests("lab", 2),
  },
  {
    name: "matrix",
    proves: "the VIP in spite of each fault, on real nodes",
    real: true,
    run: nodeTests("matrix", 1),
  },
  {
    name: "engine",
    proves: "the whole life of a stack by the real Pulumi CLI and provider",
    real: true,
    missing: () => findRealEngine().missing,
    run: nodeTests("engine", 1),
  },
];

if (full) process.env.MATRIX ||= "full";
const wanted = process.argv.slice(2).filter((argument) => argument !== "--full");
const unknown = wanted.filter((name) => !levels.some((level) => level.name === name));
if (unknown.length > 0) {
  console.error(
    `No test level named ${unknown.join(", ")}; there are: ${levels.map((level) => level.name).join(", ")}.`,
  );
  process.exit(2);
}

const problem = hostProblem();
if (problem === null) await ensureHostPackages([...labPackages, ...checkPackages(), "keepalived"]);
const total: Total = { passed: 0, failed: 0 };
const lines: string[] = [];
for (const level of levels.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n== ${level.name}: ${level.proves}`);
  const lacking = level.real && problem !== null ? [problem] : (level.missing?.() ?? []);
  if (lacking.length > 0) {
    lines.push(`${level.name}: did not run here: ${lacking.join("; ")}`);
    console.log(lines.at(-1));
    continue;
  }
  const startedMs = Date.now();
  const result = await level.run();
  if (result.passed + result.failed === 0) {
    console.log(`✖ ${level.name}: there is no test`);
    result.failed = 1;
  }
  total.passed += result.passed;
  total.failed += result.failed;
  lines.push(
    `${level.name}: ${result.passed} passed, ${result.failed} failed, ${Math.round((Date.now() - startedMs) / 1000)} s`,
  );
  console.log(lines.at(-1));
  if (full && level.name === "matrix") (await import("./matrix/report.ts")).writeReport();
}
console.log(`\n${lines.join("\n")}\n\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

/** Calls of the system's tools, always as argument lists: no name or address ever passes through a shell. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Text for the program's standard input; without it the input is empty. */
  input?: string;
  /** The whole environment of the program; default: this process's own. */
  env?: Record<string, string>;
  cwd?: string;
  /** Called with each line of output as it comes. */
  onLine?: (line: string) => void;
}

/** Runs a program to its end, whatever it answers. Rejects only when it can't be started. */
export function tryRun(file: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env: options.env, cwd: options.cwd });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let rest = "";
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      into.push(chunk);
      if (!options.onLine) return;
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(options.onLine);
    };
    child.stdout.on("data", collect(out));
    child.stderr.on("data", collect(err));
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "ENOENT" ? new Error(`the program "${file}" is missing on this machine; install it`) : error,
      );
    });
    child.on("close", (code, signal) => {
      resolve({
        code: code ?? (signal ? 128 : 1),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
    // A program that ends without reading its input is no fault of its own.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a program that must succeed and gives its output. */
export async function run(file: string, args: string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(file, args, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12).join("\n");
  const text = options.input ? `\ninput was:\n${options.input.slice(0, 4000)}` : "";
  throw new Error(`${file} ${args.join(" ")} failed with ${result.code}: ${said}${text}`);
}

/** `ip` in one namespace ("" is the root namespace), all lines in one process; `force` goes on after a failed line. */
export async function ipBatch(namespace: string, lines: string[], force = false): Promise<void> {
  if (lines.length === 0) return;
  const args = [...(namespace ? ["-n", namespace] : []), ...(force ? ["-force"] : []), "-batch", "-"];
  const input = `${lines.join("\n")}\n`;
  if (force) await tryRun("ip", args, { input });
  else await run("ip", args, { input });
}

/** `ip -j …` parsed; [] when it fails, as for a device that is not there. */
export async function ipJson<T>(args: string[]): Promise<T[]> {
  const result = await tryRun("ip", ["-j", ...args]);
  return result.code === 0 && result.stdout.trim() ? (JSON.parse(result.stdout) as T[]) : [];
}

/** Sets sysctls inside a namespace. */
export async function sysctl(namespace: string, settings: Record<string, string | number>): Promise<void> {
  const words = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  await run("ip", ["netns", "exec", namespace, "sysctl", "-qw", ...words]);
}

/** Loads rules inside a namespace, all or nothing. */
export async function nft(namespace: string, text: string): Promise<void> {
  await run("ip", ["netns", "exec", namespace, "nft", "-f", "-"], { input: text });
}

/** Polls until `check` gives something other than undefined or false. Throws at the deadline, naming `what`. */
export async function until<T>(
  what: string,
  limitMs: number,
  check: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadlineMs = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadlineMs) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await sleep(20);
  }
}

/** Runs tasks one after the other, in the order in which they were asked for. */
export function serialiser(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const next = last.then(task, task);
    last = next.catch(() => {});
    return next;
  };
}

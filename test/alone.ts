/** One run of the tests with labs at a time on a machine: two would take each other's names, addresses and cores. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** In /run, where only root writes: everybody could hold a lock that lies elsewhere. */
const lockFile = "/run/keepalived-cluster-tests.lock";
const told = { firstMs: 1000, everyMs: 30_000 };

/** Waits for the run before this one; the lock ends with this process, however that ends, for the holder reads its pipe. */
export async function aloneWithLabs(file = lockFile, print: (line: string) => void = console.log): Promise<() => void> {
  const holder = spawn("flock", ["--no-fork", file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const startedMs = Date.now();
  const tell = () => {
    const since = Math.round((Date.now() - startedMs) / 1000);
    print(`... waiting since ${since} s for other tests on this machine, ${readFileSync(file, "utf8").trim()}`);
  };
  const first = setTimeout(tell, told.firstMs);
  const again = setInterval(tell, told.everyMs);
  const held = await new Promise<boolean>((resolve, reject) => {
    createInterface(holder.stdout)
      .once("line", () => resolve(true))
      .once("close", () => resolve(false));
    holder.once("error", reject);
  }).finally(() => {
    clearTimeout(first);
    clearInterval(again);
  });
  if (!held) throw new Error(`flock can't lock ${file}.`);
  writeFileSync(file, `in ${process.cwd()} (process ${process.pid})\n`);
  holder.unref();
  return () => holder.stdin.end();
}

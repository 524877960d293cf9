/** How much memory a running command needs, all of its processes together. */
import { readdirSync, readFileSync } from "node:fs";

const everyMs = 200;

interface Process {
  pid: number;
  parent: number;
  name: string;
}

function processes(): Process[] {
  return readdirSync("/proc").flatMap((entry) => {
    try {
      // `pid (name) state ppid ...`; a name may hold spaces and parentheses.
      const [, pid, name, parent] = /^(\d+) \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), name: name ?? "" }];
    } catch {
      return [];
    }
  });
}

/** Processes named so below one, each with all that it started. */
function below(ancestor: number, name: string): number[] {
  const all = processes();
  const childrenOf = (pid: number): Process[] =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...childrenOf(child.pid)]);
  const roots = childrenOf(ancestor).filter((item) => item.name === name);
  return [...new Set(roots.flatMap(({ pid }) => [pid, ...childrenOf(pid).map((child) => child.pid)]))];
}

/** Memory that would be free without the process: what it shares with others counts in part. */
function pssKib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Watches the processes of a name below one; the result ends it and gives the peak in MiB. */
export function watchMemory(ancestor: number, name: string): () => number {
  let peakKib = 0;
  const look = () => {
    const kib = below(ancestor, name).reduce((sum, pid) => sum + pssKib(pid), 0);
    peakKib = Math.max(peakKib, kib);
  };
  const timer = setInterval(look, everyMs);
  return () => {
    clearInterval(timer);
    return Math.round(peakKib / 1024);
  };
}

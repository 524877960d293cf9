/**
 * Machines live in cgroups of their own, in every hierarchy: without, all nspawn machines of a host that runs no
 * systemd land in one cgroup and kill each other's services. Works with cgroup v1, the hybrid form and v2.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../run.ts";

const mountPoint = "/sys/fs/cgroup";
/** cpuset is left out: it takes no process before its own settings are made. */
const v1 = ["systemd", "unified", "memory", "cpu", "pids", "freezer"];

/** Folders of the hierarchies in use. */
export function hierarchies(): string[] {
  if (existsSync(join(mountPoint, "cgroup.controllers"))) return [mountPoint];
  return v1.map((name) => join(mountPoint, name)).filter((folder) => existsSync(join(folder, "cgroup.procs")));
}

/** The folders of one cgroup, made. */
export function makeCgroup(path: string): string[] {
  return hierarchies().map((folder) => {
    mkdirSync(join(folder, path), { recursive: true });
    return join(folder, path);
  });
}

function foldersBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap((entry) => foldersBelow(join(folder, entry.name))), folder];
}

function pidsIn(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Every process of a cgroup and those below it. */
export function cgroupPids(path: string): number[] {
  const all = hierarchies().flatMap((folder) => foldersBelow(join(folder, path)).flatMap(pidsIn));
  return [...new Set(all)].filter((pid) => pid > 0);
}

/** The processes of one unit inside a machine, as the host numbers them; none when it does not run. */
export function unitPids(path: string, unit: string): number[] {
  const name = unit.includes(".") ? unit : `${unit}.service`;
  const folders = hierarchies()
    .flatMap((folder) => foldersBelow(join(folder, path)))
    .filter((folder) => folder.split("/").includes(name));
  return [...new Set(folders.flatMap(pidsIn))];
}

/** Stops or continues all processes of a cgroup at one instant. */
export function setFrozen(path: string, frozen: boolean): void {
  const old = join(mountPoint, "freezer", path, "freezer.state");
  const unified = join(mountPoint, path, "cgroup.freeze");
  if (existsSync(old)) writeFileSync(old, frozen ? "FROZEN" : "THAWED");
  else if (existsSync(unified)) writeFileSync(unified, frozen ? "1" : "0");
}

const periodUs = 100_000;

/** Bounds what all processes of a cgroup together get of one CPU, in percent; null: no bound. */
export function limitCpu(path: string, percent: number | null): void {
  const quotaUs = percent === null ? null : Math.round((periodUs * percent) / 100);
  const old = join(mountPoint, "cpu", path, "cpu.cfs_quota_us");
  const unified = join(mountPoint, path, "cpu.max");
  if (existsSync(old)) writeFileSync(old, String(quotaUs ?? -1));
  else if (existsSync(unified)) writeFileSync(unified, `${quotaUs ?? "max"} ${periodUs}`);
  else throw new Error(`this host bounds nobody's CPU: there is neither ${old} nor ${unified}`);
}

/** Kills every process of a cgroup, frozen ones too, and removes the cgroup. Without effect on one that is not there. */
export async function removeCgroup(path: string): Promise<void> {
  for (const folder of foldersBelow(join(mountPoint, "freezer", path))) {
    const state = join(folder, "freezer.state");
    if (existsSync(state)) writeFileSync(state, "THAWED");
  }
  setFrozen(path, false);
  await until(`the processes of ${path} to end`, 20_000, () => {
    const pids = cgroupPids(path);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended meanwhile, which is what was wanted.
      }
    }
    return pids.length === 0;
  });
  // A killed process leaves its cgroup a moment after it has left the list.
  await until(`cgroup ${path} to be empty`, 10_000, () => {
    for (const folder of hierarchies().flatMap((root) => foldersBelow(join(root, path)))) {
      try {
        rmdirSync(folder);
      } catch {
        return false;
      }
    }
    return true;
  });
}

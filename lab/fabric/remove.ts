/** Takes a lab's network and machines away by its name alone: works on ruins, without a daemon, and twice. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { removeCgroup } from "./machine/cgroup.ts";
import { diskPaths, unmountDisk } from "./machine/disk.ts";
import { type LabNames, labNames } from "./names.ts";
import { ipBatch, ipJson, tryRun } from "./run.ts";

/** @param dir the lab's folder; of it only machines and their pid files are removed. */
export async function removeFabric(name: string, dir: string): Promise<void> {
  const names = labNames(name);
  const namespaces = (await ipJson<{ name: string }>(["netns", "list"]))
    .map((item) => item.name)
    .filter(names.isNamespace);
  await removeCgroup(names.cgroup);
  for (const namespace of namespaces) await killInside(namespace);
  await removeDisks(resolve(dir));
  removeNspawnNames(names);
  const links = await ipJson<{ ifname: string }>(["link", "show"]);
  const rules = await ipJson<{ table?: string; priority: number }>(["rule", "show"]);
  const ownRules = rules.filter(({ table }) => names.isTable(Number(table)));
  await ipBatch("", [
    ...ownRules.map(({ table, priority }) => `rule del priority ${priority} lookup ${table}`),
    ...links.filter(({ ifname }) => names.isRootLink(ifname)).map(({ ifname }) => `link del ${ifname}`),
    ...namespaces.map((namespace) => `netns del ${namespace}`),
  ]);
}

/** Clients that still run inside one of the lab's namespaces would keep it alive, nameless. */
async function killInside(namespace: string): Promise<void> {
  const { stdout } = await tryRun("ip", ["netns", "pids", namespace]);
  for (const pid of stdout
    .split("\n")
    .map(Number)
    .filter((value) => value > 1)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

/** Where something is mounted; the kernel writes a blank, a tab, a line feed and a backslash as three octal digits. */
export const mountPoints = (mountinfo: string): string[] =>
  mountinfo.split("\n").flatMap((line) => {
    const point = line.split(" ")[4];
    return point === undefined
      ? []
      : [point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))];
  });

async function removeDisks(dir: string): Promise<void> {
  const folder = join(dir, "machines");
  const ids = existsSync(folder) ? readdirSync(folder) : [];
  for (const id of ids) {
    // A crash between two mounts can leave one above the other.
    const { root } = diskPaths(dir, id);
    const mounts = mountPoints(readFileSync("/proc/self/mountinfo", "utf8"));
    for (const _ of mounts.filter((point) => point === root)) await unmountDisk(diskPaths(dir, id), false);
    rmSync(join(dir, "pids", `${id}.pid`), { force: true });
    rmSync(join(dir, "pids", `${id}-init.pid`), { force: true });
  }
  rmSync(folder, { recursive: true, force: true });
}

function removeNspawnNames(names: LabNames): void {
  for (const kind of ["propagate", "unix-export"]) {
    const folder = join("/run/systemd/nspawn", kind);
    const entries = existsSync(folder) ? readdirSync(folder).filter(names.isMachine) : [];
    for (const entry of entries) rmSync(join(folder, entry), { recursive: true, force: true });
  }
}

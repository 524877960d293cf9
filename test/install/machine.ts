import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NodeFile } from "../../render/model.ts";

export interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Writes files below a folder, as they would lie below `/`. */
export function writeTree(root: string, files: Pick<NodeFile, "path" | "mode" | "content">[]): void {
  for (const file of files) {
    const path = join(root, file.path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileSync(path, file.content);
    chmodSync(path, Number.parseInt(file.mode, 8));
  }
}

export interface Nic {
  name: string;
  mac: string;
}

/** A node's PATH. The one of this process may begin with what no node has, such as a manager of Python versions. */
export const nodePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Everything a machine is made of, inside its own namespaces. The last line keeps them until stdin is closed. */
const setUp = (work: string, nic: Nic, from?: string): string => `set -e
  mount -t tmpfs -o mode=755 tmpfs "${work}"
  cd "${work}"
  mkdir upper upper/etc upper/etc/keepalived overlay root
  chmod 755 upper upper/etc upper/etc/keepalived
  ${from ? `cp -a "${from}/disk/." upper` : ""}
  mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=overlay root
  mount --rbind /proc root/proc
  mount --rbind /dev root/dev
  mount -t sysfs sysfs root/sys
  mount -t tmpfs -o mode=755 tmpfs root/run
  ${from ? `cp -a "${from}/run/." root/run` : ""}
  mkdir -p root/run/systemd/system
  ip link set lo up
  ip link add "${nic.name}" address "${nic.mac}" type veth peer name wire
  ip link set wire up
  echo ready
  exec cat`;

/**
 * A machine without systemd: this one's files with an overlay that nobody else sees and that is gone afterwards, an
 * empty /run, and a network of its own with a second NIC that is down. Absolute paths are what they are on a node, so
 * what is checked is what gets installed. Needs root.
 */
export class Machine {
  private readonly work: string;
  private readonly holder: ChildProcess;

  private constructor(work: string, holder: ChildProcess) {
    this.work = work;
    this.holder = holder;
  }

  /** @param from a folder to which another machine was saved: the new one has its disk and /run, and a network of its own */
  static async start(nic: Nic, from?: string): Promise<Machine> {
    const work = mkdtempSync("/tmp/keepalived-cluster-test-");
    const holder = spawn("unshare", ["-mn", "sh", "-c", setUp(work, nic, from)], { stdio: ["pipe", "pipe", "pipe"] });
    await new Promise<void>((resolve, reject) => {
      let said = "";
      holder.stdout.once("data", () => resolve());
      holder.stderr.on("data", (text) => {
        said += text;
      });
      holder.once("exit", () => reject(new Error(`no test machine: ${said}`)));
    });
    return new Machine(work, holder);
  }

  /** Where the machine's `/` is, seen from here. */
  get root(): string {
    return `/proc/${this.holder.pid}/root${this.work}/root`;
  }

  write(...files: Pick<NodeFile, "path" | "mode" | "content">[]): void {
    writeTree(this.root, files);
  }

  /** Keeps a copy of its disk and its /run in a folder. */
  save(folder: string): void {
    mkdirSync(folder, { recursive: true });
    execFileSync("cp", ["-a", join(this.root, "../upper"), join(folder, "disk")]);
    execFileSync("cp", ["-a", join(this.root, "run"), folder]);
  }

  run(script: string, path = nodePath): Result {
    const inside = ["-t", String(this.holder.pid), "-m", "-n", "chroot", `${this.work}/root`, "/bin/sh", "-c", script];
    const run = spawnSync("nsenter", inside, { encoding: "utf8", timeout: 120_000, env: { PATH: path } });
    return { status: run.status, stdout: run.stdout, stderr: run.stderr };
  }

  /** The namespaces, and all mounts in them, go with their last process. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.holder.once("exit", resolve));
    this.holder.stdin?.end();
    await gone;
    rmSync(this.work, { recursive: true });
  }
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
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

/** Everything a machine is made of, inside its own namespaces. The last line keeps them until stdin is closed. */
const setUp = (work: string, nic: { name: string; mac: string }): string => `set -e
  mount -t tmpfs -o mode=755 tmpfs "${work}"
  cd "${work}"
  mkdir upper upper/etc upper/etc/keepalived overlay root
  chmod 755 upper upper/etc upper/etc/keepalived
  mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=overlay root
  mount --rbind /proc root/proc
  mount --rbind /dev root/dev
  mount -t sysfs sysfs root/sys
  mount -t tmpfs -o mode=755 tmpfs root/run
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

  static async start(nic: { name: string; mac: string }): Promise<Machine> {
    const work = mkdtempSync("/tmp/keepalived-cluster-test-");
    const holder = spawn("unshare", ["-mn", "sh", "-c", setUp(work, nic)], { stdio: ["pipe", "pipe", "pipe"] });
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

  run(script: string, path = process.env.PATH): Result {
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

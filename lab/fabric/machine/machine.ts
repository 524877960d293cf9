/** One machine: systemd-nspawn on a disk of its own, in a network namespace that the fabric has cabled. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MachineSpec } from "../../dataplane.ts";
import type { ImageFile } from "../image/imageFiles.ts";
import { type RunResult, tryRun, until } from "../run.ts";
import { cgroupPids, limitCpu, makeCgroup, removeCgroup, setFrozen, unitPids } from "./cgroup.ts";
import { type DiskPaths, diskPaths, furnishDisk, mountDisk, put, unmountDisk } from "./disk.ts";

/** nspawn's exit code after a reboot inside: with a network namespace of ours it can't start again by itself. */
const rebootCode = 133;

/** What a process of the host sees first when it is put into a machine. */
const insideEnv = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
};

export interface MachineContext {
  /** The lab's folder. */
  dir: string;
  /** The trees of the image, the uppermost first. */
  trees: string[];
  /** The account that the SSH keys are for. */
  user: string;
  /** Name for nspawn, also that of the network namespace. */
  machineName: string;
  cgroup: string;
  caFile: string;
  log: (text: string) => void;
  /** Makes the namespace and the cables new; a former life's addresses must not answer. */
  freshNetwork: () => Promise<void>;
  /** eth0's network file at this moment. */
  eth0: () => ImageFile;
}

export class Machine {
  readonly spec: MachineSpec;
  readonly paths: DiskPaths;
  #context: MachineContext;
  #child: ChildProcess | null = null;
  #exit: Promise<number> = Promise.resolve(0);
  /** Done when the latest run is over and its end has been dealt with. */
  #settled: Promise<void> = Promise.resolve();
  /** The dealing itself: the network made new, or a reboot. */
  #dealing: Promise<void> = Promise.resolve();
  #settling = false;
  #initPid = 0;
  /** Set while this program itself ends the machine, so that its end is not taken for the guest's wish. */
  #ending = false;

  constructor(spec: MachineSpec, context: MachineContext) {
    this.spec = spec;
    this.#context = context;
    this.paths = diskPaths(context.dir, spec.instanceId);
  }

  /** Also while its end is being dealt with: until then its kernel answers for its addresses. */
  get running(): boolean {
    return this.#child !== null || this.#settling;
  }

  get #pidFile(): string {
    return join(this.#context.dir, "pids", `${this.spec.instanceId}.pid`);
  }

  /** Boots it; resolves once its init runs. Without effect on a running one. */
  async start(): Promise<void> {
    await this.#dealing;
    if (this.#child !== null) return;
    this.#ending = false;
    await this.#boot();
  }

  async #boot(): Promise<void> {
    await this.#removeRemains();
    const { fresh } = await mountDisk(this.paths, this.#context.trees);
    if (fresh) await furnishDisk(this.paths.root, this.spec, this.#context.user, this.#context.caFile);
    const { path, mode, content } = this.#context.eth0();
    put(this.paths.root, path, content, mode);
    this.#launch();
    this.#initPid = await until(`machine ${this.spec.name} to start (console: ${this.paths.console})`, 20_000, () => {
      if (this.#child === null) throw new Error(`machine ${this.spec.name} ended at once; see ${this.paths.console}`);
      return this.#findInit();
    });
    writeFileSync(this.#pidFile, String(this.#child?.pid));
    writeFileSync(this.#pidFile.replace(/\.pid$/, "-init.pid"), String(this.#initPid));
  }

  #launch(): void {
    const { machineName, cgroup } = this.#context;
    const console = openSync(this.paths.console, "a");
    const nspawn = [
      "systemd-nspawn",
      "--boot",
      "--quiet",
      `--directory=${this.paths.root}`,
      `--machine=${machineName}`,
      `--hostname=${this.spec.name}`,
      `--network-namespace-path=/run/netns/${machineName}`,
      "--register=no",
      "--keep-unit",
      "--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_NET_BROADCAST,CAP_SYS_NICE,CAP_IPC_LOCK",
      "--resolv-conf=off",
      "--timezone=off",
      "--link-journal=no",
      "--console=pipe",
    ];
    const child = spawn(join(import.meta.dirname, "launch.sh"), [...makeCgroup(cgroup), "--", ...nspawn], {
      // A session of its own: a Ctrl-C meant for the lab is no power cut.
      detached: true,
      stdio: ["ignore", console, console],
      // Without it /proc/sys/net is read-only in a machine with a namespace of ours.
      env: { PATH: insideEnv.PATH, SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network" },
    });
    closeSync(console);
    mkdirSync(join(this.#context.dir, "pids"), { recursive: true });
    writeFileSync(this.#pidFile, String(child.pid));
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      child.once("error", () => resolve(1));
      child.once("exit", (code) => resolve(code ?? 1));
    });
    this.#settled = this.#exit.then((code) => {
      this.#dealing = this.#ended(child, code);
      return this.#dealing;
    });
  }

  /** The guest ended by itself: a reboot starts it again on the same disk, anything else leaves it off. */
  async #ended(child: ChildProcess, code: number): Promise<void> {
    if (this.#child !== child) return;
    this.#child = null;
    this.#initPid = 0;
    if (this.#ending) return;
    this.#settling = true;
    try {
      this.#context.log(`machine ${this.spec.name} ${code === rebootCode ? "reboots" : `ended (${code})`}`);
      await this.#removeRemains();
      await this.#context.freshNetwork();
      if (code === rebootCode && !this.#ending) await this.#boot();
    } catch (error) {
      this.#context.log(`machine ${this.spec.name}: ${(error as Error).message}`);
    } finally {
      this.#settling = false;
    }
  }

  /** Process 1 of the guest, once it is systemd and no longer nspawn on its way. */
  #findInit(): number | undefined {
    return cgroupPids(this.#context.cgroup).find((pid) => {
      try {
        const inner = /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        return inner === "1" && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "systemd";
      } catch {
        return false;
      }
    });
  }

  /** A power cut: the caller has cut the cables before. The disk stays. */
  async kill(): Promise<void> {
    this.#ending = true;
    await this.#dealing;
    await this.#removeRemains();
    await this.#settled;
  }

  /** A shutdown as by the power button; after 20 s it becomes a power cut. */
  async shutdown(): Promise<void> {
    if (!this.running) return;
    this.#ending = true;
    // systemd takes SIGRTMIN+4 (38 on Linux) for "power off".
    await tryRun("kill", ["-s", "RTMIN+4", String(this.#initPid)]);
    await until("shutdown", 20_000, () => this.#child === null).catch(() => {});
    await this.kill();
  }

  async erase(): Promise<void> {
    await this.kill();
    await unmountDisk(this.paths, true);
  }

  async #removeRemains(): Promise<void> {
    await removeCgroup(this.#context.cgroup);
    if (this.#child) await this.#exit;
    if (existsSync(this.paths.root)) await unmountDisk(this.paths, false);
    rmSync(`/run/systemd/nspawn/propagate/${this.#context.machineName}`, { recursive: true, force: true });
    rmSync(`/run/systemd/nspawn/unix-export/${this.#context.machineName}`, { recursive: true, force: true });
    rmSync(this.#pidFile, { force: true });
    rmSync(this.#pidFile.replace(/\.pid$/, "-init.pid"), { force: true });
  }

  /** Runs a program inside; resolves with its exit code, whatever it is. Rejects when the machine is off. */
  async exec(argv: string[], options: { input?: string } = {}): Promise<RunResult> {
    const pid = this.#initPid;
    if (this.#child === null || pid === 0) throw new Error(`machine ${this.spec.name} is off`);
    const enter = ["--target", String(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"];
    // A shutdown stops every process of the guest before it kills them. nsenter, when its child stops, stops itself and
    // then never reaps it, and a PID namespace with an unreaped process never ends: the guest would hang in its reboot.
    // So it doesn't fork; a shell waits instead, which takes no notice of a stopped child.
    const wait = ["--no-fork", "--", "sh", "-c", '"$0" "$@"; exit "$?"'];
    return await tryRun("nsenter", [...enter, ...wait, ...argv], { ...options, env: insideEnv });
  }

  /** Processes of one unit, as the host numbers them. */
  unitPids(unit: string): number[] {
    return this.running ? unitPids(this.#context.cgroup, unit) : [];
  }

  /** Stands still, as a whole or one unit of it. */
  freeze(unit?: string): void {
    this.#signal(unit, true);
  }

  thaw(unit?: string): void {
    this.#signal(unit, false);
  }

  /** All its processes together get so much of one CPU, in percent; null: no bound. */
  limitCpu(percent: number | null): void {
    if (this.running) limitCpu(this.#context.cgroup, percent);
  }

  #signal(unit: string | undefined, stop: boolean): void {
    if (unit === undefined) setFrozen(this.#context.cgroup, stop);
    else for (const pid of this.unitPids(unit)) process.kill(pid, stop ? "SIGSTOP" : "SIGCONT");
  }
}

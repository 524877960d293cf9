/** What the way through the tunnel costs: one stream of iperf3, before a switch and after it, and the CPU that its bytes take. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { unitPids } from "../../fabric/machine/cgroup.ts";
import { labNames } from "../../fabric/names.ts";
import { type BenchPair, moment, type NodeName, nodeNames } from "../pair.ts";
import { percentile, type Report } from "../report.ts";
import { nowMs } from "../tap.ts";

/** iperf3's own. */
export const streamPort = 5201;
export const streamPackages = ["iperf3"];
const unit = "bench-iperf3.service";

/** This machine's own package and its libraries: the nodes are of the same release, and their mirror does not have it. */
function packed(): string {
  const list = spawnSync("dpkg", ["-L", ...streamPackages, "libiperf0", "libsctp1"], { encoding: "utf8" }).stdout;
  const programs = list.split("\n").filter((file) => /^\/usr\/(bin|lib)\/.*(iperf|sctp)/.test(file));
  const tar = spawnSync("tar", ["-cz", "-C", "/", ...programs.map((file) => file.slice(1))], { maxBuffer: 16 << 20 });
  if (tar.status !== 0) throw new Error(`iperf3 can't be packed: ${tar.stderr}`);
  return tar.stdout.toString("base64");
}

const install = `base64 -d | tar -xz -C / && ldconfig
cat >/etc/systemd/system/${unit} <<UNIT
[Service]
ExecStart=/usr/bin/iperf3 -s -p ${streamPort}
Restart=always
UNIT
systemctl daemon-reload
systemctl restart ${unit}
systemctl is-active ${unit}`;

/** A stream from the client to the node, or the other way, as most of a proxy's bytes go. */
export type Direction = "to the node" | "to the client";
export const directions: Direction[] = ["to the node", "to the client"];

interface Rate {
  gbitPerS: number;
  /** Of both ends, and of the kernel's work on the way, which it does in their names or by its ksoftirqd. */
  cpuMsPerGbit: number;
}

export interface Throughput {
  direction: Direction;
  /** In turn, of one and the same connection: the node that has it has the VIP, or keeps the connection for the peer. */
  rounds: { direct: Rate; tunnel: Rate }[];
}

export interface ThroughputReport {
  date: string;
  machine: Report["machine"];
  versions: Report["versions"];
  throughput: Throughput[];
}

const spanMs = 5000;
/** After a switch the paths change within that. */
const calmMs = 3000;

/** CPU time of processes, in ns. */
function cpuNs(pids: number[]): number {
  const times = pids.map((pid) => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]));
  return times.reduce((all, one) => all + one, 0);
}

const kernels = (): number[] =>
  readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("ksoftirqd/") ? [Number(pid)] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });

class Stream {
  readonly #client: ChildProcess;
  readonly #namespace: string;
  readonly #direction: Direction;
  readonly #pids: number[];
  #said = "";

  constructor(pair: BenchPair, direction: Direction, serving: NodeName) {
    this.#direction = direction;
    this.#namespace = pair.client;
    const reverse = direction === "to the client" ? ["-R"] : [];
    const argv = ["iperf3", "-c", pair.pair.vip, "-p", String(streamPort), "-t", "600", ...reverse];
    this.#client = spawn("ip", ["netns", "exec", pair.client, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#client.stdout, this.#client.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#said += chunk;
      });
    }
    const cgroup = `${labNames(pair.name).cgroup}/${pair.node(serving).instanceId}`;
    this.#pids = [...unitPids(cgroup, unit), this.#client.pid ?? 0, ...kernels()];
  }

  async #bytes(): Promise<number> {
    const counter = this.#direction === "to the node" ? "tx_bytes" : "rx_bytes";
    const child = spawn("ip", [
      "netns",
      "exec",
      this.#namespace,
      "sh",
      "-c",
      `cat /sys/class/net/eth*/statistics/${counter}`,
    ]);
    let text = "";
    for await (const chunk of child.stdout) text += chunk;
    return text
      .split("\n")
      .map(Number)
      .reduce((all, one) => all + one, 0);
  }

  async rate(): Promise<Rate> {
    if (this.#client.exitCode !== null) throw new Error(`iperf3 has ended: ${this.#said}`);
    const [startMs, startBytes, startNs] = [nowMs(), await this.#bytes(), cpuNs(this.#pids)];
    await sleep(spanMs);
    const [endMs, endBytes, endNs] = [nowMs(), await this.#bytes(), cpuNs(this.#pids)];
    const gbit = ((endBytes - startBytes) * 8) / 1e9;
    if (gbit === 0) throw new Error(`iperf3 carries nothing: ${this.#said}`);
    return { gbitPerS: (gbit * 1000) / (endMs - startMs), cpuMsPerGbit: (endNs - startNs) / 1e6 / gbit };
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#client.on("close", resolve));
    if (this.#client.exitCode === null) {
      this.#client.kill("SIGINT");
      await ended;
    }
  }
}

export async function installStreams(pair: BenchPair): Promise<void> {
  for (const node of nodeNames) {
    const said = await pair.exec(node, ["sh", "-ec", install], packed());
    if (said.trim() !== "active") throw new Error(`iperf3 could not be had on node ${node}: ${said}`);
  }
}

/** @param switchOver makes a planned switch to the other node */
export async function throughput(
  pair: BenchPair,
  direction: Direction,
  rounds: number,
  switchOver: () => Promise<unknown>,
): Promise<Throughput> {
  const serving = await pair.rest(0);
  const stream = new Stream(pair, direction, serving);
  const done: Throughput["rounds"] = [];
  /** Asks again after a refusal, which has changed nothing: on a busy machine a node may be too slow to be asked. */
  const moveTo = async (node: NodeName) => {
    for (let asked = 1; pair.master() !== node; asked += 1) {
      const refused = await switchOver().then(
        () => null,
        (error: unknown) => error,
      );
      if (refused === null) break;
      if (asked === 5) throw refused;
    }
    await moment(`the VIP on node ${node}`, 20_000, () => (pair.master() === node ? true : undefined), 50);
    await sleep(calmMs);
  };
  try {
    await sleep(calmMs);
    for (let round = 0; round < rounds; round += 1) {
      const direct = await stream.rate();
      await moveTo(serving === "a" ? "b" : "a");
      const tunnel = await stream.rate();
      await moveTo(serving);
      done.push({ direct, tunnel });
    }
  } finally {
    await stream.end();
    await pair.rest(2000);
  }
  return { direction, rounds: done };
}

/** A sentence: how the tunnel compares, by the medians of the rounds' ratios. */
export function throughputLine({ direction, rounds }: Throughput): string {
  const median = (of: (round: Throughput["rounds"][number]) => number) => percentile(rounds.map(of), 0.5).toFixed(2);
  const throughputRatio = median(({ direct, tunnel }) => tunnel.gbitPerS / direct.gbitPerS);
  const cpuRatio = median(({ direct, tunnel }) => tunnel.cpuMsPerGbit / direct.cpuMsPerGbit);
  return `${direction}: through the tunnel ${throughputRatio} of the throughput, ${cpuRatio} of the CPU for each byte (median of ${rounds.length}).`;
}

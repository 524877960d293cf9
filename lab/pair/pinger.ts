/** A client that never stops asking: ICMP echo at a fixed pace, and what got lost on the way. */
import { type ChildProcess, spawn } from "node:child_process";

export interface ProbeResult {
  sent: number;
  received: number;
  lost: number;
  /** Longest time without an answer, in ms. */
  longestGapMs: number;
}

export class Pinger {
  private readonly child: ChildProcess;
  private readonly seen: { sequence: number; atMs: number }[] = [];
  private tail = "";
  /** By ping's own count. */
  private transmitted = 0;
  private stopped = false;
  /** When it was stopped, if the address did not answer then. */
  private endMs: number | null = null;
  private readonly ended: Promise<void>;

  /**
   * @param namespace network namespace of the client: the probe can't leave the lab
   * @param address what it asks
   * @param intervalMs pace, 10 by default
   */
  constructor(namespace: string, address: string, intervalMs = 10) {
    const args = ["netns", "exec", namespace, "ping", "-n", "-D", "-i", String(intervalMs / 1000), address];
    this.child = spawn("ip", args, { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, LC_ALL: "C" } });
    this.child.stdout?.on("data", (chunk: Buffer) => this.read(chunk.toString()));
    this.ended = new Promise((resolve) => this.child.on("close", () => resolve()));
  }

  private read(text: string): void {
    const lines = (this.tail + text).split("\n");
    this.tail = lines.pop() ?? "";
    for (const line of lines) {
      const answer = /^\[(\d+\.\d+)\] .* icmp_seq=(\d+) .*time=/.exec(line);
      if (answer) this.seen.push({ atMs: Number(answer[1]) * 1000, sequence: Number(answer[2]) });
      const count = /^(\d+) packets transmitted/.exec(line);
      if (count) this.transmitted = Number(count[1]);
    }
  }

  private async another(timeoutMs: number): Promise<boolean> {
    const [count, deadlineMs] = [this.seen.length, Date.now() + timeoutMs];
    while (this.seen.length === count) {
      if (Date.now() > deadlineMs) return false;
      await new Promise((done) => setTimeout(done, 20));
    }
    return true;
  }

  /** Resolves once an answer has come: the probe is known to work before a fault is made. */
  async first(timeoutMs = 30_000): Promise<void> {
    if (this.seen.length === 0 && !(await this.another(timeoutMs))) {
      throw new Error(`no answer to a ping within ${timeoutMs} ms`);
    }
  }

  /** Ends it; a second time gives the same. An address that answers no more at the end counts as lost until then. */
  async stop(): Promise<ProbeResult> {
    if (!this.stopped) {
      if ((this.child.exitCode ?? this.child.signalCode) !== null)
        throw new Error("ping has ended by itself: what it counted proves nothing");
      this.stopped = true;
      const alive = await this.another(3000);
      const endMs = Date.now();
      // SIGINT makes ping print its statistics and end; the last answers are read before that.
      this.child.kill("SIGINT");
      await this.ended;
      // What was on its way when an address that answers was left is not lost.
      if (alive) this.transmitted = Math.max(...this.seen.map(({ sequence }) => sequence));
      else this.endMs = endMs;
    }
    const received = new Set(this.seen.map(({ sequence }) => sequence)).size;
    const sent = this.transmitted;
    const times = [...this.seen.map(({ atMs }) => atMs), ...(this.endMs === null ? [] : [this.endMs])];
    const gaps = times.slice(1).map((atMs, n) => atMs - (times[n] ?? atMs));
    return { sent, received, lost: sent - received, longestGapMs: Math.round(Math.max(0, ...gaps)) };
  }
}

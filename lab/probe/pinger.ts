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
    }
  }

  /** Resolves once an answer has come: the probe is known to work before a fault is made. */
  async first(timeoutMs = 5000): Promise<void> {
    const deadlineMs = Date.now() + timeoutMs;
    while (this.seen.length === 0) {
      if (Date.now() > deadlineMs) throw new Error(`no answer to a ping within ${timeoutMs} ms`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async stop(): Promise<ProbeResult> {
    // SIGINT makes ping print its statistics and end; the last answers are read before that.
    this.child.kill("SIGINT");
    await this.ended;
    const sequences = this.seen.map(({ sequence }) => sequence);
    const sent = sequences.length === 0 ? 0 : Math.max(...sequences);
    const received = new Set(sequences).size;
    const gaps = this.seen.slice(1).map(({ atMs }, n) => atMs - (this.seen[n]?.atMs ?? atMs));
    return { sent, received, lost: sent - received, longestGapMs: Math.round(Math.max(0, ...gaps)) };
  }
}

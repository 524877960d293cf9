/** A client of the VIP that never stops asking, see probe.py; and what its answers say of an outage. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { inNamespace } from "../tap.ts";

/** One question: when it was sent and when its answer came, in ms since 1970; null for none. */
export interface Question {
  sentMs: number;
  answeredMs: number | null;
}

export type ProbeKind = "icmp" | `tcp:${number}`;

export class Probe {
  readonly answers: Question[] = [];
  readonly #lost: Question[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  /** @param namespace of the client: the probe can't leave the lab */
  constructor(namespace: string, address: string, kind: ProbeKind, intervalMs: number) {
    this.#child = inNamespace(
      namespace,
      [join(import.meta.dirname, "probe.py"), address, String(intervalMs), kind],
      (line) => {
        const [sent, answered] = line.split(" ");
        if (answered === "-") this.#lost.push({ sentMs: Number(sent), answeredMs: null });
        else this.answers.push({ sentMs: Number(sent), answeredMs: Number(answered) });
      },
    );
    this.#ended = new Promise((resolve) => this.#child.on("close", () => resolve()));
  }

  /** Every question in the order in which it was sent. */
  async end(): Promise<Question[]> {
    this.#child.stdin?.end();
    await this.#ended;
    return [...this.answers, ...this.#lost].sort((a, b) => a.sentMs - b.sentMs);
  }
}

import type { Clock } from "../../lab/cloud/account/clock.ts";

/** Time that stands still until it is told to go on, so that a recorded run meets the same states again. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ atMs: number; then: () => void }>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, then: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Goes on to a time, through every timer on the way and what it sets off. */
  async advanceTo(targetMs: number): Promise<void> {
    for (;;) {
      const next = [...this.#timers].sort((one, other) => one.atMs - other.atMs)[0];
      if (!next || next.atMs > targetMs) break;
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.then();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = Math.max(this.#nowMs, targetMs);
  }
}

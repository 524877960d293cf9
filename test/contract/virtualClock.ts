import { type Clock, systemClock } from "../../lab/cloud/account/behaviour/clock.ts";

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

/** The machine's time, whose timers can be held: what is in between stays so for as long as a test needs to look at it. */
export class HeldClock implements Clock {
  #held: (() => void)[] | null = null;

  now(): number {
    return systemClock.now();
  }

  after(delayMs: number, then: () => void): () => void {
    let cancelled = false;
    const due = () => {
      if (this.#held) this.#held.push(due);
      else if (!cancelled) then();
    };
    const cancel = systemClock.after(delayMs, due);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  hold(): void {
    this.#held ??= [];
  }

  /** Everything that became due meanwhile happens now. */
  release(): void {
    const due = this.#held ?? [];
    this.#held = null;
    for (const then of due) then();
  }
}

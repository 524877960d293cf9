/** Lines of several speakers in the order of time, as they come. Pure. */

interface Timed {
  /** Unix microseconds. */
  atUs: number;
}

/** Holds each line back for a while: another speaker's may be older and come later. */
export class Merge<T extends Timed> {
  readonly #holdMs: number;
  #waiting: { one: T; cameMs: number }[] = [];

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  add(one: T, nowMs: number): void {
    this.#waiting.push({ one, cameMs: nowMs });
  }

  /** What has waited for long enough, with all that is older than it; at the end everything. */
  take(nowMs: number, isEnd = false): T[] {
    const due = this.#waiting.filter(({ cameMs }) => isEnd || nowMs - cameMs >= this.#holdMs);
    const until = Math.max(...due.map(({ one }) => one.atUs));
    const ready = this.#waiting.filter(({ one }) => one.atUs <= until);
    this.#waiting = this.#waiting.filter(({ one }) => one.atUs > until);
    return ready.map(({ one }) => one).sort((x, y) => x.atUs - y.atUs);
  }
}

/** A node that says nothing any more, as it is told to who waits for it: at once, then less and less often. Pure. */
import { span } from "../../../terminal/span.ts";

const firstMs = 30_000;
/** Between two lines of a node that has been silent for long. */
const longestMs = 600_000;

export class Silence {
  #since: { ms: number; at: Date } | null = null;
  #nextMs = 0;
  #pauseMs = firstMs;

  /**
   * It was asked in vain. Gives what is to be said, null where nothing is.
   * @param nowMs of a clock that nobody sets
   * @param at the time of day
   */
  lasts(nowMs: number, at: Date, why: string): string | null {
    if (this.#since === null) {
      this.#since = { ms: nowMs, at };
      this.#pauseMs = firstMs;
      this.#nextMs = nowMs + firstMs;
      return why;
    }
    if (nowMs < this.#nextMs) return null;
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestMs);
    this.#nextMs = nowMs + this.#pauseMs;
    const since = `${this.#since.at.toISOString().slice(0, 19)}Z`;
    return `no answer for ${span((nowMs - this.#since.ms) / 1000)}, since ${since}: ${why}`;
  }

  /** It answers. Gives what is to be said, null where it was not silent. */
  ends(nowMs: number): string | null {
    const since = this.#since;
    this.#since = null;
    return since === null ? null : `is heard again, after ${span((nowMs - since.ms) / 1000)}`;
  }
}

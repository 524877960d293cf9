import type { Faults } from "./apiFaults.ts";
import type { Clock } from "./clock.ts";

/** What looks show of something, which may be as it was a moment ago: see `staleReadMs`. */
export class Lookback<T> {
  /** Oldest first; a state lasts until the next one. */
  #states: { atMs: number; text: string }[] = [];
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #present: () => T;

  constructor(clock: Clock, faults: Faults, present: () => T) {
    this.#clock = clock;
    this.#faults = faults;
    this.#present = present;
  }

  /** To be told before and after whatever may change it. Nothing is kept while looks are not late. */
  note(): void {
    const { staleReadMs } = this.#faults.settings;
    if (staleReadMs === 0) {
      this.#states = [];
      return;
    }
    const atMs = this.#clock.now();
    const text = JSON.stringify(this.#present());
    if (text !== this.#states.at(-1)?.text) this.#states.push({ atMs, text });
    const shown = this.#states.findLastIndex((state) => state.atMs <= atMs - staleReadMs);
    if (shown > 0) this.#states.splice(0, shown);
  }

  /** As it was so long ago, or as far back as it was noted. */
  seen(): T {
    const beforeMs = this.#clock.now() - this.#faults.settings.staleReadMs;
    const state = this.#states.findLast(({ atMs }) => atMs <= beforeMs) ?? this.#states[0];
    return state ? (JSON.parse(state.text) as T) : this.#present();
  }
}

/** Long work says what it waits for: on a terminal in one line that renews itself, elsewhere in a line every few seconds. */
import spinner, { type Spinner } from "yocto-spinner";

const lineEveryMs = 5000;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class Progress {
  readonly #what: string;
  readonly #say: ((line: string) => void) | null;
  readonly #startedMs = Date.now();
  #saidMs = this.#startedMs;
  #spinner: Spinner | null = null;

  /**
   * @param what completes "waiting for ..."
   * @param say gets the lines, for those of whom several wait at once; without it this is the only one
   */
  constructor(what: string, say: ((line: string) => void) | null = null) {
    this.#what = what;
    this.#say = say;
    // A line that renews itself is for who looks at both streams: progress is no part of the output.
    if (say === null && process.stderr.isTTY) {
      // Its own listeners would end the process in the middle of work that has to be ended in order.
      this.#spinner = spinner({ text: this.#text(""), handleSignals: false }).start();
      process.once("exit", this.#leave);
      for (const signal of signals) process.prependListener(signal, this.#interrupted);
    }
  }

  /** What was seen instead of what is waited for. */
  saw(seen: string): void {
    if (this.#spinner) {
      this.#spinner.text = this.#text(seen);
    } else if (Date.now() - this.#saidMs > lineEveryMs) {
      this.#saidMs = Date.now();
      (this.#say ?? console.error)(this.#text(seen));
    }
  }

  /** For work without a word of its own: on a terminal as above, elsewhere one line at its beginning. */
  static async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (!process.stderr.isTTY) {
      console.error(`${what} ...`);
      return work();
    }
    const progress = new Progress(what);
    const timer = setInterval(() => progress.saw(""), 1000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      progress.end();
    }
  }

  end(): void {
    this.#leave();
    process.off("exit", this.#leave);
    for (const signal of signals) process.off(signal, this.#interrupted);
  }

  /** The line goes, and the cursor comes back. */
  readonly #leave = (): void => {
    this.#spinner?.stop();
    this.#spinner = null;
  };

  readonly #interrupted = (signal: NodeJS.Signals): void => {
    const others = process.listenerCount(signal) > 1;
    if (others) return;
    this.end();
    process.kill(process.pid, signal);
  };

  #text(seen: string): string {
    const sinceS = Math.round((Date.now() - this.#startedMs) / 1000);
    return `waiting for ${this.#what}${sinceS > 0 ? ` since ${sinceS} s` : ""}${seen ? `; last seen: ${seen}` : ""}`;
  }
}

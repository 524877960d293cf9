/** Waiting that tells what for, since when, and what was seen last. */
import { setTimeout as sleep } from "node:timers/promises";
import { Progress } from "../../terminal/progress.ts";

export interface Waiting {
  /** Completes "waiting for ...". */
  what: string;
  limitMs: number;
  /** Gets a line every few seconds. */
  progress(text: string): void;
}

const pollMs = 100;

/** Polls until `look` gives something other than a text; a text is what it saw instead. */
export async function until<T>({ what, limitMs, progress }: Waiting, look: () => Promise<T | string>): Promise<T> {
  const startedMs = Date.now();
  const shown = new Progress(what, progress);
  for (;;) {
    const seen = await look();
    if (typeof seen !== "string") return seen;
    if (Date.now() - startedMs > limitMs) {
      throw new Error(`${what} did not happen within ${limitMs / 1000} s; last seen: ${seen}. Run the command again.`);
    }
    shown.saw(seen);
    await sleep(pollMs);
  }
}

/** Waiting that tells what for, since when, and what was seen last. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Waiting {
  /** Completes "waiting for ...". */
  what: string;
  limitMs: number;
  /** Gets a line every few seconds. */
  progress(text: string): void;
}

const showEveryMs = 5000;
const pollMs = 100;

/** Polls until `look` gives something other than a text; a text is what it saw instead. */
export async function until<T>({ what, limitMs, progress }: Waiting, look: () => Promise<T | string>): Promise<T> {
  const startedMs = Date.now();
  let shownMs = startedMs;
  for (;;) {
    const seen = await look();
    if (typeof seen !== "string") return seen;
    const nowMs = Date.now();
    if (nowMs - startedMs > limitMs) {
      throw new Error(`${what} did not happen within ${limitMs / 1000} s; last seen: ${seen}. Run the command again.`);
    }
    if (nowMs - shownMs > showEveryMs) {
      progress(`waiting for ${what} since ${Math.round((nowMs - startedMs) / 1000)} s; last seen: ${seen}`);
      shownMs = nowMs;
    }
    await sleep(pollMs);
  }
}

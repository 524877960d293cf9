/** Time as the cloud sees it. Tests may put their own in. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `then` after `delayMs`; the answer cancels it. */
  after(delayMs: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, then) => {
    const timer = setTimeout(then, delayMs);
    return () => clearTimeout(timer);
  },
};

/** `2026-11-22T18:15:15Z`: how CVM and EIP write a time. */
export const isoTime = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

/** `2026-11-22 18:15:15`: how VPC and CAM write a time. */
export const plainTime = (atMs: number) => new Date(atMs).toISOString().slice(0, 19).replace("T", " ");

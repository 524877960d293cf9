import { randomInt, randomUUID } from "node:crypto";

/** Where names of new things come from. */
export interface Ids {
  /** `eni-6t3fcly0`: the prefix and eight letters or digits, never the same twice. */
  id(prefix: string): string;
  uuid(): string;
  /** Counts up from `first`, one count for each sequence. */
  count(sequence: string, first: number): number;
  /** Upper case, as the API shows it; never the same twice. */
  mac(): string;
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

export function randomIds(): Ids {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  const unique = (make: () => string): string => {
    for (;;) {
      const made = make();
      if (taken.has(made)) continue;
      taken.add(made);
      return made;
    }
  };
  const pick = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
  return {
    id: (prefix) => unique(() => `${prefix}-${pick(letters, 8)}`),
    uuid: () => randomUUID(),
    count: (sequence, first) => {
      const next = counts.get(sequence) ?? first;
      counts.set(sequence, next + 1);
      return next;
    },
    // 20:90:6F is the vendor's own prefix, seen in the samples of the API's documentation.
    mac: () => unique(() => `20:90:6F:${[1, 2, 3].map(() => pick("0123456789ABCDEF", 2)).join(":")}`),
  };
}

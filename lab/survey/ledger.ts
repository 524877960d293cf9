/** What a run has made in the account, on disk before it is made: nothing may be forgotten, whatever ends the run. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

/** In the order in which they can be removed. */
export const kinds = [
  "instance",
  "eip",
  "eni",
  "reservedIp",
  "keyPair",
  "policy",
  "securityGroup",
  "subnet",
  "vpc",
] as const;
export type Kind = (typeof kinds)[number];

export interface Thing {
  kind: Kind;
  /** Unique in the ledger; it is also the thing's name in the cloud. */
  name: string;
  /** Missing while it is being made: then it may be there or not, and only its name can tell. */
  id?: string;
}

interface Line extends Thing {
  at: string;
  step: "making" | "made" | "gone";
}

/** Where the things are: a ledger is of one account and region. */
export interface Place {
  target: "tencent" | "lab";
  region: string;
}

export class Ledger {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** The place that the ledger is of; undefined without one. */
  place(): Place | undefined {
    const first = this.#lines()[0];
    return first as Place | undefined;
  }

  /** Starts a ledger, unless the file goes on with one. */
  begin(place: Place): void {
    if (this.place()) return;
    mkdirSync(dirname(this.file), { recursive: true });
    this.#append({ target: place.target, region: place.region });
  }

  making(kind: Kind, name: string): void {
    this.#append({ at: new Date().toISOString(), step: "making", kind, name });
  }

  made(kind: Kind, name: string, id: string): void {
    this.#append({ at: new Date().toISOString(), step: "made", kind, name, id });
  }

  gone({ kind, name }: Thing): void {
    this.#append({ at: new Date().toISOString(), step: "gone", kind, name });
  }

  /** What is there still, as far as the ledger knows. */
  left(): Thing[] {
    const things = new Map<string, Thing>();
    for (const line of this.#lines().slice(1)) {
      const { step, kind, name, id } = line as Line;
      if (step === "gone") things.delete(name);
      else things.set(name, { kind, name, ...(id !== undefined && { id }) });
    }
    return [...things.values()];
  }

  /** Ends a ledger of which nothing is left. */
  end(): void {
    if (this.left().length === 0) rmSync(this.file, { force: true });
  }

  #append(line: object): void {
    if (existsSync(this.file)) truncateSync(this.file, Buffer.byteLength(this.#whole()));
    appendFileSync(this.file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }

  /** @throws Error for a line that nobody can read. */
  #lines(): unknown[] {
    return this.#whole()
      .split("\n")
      .filter(Boolean)
      .map((text, n) => {
        try {
          return JSON.parse(text);
        } catch {
          throw new Error(
            `Line ${n + 1} of ${this.file} can't be read. Mend it, or remove by hand what the file names, and then the file.`,
          );
        }
      });
  }

  /** All lines that were written to their end. What is behind them a power cut left: a step that never began. */
  #whole(): string {
    const text = existsSync(this.file) ? readFileSync(this.file, "utf8") : "";
    return text.slice(0, text.lastIndexOf("\n") + 1);
  }
}

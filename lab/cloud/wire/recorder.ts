/** Calls as the wire had them, to be played again without the client that made them. Off until a step is named. */
import type { Clock } from "../account/behaviour/clock.ts";
import type { Json } from "../account/records.ts";

export interface RecordedCall {
  /** What was being done meanwhile. */
  step: string;
  /** From the start of the step to the arrival of the request. */
  ms: number;
  /** `root`, or `role:<name>`. */
  caller: string;
  service: string;
  action: string;
  version: string;
  region: string;
  request: Json;
  /** The content of `Response`. */
  response: Json;
}

/** Bodies hold no key, token or signature, but what the user gives to machines may be secret. */
const placeholders: Record<string, string> = {
  UserData: Buffer.from("#!/bin/sh\n").toString("base64"),
  Password: "hidden",
  PrivateKey: "hidden",
  SecretKey: "hidden",
  SecretAccessKey: "hidden",
};

function withPlaceholders(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlaceholders);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, (entry && placeholders[key]) || withPlaceholders(entry)]),
  );
}

type Arrived = Omit<RecordedCall, "response"> & { response?: Json };

export class Recorder {
  #step: string | null = null;
  #startMs = 0;
  #calls: Arrived[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins the next step, null for none; gives the calls of the one before, in the order of their arrival. */
  next(step: string | null): RecordedCall[] {
    const calls = this.#calls.filter((call): call is RecordedCall => call.response !== undefined);
    [this.#step, this.#startMs, this.#calls] = [step, this.#clock.now(), []];
    return calls;
  }

  /** Takes a request on its arrival; the result takes its answer. */
  arrived(call: Omit<RecordedCall, "step" | "ms" | "response">): (response: Json) => void {
    if (this.#step === null) return () => {};
    const ms = Math.round(this.#clock.now() - this.#startMs);
    const entry: Arrived = { step: this.#step, ms, ...call, request: withPlaceholders(call.request) as Json };
    this.#calls.push(entry);
    return (response) => {
      entry.response = withPlaceholders(response) as Json;
    };
  }
}

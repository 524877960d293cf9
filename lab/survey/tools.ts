/** What every question needs: calls, waiting, and making things so that they are found again. */
import { randomBytes } from "node:crypto";
import { type Call, type Connect, codeOf, type Json, type Key, list, type Service } from "./client.ts";
import type { Kind, Ledger } from "./ledger.ts";

export interface Clock {
  now(): number;
  /** Rejects once the run is interrupted. */
  sleep(ms: number): Promise<unknown>;
}

export interface Options {
  connect: Connect;
  clock: Clock;
  ledger: Ledger;
  region: string;
  zone?: string | undefined;
  instanceType?: string | undefined;
  /** How long the id of a finished task is asked for. */
  taskWatchMs: number;
  say(text: string): void;
}

/** What a call came to: `accepted`, or the code of its refusal. */
export interface Attempt {
  outcome: string;
  /** With the cloud's own words, for the evidence. */
  text: string;
  response: Json;
}

/** The key of the tag that everything carries; its value is the run's. */
export const tagKey = "keepalived-cluster-probe";

const throttled = /^(RequestLimitExceeded|LimitExceeded\.ActionLimited)/;
const busy = /^(UnsupportedOperation\.MutexOperationTaskRunning|OperationDenied\.MutexTaskRunning)$/;
const attempts = 15;

/** Calls again while the answer is a refusal of this kind; pauses in between. */
async function patiently<T>(clock: Clock, refusal: RegExp, act: () => Promise<T>): Promise<T> {
  for (let left = attempts; ; left -= 1) {
    try {
      return await act();
    } catch (error) {
      if (left === 1 || !refusal.test(codeOf(error) ?? "")) throw error;
      await clock.sleep(2000);
    }
  }
}

export class Tools {
  readonly options: Options;
  readonly call: Call;
  readonly run = randomBytes(3).toString("hex");
  readonly tags = [{ Key: tagKey, Value: this.run }];

  constructor(options: Options) {
    this.options = options;
    this.call = this.#connect();
  }

  #connect(key?: Key): Call {
    const call = this.options.connect(key);
    return (...request) => patiently(this.options.clock, throttled, () => call(...request));
  }

  /** Makes something that the ledger knows of before and after; `create` gives the id. */
  async make(kind: Kind, suffix: string, create: (name: string) => Promise<unknown>): Promise<string> {
    const { ledger } = this.options;
    const name = `kc-probe-${this.run}-${suffix}`.replaceAll("-", kind === "keyPair" ? "_" : "-");
    ledger.making(kind, name);
    let id: string;
    try {
      id = String(await create(name));
    } catch (error) {
      // Refused is not made; after anything else it may be there.
      if (codeOf(error) !== undefined) ledger.gone({ kind, name });
      throw error;
    }
    ledger.made(kind, name, id);
    return id;
  }

  /** A call whose refusal is an answer too; that a task is still under way is one only if asked for. */
  async attempt(
    service: Service,
    action: string,
    request: Json,
    { call = this.call, busyIsAnswer = false }: { call?: Call; busyIsAnswer?: boolean } = {},
  ): Promise<Attempt> {
    const act = () => call(service, action, request);
    try {
      const response = await (busyIsAnswer ? act() : patiently(this.options.clock, busy, act));
      return { outcome: "accepted", text: `${action}: accepted`, response };
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      return { outcome: code, text: `${action}: ${code} (${(error as Error).message})`, response: {} };
    }
  }

  /** Looks again and again until there is something; undefined means not yet. Later and later, unless a step is given. */
  async until<T>(what: string, look: () => Promise<T | undefined>, limitMs = 120_000, stepMs?: number): Promise<T> {
    const { clock } = this.options;
    const endMs = clock.now() + limitMs;
    for (let pauseMs = 100; ; pauseMs = Math.min(2 * pauseMs, 2000)) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (clock.now() > endMs) throw new Error(`${what} did not happen within ${limitMs / 1000} s`);
      await clock.sleep(stepMs ?? pauseMs);
    }
  }

  /** Waits for the end of an asynchronous VPC call. */
  async taskEnd({ RequestId }: Json): Promise<void> {
    await this.until(`the task ${String(RequestId)}`, async () => {
      const { outcome, response } = await this.attempt("vpc", "DescribeVpcTaskResult", { TaskId: RequestId });
      // An id that is not known any more, or never was, tells nothing: what is waited for is looked at anyway.
      return outcome !== "accepted" || response.Status !== "RUNNING" ? true : undefined;
    });
  }

  /** A caller who may do what the statements say, and no more. */
  async federated(statement: { action: string[]; resource: string[] }): Promise<Call> {
    const document = { version: "2.0", statement: [{ effect: "allow", ...statement }] };
    const { Credentials } = await this.call("sts", "GetFederationToken", {
      Name: "probe",
      Policy: encodeURIComponent(JSON.stringify(document)),
      DurationSeconds: 900,
    });
    const { TmpSecretId, TmpSecretKey, Token } = Credentials as Record<string, string>;
    return this.#connect({ secretId: TmpSecretId ?? "", secretKey: TmpSecretKey ?? "", token: Token });
  }

  /** The first of a set that fits a filter; empty when none does. */
  async first(service: "vpc" | "cvm", action: string, set: string, filter: string, value: string): Promise<Json> {
    const answer = await this.call(service, action, { Filters: [{ Name: filter, Values: [value] }] });
    return list(answer[set])[0] ?? {};
  }
}

/** Plays a recorded run of the real provider against a cloud and tells where an answer is not of the recorded kind. */
import { readFileSync } from "node:fs";
import type { Cloud } from "../../../lab/cloud/index.ts";
import { type Json, type Key, raw, type Service } from "../support.ts";
import type { VirtualClock } from "../virtualClock.ts";

interface Recorded {
  step: string;
  /** Since the start of the step. */
  ms: number;
  caller: string;
  service: Service;
  action: string;
  version: string;
  region: string;
  request: Json;
  response: Json & { Error?: { Code: string } };
}

export function readTrace(name: string): Recorded[] {
  const text = readFileSync(new URL(`../traces/${name}.jsonl`, import.meta.url), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Recorded);
}

const idPattern = /\b(?:vpc|subnet|rtb|sg|eni|eip|ins|skey|ps|disk)-[a-z0-9]{8}\b/g;
/** Fields whose value names something although it doesn't look like an id. */
const nameFields = ["RequestId", "TaskId", "RoleId", "PolicyId", "PrivateIpAddresses", "KeyId", "AccessKeyId"];

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const kindOf = (value: unknown) => (Array.isArray(value) ? "list" : value === null ? "null" : typeof value);

/** What the recording calls things, and what this cloud calls them. */
class Names {
  readonly #names = new Map<string, string | number>();

  /** Learns from two answers to the same request. What is known already stays. */
  learn(recorded: unknown, ours: unknown, field = ""): void {
    if (Array.isArray(recorded) && Array.isArray(ours)) {
      for (const [index, entry] of recorded.entries()) this.learn(entry, ours[index], field);
    } else if (isJson(recorded) && isJson(ours)) {
      for (const [key, value] of Object.entries(recorded)) this.learn(value, ours[key], key);
    } else if ((typeof ours === "string" || typeof ours === "number") && typeof ours === typeof recorded) {
      const name = String(recorded);
      const names = nameFields.includes(field) || new RegExp(`^${idPattern.source}$`).test(name);
      if (names && !this.#names.has(name)) this.#names.set(name, ours);
    }
  }

  translate(value: unknown, field = ""): unknown {
    if (Array.isArray(value)) return value.map((entry) => this.translate(entry, field));
    if (isJson(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, this.translate(entry, key)]));
    }
    if (typeof value === "number" && nameFields.includes(field)) return Number(this.#names.get(String(value)) ?? value);
    if (typeof value !== "string") return value;
    const whole = this.#names.get(value);
    if (typeof whole === "string") return whole;
    // Ids within documents and resource descriptions.
    return value
      .replace(idPattern, (id) => String(this.#names.get(id) ?? id))
      .replace(/\/(\d{9,})$/, (_, id: string) => {
        return `/${this.#names.get(id) ?? id}`;
      });
  }
}

/** Where `ours` lacks something that the recording has, or has it as another type. */
export function differences(recorded: unknown, ours: unknown, path: string): string[] {
  if (recorded === null) return [];
  if (kindOf(recorded) !== kindOf(ours)) return [`${path}: recorded ${kindOf(recorded)}, got ${kindOf(ours)}`];
  if (Array.isArray(recorded) && Array.isArray(ours)) {
    if (recorded.length > 0 && ours.length === 0) return [`${path}: recorded ${recorded.length} entries, got none`];
    return recorded
      .slice(0, ours.length)
      .flatMap((entry, index) => differences(entry, ours[index], `${path}.${index}`));
  }
  if (isJson(recorded) && isJson(ours)) {
    return Object.entries(recorded).flatMap(([key, value]) =>
      value !== null && !(key in ours) ? [`${path}.${key}: missing`] : differences(value, ours[key], `${path}.${key}`),
    );
  }
  return [];
}

export interface Played {
  calls: number;
  /** For a next part of the same world. */
  names: Names;
  problems: string[];
}

/** Plays one world: steps that follow each other on the same account. */
export async function replay(
  cloud: Cloud,
  clock: VirtualClock,
  steps: string[],
  before: (step: string) => void = () => {},
  /** Whose key a recorded caller uses; the account's own by default. */
  keyOf: (caller: string) => Key = () => cloud,
  names = new Names(),
): Promise<Played> {
  const problems: string[] = [];
  let calls = 0;
  for (const step of steps) {
    before(step);
    const startMs = clock.now() + 60_000;
    for (const { ms, caller, service, action, version, region, request, response } of readTrace(step)) {
      await clock.advanceTo(startMs + ms);
      const timestampS = Math.floor(clock.now() / 1000);
      const body = names.translate(request) as Json;
      const key = keyOf(caller);
      const answer = await raw(cloud, { service, action, version, region, body, key, timestampS });
      const ours = answer.body.Response;
      const where = `${step} at ${ms} ms, ${service} ${action} ${JSON.stringify(body)}`;
      calls += 1;
      names.learn(response, ours);
      if (response.Error?.Code !== ours.Error?.Code) {
        problems.push(
          `${where}: recorded ${response.Error?.Code ?? "success"}, got ${JSON.stringify(ours.Error ?? "success")}`,
        );
      } else if (!response.Error) {
        problems.push(...differences(response, ours, "Response").map((text) => `${where}: ${text}`));
      }
    }
  }
  return { calls, names, problems };
}

/**
 * Requests and answers against Tencent's own description of the API, reduced to the actions that exist here.
 * In shapes.json a type is a primitive or an object's name; `[]` = list, `!` = required, `?` = may be null.
 */

import { CloudError, missing } from "../account/api/errors.ts";
import shapes from "./shapes.json" with { type: "json" };

interface ServiceShape {
  version: string;
  actions: Record<string, string[]>;
  objects: Record<string, Record<string, string>>;
}

export const services = shapes as unknown as Record<string, ServiceShape>;

interface Type {
  base: string;
  list: boolean;
  required: boolean;
}

function typeOf(text: string): Type {
  const required = text.includes("!");
  const plain = text.replace(/[!?]/g, "");
  return { base: plain.replace("[]", ""), list: plain.endsWith("[]"), required };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const primitives: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  bool: (value) => typeof value === "boolean",
  int64: (value) => Number.isSafeInteger(value),
  uint64: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  float: (value) => typeof value === "number",
  datetime: (value) => typeof value === "string",
  datetime_iso: (value) => typeof value === "string",
  date: (value) => typeof value === "string",
};

type Problem = { kind: "unknown" | "missing" | "type"; path: string };

function* problems(
  objects: ServiceShape["objects"],
  name: string,
  value: Record<string, unknown>,
  path: string,
  nullable: boolean,
): Generator<Problem> {
  const fields = objects[name] ?? {};
  for (const field of Object.keys(value)) {
    if (!Object.hasOwn(fields, field)) yield { kind: "unknown", path: `${path}${field}` };
  }
  for (const [field, text] of Object.entries(fields)) {
    const type = typeOf(text);
    const given = value[field];
    const where = `${path}${field}`;
    if (given === undefined || (nullable && given === null)) {
      if (type.required && !(given === null && text.includes("?"))) yield { kind: "missing", path: where };
      continue;
    }
    if (type.list && !Array.isArray(given)) {
      yield { kind: "type", path: where };
      continue;
    }
    const entries: [string, unknown][] = type.list
      ? (given as unknown[]).map((entry, index) => [`${where}.${index}`, entry])
      : [[where, given]];
    for (const [at, entry] of entries) {
      const primitive = primitives[type.base];
      if (primitive ? !primitive(entry) : !isObject(entry)) yield { kind: "type", path: at };
      else if (!primitive) yield* problems(objects, type.base, entry as Record<string, unknown>, `${at}.`, nullable);
    }
  }
}

/** The type of one field of an object; undefined when there is no such field. */
export function fieldType(service: string, object: string, field: string): Type | undefined {
  const fields = services[service]?.objects[object] ?? {};
  return Object.hasOwn(fields, field) ? typeOf(fields[field] ?? "") : undefined;
}

/** The names of the request's and the answer's object, or the cloud's refusal of service, version or action. */
export function find(service: string, version: string, action: string): { request: string; response: string } {
  const shape = Object.hasOwn(services, service) ? services[service] : undefined;
  if (!shape) throw new CloudError("NoSuchProduct", `The product '${service}' does not exist.`);
  if (version !== shape.version) {
    throw new CloudError("NoSuchVersion", `The specified version '${version}' of '${service}' does not exist.`);
  }
  const [request, response] = Object.hasOwn(shape.actions, action) ? (shape.actions[action] ?? []) : [];
  if (!request || !response) {
    throw new CloudError(
      "InvalidAction",
      `The request action=\`${action}\` is invalid or not match this version of \`${service}\`.`,
    );
  }
  return { request, response };
}

/** Refuses a request that does not fit its description, in the cloud's words. */
export function checkRequest(service: string, object: string, body: Record<string, unknown>): void {
  const found: Partial<Record<Problem["kind"], Problem>> = {};
  for (const problem of problems(services[service]?.objects ?? {}, object, body, "", false)) {
    found[problem.kind] ??= problem;
    if (problem.kind === "unknown") break;
  }
  // The cloud names the stranger first, then what has the wrong type, then what is missing.
  const first = found.unknown ?? found.type ?? found.missing;
  if (!first) return;
  if (first.kind === "unknown")
    throw new CloudError("UnknownParameter", `The parameter \`${first.path}\` is not recognized.`);
  if (first.kind === "missing") throw missing(first.path);
  throw new CloudError("InvalidParameter", `The value type of parameter \`${first.path}\` is not valid.`);
}

/** What is wrong with an answer; it may hold null where the description is silent, as the real ones do. */
export function responseProblems(service: string, action: string, response: Record<string, unknown>): string[] {
  const object = services[service]?.actions[action]?.[1] ?? "";
  return [...problems(services[service]?.objects ?? {}, object, response, "", true)].map(
    ({ kind, path }) => `${service} ${action}: ${path}: ${kind}`,
  );
}

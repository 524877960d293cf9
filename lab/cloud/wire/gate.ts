/** From a signed request to the content of `Response`: who, what, may they, does it fit, then the handler. */

import type { Credentials } from "../account/access/credentials.ts";
import { CloudError } from "../account/api/errors.ts";
import { isUsual } from "../account/behaviour/switches.ts";
import type { Actions, Call, Handler, Model } from "../account/model.ts";
import type { Caller, Json } from "../account/records.ts";
import { isListed } from "./errorCodes.ts";
import { createdBy, deletedBy, type Journal, keptOf } from "./journal.ts";
import { checkPlayed, Watched } from "./played.ts";
import { fromQuery } from "./query.ts";
import { callsPerSecond, type Rates } from "./rates.ts";
import type { Recorder } from "./recorder.ts";
import { checkRequest, find, responseProblems } from "./shape.ts";
import { type SignedRequest, verify } from "./signature.ts";

export interface Gate {
  model: Model;
  /** All that can be called. */
  actions: Actions;
  /** Refuses what the caller may not do. */
  authorise: (model: Model, call: Call, request: Json) => void;
  credentials: Credentials;
  journal: Journal;
  recorder: Recorder;
  /** Absent: anybody may call as often as they like. */
  rates?: Rates;
  /** Turns an answer or a code that does not fit the API's description into an error: for tests. */
  checkResponses: boolean;
  onError: (error: unknown) => void;
  /** Answers to calls with a ClientToken, as soon as they are begun: asking twice makes one thing. */
  tokens: Map<string, { body: string; response: Promise<Json> }>;
}

function nameOf(caller: Caller): string {
  if (caller.kind === "root") return "root";
  if (caller.kind === "user") return `user:${caller.user}`;
  return caller.kind === "role" ? `role:${caller.role}` : `federated:${caller.name}`;
}

/** Deeper than any request's description. */
const deepestNesting = 20;

function isDeep(body: unknown): boolean {
  let level = [body];
  for (let depth = 0; depth < deepestNesting; depth += 1) {
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return level.length > 0;
}

function parse(request: SignedRequest, call: Call, version: string): Json {
  const get = request.method === "GET";
  if (!get && request.method !== "POST") throw new CloudError("UnsupportedProtocol", "This cloud takes POST and GET.");
  const [wanted, type] = get
    ? [/^application\/x-www-form-urlencoded(;|$)/i, "application/x-www-form-urlencoded"]
    : [/^application\/json(;|$)/i, "application/json"];
  if (!wanted.test(request.headers["content-type"] ?? "")) {
    throw new CloudError("UnsupportedProtocol", `The Content-Type of ${request.method} must be ${type}.`);
  }
  if (get) return fromQuery(call.service, find(call.service, version, call.action).request, request.query);
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString());
  } catch {
    throw new CloudError("InvalidParameter", "The request body is not valid JSON.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new CloudError("InvalidParameter", "The request body is not a JSON object.");
  }
  if (isDeep(body)) throw new CloudError("InvalidParameter", "The request body is nested too deeply.");
  return body as Json;
}

/** Services whose things belong to no region. */
const global = ["cam", "tag", "api", "sts"];

function checkRegion(service: string, region: string, own: string): void {
  if (region === "" && !global.includes(service)) {
    throw new CloudError("MissingParameter", "The request is missing a required parameter `Region`.");
  }
  if (region !== "" && region !== own) {
    throw new CloudError("UnsupportedRegion", `The region '${region}' is not supported: this cloud is ${own}.`);
  }
}

/** Carries out one request. The answer is the content of `Response`, an error included. */
export async function handle(
  gate: Gate,
  request: SignedRequest,
  from: string,
): Promise<{ response: Json; action: string }> {
  const { model, journal, recorder } = gate;
  const startedMs = model.clock.now();
  const headers = request.headers;
  const call: Call = {
    service: "",
    action: headers["x-tc-action"] ?? "",
    requestId: model.ids.uuid(),
    region: headers["x-tc-region"] ?? "",
    language: headers["x-tc-language"] === "en-US" ? "en-US" : "zh-CN",
    caller: { kind: "root" },
  };
  const entry = {
    at: new Date(startedMs).toISOString(),
    requestId: call.requestId,
    caller: "unknown",
    from,
    request: {} as Json,
    created: [] as string[],
    deleted: [] as string[],
  };
  const version = headers["x-tc-version"] ?? "";
  let answered = (_response: Json) => {};
  let result = "ok";
  let response: Json;
  try {
    const signer = verify(request, gate.credentials, startedMs, model.faults.settings.clockSkewMs);
    call.service = signer.service;
    call.caller = signer.credential.caller;
    entry.caller = nameOf(call.caller);
    const body = parse(request, call, version);
    entry.request = keptOf(body, request.body.length);
    const { service, action, region } = call;
    answered = recorder.arrived({ caller: entry.caller, service, action, version, region, request: body });
    response = { ...(await run(gate, call, body, version)), RequestId: call.requestId };
    entry.created = createdBy(call.action, response);
    entry.deleted = deletedBy(call.action, body);
  } catch (error) {
    const told =
      error instanceof CloudError ? error : new CloudError("InternalError", "An internal error has occurred.");
    if (told !== error) gate.onError(error);
    result = told.code;
    response = { Error: { Code: told.code, Message: told.message }, RequestId: call.requestId };
  }
  answered(response);
  const { service, action } = call;
  journal.add({ ...entry, service, action, result, tookMs: Math.round(model.clock.now() - startedMs) });
  return { response, action };
}

async function run(gate: Gate, call: Call, body: Json, version: string): Promise<Json> {
  const { model } = gate;
  const { service, action } = call;
  if (action === "") throw new CloudError("MissingParameter", "The request is missing a required parameter `Action`.");
  if (version === "")
    throw new CloudError("MissingParameter", "The request is missing a required parameter `Version`.");
  const shape = find(service, version, action);
  checkRegion(service, call.region, model.account.region);
  const limit = callsPerSecond(service, action);
  const calls = gate.rates?.count(service, action, call.region, model.clock.now()) ?? 0;
  if (model.faults.takeThrottle() || calls > limit) {
    throw new CloudError(
      "RequestLimitExceeded",
      `Your current request times equals to \`${Math.max(calls, limit + 1)}\` in a second, which exceeds the frequency limit \`${limit}\` for a second. Please reduce the frequency of calls.`,
    );
  }
  const injected = model.faults.takeError(action);
  if (injected) throw new CloudError(injected.code, injected.message ?? "injected");
  checkRequest(service, shape.request, body);
  gate.authorise(model, call, body);
  checkPlayed(service, shape.request, body);
  const handler = gate.actions[service]?.[action] as Handler<Json> | undefined;
  if (!handler) throw new CloudError("InvalidAction", `The request action=\`${action}\` is invalid.`);
  model.shownAddresses.note();
  const watched = gate.checkResponses ? new Watched(service, shape.request, body) : undefined;
  const response = await once(gate, call, body, async () => {
    try {
      const content = await handler(model, watched?.body ?? body, call);
      const unread = watched?.unread() ?? [];
      if (unread.length > 0) throw new Error(`${service} ${action} takes ${unread.join(", ")} and ignores it`);
      return content;
    } catch (error) {
      const odd = gate.checkResponses && error instanceof CloudError && !mayAnswer(model, call, error.code);
      throw odd ? new Error(`${service} ${action} has no code ${error.code} (${error.message})`) : error;
    }
  });
  model.shownAddresses.note();
  const odd = gate.checkResponses ? responseProblems(service, action, response) : [];
  if (odd.length > 0) throw new Error(`the answer does not fit the API's description: ${odd.join("; ")}`);
  return response;
}

/** A code that a switch of the lab's user asks for is never wrong. */
const mayAnswer = ({ faults }: Model, { service, action }: Call, code: string): boolean =>
  isListed(service, action, code) ||
  Object.entries(faults.settings).some(([name, value]) => value === code && !isUsual(name, value));

/** What an action answers to a ClientToken that is too long, where it is not the usual code. */
const longTokens: Record<string, string> = {
  RunInstances: "InvalidClientToken.TooLong",
  CreateDisasterRecoverGroup: "InvalidParameterValue.TooLong",
  CreateReserveIpAddresses: "InvalidParameterValue",
  AllocateAddresses: "InvalidParameterValue.Range",
};

/** A ClientToken names one wish: the same wish again is answered as before, another one under its name is refused. */
async function once(gate: Gate, call: Call, body: Json, act: () => Promise<Json>): Promise<Json> {
  const token = body.ClientToken;
  if (typeof token !== "string") return act();
  if (token.length > 64 || Buffer.byteLength(token) > token.length) {
    throw new CloudError(
      longTokens[call.action] ?? "InvalidParameterValue.Malformed",
      "ClientToken: 64 ASCII characters.",
    );
  }
  const key = `${call.service} ${call.action} ${token}`;
  const text = JSON.stringify(ordered(body));
  const before = gate.tokens.get(key);
  if (before && before.body !== text) {
    throw new CloudError(
      "UnsupportedOperation.IdempotentParameterMismatch",
      `The ClientToken '${token}' was used for another request.`,
    );
  }
  if (before) return before.response;
  const response = act();
  gate.tokens.set(key, { body: text, response });
  // What was refused may be asked for again.
  response.catch(() => gate.tokens.delete(key));
  return response;
}

/** The same wish has the same text, in whatever order a client wrote it. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, ordered(entry)]));
}

/** A cloud of its own for each test, the vendor's SDK pointed at it, and a signer that can do things wrong. */
import { createHash, createHmac } from "node:crypto";
import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as tencent from "tencentcloud-sdk-nodejs";
import { type Cloud, type CloudOptions, type Delays, startCloud } from "../../lab/cloud/index.ts";
import { nullDataplane } from "../../lab/dataplane.ts";

export type Json = Record<string, unknown>;

const clients = {
  vpc: tencent.vpc.v20170312.Client,
  cvm: tencent.cvm.v20170312.Client,
  cam: tencent.cam.v20190116.Client,
  cbs: tencent.cbs.v20170312.Client,
  tag: tencent.tag.v20180813.Client,
  api: tencent.api.v20201106.Client,
  sts: tencent.sts.v20180813.Client,
};
export type Service = keyof typeof clients;

/** Versions as the vendor's clients send them. */
export const versions: Record<Service, string> = {
  vpc: "2017-03-12",
  cvm: "2017-03-12",
  cam: "2019-01-16",
  cbs: "2017-03-12",
  tag: "2018-08-13",
  api: "2020-11-06",
  sts: "2018-08-13",
};

/** Quick. A test that looks at a state in between holds the clock. */
const quick: Delays = {
  migrate: 120,
  eni: 40,
  attach: 60,
  detach: 60,
  eip: 40,
  terminate: 60,
  ipRelease: 60,
  modify: 40,
  tags: 40,
  grant: 0,
};

/** A cloud that ends with the test; errors inside it fail the test unless the test takes them. */
export async function cloudFor(t: TestContext, options: Partial<CloudOptions> = {}): Promise<Cloud> {
  const inside: unknown[] = [];
  const cloud = await startCloud({
    dataplane: nullDataplane,
    checkResponses: true,
    rateLimits: false,
    onError: (error) => inside.push(error),
    ...options,
    delaysMs: { ...quick, ...options.delaysMs },
  });
  t.after(async () => {
    await cloud.close();
    if (inside.length > 0) throw new AggregateError(inside, `inside the cloud: ${inside.map(String).join("; ")}`);
  });
  return cloud;
}

export interface Key {
  secretId: string;
  secretKey: string;
  token?: string;
}

export type Call = (service: Service, action: string, request?: Json) => Promise<Json>;

/** The vendor's SDK. Its host must have a name, since it takes the service from the first label; nothing is resolved. */
export function sdk(cloud: Cloud, key: Key = cloud): Call {
  const agent = new Agent({
    lookup: (_host, options, done) =>
      options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4),
  });
  return (service, action, request = {}) => {
    const client = new clients[service]({
      credential: { secretId: key.secretId, secretKey: key.secretKey, token: key.token },
      region: cloud.region,
      profile: {
        httpProfile: { protocol: "http://", endpoint: `${service}.lab.invalid:${cloud.port}`, agent, reqTimeout: 60 },
      },
    });
    return client.request(action, request as never) as Promise<Json>;
  };
}

/** The code of the refusal; a call that succeeds is a failure here. */
export async function refused(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  throw new Error("the call was not refused");
}

const hash = (data: string) => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();

export interface RawCall {
  service: Service;
  action: string;
  body: Json | string;
  version?: string;
  region?: string;
  key?: Key;
  /** Host header as sent, and as signed. */
  host?: string;
  signedHost?: string;
  timestampS?: number;
  /** Date and service in the credential scope. */
  scopeDate?: string;
  scopeService?: string;
  method?: string;
  contentType?: string;
  /** Changes the headers at the very end. */
  spoil?(headers: Record<string, string>): void;
  /** Further headers to sign. */
  sign?: string[];
  /** Goes over TLS to this port, trusting this certificate. */
  tls?: { port: number; ca: Buffer };
}

export interface RawAnswer {
  status: number;
  headers: Record<string, unknown>;
  body: { Response: Json & { Error?: { Code: string; Message: string } } };
}

/** One request, signed by hand after the vendor's text of TC3-HMAC-SHA256. */
export function raw(cloud: Cloud, call: RawCall): Promise<RawAnswer> {
  const { service, action } = call;
  const key: Key = call.key ?? cloud;
  const timestamp = String(call.timestampS ?? Math.floor(Date.now() / 1000));
  const date = call.scopeDate ?? new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const scopeService = call.scopeService ?? service;
  const body = typeof call.body === "string" ? call.body : JSON.stringify(call.body);
  const host = call.host ?? `${service}.lab.invalid:${cloud.port}`;
  const headers: Record<string, string> = {
    host,
    "content-type": call.contentType ?? "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "x-tc-action": action,
    "x-tc-version": call.version ?? versions[service],
    "x-tc-region": call.region ?? cloud.region,
    "x-tc-timestamp": timestamp,
    ...(key.token ? { "x-tc-token": key.token } : {}),
  };
  const names = ["content-type", "host", ...(call.sign ?? [])].sort();
  const value = (name: string) => (name === "host" ? (call.signedHost ?? host) : (headers[name] ?? ""));
  const canonical = [
    call.method ?? "POST",
    "/",
    "",
    names.map((name) => `${name}:${value(name).toLowerCase()}\n`).join(""),
    names.join(";"),
    hash(body),
  ].join("\n");
  const scope = `${date}/${scopeService}/tc3_request`;
  const toSign = ["TC3-HMAC-SHA256", timestamp, scope, hash(canonical)].join("\n");
  const signing = hmac(hmac(hmac(`TC3${key.secretKey}`, date), scopeService), "tc3_request");
  const signature = createHmac("sha256", signing).update(toSign).digest("hex");
  headers.authorization = `TC3-HMAC-SHA256 Credential=${key.secretId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  call.spoil?.(headers);
  return new Promise((resolve, reject) => {
    const target = { host: "127.0.0.1", port: cloud.port, method: call.method ?? "POST", path: "/", headers };
    const options = { ...target, ...call.tls, servername: host, setHost: false, agent: false } as const;
    const send = call.tls ? httpsRequest : httpRequest;
    const request = send(options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

const limitMs = 60_000;

/** Looks again until something is there; says what it waited for when it gives up. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadlineMs) throw new Error(`${what} did not happen within ${limitMs / 1000} s`);
    await sleep(5);
  }
}

export const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

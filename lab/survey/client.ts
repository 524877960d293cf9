/** The vendor's own SDK, on the real cloud or on the one of a lab. */
import { Agent } from "node:http";
import { CommonClient } from "tencentcloud-sdk-nodejs/tencentcloud/common/common_client.js";

/** A JSON object as the API takes and gives it. */
export type Json = Record<string, unknown>;

export interface Key {
  secretId: string;
  secretKey: string;
  /** Of temporary keys. */
  token?: string | undefined;
}

const versions = { vpc: "2017-03-12", cvm: "2017-03-12", cam: "2019-01-16", tag: "2018-08-13", sts: "2018-08-13" };
export type Service = keyof typeof versions;

/** Calls one action and gives the content of `Response`. A refusal is thrown with its `code`. */
export type Call = (service: Service, action: string, request: Json) => Promise<Json>;

/** Calls with this key, or with the account's own. */
export type Connect = (key?: Key) => Call;

export interface Target {
  region: string;
  key: Key;
  /** `tencentcloudapi.com`, or `intl.tencentcloudapi.com` for an international account. */
  domain: string;
  /** The local cloud's port on 127.0.0.1, instead of the real cloud. */
  labPort?: number | undefined;
}

/** The SDK takes the service from the first label of the host, so a lab's needs a name; it is never resolved. */
const labAgent = () =>
  new Agent({
    lookup: (_host, options, done) =>
      options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4),
  });

export function connectTo(target: Target): Connect {
  const agent = target.labPort === undefined ? undefined : labAgent();
  return (key = target.key) => {
    const clients = new Map<Service, CommonClient>();
    return (service, action, request) => {
      const httpProfile = agent
        ? { protocol: "http://", endpoint: `${service}.lab.invalid:${target.labPort}`, agent, reqTimeout: 30 }
        : { endpoint: `${service}.${target.domain}`, reqTimeout: 30 };
      const client =
        clients.get(service) ??
        new CommonClient(httpProfile.endpoint, versions[service], {
          credential: { secretId: key.secretId, secretKey: key.secretKey, ...(key.token && { token: key.token }) },
          region: target.region,
          profile: { httpProfile, language: "en-US" },
        });
      clients.set(service, client);
      return client.request(action, request) as Promise<Json>;
    };
  };
}

export const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** The code of a refusal by the cloud; undefined for anything else, such as a lost connection. */
export function codeOf(error: unknown): string | undefined {
  const { code, requestId } = error as { code?: unknown; requestId?: unknown };
  return typeof code === "string" && typeof requestId === "string" && requestId !== "" ? code : undefined;
}

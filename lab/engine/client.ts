/** The vendor's own SDK, pointed at the local cloud. */
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import * as tencent from "tencentcloud-sdk-nodejs";

export interface Endpoint {
  port: number;
  secretId: string;
  secretKey: string;
  region: string;
}

/** A JSON object as the API takes and gives it. */
export type Json = Record<string, unknown>;

/**
 * Calls one action and gives the content of `Response`. A cloud error is thrown with its `code`; a call that was one too
 * many in its second is sent again, as the vendor's provider does.
 */
export type Call = (service: Service, action: string, request: Json) => Promise<Json>;

const services = {
  vpc: tencent.vpc.v20170312.Client,
  cvm: tencent.cvm.v20170312.Client,
  cam: tencent.cam.v20190116.Client,
};
export type Service = keyof typeof services;

const pausesMs = [500, 1000, 2000, 4000, 8000];
const isOneTooMany = (error: unknown) => (error as { code?: string }).code === "RequestLimitExceeded";

/**
 * The SDK derives the service in the signature from the first label of the endpoint, so the host needs a name;
 * the agent takes every name to 127.0.0.1, and nothing can leave the machine.
 */
export function connect(endpoint: Endpoint): Call {
  const agent = new Agent({
    lookup: (_host, options, done) =>
      options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4),
  });
  const clients = new Map<Service, { request(action: string, request: Json): Promise<Json> }>();
  return async (service, action, request) => {
    let client = clients.get(service);
    if (!client) {
      client = new services[service]({
        credential: { secretId: endpoint.secretId, secretKey: endpoint.secretKey },
        region: endpoint.region,
        profile: { httpProfile: { protocol: "http://", endpoint: `${service}.lab.invalid:${endpoint.port}`, agent } },
      });
      clients.set(service, client);
    }
    for (const pauseMs of pausesMs) {
      try {
        return await client.request(action, request);
      } catch (error) {
        if (!isOneTooMany(error)) throw error;
        await sleep(pauseMs);
      }
    }
    return client.request(action, request);
  };
}

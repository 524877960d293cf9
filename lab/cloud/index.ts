/**
 * A Tencent Cloud on this machine: API 3.0 as the vendor's SDKs, the Terraform provider and our nodes see it, and the
 * metadata service. What it decides to be true goes to a data plane that makes packets and machines obey.
 */
import type { Dataplane, NetworkView } from "../dataplane.ts";
import { Credentials } from "./account/access/credentials.ts";
import { readCidr } from "./account/api/addresses.ts";
import { type CloudFaults, Faults } from "./account/behaviour/apiFaults.ts";
import { type Clock, systemClock } from "./account/behaviour/clock.ts";
import { Lookback } from "./account/behaviour/lookback.ts";
import type { Behaviour } from "./account/behaviour/switches.ts";
import { Tasks } from "./account/behaviour/tasks.ts";
import { type Ids, randomIds } from "./account/ids.ts";
import { type Delays, defaultDelays, type Model } from "./account/model.ts";
import { Plane } from "./account/plane.ts";
import { TagStore } from "./account/tagStore.ts";
import { actions } from "./actions.ts";
import { authorise } from "./cam/access.ts";
import { networksOf } from "./view.ts";
import { listedAddresses } from "./vpc/eni.ts";
import type { Gate } from "./wire/gate.ts";
import { type Certificate, type Listener, listen } from "./wire/http.ts";
import { Journal, type JournalEntry } from "./wire/journal.ts";
import { serveMetadata } from "./wire/metadata.ts";
import { Rates } from "./wire/rates.ts";
import { type RecordedCall, Recorder } from "./wire/recorder.ts";

export type { CloudFaults, FaultSettings } from "./account/behaviour/apiFaults.ts";
export type { Clock } from "./account/behaviour/clock.ts";
export { type Behaviour, readBehaviour } from "./account/behaviour/switches.ts";
export type { Delays, Model } from "./account/model.ts";
export { createdAndDeleted, forbiddenActions, type JournalEntry } from "./wire/journal.ts";
export type { RecordedCall } from "./wire/recorder.ts";

export interface CloudOptions {
  dataplane: Dataplane;
  /** Port of the plain listener on 127.0.0.1; 0 (default) takes any. */
  port?: number;
  /** How long things take, see `Delays`. */
  delaysMs?: Partial<Delays>;
  /** Every call is appended here as a JSON line. */
  journalFile?: string;
  /** The one region of this cloud; `ap-guangzhou` by default. Its zones are `<region>-3`, `-4`, `-6` and `-7`. */
  region?: string;
  /** Where EIPs and public addresses of machines come from; `203.0.113.0/27` by default. */
  publicCidr?: string;
  /** The account's own key; a random one by default. */
  key?: { secretId: string; secretKey: string };
  /** Answers to open points that differ from the usual ones; `faults.reset()` comes back to them. */
  behaviour?: Partial<Behaviour>;
  clock?: Clock;
  ids?: Ids;
  /** Refuses calls beyond the cloud's rates; on by default, off in tests whose things take no time. */
  rateLimits?: boolean;
  /** Checks every answer and every code against the API's description too; off by default, on in tests. */
  checkResponses?: boolean;
  /** Gets what goes wrong inside: a data plane that fails, a bug. Default: standard error. */
  onError?: (error: unknown) => void;
}

export interface Cloud {
  /** `http://127.0.0.1:<port>/`: what the engine and the provider talk to. */
  url: string;
  port: number;
  region: string;
  /** The account's own key: everything is allowed to it. */
  secretId: string;
  secretKey: string;
  model: Model;
  journal(): JournalEntry[];
  /** Records calls under a step's name from now on, none for null; gives what was recorded under the former one. */
  record(step: string | null): RecordedCall[];
  faults: CloudFaults;
  /** What the data plane was told last. */
  networks(): NetworkView[];
  /** The ENI that has the address in a VPC, AVAILABLE; null while it moves or when nobody has it. */
  holderOf(vpcId: string, address: string): string | null;
  /** Resolves once no task runs and the data plane is in step. */
  settled(): Promise<void>;
  /** The API over TLS, for nodes, on an address and port (0 takes any) with a certificate (PEM). Ends with the cloud. */
  startTls(address: string, port: number, certificate: Certificate): Promise<Listener>;
  /** Metadata for machines on an address and port; ends with the cloud. */
  startMetadata(
    address: string,
    port: number,
    instanceOf: (localAddress: string, remoteAddress: string) => string | null,
  ): Promise<Listener>;
  close(): Promise<void>;
}

/** Starts a cloud with nothing in it. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const clock = options.clock ?? systemClock;
  const onError = options.onError ?? ((error: unknown) => console.error("local cloud:", error));
  const credentials = new Credentials(clock, options.key);
  const faults = new Faults(() => credentials.revokeRoles());
  faults.behave(options.behaviour ?? {});
  const region = options.region ?? "ap-guangzhou";
  const publicCidr = options.publicCidr ?? "203.0.113.0/27";
  readCidr("publicCidr", publicCidr, 8, 29);
  const model: Model = {
    account: { region, uin: "100000000001", appId: 1250000001, publicCidr },
    clock,
    ids: options.ids ?? randomIds(),
    delays: { ...defaultDelays, ...options.delaysMs },
    faults,
    credentials,
    tasks: new Tasks(clock, faults, onError, () => model.shownAddresses.note()),
    plane: new Plane(options.dataplane, () => networksOf(model)),
    shownAddresses: new Lookback(clock, faults, () => listedAddresses(model)),
    tags: new TagStore(),
    vpcs: new Map(),
    subnets: new Map(),
    reservedIps: new Map(),
    securityGroups: new Map(),
    enis: new Map(),
    eips: new Map(),
    instances: new Map(),
    keyPairs: new Map(),
    placementGroups: new Map(),
    roles: new Map(),
    users: new Map(),
    policies: new Map(),
  };
  const journal = new Journal(options.journalFile);
  const recorder = new Recorder(clock);
  const gate: Gate = {
    model,
    actions,
    authorise,
    credentials,
    journal,
    recorder,
    ...(options.rateLimits !== false && { rates: new Rates() }),
    checkResponses: options.checkResponses ?? false,
    onError,
    tokens: new Map(),
  };
  const main = await listen(gate, "127.0.0.1", options.port ?? 0);
  const listeners = new Set([main]);
  const untilTheEnd = async (starting: Promise<Listener>): Promise<Listener> => {
    const listener = await starting;
    listeners.add(listener);
    const close = () => {
      listeners.delete(listener);
      return listener.close();
    };
    return { port: listener.port, close };
  };

  return {
    url: `http://127.0.0.1:${main.port}/`,
    port: main.port,
    region,
    secretId: credentials.root.secretId,
    secretKey: credentials.root.secretKey,
    model,
    journal: () => [...journal.entries],
    record: (step) => recorder.next(step),
    faults,
    networks: () => networksOf(model),
    holderOf: (vpcId, address) =>
      [...model.enis.values()].find(
        (eni) => eni.vpcId === vpcId && eni.addresses.some((ip) => ip.address === address && ip.state === "AVAILABLE"),
      )?.id ?? null,
    settled: async () => {
      await model.tasks.idle();
      await model.plane.idle();
    },
    startTls: (address, port, certificate) => untilTheEnd(listen(gate, address, port, certificate)),
    startMetadata: (address, port, instanceOf) =>
      untilTheEnd(serveMetadata(model, credentials, address, port, instanceOf)),
    close: async () => {
      model.tasks.cancel();
      await Promise.all([...listeners].map((listener) => listener.close()));
    },
  };
}

/** Metadata for the machines of a cloud, see `Cloud.startMetadata`. */
export const startMetadata = (
  cloud: Cloud,
  address: string,
  port: number,
  instanceOf: (localAddress: string, remoteAddress: string) => string | null,
): Promise<{ port: number }> => cloud.startMetadata(address, port, instanceOf);

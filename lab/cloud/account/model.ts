/** All that exists in the account. Handlers change it; ../view.ts says what it means for packets. */

import type { Credentials } from "./access/credentials.ts";
import type { Faults } from "./behaviour/apiFaults.ts";
import type { Clock } from "./behaviour/clock.ts";
import type { Lookback } from "./behaviour/lookback.ts";
import type { Tasks } from "./behaviour/tasks.ts";
import type { Ids } from "./ids.ts";
import type { Plane } from "./plane.ts";
import type {
  Caller,
  Eip,
  Eni,
  Instance,
  Json,
  KeyPair,
  PlacementGroup,
  Policy,
  ReservedIp,
  Role,
  SecurityGroup,
  Subnet,
  User,
  Vpc,
} from "./records.ts";
import type { TagStore } from "./tagStore.ts";

/** How long things take, in milliseconds. A boot takes as long as the data plane needs. */
export interface Delays {
  /** Moving an address to another ENI; packets follow at the end. */
  migrate: number;
  /** Making or deleting an ENI, assigning and unassigning addresses. */
  eni: number;
  attach: number;
  detach: number;
  /** Each step of an EIP. */
  eip: number;
  terminate: number;
  /** From the end of a CVM until its addresses are free. */
  ipRelease: number;
  /** In-place changes of a CVM. */
  modify: number;
  /** Until the tag service knows the tags of a new CVM: the vendor's provider polls for them. */
  tags: number;
  /** Until a changed or attached policy is in force: the vendor's provider waits ten seconds after each. */
  grant: number;
}

export const defaultDelays: Delays = {
  migrate: 2500,
  eni: 300,
  attach: 600,
  detach: 600,
  eip: 300,
  terminate: 800,
  ipRelease: 300,
  modify: 300,
  tags: 300,
  grant: 2000,
};

export interface Account {
  region: string;
  uin: string;
  appId: number;
  publicCidr: string;
}

export interface Model {
  account: Account;
  clock: Clock;
  ids: Ids;
  delays: Delays;
  faults: Faults;
  credentials: Credentials;
  tasks: Tasks;
  plane: Plane;
  /** PrivateIpAddressSet of every ENI, by its id, as looks show it. */
  shownAddresses: Lookback<Record<string, Json[]>>;
  tags: TagStore;
  vpcs: Map<string, Vpc>;
  subnets: Map<string, Subnet>;
  reservedIps: Map<string, ReservedIp>;
  securityGroups: Map<string, SecurityGroup>;
  enis: Map<string, Eni>;
  eips: Map<string, Eip>;
  instances: Map<string, Instance>;
  keyPairs: Map<string, KeyPair>;
  placementGroups: Map<string, PlacementGroup>;
  roles: Map<string, Role>;
  /** By their names. */
  users: Map<string, User>;
  policies: Map<string, Policy>;
}

export interface Call {
  service: string;
  action: string;
  requestId: string;
  region: string;
  /** Of names that Tencent gives. */
  language: "zh-CN" | "en-US";
  caller: Caller;
}

/**
 * One action. Its request has already been checked against the API's description, so `Request` states only what the
 * handler uses. The answer is the content of `Response` without RequestId.
 */
export type Handler<Request = never> = (model: Model, request: Request, call: Call) => Json | Promise<Json>;

/** Actions by service and name. */
export type Actions = Record<string, Record<string, Handler>>;

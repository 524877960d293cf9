/** Every call that the cloud got. No key, token or signature is ever in it. */
import { appendFileSync } from "node:fs";
import type { Json } from "../account/records.ts";

export interface JournalEntry {
  /** ISO time at which the request had arrived. */
  at: string;
  service: string;
  action: string;
  requestId: string;
  /** `root`, `user:<name>`, `role:<name>`, `federated:<name>`, or `unknown` when the signature did not hold. */
  caller: string;
  /** Address that the connection came from. */
  from: string;
  request: Json;
  /** `ok` or the error's code. */
  result: string;
  /** Ids that the call brought into being. */
  created: string[];
  /** Ids that the call removed (the removal may still take its time). */
  deleted: string[];
  tookMs: number;
}

/** What the program, its provider and its nodes must never do to a running pair. */
export const forbiddenActions = [
  "ResetInstance",
  "ModifyInstancesVpcAttribute",
  "UnassignPrivateIpAddresses",
  "DisassociateInstancesKeyPairs",
  "StopInstances",
];

/** Path of the new thing's id in the answer. */
const creators: Record<string, string> = {
  CreateVpc: "Vpc.VpcId",
  CreateSubnet: "Subnet.SubnetId",
  CreateSecurityGroup: "SecurityGroup.SecurityGroupId",
  CreateNetworkInterface: "NetworkInterface.NetworkInterfaceId",
  AllocateAddresses: "AddressSet",
  RunInstances: "InstanceIdSet",
  ImportKeyPair: "KeyId",
  CreateKeyPair: "KeyPair.KeyId",
  CreateDisasterRecoverGroup: "DisasterRecoverGroupId",
  CreateReserveIpAddresses: "ReserveIpAddressSet.0.ReserveIpId",
  CreateRole: "RoleId",
  CreatePolicy: "PolicyId",
  AddUser: "Name",
  CreateAccessKey: "AccessKey.AccessKeyId",
};

/** Field of the request that names what goes. */
const removers: Record<string, string> = {
  DeleteVpc: "VpcId",
  DeleteSubnet: "SubnetId",
  DeleteSecurityGroup: "SecurityGroupId",
  DeleteNetworkInterface: "NetworkInterfaceId",
  ReleaseAddresses: "AddressIds",
  TerminateInstances: "InstanceIds",
  DeleteKeyPairs: "KeyIds",
  DeleteDisasterRecoverGroups: "DisasterRecoverGroupIds",
  DeleteReserveIpAddresses: "ReserveIpIds",
  DeleteRole: "RoleId",
  DeletePolicy: "PolicyId",
  DeleteUser: "Name",
  DeleteAccessKey: "AccessKeyId",
};

function idsAt(value: unknown, path: string | undefined): string[] {
  if (path === undefined) return [];
  let found = value;
  for (const key of path.split(".")) found = (found as Json | undefined)?.[key];
  return (Array.isArray(found) ? found : [found]).filter((id) => id !== undefined).map(String);
}

export const createdBy = (action: string, response: Json) => idsAt(response, creators[action]);
export const deletedBy = (action: string, request: Json) => idsAt(request, removers[action]);

/** All ids that calls made and removed, and those that are still there. */
export function createdAndDeleted(journal: Pick<JournalEntry, "created" | "deleted">[]): {
  created: string[];
  deleted: string[];
  left: string[];
} {
  const created = journal.flatMap((entry) => entry.created);
  const deleted = journal.flatMap((entry) => entry.deleted);
  const gone = new Set(deleted);
  return { created, deleted, left: created.filter((id) => !gone.has(id)) };
}

const hidden = new Set(["Password", "UserData"]);

/** The request without what may be secret. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      hidden.has(key) ? `(${String(entry).length} characters)` : withoutSecrets(entry),
    ]),
  );
}

/** Far more than any action's request has: what is larger was refused, and could be of any size. */
const mostBytes = 64 * 1024;

/** What the journal keeps of a request whose body had so many bytes. */
export const keptOf = (request: Json, bytes: number): Json =>
  bytes > mostBytes ? { "(not kept)": `${bytes} bytes` } : (withoutSecrets(request) as Json);

export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #file: string | undefined;

  constructor(file: string | undefined) {
    this.#file = file;
  }

  add(entry: JournalEntry): void {
    this.entries.push(entry);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }
}

/** What a call asks of CAM, and whether it may: where the documents are silent or at odds, as the switches say. */

import { type Access, allows, type Resource, readPolicy } from "../account/access/policy.ts";
import { CloudError } from "../account/api/errors.ts";
import type { Call, Model } from "../account/model.ts";
import type { Role, Statement } from "../account/records.ts";

/** Calls that CAM authorises by the ENIs in these fields of the request. */
const eniFields: Record<string, string[]> = {
  MigratePrivateIpAddress: ["SourceNetworkInterfaceId", "DestinationNetworkInterfaceId"],
  AssignPrivateIpAddresses: ["NetworkInterfaceId"],
  UnassignPrivateIpAddresses: ["NetworkInterfaceId"],
  AttachNetworkInterface: ["NetworkInterfaceId"],
  DetachNetworkInterface: ["NetworkInterfaceId"],
};

/** EIPs belong to the vpc API; in CAM they were cvm's for years, and its pages still disagree. */
const eipActions = [
  "AllocateAddresses",
  "AssociateAddress",
  "DescribeAddresses",
  "DescribeTaskResult",
  "DisassociateAddress",
  "ModifyAddressAttribute",
  "ModifyAddressesBandwidth",
  "ModifyAddressInternetChargeType",
  "ReleaseAddresses",
];
const boundByEip = ["AssociateAddress", "DisassociateAddress"];

const both = (choice: "vpc" | "cvm" | "either") => (choice === "either" ? ["vpc", "cvm"] : [choice]);

function accessOf(model: Model, call: Call, request: Record<string, unknown>): Access {
  const { camEniResource, camEipAction } = model.faults.settings;
  const isEip = call.service === "vpc" && eipActions.includes(call.action);
  return {
    services: isEip ? both(camEipAction) : [call.service],
    action: call.action,
    region: call.region,
    resources: call.service === "vpc" ? resourcesOf(model, call.action, request) : [],
    uin: model.account.uin,
    accountMayBeEmpty: camEniResource !== "uin",
  };
}

function resourcesOf(model: Model, action: string, request: Record<string, unknown>): Resource[] {
  const { camEniResource, camEipResource, camEipNeedsEni } = model.faults.settings;
  const eni = (field: string): Resource => ({ services: ["vpc"], name: `eni/${String(request[field])}` });
  if (boundByEip.includes(action)) {
    if (camEipResource === "*") return [];
    const eip: Resource = { services: both(camEipResource), name: `eip/${String(request.AddressId)}` };
    return camEipNeedsEni && request.NetworkInterfaceId !== undefined ? [eip, eni("NetworkInterfaceId")] : [eip];
  }
  return camEniResource === "*" ? [] : (eniFields[action] ?? []).map(eni);
}

/** Whether what was changed then is in force by now. */
export const inForce = ({ clock, delays }: Model, sinceMs: number) => sinceMs + delays.grant <= clock.now();

/** What a role or a user may do by now. */
const documentsInForce = (model: Model, { policies }: Pick<Role, "policies">): string[] =>
  [...policies].flatMap(([id, attachedMs]) => {
    const policy = model.policies.get(id);
    if (!policy || !inForce(model, attachedMs)) return [];
    return inForce(model, policy.updatedMs) ? policy.document : policy.formerDocument;
  });

/** Who gives a machine a role must be allowed to: else a user who may make machines would have every role of the account. */
function passedRole(model: Model, call: Call, request: Record<string, unknown>): Access[] {
  const { CamRoleName } = request;
  if (call.service !== "cvm" || typeof CamRoleName !== "string" || CamRoleName === "") return [];
  const role = { services: ["cam"], name: `roleName/${CamRoleName}` };
  const { uin } = model.account;
  return [{ services: ["cam"], action: "PassRole", region: "", resources: [role], uin, accountMayBeEmpty: false }];
}

/** Refuses what the caller's policies do not allow. The account's own key may do everything. */
export function authorise(model: Model, call: Call, request: Record<string, unknown>): void {
  if (call.caller.kind === "root") return;
  const statements = statementsOf(model, call.caller);
  for (const access of [accessOf(model, call, request), ...passedRole(model, call, request)]) {
    if (allows(statements, access)) continue;
    const resources = access.resources.map(({ name }) => name).join(", ") || "*";
    throw new CloudError(
      "UnauthorizedOperation",
      `You are not authorized to perform operation (${access.services[0]}:${access.action}) resource (${resources}) has no permission`,
    );
  }
}

function statementsOf(model: Model, caller: Exclude<Call["caller"], { kind: "root" }>): Statement[] {
  if (caller.kind === "federated") return caller.statements;
  const holder =
    caller.kind === "user"
      ? model.users.get(caller.user)
      : [...model.roles.values()].find(({ name }) => name === caller.role);
  return holder ? documentsInForce(model, holder).flatMap(readPolicy) : [];
}

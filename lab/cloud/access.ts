/** What a call asks of CAM: names and resources, where the documents are silent or at odds as the switches say. */
import type { Call, Model } from "./model.ts";
import type { Access, Resource } from "./policy.ts";

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

export function accessOf(model: Model, call: Call, request: Record<string, unknown>): Access {
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

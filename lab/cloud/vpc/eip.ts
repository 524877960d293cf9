import { blockOf, formatAddress } from "../../../render/ipv4.ts";
import { CloudError, isId, known } from "../account/api/errors.ts";
import {
  type ApiFilter,
  byFirst,
  checkQuery,
  nothing,
  page,
  type QueryRules,
  queryOf,
  select,
} from "../account/api/filters.ts";
import { isoTime } from "../account/behaviour/clock.ts";
import type { Handler, Model } from "../account/model.ts";
import type { ApiTag, Eip, Json } from "../account/records.ts";
import { checkLength } from "./names.ts";
import { startNumbered } from "./task.ts";

export const noEip = (id: string) =>
  isId(id, "eip")
    ? new CloudError("InvalidAddressId.NotFound", `The EIP '${id}' does not exist.`)
    : new CloudError("InvalidParameterValue.AddressIdMalformed", `The EIP's id '${id}' is malformed.`);

/** A free address of the lab's public range, for an EIP or a machine. */
export function pickPublicIp(model: Model, noneLeft = "ResourceInsufficient"): string {
  const used = new Set([
    ...[...model.eips.values()].map(({ publicIp }) => publicIp),
    ...[...model.instances.values()].map(({ publicIp }) => publicIp),
  ]);
  const block = blockOf(model.account.publicCidr);
  // Network, first and last address are left out, so that the range can also be somebody's subnet.
  for (let number = block.first + 2; number < block.last; number += 1) {
    const address = formatAddress(number);
    if (!used.has(address)) return address;
  }
  throw new CloudError(noneLeft, `No address is free in ${model.account.publicCidr}.`);
}

export function eipStatus(model: Model, eip: Eip): string {
  if (eip.state !== "READY") return eip.state;
  if (!eip.binding) return "UNBIND";
  return model.enis.get(eip.binding.eniId)?.attachment ? "BIND" : "BIND_ENI";
}

/** The machine on whose ENI the EIP is bound. */
const machineOf = (model: Model, { binding }: Eip): string | undefined =>
  binding ? model.enis.get(binding.eniId)?.attachment?.instanceId : undefined;

function view(model: Model, eip: Eip): Json {
  const shown = eip.state === "READY" || eip.state === "UNBINDING" ? eip.binding : null;
  const instanceId = (shown && machineOf(model, eip)) ?? null;
  return {
    AddressId: eip.id,
    AddressName: eip.name,
    AddressIp: eip.publicIp,
    AddressType: "EIP",
    AddressStatus: eipStatus(model, eip),
    InstanceId: instanceId,
    InstanceType: instanceId && "CVM",
    NetworkInterfaceId: shown?.eniId ?? null,
    PrivateAddressIp: shown?.address ?? null,
    InternetChargeType: eip.chargeType,
    Bandwidth: eip.bandwidthMbps,
    IsArrears: false,
    IsBlocked: false,
    IsEipDirectConnection: false,
    CascadeRelease: false,
    EipAlgType: { Ftp: true, Sip: true },
    InternetServiceProvider: "BGP",
    LocalBgp: false,
    CreatedTime: isoTime(eip.createdMs),
    DeadlineDate: null,
    Egress: "center_egress1",
    AntiDDoSPackageId: "",
    DedicatedClusterId: "",
    RenewFlag: null,
    BandwidthPackageId: null,
    UnVpcId: null,
    TagSet: model.tags.of("vpc/eip", eip.id),
  };
}

/** Charged for by the hour: what is paid for ahead or in packages does not exist here. */
const chargeTypes = ["TRAFFIC_POSTPAID_BY_HOUR", "BANDWIDTH_POSTPAID_BY_HOUR"];

function chargeTypeOf(type = "TRAFFIC_POSTPAID_BY_HOUR"): string {
  if (chargeTypes.includes(type)) return type;
  const codes: Record<string, string> = {
    BANDWIDTH_PACKAGE: "InvalidParameterValue.BandwidthPackageNotFound",
    BANDWIDTH_PREPAID_BY_MONTH: "InvalidParameterValue.Combination",
  };
  const code = (Object.hasOwn(codes, type) && codes[type]) || "InvalidParameterValue.Range";
  throw new CloudError(code, `InternetChargeType can be ${chargeTypes.join(" or ")} here, not '${type}'.`);
}

function checkBandwidth(mbps: number, code: string): void {
  if (mbps < 1 || mbps > 100) throw new CloudError(code, "InternetMaxBandwidthOut must be 1 to 100 Mbps.");
}

const allocateAddresses: Handler<{
  AddressCount?: number;
  AddressType?: string;
  AddressName?: string;
  InternetChargeType?: string;
  InternetMaxBandwidthOut?: number;
  Tags?: ApiTag[];
}> = (model, request, call) => {
  const count = request.AddressCount ?? 1;
  if (count < 1 || model.eips.size + count > 20) {
    throw new CloudError("AddressQuotaLimitExceeded", "At most 20 EIPs in a region.");
  }
  if (request.AddressType !== undefined && request.AddressType !== "EIP") {
    throw new CloudError(
      "InvalidParameterValue.ResourceNotSupport",
      `The address type '${request.AddressType}' is not offered here.`,
    );
  }
  const bandwidthMbps = request.InternetMaxBandwidthOut ?? 1;
  checkBandwidth(bandwidthMbps, "InvalidParameterValue.BandwidthOutOfRange");
  const chargeType = chargeTypeOf(request.InternetChargeType);
  const made = Array.from({ length: count }, (): Eip => {
    const eip: Eip = {
      id: model.ids.id("eip"),
      name: request.AddressName ?? "",
      publicIp: pickPublicIp(model),
      chargeType,
      bandwidthMbps,
      createdMs: model.clock.now(),
      state: "CREATING",
      binding: null,
    };
    model.tags.add("vpc/eip", eip.id, request.Tags);
    model.eips.set(eip.id, eip);
    return eip;
  });
  const TaskId = startNumbered(model, {
    action: call.action,
    delayMs: model.delays.eip,
    locks: made.map(({ id }) => id),
    done: () => {
      for (const eip of made) eip.state = "READY";
    },
    failed: () => {
      for (const eip of made) model.eips.delete(eip.id);
    },
  });
  return { AddressSet: made.map(({ id }) => id), TaskId };
};

const tooMany = "InvalidParameterValue.LimitExceeded";
const eipQuery: QueryRules = {
  both: "InvalidParameter",
  // Ids may be narrowed by any other filter, and the vendor's provider does so.
  bothFilter: "address-id",
  malformedId: "InvalidParameterValue.AddressIdMalformed",
  ids: { most: 100, code: tooMany },
  filters: { most: 10, code: "LimitExceeded.NumberOfFilters" },
  values: { most: 100, code: tooMany },
  unknownFilter: "InvalidParameter.InvalidFilter",
  tagValues: true,
  offset: tooMany,
  limit: tooMany,
};

const describeAddresses: Handler<{ AddressIds?: string[]; Filters?: ApiFilter[]; Offset?: number; Limit?: number }> = (
  model,
  request,
) => {
  checkQuery(request, request.AddressIds, "eip", eipQuery);
  const found = select(
    model.eips.values(),
    request.Filters,
    {
      "address-id": (eip) => [eip.id],
      "address-name": byFirst((eip) => [eip.name]),
      "address-ip": (eip) => [eip.publicIp],
      "address-status": (eip) => [eipStatus(model, eip)],
      "instance-id": (eip) => [machineOf(model, eip)],
      "network-interface-id": (eip) => [eip.binding?.eniId],
      "private-ip-address": byFirst((eip) => [eip.binding?.address]),
      "is-arrears": () => ["FALSE"],
      "instance-type": (eip) => [eip.binding ? (machineOf(model, eip) ? "CVM" : "ENI") : undefined],
      "address-type": () => ["EIP"],
      "address-isp": () => ["BGP"],
      "dedicated-cluster-id": nothing,
      // Only EIPs of dedicated clusters have one.
      "business-type": () => [],
    },
    (eip) => model.tags.of("vpc/eip", eip.id),
    eipQuery,
  ).filter((eip) => !request.AddressIds || request.AddressIds.includes(eip.id));
  return { TotalCount: found.length, AddressSet: page(found, request, eipQuery).map((eip) => view(model, eip)) };
};

export function requireIdleEip(model: Model, eip: Eip): void {
  if (!model.tasks.isLocked(eip.id)) return;
  if (eip.state === "BINDING") throw new CloudError("UnsupportedOperation.AddressStatusNotPermit", eip.state);
  throw new CloudError("OperationDenied.MutexTaskRunning", `A task is running on ${eip.id}`);
}

const releaseAddresses: Handler<{ AddressIds: string[] }> = (model, request, call) => {
  const eips = request.AddressIds.map((id) => known(model.eips, id, noEip));
  for (const eip of eips) {
    requireIdleEip(model, eip);
    if (eip.binding) {
      throw new CloudError("UnsupportedOperation.AddressStatusNotPermit", `${eip.id} is ${eipStatus(model, eip)}.`);
    }
  }
  for (const eip of eips) eip.state = "OFFLINING";
  const TaskId = startNumbered(model, {
    action: call.action,
    delayMs: model.delays.eip,
    locks: eips.map(({ id }) => id),
    done: () => {
      for (const eip of eips) {
        model.eips.delete(eip.id);
        model.tags.drop("vpc/eip", eip.id);
      }
    },
    failed: () => {
      for (const eip of eips) eip.state = "READY";
    },
  });
  return { TaskId };
};

const modifyAddressAttribute: Handler<{ AddressId: string; AddressName?: string }> = (model, request) => {
  const eip = known(model.eips, request.AddressId, noEip);
  checkLength("AddressName", request.AddressName, 128);
  if (/\s/.test(request.AddressName ?? "")) {
    throw new CloudError("InvalidParameterValue", `The name '${request.AddressName}' has a space in it.`);
  }
  eip.name = request.AddressName ?? eip.name;
  return {};
};

const modifyAddressesBandwidth: Handler<{ AddressIds: string[]; InternetMaxBandwidthOut: number }> = (
  model,
  request,
  call,
) => {
  const eips = request.AddressIds.map((id) => known(model.eips, id, noEip));
  for (const eip of eips) requireIdleEip(model, eip);
  checkBandwidth(request.InternetMaxBandwidthOut, "InvalidParameterValue.BandwidthOutOfRange");
  const TaskId = startNumbered(model, {
    action: call.action,
    delayMs: model.delays.eip,
    locks: eips.map(({ id }) => id),
    done: () => {
      for (const eip of eips) eip.bandwidthMbps = request.InternetMaxBandwidthOut;
    },
  });
  return { TaskId };
};

const modifyAddressInternetChargeType: Handler<{
  AddressId: string;
  InternetChargeType: string;
  InternetMaxBandwidthOut: number;
}> = (model, request) => {
  const eip = known(model.eips, request.AddressId, noEip);
  if (!chargeTypes.includes(request.InternetChargeType)) {
    const code = "UnsupportedOperation.InvalidAddressInternetChargeType";
    throw new CloudError(code, `InternetChargeType can be ${chargeTypes.join(" or ")} here.`);
  }
  checkBandwidth(request.InternetMaxBandwidthOut, "InvalidParameterValue.Range");
  eip.chargeType = request.InternetChargeType;
  eip.bandwidthMbps = request.InternetMaxBandwidthOut;
  return {};
};

const packageQuery: QueryRules = {
  ...queryOf("InvalidParameterValue", "InvalidParameter.InvalidFilter"),
  malformedId: "InvalidParameterValue.BandwidthPackageIdMalformed",
};

const describeBandwidthPackages: Handler<{
  BandwidthPackageIds?: string[];
  Filters?: ApiFilter[];
  Offset?: number;
  Limit?: number;
}> = (_model, request) => {
  checkQuery(request, request.BandwidthPackageIds, "bwp", packageQuery);
  // There is none, but a filter that the API does not have is refused all the same.
  const names = ["bandwidth-package-id", "bandwidth-package-name", "network-type", "charge-type"];
  const ofResources = ["resource.resource-type", "resource.resource-id", "resource.address-ip"];
  const readers = Object.fromEntries([...names, ...ofResources].map((name) => [name, nothing]));
  select([], request.Filters, readers, () => [], packageQuery);
  return { TotalCount: 0, BandwidthPackageSet: page([], request, packageQuery) };
};

export const eipActions = {
  vpc: {
    AllocateAddresses: allocateAddresses,
    DescribeAddresses: describeAddresses,
    ReleaseAddresses: releaseAddresses,
    ModifyAddressAttribute: modifyAddressAttribute,
    ModifyAddressesBandwidth: modifyAddressesBandwidth,
    ModifyAddressInternetChargeType: modifyAddressInternetChargeType,
    DescribeBandwidthPackages: describeBandwidthPackages,
  },
};

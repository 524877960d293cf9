/** A CVM as the API shows it. What makes and changes one is in instanceLife.ts and instanceChange.ts. */
import { addressOf } from "../../../render/ipv4.ts";
import { CloudError, known, missing, noInstance } from "../account/api/errors.ts";
import {
  type ApiFilter,
  atMost,
  checkQuery,
  cvmQuery,
  nothing,
  page,
  queryOf,
  type Reader,
  select,
} from "../account/api/filters.ts";
import { isoTime } from "../account/behaviour/clock.ts";
import { enisOf, publicAddresses } from "../account/enis.ts";
import type { Call, Handler, Model } from "../account/model.ts";
import type { Instance, Json } from "../account/records.ts";
import { imageOf, nameFor } from "./image.ts";

/** The instances with these ids, or the refusal. */
export function requireInstances(model: Model, ids: string[], malformedCode?: string): Instance[] {
  if (ids.length === 0) throw missing("InstanceIds");
  atMost("instances", ids, cvmQuery.ids);
  return ids.map((id) => known(model.instances, id, () => noInstance(id, malformedCode)));
}

/** Addresses of the primary NIC: those of other ENIs are not the machine's. */
export const primaryAddresses = (model: Model, instanceId: string): string[] =>
  [...model.enis.values()]
    .filter((eni) => eni.primary && eni.attachment?.instanceId === instanceId)
    .flatMap(({ addresses }) => addresses.map(({ address }) => address));

/** Which of a machine's addresses are listed, and in which order, is documented in part only. */
function shownAddresses(model: Model, instanceId: string): string[] {
  const ofPrimaryNic = primaryAddresses(model, instanceId);
  switch (model.faults.settings.instanceAddresses) {
    case "primary-only":
      return ofPrimaryNic.slice(0, 1);
    case "unordered":
      return ofPrimaryNic.sort((one, other) => addressOf(one) - addressOf(other));
    case "all-nics":
      return [...model.enis.values()]
        .filter(({ attachment }) => attachment?.instanceId === instanceId)
        .flatMap(({ addresses }) => addresses.map(({ address }) => address));
    case "primary-nic":
      return ofPrimaryNic;
  }
}

/** Public addresses of the primary NIC, its EIPs included; those of other ENIs are not the machine's. */
const publicIps = (model: Model, instanceId: string): string[] =>
  enisOf(model, instanceId).flatMap((eni) => (eni.primary ? publicAddresses(model, eni) : []));

const stopChargingMode = ({ state, chargingStopped }: Instance) => {
  if (state !== "STOPPED") return "NOT_APPLICABLE";
  return chargingStopped ? "STOP_CHARGING" : "KEEP_CHARGING";
};

function view(model: Model, instance: Instance, call: Call): Json {
  const image = imageOf(instance.imageId);
  const publicShown = publicIps(model, instance.id);
  return {
    InstanceId: instance.id,
    InstanceName: instance.name,
    InstanceType: instance.type.name,
    InstanceState: instance.state,
    LatestOperation: instance.operation.name,
    LatestOperationState: instance.operation.state,
    LatestOperationRequestId: instance.operation.requestId,
    LatestOperationErrorMsg: instance.operation.error,
    CPU: instance.type.cpu,
    Memory: instance.type.memory,
    ImageId: instance.imageId,
    OsName: image ? nameFor(call, image) : "",
    InstanceChargeType: "POSTPAID_BY_HOUR",
    RenewFlag: null,
    CreatedTime: isoTime(instance.createdMs),
    ExpiredTime: null,
    Uuid: instance.uuid,
    RestrictState: "NORMAL",
    StopChargingMode: stopChargingMode(instance),
    Placement: { Zone: instance.zone, HostId: null, ProjectId: instance.projectId, HostIds: null },
    SystemDisk: {
      DiskType: instance.diskType,
      DiskSize: instance.diskSizeGb,
      DiskId: instance.diskId,
      CdcId: null,
    },
    DataDisks: [],
    PrivateIpAddresses: shownAddresses(model, instance.id),
    PublicIpAddresses: publicShown.length > 0 ? publicShown : null,
    InternetAccessible: {
      InternetChargeType: instance.internetChargeType,
      InternetMaxBandwidthOut: instance.bandwidthMbps,
      PublicIpAssigned: instance.publicIp !== "",
    },
    VirtualPrivateCloud: {
      VpcId: instance.vpcId,
      SubnetId: instance.subnetId,
      AsVpcGateway: false,
      PrivateIpAddresses: null,
      Ipv6AddressCount: null,
    },
    SecurityGroupIds: instance.groupIds,
    LoginSettings: { Password: null, KeyIds: instance.keyIds, KeepImageLogin: null },
    CamRoleName: instance.roleName,
    HpcClusterId: null,
    DedicatedClusterId: "",
    DisasterRecoverGroupId: instance.placementGroupIds[0] ?? "",
    DisasterRecoverGroupIds: instance.placementGroupIds,
    PartitionNumber: null,
    DisableApiTermination: instance.protectedFromTermination,
    DefaultLoginUser: image?.user ?? "root",
    DefaultLoginPort: 22,
    LicenseType: "TencentCloud",
    IPv6Addresses: null,
    RdmaIpAddresses: null,
    IsolatedSource: "NOTISOLATED",
    Tags: model.tags.of("cvm/instance", instance.id),
  };
}

/** `2023-06-01 00:00:00` or the form in which CVM itself writes a time. */
const byTime = (fits: (createdMs: number, atMs: number) => boolean): Reader<Instance> => ({
  fits: ({ createdMs }, values) =>
    values.some((value) => fits(createdMs, Date.parse(`${value.replace(" ", "T").replace(/Z$/, "")}Z`))),
});

const describeInstances: Handler<{
  InstanceIds?: string[];
  Filters?: ApiFilter[];
  Offset?: number;
  Limit?: number;
}> = (model, request, call) => {
  checkQuery(request, request.InstanceIds, "ins", cvmQuery);
  const found = select(
    model.instances.values(),
    request.Filters,
    {
      "instance-id": (instance) => [instance.id],
      "instance-name": (instance) => [instance.name],
      "instance-state": (instance) => [instance.state],
      "instance-charge-type": () => ["POSTPAID_BY_HOUR"],
      uuid: (instance) => [instance.uuid],
      "project-id": (instance) => [String(instance.projectId)],
      "host-id": nothing,
      "dedicated-cluster-id": nothing,
      zone: (instance) => [instance.zone],
      "vpc-id": (instance) => [instance.vpcId],
      "subnet-id": (instance) => [instance.subnetId],
      "security-group-id": (instance) => instance.groupIds,
      "private-ip-address": (instance) => primaryAddresses(model, instance.id),
      "public-ip-address": (instance) => publicIps(model, instance.id),
      "ipv6-address": nothing,
      "creation-start-time": byTime((createdMs, time) => createdMs >= time),
      "creation-end-time": byTime((createdMs, time) => createdMs <= time),
    },
    (instance) => model.tags.of("cvm/instance", instance.id),
    cvmQuery,
  ).filter((instance) => !request.InstanceIds || request.InstanceIds.includes(instance.id));
  return {
    TotalCount: found.length,
    InstanceSet: page(found, request, cvmQuery).map((instance) => view(model, instance, call)),
  };
};

const describeInstancesStatus: Handler<{ InstanceIds?: string[]; Offset?: number; Limit?: number }> = (
  model,
  request,
) => {
  checkQuery({}, request.InstanceIds, "ins", cvmQuery);
  const found = [...model.instances.values()].filter(
    ({ id }) => !request.InstanceIds || request.InstanceIds.includes(id),
  );
  const set = page(found, request, cvmQuery).map(({ id, state }) => ({ InstanceId: id, InstanceState: state }));
  return { TotalCount: found.length, InstanceStatusSet: set };
};

const describeInstancesAttributes: Handler<{ InstanceIds: string[]; Attributes: string[] }> = (model, request) => {
  const other = request.Attributes.find((name) => name !== "UserData");
  if (other) throw new CloudError("InvalidParameterValue", `The attribute '${other}' cannot be asked for.`);
  return {
    InstanceSet: requireInstances(model, request.InstanceIds, "InvalidParameterValue.InstanceIdMalformed").map(
      ({ id, userData }) => ({ InstanceId: id, Attributes: { UserData: userData } }),
    ),
  };
};

const diskQuery = queryOf("InvalidParameterValue", "InvalidFilter");

const describeDisks: Handler<{ DiskIds?: string[]; Filters?: ApiFilter[]; Offset?: number; Limit?: number }> = (
  model,
  request,
) => {
  checkQuery(request, request.DiskIds, "disk", diskQuery);
  const found = select(
    model.instances.values(),
    request.Filters,
    {
      "disk-id": (instance) => [instance.diskId],
      "disk-name": () => [""],
      "disk-type": (instance) => [instance.diskType],
      "disk-usage": () => ["SYSTEM_DISK"],
      "disk-charge-type": () => ["POSTPAID_BY_HOUR"],
      "disk-state": () => ["ATTACHED"],
      portable: () => ["FALSE"],
      "project-id": (instance) => [String(instance.projectId)],
      "instance-id": (instance) => [instance.id],
      "instance-name": (instance) => [instance.name],
      "instance-ip-address": ({ id }) => [...primaryAddresses(model, id), ...publicIps(model, id)],
      zone: (instance) => [instance.zone],
      "dedicated-cluster-id": nothing,
      "cluster-group-id": nothing,
    },
    (instance) => model.tags.of("cvm/volume", instance.diskId),
    diskQuery,
  ).filter(({ diskId }) => !request.DiskIds || request.DiskIds.includes(diskId));
  const set = page(found, request, diskQuery).map((instance) => ({
    DiskId: instance.diskId,
    DiskName: "",
    DiskState: "ATTACHED",
    DiskSize: instance.diskSizeGb,
    DiskType: instance.diskType,
    DiskUsage: "SYSTEM_DISK",
    DiskChargeType: "POSTPAID_BY_HOUR",
    DeleteWithInstance: true,
    Encrypt: false,
    ThroughputPerformance: 0,
    InstanceId: instance.id,
    InstanceIdList: [instance.id],
    Attached: true,
    Portable: false,
    KmsKeyId: "",
    Placement: { Zone: instance.zone, ProjectId: instance.projectId },
    Tags: model.tags.of("cvm/volume", instance.diskId),
  }));
  return { TotalCount: found.length, DiskSet: set };
};

export const instanceActions = {
  cvm: {
    DescribeInstances: describeInstances,
    DescribeInstancesStatus: describeInstancesStatus,
    DescribeInstancesAttributes: describeInstancesAttributes,
  },
  cbs: { DescribeDisks: describeDisks },
};

/** What RunInstances asks for, and what of it is refused. */
import { blockOf, holds, parseAddress } from "../../../render/ipv4.ts";
import { trustsService } from "../account/access/policy.ts";
import { isReserved } from "../account/api/addresses.ts";
import { CloudError, isId, known, missing } from "../account/api/errors.ts";
import { zoneNames } from "../account/limits.ts";
import type { Call, Model } from "../account/model.ts";
import type { Subnet, TagSpecification } from "../account/records.ts";
import { pickAddresses, usedAddresses } from "../vpc/subnet.ts";
import { requireImage } from "./image.ts";
import { noKey } from "./keyPair.ts";
import { noPlacementGroup, requireRoom } from "./placementGroup.ts";

export interface RunRequest {
  Placement?: { Zone: string; ProjectId?: number };
  InstanceType?: string;
  ImageId?: string;
  InstanceChargeType?: string;
  InstanceCount?: number;
  MinCount?: number;
  InstanceName?: string;
  HostName?: string;
  VirtualPrivateCloud?: { VpcId: string; SubnetId: string; PrivateIpAddresses?: string[] };
  InternetAccessible?: { InternetChargeType?: string; InternetMaxBandwidthOut?: number; PublicIpAssigned?: boolean };
  SystemDisk?: { DiskType?: string; DiskSize?: number };
  LoginSettings?: { KeyIds?: string[] };
  SecurityGroupIds?: string[];
  DisasterRecoverGroupIds?: string[];
  CamRoleName?: string;
  UserData?: string;
  TagSpecification?: TagSpecification[];
  DisableApiTermination?: boolean;
  DryRun?: boolean;
  DataDisks?: unknown[];
  NetworkInterfaces?: unknown[];
}

const userDataLimit = 16 * 1024;
/** The first one when none is asked for. Local disks and what is paid for ahead or in packages do not exist here. */
export const diskTypes: [string, ...string[]] = [
  "CLOUD_PREMIUM",
  "CLOUD_BASIC",
  "CLOUD_BSSD",
  "CLOUD_HSSD",
  "CLOUD_SSD",
  "CLOUD_TSSD",
];
export const chargeTypes: [string, ...string[]] = ["TRAFFIC_POSTPAID_BY_HOUR", "BANDWIDTH_POSTPAID_BY_HOUR"];

const refuse = (code: string, message: string) => new CloudError(code, message);

export function checkUserData(userData: string, tooLarge = "InvalidParameterValue"): void {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(userData) || userData.length % 4 !== 0) {
    throw refuse("InvalidParameterValue.InvalidUserDataFormat", "UserData must be base64.");
  }
  if (userData.length > userDataLimit) {
    throw refuse(tooLarge, `UserData is larger than ${userDataLimit} bytes.`);
  }
}

export function checkRole(model: Model, name: string): void {
  const role = [...model.roles.values()].find((candidate) => candidate.name === name);
  if (!role || !trustsService(role, "cvm.qcloud.com")) {
    throw refuse("AuthFailure.CamRoleNameAuthenticateFailed", `The role '${name}' cannot be given to an instance.`);
  }
}

/** Where the machine's primary NIC goes. */
export function place(model: Model, request: RunRequest): Subnet {
  const zone = request.Placement?.Zone;
  if (!zone) throw refuse("MissingParameter", "Placement.Zone is needed.");
  if (!zoneNames(model.account.region).includes(zone)) {
    throw refuse("InvalidZone.MismatchRegion", `The zone '${zone}' is not in ${model.account.region}.`);
  }
  const cloud = request.VirtualPrivateCloud;
  if (!cloud) throw refuse("MissingParameter", "VirtualPrivateCloud is needed: there is no default VPC.");
  known(model.vpcs, cloud.VpcId, (id) =>
    isId(id, "vpc")
      ? refuse("InvalidParameterValue.VpcIdNotExist", `The VPC '${id}' does not exist.`)
      : refuse("InvalidParameterValue.VpcIdMalformed", `The VPC's id '${id}' is malformed.`),
  );
  const subnet = known(model.subnets, cloud.SubnetId, (id) =>
    isId(id, "subnet")
      ? refuse("InvalidParameterValue.SubnetNotExist", `The subnet '${id}' does not exist.`)
      : refuse("InvalidParameterValue.SubnetIdMalformed", `The subnet's id '${id}' is malformed.`),
  );
  if (subnet.vpcId !== cloud.VpcId) {
    throw refuse("InvalidParameterValue.VpcIdSubnetIdNotMatch", `${subnet.id} is not in ${cloud.VpcId}.`);
  }
  if (subnet.zone !== zone) {
    throw refuse("InvalidParameterValue.VpcIdZoneIdNotMatch", `${subnet.id} is in ${subnet.zone}, not in ${zone}.`);
  }
  return subnet;
}

/** The address of the primary NIC: the one that is asked for, or else the subnet's next free one. */
export function primaryAddress(model: Model, subnet: Subnet, asked: string[] | undefined): string {
  const [address, ...more] = asked ?? [];
  if (address === undefined) {
    return pickAddresses(model, subnet, 1, [], "FailedOperation.NoAvailableIpAddressCountInSubnet")[0] ?? "";
  }
  if (more.length > 0) throw refuse("InvalidParameterValue", "One instance takes one PrivateIpAddresses entry.");
  const block = blockOf(subnet.cidr);
  const number = parseAddress(address);
  if (number === null) throw refuse("InvalidParameterValue.IPAddressMalformed", `'${address}' is no IPv4 address.`);
  if (!holds(block, number) || isReserved(block, number)) {
    throw refuse("VpcAddrNotInSubNet", `IP ${address} cannot be used in ${subnet.id} (${subnet.cidr}).`);
  }
  const holder = usedAddresses(model, subnet.id).get(address);
  if (holder) throw refuse("VpcIpIsUsed", `IP ${address} is used by ${holder}.`);
  return address;
}

/** Refuses everything else that a machine can't be made with here. */
export function checkRun(model: Model, request: RunRequest, call: Call): void {
  if ((request.InstanceCount ?? 1) !== 1 || (request.MinCount ?? 1) !== 1) {
    throw refuse("InvalidParameterValue", "This cloud makes one instance at a time.");
  }
  if ((request.InstanceChargeType ?? "POSTPAID_BY_HOUR") !== "POSTPAID_BY_HOUR") {
    throw refuse("InvalidParameterValue", "This cloud knows POSTPAID_BY_HOUR only.");
  }
  if (request.DataDisks?.length || request.NetworkInterfaces?.length) {
    throw refuse("InvalidParameterValue", "This cloud makes no data disks and no further NICs with an instance.");
  }
  if (!request.ImageId) throw missing("ImageId");
  requireImage(request.ImageId);
  const name = request.InstanceName ?? "";
  if (name.length > 128) throw refuse("InvalidInstanceName.TooLong", "InstanceName has at most 128 characters.");
  for (const id of request.SecurityGroupIds ?? []) {
    known(model.securityGroups, id, () =>
      refuse("InvalidSecurityGroupId.NotFound", `The security group '${id}' does not exist.`),
    );
  }
  for (const id of request.LoginSettings?.KeyIds ?? []) {
    known(model.keyPairs, id, () => noKey(id, "InvalidParameterValue.KeyPairNotFound"));
  }
  const groups = request.DisasterRecoverGroupIds ?? [];
  if (groups.length > 1) throw refuse("InvalidParameterValue", "Exactly one placement group is accepted.");
  for (const id of groups) requireRoom(model, known(model.placementGroups, id, noPlacementGroup), call);
  if (request.CamRoleName) checkRole(model, request.CamRoleName);
  checkUserData(request.UserData ?? "", "InvalidParameterValue.TooLarge");
  const disk = request.SystemDisk?.DiskSize ?? 50;
  if (disk < 20 || disk > 1024)
    throw refuse("InvalidParameterValue.Range", "SystemDisk.DiskSize must be 20 to 1024 GB.");
  const diskType = request.SystemDisk?.DiskType ?? diskTypes[0];
  if (!diskTypes.includes(diskType)) {
    throw refuse(
      "InvalidParameterValue",
      `SystemDisk.DiskType can be ${diskTypes.join(", ")} here, not '${diskType}'.`,
    );
  }
  const chargeType = request.InternetAccessible?.InternetChargeType ?? chargeTypes[0];
  if (!chargeTypes.includes(chargeType)) {
    throw refuse("InvalidParameterValue", `InternetChargeType can be ${chargeTypes.join(" or ")} here.`);
  }
  const bandwidth = request.InternetAccessible?.InternetMaxBandwidthOut ?? 0;
  if (bandwidth < 0 || bandwidth > 200)
    throw refuse("InvalidParameterValue.Range", "InternetMaxBandwidthOut: 0 to 200.");
  if (request.InternetAccessible?.PublicIpAssigned && bandwidth === 0) {
    throw refuse("InvalidParameterCombination", "A public address needs InternetMaxBandwidthOut of at least 1 Mbps.");
  }
}

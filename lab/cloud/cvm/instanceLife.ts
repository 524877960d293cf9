/** A CVM from its birth to its end. */
import { blockOf, holds, parseAddress } from "../../../render/ipv4.ts";
import { trustsService } from "../account/access/policy.ts";
import { isReserved } from "../account/api/addresses.ts";
import { CloudError, isId, known, missing } from "../account/api/errors.ts";
import { enisOf } from "../account/enis.ts";
import { zoneNames } from "../account/limits.ts";
import type { Call, Handler, Model } from "../account/model.ts";
import type { Instance, Subnet, TagSpecification } from "../account/records.ts";
import { tagsFor } from "../account/tagStore.ts";
import { pickPublicIp } from "../vpc/eip.ts";
import { addEni, dropEni } from "../vpc/eni.ts";
import { pickAddresses, usedAddresses } from "../vpc/subnet.ts";
import { imageOf, requireImage, requireType } from "./image.ts";
import { requireInstances } from "./instance.ts";
import { noKey } from "./keyPair.ts";
import { noPlacementGroup, requireRoom } from "./placementGroup.ts";

interface RunRequest {
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
const diskTypes: [string, ...string[]] = [
  "CLOUD_PREMIUM",
  "CLOUD_BASIC",
  "CLOUD_BSSD",
  "CLOUD_HSSD",
  "CLOUD_SSD",
  "CLOUD_TSSD",
];
const chargeTypes: [string, ...string[]] = ["TRAFFIC_POSTPAID_BY_HOUR", "BANDWIDTH_POSTPAID_BY_HOUR"];

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
function place(model: Model, request: RunRequest): Subnet {
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

function primaryAddress(model: Model, subnet: Subnet, asked: string[] | undefined): string {
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

function checkRun(model: Model, request: RunRequest, call: Call): void {
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

const runInstances: Handler<RunRequest> = (model, request, call) => {
  const subnet = place(model, request);
  checkRun(model, request, call);
  const type = requireType(request.InstanceType ?? "S5.SMALL1", "InvalidParameterValue.InstanceTypeNotFound");
  if (model.faults.settings.soldOut.includes(type.name)) {
    throw new CloudError("ResourceInsufficient.SpecifiedInstanceType", `The instance type '${type.name}' is sold out.`);
  }
  const address = primaryAddress(model, subnet, request.VirtualPrivateCloud?.PrivateIpAddresses);
  const bandwidthMbps = request.InternetAccessible?.InternetMaxBandwidthOut ?? 0;
  const wantsPublic = request.InternetAccessible?.PublicIpAssigned ?? bandwidthMbps > 0;
  const tags = tagsFor(request.TagSpecification, "cvm/instance");
  if (request.DryRun) throw refuse("DryRunOperation", "The request would have been carried out.");
  const id = model.ids.id("ins");
  const instance: Instance = {
    id,
    name: request.InstanceName || "Unnamed",
    type,
    zone: subnet.zone,
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    imageId: request.ImageId ?? "",
    state: "PENDING",
    operation: { name: "RunInstances", state: "OPERATING", requestId: call.requestId, error: "" },
    uuid: model.ids.uuid(),
    createdMs: model.clock.now(),
    diskId: model.ids.id("disk"),
    diskType: request.SystemDisk?.DiskType ?? diskTypes[0],
    diskSizeGb: request.SystemDisk?.DiskSize ?? 50,
    groupIds: request.SecurityGroupIds ?? [],
    keyIds: request.LoginSettings?.KeyIds ?? [],
    roleName: request.CamRoleName ?? null,
    placementGroupIds: request.DisasterRecoverGroupIds ?? [],
    userData: request.UserData ?? "",
    publicIp: wantsPublic ? pickPublicIp(model, "InvalidParameterValue.ExternalIpQuotaLimited") : "",
    bandwidthMbps,
    internetChargeType: request.InternetAccessible?.InternetChargeType ?? chargeTypes[0],
    projectId: request.Placement?.ProjectId ?? 0,
    protectedFromTermination: request.DisableApiTermination ?? false,
  };
  model.instances.set(id, instance);
  model.tasks.background(async () => {
    await model.tasks.sleep(model.delays.tags);
    if (model.instances.has(id)) model.tags.add("cvm/instance", id, tags);
  });
  const eni = addEni(model, subnet, {
    name: "Primary ENI",
    description: "",
    groupIds: instance.groupIds,
    primary: true,
    state: "AVAILABLE",
    addresses: [{ address, primary: true, description: "", state: "AVAILABLE" }],
  });
  eni.attachment = { instanceId: id, deviceIndex: 0, atMs: model.clock.now() };
  model.tasks.background(async () => {
    try {
      await model.plane.apply();
      await boot(model, instance);
      settle(instance, "RUNNING", "SUCCESS");
    } catch (error) {
      settle(instance, "LAUNCH_FAILED", "FAILED", String(error));
      throw error;
    }
  });
  return { InstanceIdSet: [id] };
};

/** Ends an operation, unless a later one (a termination) has taken over meanwhile. */
export function settle(instance: Instance, state: Instance["state"], outcome: "SUCCESS" | "FAILED", error = ""): void {
  if (instance.state === "TERMINATING") return;
  instance.state = state;
  instance.operation = { ...instance.operation, state: outcome, error };
}

/** Starts the machine that plays the instance; resolves once it runs. */
export const boot = (model: Model, instance: Instance): Promise<void> =>
  model.plane.machines.startMachine({
    instanceId: instance.id,
    vpcId: instance.vpcId,
    name: instance.name,
    imageId: instance.imageId,
    imageName: imageOf(instance.imageId)?.name ?? "",
    sshPublicKeys: instance.keyIds.flatMap((id) => model.keyPairs.get(id)?.publicKey ?? []),
    userData: Buffer.from(instance.userData, "base64").toString(),
  });

/** Marks the start of an operation on instances that are free for it. */
export function begin(model: Model, ids: string[], states: Instance["state"][], call: Call): Instance[] {
  const instances = requireInstances(model, ids);
  for (const instance of instances) {
    if (instance.operation.state === "OPERATING") {
      throw refuse("OperationDenied.InstanceOperationInProgress", `${instance.operation.name} runs on ${instance.id}.`);
    }
    // What never came up is no machine that could be changed, whatever its state is called.
    if (instance.state === "LAUNCH_FAILED") {
      throw refuse("InvalidInstance.NotSupported", `${instance.id} is ${instance.state}.`);
    }
    if (!states.includes(instance.state)) {
      const name = instance.state.charAt(0) + instance.state.slice(1).toLowerCase();
      throw refuse(`UnsupportedOperation.InstanceState${name}`, `${instance.id} is ${instance.state}.`);
    }
  }
  for (const instance of instances) {
    instance.operation = { name: call.action, state: "OPERATING", requestId: call.requestId, error: "" };
  }
  return instances;
}

const terminateInstances: Handler<{ InstanceIds: string[]; ReleaseAddress?: boolean }> = (model, request, call) => {
  const instances = requireInstances(model, request.InstanceIds);
  for (const instance of instances) {
    if (instance.state === "TERMINATING")
      throw refuse("InvalidInstanceState.Terminating", `${instance.id} is TERMINATING.`);
    if (instance.protectedFromTermination) {
      throw refuse("UnsupportedOperation.InstancesProtected", `${instance.id} has DisableApiTermination set.`);
    }
  }
  for (const instance of instances) {
    const stateBefore = instance.state;
    instance.state = "TERMINATING";
    instance.operation = { name: call.action, state: "OPERATING", requestId: call.requestId, error: "" };
    model.tasks.background(() => end(model, instance, stateBefore));
  }
  return {};
};

/** A machine that cannot be removed stays, so that it can be terminated again. */
async function end(model: Model, instance: Instance, stateBefore: Instance["state"]): Promise<void> {
  try {
    await Promise.all([model.plane.machines.destroyMachine(instance.id), model.tasks.sleep(model.delays.terminate)]);
  } catch (error) {
    instance.state = stateBefore;
    instance.operation = { ...instance.operation, state: "FAILED", error: String(error) };
    throw error;
  }
  const enis = enisOf(model, instance.id);
  model.instances.delete(instance.id);
  model.tags.drop("cvm/instance", instance.id);
  model.tags.drop("cvm/volume", instance.diskId);
  for (const eni of enis) {
    if (eni.primary) continue;
    eni.attachment = null;
    eni.state = "AVAILABLE";
    if (model.faults.settings.enisGoWithInstance) dropEni(model, eni);
  }
  await model.plane.apply();
  await model.tasks.sleep(model.delays.ipRelease);
  for (const eni of enis) if (eni.primary) dropEni(model, eni);
}

export const instanceLifeActions = {
  cvm: { RunInstances: runInstances, TerminateInstances: terminateInstances },
};

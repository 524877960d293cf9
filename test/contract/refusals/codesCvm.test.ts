import { test } from "node:test";
import { assertRefused, badTags, type Refusal } from "../codes.ts";
import { makeInstance, makeNetwork, publicKey } from "../pair.ts";
import { cloudFor, type Json, sdk } from "../support.ts";

test("codes of the cvm API", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const id = await makeInstance(call, network, { DisableApiTermination: true });
  const { KeyId } = await call("cvm", "ImportKeyPair", { KeyName: "key", ProjectId: 0, PublicKey: publicKey("key") });
  const { DisasterRecoverGroupId } = await call("cvm", "CreateDisasterRecoverGroup", { Name: "ps", Type: "HOST" });
  const [absentInstance, absentGroup] = ["ins-00000000", "ps-00000000"];
  const cloudOf = (more: Json) => ({ VpcId: network.vpcId, SubnetId: network.subnetId, ...more });
  const run = (more: Json, code: string): Refusal => [
    "cvm",
    "RunInstances",
    {
      Placement: { Zone: "ap-guangzhou-3" },
      ImageId: "img-pi0ii46r",
      InstanceType: "S5.MEDIUM2",
      VirtualPrivateCloud: cloudOf({}),
      ...more,
    },
    code,
  ];
  const tags = (Tags: Json[]) => ({ TagSpecification: [{ ResourceType: "instance", Tags }] });
  const far = await makeNetwork(call, "far");
  await assertRefused(call, [
    run({ InstanceType: "X1.HUGE" }, "InvalidParameterValue.InstanceTypeNotFound"),
    run({ InstanceType: "huge" }, "InvalidInstanceType.Malformed"),
    run({ ImageId: "Debian 12" }, "InvalidImageId.Malformed"),
    run({ ImageId: "img-00000000" }, "InvalidImageId.NotFound"),
    run({ ImageId: "" }, "MissingParameter"),
    run({ InstanceCount: 2 }, "InvalidParameterValue"),
    run({ InstanceChargeType: "PREPAID" }, "InvalidParameterValue"),
    run({ DataDisks: [{ DiskSize: 50 }] }, "InvalidParameterValue"),
    run({ LoginSettings: { KeyIds: ["skey-00000000"] } }, "InvalidParameterValue.KeyPairNotFound"),
    run({ LoginSettings: { KeyIds: ["key"] } }, "InvalidKeyPairId.Malformed"),
    run({ DisasterRecoverGroupIds: [absentGroup] }, "FailedOperation.DisasterRecoverGroupNotFound"),
    run({ UserData: "A".repeat(16 * 1024 + 4) }, "InvalidParameterValue.TooLarge"),
    run({ VirtualPrivateCloud: cloudOf({ VpcId: "vpc" }) }, "InvalidParameterValue.VpcIdMalformed"),
    run({ VirtualPrivateCloud: cloudOf({ SubnetId: "sub" }) }, "InvalidParameterValue.SubnetIdMalformed"),
    run({ VirtualPrivateCloud: cloudOf({ SubnetId: far.subnetId }) }, "InvalidParameterValue.VpcIdSubnetIdNotMatch"),
    run({ VirtualPrivateCloud: cloudOf({ PrivateIpAddresses: ["foo"] }) }, "InvalidParameterValue.IPAddressMalformed"),
    run({ VirtualPrivateCloud: cloudOf({ PrivateIpAddresses: ["10.9.9.9"] }) }, "VpcAddrNotInSubNet"),
    run({ VirtualPrivateCloud: cloudOf({ PrivateIpAddresses: ["10.1.1.2"] }) }, "VpcIpIsUsed"),
    run(tags(badTags.key), "FailedOperation.IllegalTagKey"),
    run(tags(badTags.illegalKey), "FailedOperation.IllegalTagKey"),
    run(tags(badTags.reserved), "FailedOperation.TagKeyReserved"),
    run(tags(badTags.value), "FailedOperation.IllegalTagValue"),
    run(tags(badTags.illegalValue), "FailedOperation.IllegalTagValue"),
    run(tags(badTags.many), "InvalidParameterValue.TagQuotaLimitExceeded"),
    run({ DryRun: true }, "DryRunOperation"),
    ["cvm", "DescribeInstances", { InstanceIds: [id], Filters: [{ Name: "zone", Values: ["z"] }] }, "InvalidParameter"],
    ["cvm", "DescribeInstances", { Filters: [{ Name: "colour", Values: ["red"] }] }, "InvalidFilter"],
    ["cvm", "DescribeInstances", { Limit: 101 }, "InvalidParameterValue.LimitExceeded"],
    ["cvm", "DescribeInstancesAttributes", { InstanceIds: [id], Attributes: ["Name"] }, "InvalidParameterValue"],
    [
      "cvm",
      "DescribeInstancesAttributes",
      { InstanceIds: ["ins"], Attributes: ["UserData"] },
      "InvalidParameterValue.InstanceIdMalformed",
    ],
    [
      "cvm",
      "DescribeImages",
      { ImageIds: ["img-pi0ii46r"], Filters: [{ Name: "image-type", Values: ["PUBLIC_IMAGE"] }] },
      "InvalidParameter.InvalidParameterCoexistImageIdsFilters",
    ],
    ["cvm", "DescribeImages", { Limit: 101 }, "InvalidParameterValue.InvalidParameterValueLimit"],
    ["cvm", "TerminateInstances", { InstanceIds: [id] }, "UnsupportedOperation.InstancesProtected"],
    ["cvm", "TerminateInstances", { InstanceIds: ["ins-1122"] }, "InvalidInstanceId.Malformed"],
    ["cvm", "StartInstances", { InstanceIds: ["node"] }, "InvalidInstanceId.Malformed"],
    ["cvm", "StopInstances", { InstanceIds: [absentInstance] }, "InvalidInstanceId.NotFound"],
    ["cvm", "ModifyInstancesAttribute", { InstanceIds: [id], HostName: "new" }, "InvalidParameterValue"],
    [
      "cvm",
      "ModifyInstancesAttribute",
      { InstanceIds: [id], UserData: "A".repeat(16 * 1024 + 4) },
      "InvalidParameterValue",
    ],
    [
      "cvm",
      "ResetInstancesType",
      { InstanceIds: [id], InstanceType: "X1.HUGE" },
      "ResourceNotFound.InvalidZoneInstanceType",
    ],
    ["cvm", "ResetInstance", { InstanceId: id, ImageId: "Debian" }, "InvalidImageId.Malformed"],
    [
      "cvm",
      "ModifyInstancesDisasterRecoverGroup",
      { InstanceIds: [id], DisasterRecoverGroupIds: [absentGroup] },
      "FailedOperation.DisasterRecoverGroupNotFound",
    ],
    [
      "cvm",
      "ModifyInstancesVpcAttribute",
      { InstanceIds: [id], VirtualPrivateCloud: cloudOf({}) },
      "UnsupportedOperation.InstanceStateRunning",
    ],
    ["cvm", "CreateKeyPair", { KeyName: "k".repeat(26), ProjectId: 0 }, "InvalidKeyPairNameTooLong"],
    ["cvm", "CreateKeyPair", { KeyName: "", ProjectId: 0 }, "InvalidKeyPairNameEmpty"],
    ["cvm", "CreateKeyPair", { KeyName: "key", ProjectId: 0 }, "InvalidKeyPairName.Duplicate"],
    ["cvm", "ModifyKeyPairAttribute", { KeyId, KeyName: "a-b" }, "InvalidParameterValue"],
    ["cvm", "DescribeKeyPairs", { Limit: 0 }, "InvalidParameterValueLimit"],
    ["cvm", "DeleteKeyPairs", { KeyIds: ["key"] }, "InvalidKeyPairId.Malformed"],
    ["cvm", "CreateDisasterRecoverGroup", { Name: "n".repeat(61), Type: "HOST" }, "InvalidParameterValue.TooLong"],
    ["cvm", "CreateDisasterRecoverGroup", { Name: "n", Type: "ROOM" }, "InvalidParameterValue.Range"],
    ["cvm", "DescribeDisasterRecoverGroups", { Filters: [{ Name: "colour", Values: ["red"] }] }, "InvalidFilter"],
    [
      "cvm",
      "ModifyDisasterRecoverGroupAttribute",
      { DisasterRecoverGroupId: absentGroup, Name: "n" },
      "ResourceNotFound.InvalidPlacementSet",
    ],
    [
      "cvm",
      "DeleteDisasterRecoverGroups",
      { DisasterRecoverGroupIds: [absentGroup] },
      "ResourceNotFound.InvalidPlacementSet",
    ],
    ["cbs", "DescribeDisks", { Limit: 101 }, "InvalidParameterValue"],
    ["api", "DescribeZones", { Product: "cos" }, "InvalidParameter"],
  ]);
  for (let made = 1; made < 10; made += 1) {
    await call("cvm", "CreateDisasterRecoverGroup", { Name: `ps${made}`, Type: "HOST" });
  }
  await assertRefused(call, [
    [
      "cvm",
      "CreateDisasterRecoverGroup",
      { Name: "eleventh", Type: "HOST" },
      "ResourceInsufficient.InsufficientGroupQuota",
    ],
  ]);
  const full = { DisasterRecoverGroupIds: [DisasterRecoverGroupId] };
  for (const one of Array.from({ length: 50 }, (_, index) => String(index))) {
    cloud.model.instances.set(one, {
      ...cloud.model.instances.get(id)!,
      id: one,
      placementGroupIds: full.DisasterRecoverGroupIds as string[],
    });
  }
  await assertRefused(call, [
    run(full, "LimitExceeded.DisasterRecoverGroup"),
    [
      "cvm",
      "ModifyInstancesDisasterRecoverGroup",
      { InstanceIds: [id], ...full },
      "ResourceInsufficient.DisasterRecoverGroupCvmQuota",
    ],
  ]);
  cloud.model.instances.get(id)!.state = "LAUNCH_FAILED";
  await assertRefused(call, [["cvm", "StartInstances", { InstanceIds: [id] }, "InvalidInstance.NotSupported"]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, badTags } from "../codes.ts";
import { makeEni, makeNetwork, makePair, taskDone, vip } from "../pair.ts";
import { cloudFor, type Json, sdk } from "../support.ts";

test("codes of the vpc API: networks, groups, ENIs and reservations", async (t) => {
  const call = sdk(await cloudFor(t));
  const one = await makeNetwork(call, "one");
  const other = await makeNetwork(call, "other");
  const eni = await makeEni(call, one, ["10.1.1.11", vip]);
  const create = (more: Json) => ({ VpcId: one.vpcId, SubnetId: one.subnetId, NetworkInterfaceName: "n", ...more });
  const rules = (more: Json) => ({ SecurityGroupId: one.groupId, SecurityGroupPolicySet: more });
  const reserve = (more: Json) => ({ VpcId: one.vpcId, SubnetId: one.subnetId, IpAddresses: ["10.1.1.50"], ...more });
  await call("vpc", "CreateReserveIpAddresses", reserve({}));
  const absent = "00000000";
  await assertRefused(call, [
    [
      "vpc",
      "CreateVpc",
      { VpcName: "v", CidrBlock: "10.0.0.0/16", Tags: badTags.key },
      "InvalidParameterValue.TagInvalidKeyLen",
    ],
    [
      "vpc",
      "CreateVpc",
      { VpcName: "v", CidrBlock: "10.0.0.0/16", Tags: badTags.illegalKey },
      "InvalidParameterValue.TagInvalidKey",
    ],
    [
      "vpc",
      "CreateVpc",
      { VpcName: "v", CidrBlock: "10.0.0.0/16", Tags: badTags.reserved },
      "UnsupportedOperation.TagSystemReservedTagKey",
    ],
    [
      "vpc",
      "CreateVpc",
      { VpcName: "v", CidrBlock: "10.0.0.0/16", Tags: badTags.value },
      "InvalidParameterValue.TagInvalidVal",
    ],
    [
      "vpc",
      "CreateVpc",
      { VpcName: "v", CidrBlock: "10.0.0.0/16", Tags: badTags.many },
      "LimitExceeded.TagKeyPerResourceExceeded",
    ],
    ["vpc", "DeleteVpc", { VpcId: "vpc" }, "InvalidParameterValue.Malformed"],
    ["vpc", "DeleteVpc", { VpcId: `vpc-${absent}` }, "ResourceNotFound"],
    ["vpc", "DeleteVpc", { VpcId: one.vpcId }, "ResourceInUse"],
    ["vpc", "DescribeVpcs", { Limit: "101" }, "InvalidParameterValue.Range"],
    ["vpc", "DeleteSubnet", { SubnetId: "10.1.1.0/24" }, "InvalidParameterValue.Malformed"],
    ["vpc", "DescribeUsedIpAddress", { VpcId: `vpc-${absent}` }, "InvalidParameterValue.ParameterMismatch"],
    ["vpc", "DescribeUsedIpAddress", { VpcId: one.vpcId, Limit: 101 }, "InvalidParameterValue.Malformed"],
    ["vpc", "DeleteSecurityGroup", { SecurityGroupId: "default" }, "InvalidParameterValue.Malformed"],
    [
      "vpc",
      "ModifySecurityGroupPolicies",
      rules({ Version: "7", Ingress: [] }),
      "UnsupportedOperation.VersionMismatch",
    ],
    ["vpc", "ModifySecurityGroupPolicies", rules({}), "MissingParameter"],
    ["vpc", "DeleteSecurityGroupPolicies", rules({ Ingress: [{ PolicyIndex: 9 }] }), "ResourceNotFound"],
    ["vpc", "CreateNetworkInterface", create({ VpcId: other.vpcId }), "UnsupportedOperation.ResourceMismatch"],
    ["vpc", "CreateNetworkInterface", create({ SecondaryPrivateIpAddressCount: 300 }), "ResourceInsufficient.Subnet"],
    ["vpc", "CreateNetworkInterface", create({ SecondaryPrivateIpAddressCount: 30 }), "LimitExceeded"],
    [
      "vpc",
      "ModifyPrivateIpAddressesAttribute",
      { NetworkInterfaceId: eni, PrivateIpAddresses: [{ PrivateIpAddress: "10.1.1.9" }] },
      "ResourceNotFound",
    ],
    [
      "vpc",
      "AssignPrivateIpAddresses",
      { NetworkInterfaceId: eni, PrivateIpAddresses: [{ PrivateIpAddress: "10.1.1.9", Primary: true }] },
      "InvalidParameterValue.Malformed",
    ],
    [
      "vpc",
      "UnassignPrivateIpAddresses",
      { NetworkInterfaceId: eni, PrivateIpAddresses: [{ PrivateIpAddress: "10.1.1.11" }] },
      "UnsupportedOperation",
    ],
    [
      "vpc",
      "UnassignPrivateIpAddresses",
      { NetworkInterfaceId: eni, PrivateIpAddresses: [{ PrivateIpAddress: "10.1.1.9" }] },
      "UnsupportedOperation.AttachmentNotFound",
    ],
    ["vpc", "DescribeNetworkInterfaceLimit", { InstanceId: `ins-${absent}` }, "InvalidInstanceId.NotFound"],
    ["vpc", "DescribeNetworkInterfaceLimit", { InstanceId: `eni-${absent}` }, "ResourceNotFound"],
    ["vpc", "DescribeNetworkInterfaceLimit", { InstanceId: "foo" }, "InvalidParameterValue.Malformed"],
    ["vpc", "CreateReserveIpAddresses", reserve({}), "InvalidParameterValue"],
    ["vpc", "CreateReserveIpAddresses", reserve({ VpcId: `vpc-${absent}` }), "InvalidParameterValue"],
    ["vpc", "CreateReserveIpAddresses", reserve({ IpAddresses: [] }), "MissingParameter"],
    ["vpc", "DescribeReserveIpAddresses", { Limit: 101 }, "InvalidParameterValue.LimitExceeded"],
    [
      "vpc",
      "DeleteReserveIpAddresses",
      { VpcId: one.vpcId, ReserveIpIds: [`rsvip-${absent}`] },
      "InvalidParameterValue.ResourceNotFound",
    ],
  ]);
});

test("codes of the vpc API: EIPs, and what is asked of a thing that is busy", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const pair = await makePair(call);
  const [a, b] = pair.enis;
  const third = await makeEni(call, pair, ["10.1.1.13"]);
  const absent = "eip-00000000";
  const bind = { AddressId: pair.eipId, NetworkInterfaceId: a, PrivateIpAddress: vip };
  await assertRefused(call, [
    ["vpc", "AllocateAddresses", { AddressType: "AnycastEIP" }, "InvalidParameterValue.ResourceNotSupport"],
    ["vpc", "AllocateAddresses", { Tags: badTags.value }, "InvalidParameterValue.InvalidTag"],
    ["vpc", "DescribeAddresses", { Filters: [{ Name: "colour", Values: ["red"] }] }, "InvalidParameter.InvalidFilter"],
    ["vpc", "DescribeAddresses", { Limit: 101 }, "InvalidParameterValue.LimitExceeded"],
    ["vpc", "ReleaseAddresses", { AddressIds: [pair.eipId] }, "UnsupportedOperation.AddressStatusNotPermit"],
    ["vpc", "ReleaseAddresses", { AddressIds: [absent] }, "InvalidAddressId.NotFound"],
    ["vpc", "ReleaseAddresses", { AddressIds: ["foo"] }, "InvalidParameterValue.AddressIdMalformed"],
    ["vpc", "AssociateAddress", bind, "UnsupportedOperation.AddressStatusNotPermit"],
    ["vpc", "DetachNetworkInterface", { NetworkInterfaceId: a, InstanceId: pair.instances[1] }, "UnsupportedOperation"],
    [
      "vpc",
      "DetachNetworkInterface",
      { NetworkInterfaceId: third, InstanceId: pair.instances[1] },
      "UnsupportedOperation",
    ],
    [
      "vpc",
      "AttachNetworkInterface",
      { NetworkInterfaceId: third, InstanceId: "node" },
      "InvalidParameterValue.Malformed",
    ],
  ]);

  // Stuck tasks run until the faults are undone: what is asked meanwhile is asked of a busy thing.
  cloud.faults.set({ stuckTask: ["MigratePrivateIpAddress", "AssignPrivateIpAddresses"] });
  await call("vpc", "MigratePrivateIpAddress", {
    SourceNetworkInterfaceId: a,
    DestinationNetworkInterfaceId: b,
    PrivateIpAddress: vip,
  });
  await call("vpc", "AssignPrivateIpAddresses", { NetworkInterfaceId: third, SecondaryPrivateIpAddressCount: 1 });
  const assign = { NetworkInterfaceId: b, SecondaryPrivateIpAddressCount: 1 };
  const detach = { NetworkInterfaceId: a, InstanceId: pair.instances[0] };
  await assertRefused(call, [
    ["vpc", "DisassociateAddress", { AddressId: pair.eipId }, "OperationDenied.MutexTaskRunning"],
    ["vpc", "AssignPrivateIpAddresses", assign, "UnsupportedOperation.MutexOperationTaskRunning"],
    ["vpc", "DetachNetworkInterface", detach, "UnsupportedOperation.InvalidState"],
    ["vpc", "DeleteNetworkInterface", { NetworkInterfaceId: third }, "UnsupportedOperation.InvalidState"],
  ]);
  cloud.faults.reset();
  await cloud.settled();

  cloud.faults.set({ stuckTask: ["DetachNetworkInterface"] });
  await call("vpc", "DetachNetworkInterface", detach);
  await assertRefused(call, [
    ["vpc", "DetachNetworkInterface", detach, "UnsupportedOperation.InvalidState"],
    ["vpc", "DeleteNetworkInterface", { NetworkInterfaceId: a }, "UnsupportedOperation.InvalidState"],
  ]);
  cloud.faults.reset();
  await cloud.settled();
  await taskDone(call, await call("vpc", "DetachNetworkInterface", detach));
  await assertRefused(call, [["vpc", "DetachNetworkInterface", detach, "UnsupportedOperation"]]);
});

test("what is no address is malformed, never an address that is not there", async (t) => {
  const call = sdk(await cloudFor(t));
  const network = await makeNetwork(call);
  const [a, b] = [await makeEni(call, network, ["10.1.1.11", vip]), await makeEni(call, network, ["10.1.1.12"])];
  const ends = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b };
  for (const address of ["foo", "", "10.1.1.999", "10.1.1", "10.1.1.100/32", "fd00::1", "010.001.001.100"]) {
    const named = { NetworkInterfaceId: a, PrivateIpAddresses: [{ PrivateIpAddress: address }] };
    const created = { VpcId: network.vpcId, SubnetId: network.subnetId, NetworkInterfaceName: "n" };
    await assertRefused(call, [
      ["vpc", "MigratePrivateIpAddress", { ...ends, PrivateIpAddress: address }, "InvalidParameterValue.Malformed"],
      ["vpc", "UnassignPrivateIpAddresses", named, "InvalidParameterValue.Malformed"],
      ["vpc", "AssignPrivateIpAddresses", named, "InvalidParameterValue.Malformed"],
      ["vpc", "ModifyPrivateIpAddressesAttribute", named, "InvalidParameterValue.Malformed"],
      [
        "vpc",
        "CreateNetworkInterface",
        { ...named, ...created, NetworkInterfaceId: undefined },
        "InvalidParameterValue.Malformed",
      ],
    ]);
  }
  const twice = [{ PrivateIpAddress: vip }, { PrivateIpAddress: vip }];
  await assertRefused(call, [
    [
      "vpc",
      "UnassignPrivateIpAddresses",
      { NetworkInterfaceId: a, PrivateIpAddresses: twice },
      "InvalidParameterValue.DuplicatePara",
    ],
  ]);
});

test("tasks of EIPs are numbers, all others the ids of their requests, and each is known to its own action only", async (t) => {
  const call = sdk(await cloudFor(t));
  const allocated = await call("vpc", "AllocateAddresses", {});
  const network = await makeNetwork(call);
  const grown = await call("vpc", "AssignPrivateIpAddresses", {
    NetworkInterfaceId: await makeEni(call, network, ["10.1.1.11"]),
    SecondaryPrivateIpAddressCount: 1,
  });
  assert.ok(await taskDone(call, grown));
  assert.equal(
    (await call("vpc", "DescribeTaskResult", { TaskId: Number(allocated.TaskId) })).TaskId,
    Number(allocated.TaskId),
  );
  await assertRefused(call, [
    ["vpc", "DescribeVpcTaskResult", { TaskId: allocated.TaskId }, "ResourceNotFound"],
    ["vpc", "DescribeVpcTaskResult", { TaskId: "no-such-task" }, "ResourceNotFound"],
    ["vpc", "DescribeTaskResult", { TaskId: 1 }, "InvalidParameter"],
    ["vpc", "DescribeTaskResult", {}, "MissingParameter"],
  ]);
});

/** What the cloud does not let anybody do, with the exact codes that clients decide by. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressesOf,
  attach,
  eipOf,
  eni,
  makeEni,
  makeInstance,
  makeNetwork,
  publicKey,
  taskDone,
  vip,
} from "../pair.ts";
import { cloudFor, list, refused, sdk, until } from "../support.ts";
import { HeldClock } from "../virtualClock.ts";

test("networks: ranges, overlaps, zones and names", async (t) => {
  const call = sdk(await cloudFor(t));
  const vpc = (CidrBlock: string, VpcName = "v") => call("vpc", "CreateVpc", { VpcName, CidrBlock });
  for (const cidr of [
    "10.0.0.0",
    "10.0.0.1/16",
    "10.0.0.0/8",
    "8.8.8.0/24",
    "10.0.0.0/29",
    "300.0.0.0/16",
    "10.16.0.0/16",
  ]) {
    assert.equal(await refused(vpc(cidr)), "InvalidParameterValue.Malformed", cidr);
  }
  assert.equal(await refused(vpc("10.0.0.0/16", "")), "InvalidParameterValue.Malformed");
  const { vpcId, subnetId } = await makeNetwork(call);
  const subnet = (CidrBlock: string, Zone = "ap-guangzhou-3") =>
    call("vpc", "CreateSubnet", { VpcId: vpcId, SubnetName: "s", CidrBlock, Zone });
  assert.equal(await refused(subnet("10.2.0.0/24")), "InvalidParameterValue.SubnetRange");
  assert.equal(await refused(subnet("10.1.1.128/25")), "InvalidParameterValue.SubnetConflict");
  assert.equal(await refused(subnet("10.1.2.0/24", "ap-shanghai-1")), "InvalidParameterValue");
  assert.equal(await refused(call("vpc", "DeleteVpc", { VpcId: "vpc-00000000" })), "ResourceNotFound");
  const described = await call("vpc", "DescribeVpcs", { Filters: [{ Name: "vpc-id", Values: ["vpc-00000000"] }] });
  assert.deepEqual([described.TotalCount, described.VpcSet], [0, []]);
  await assert.rejects(call("vpc", "DescribeSubnets", { Filters: [{ Name: "colour", Values: ["red"] }] }), {
    code: "InvalidParameter.FilterInvalidKey",
  });
  const { SubnetSet } = await call("vpc", "DescribeSubnets", { Filters: [{ Name: "subnet-id", Values: [subnetId] }] });
  assert.equal(list(SubnetSet)[0]?.AvailableIpAddressCount, 253);
});

test("two VPCs may use the same addresses", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const [one, other] = [await makeNetwork(call, "one"), await makeNetwork(call, "other")];
  const enis = [await makeEni(call, one, ["10.1.1.11", vip]), await makeEni(call, other, ["10.1.1.11", vip])];
  assert.equal(cloud.holderOf(one.vpcId, vip), enis[0]);
  assert.equal(cloud.holderOf(other.vpcId, vip), enis[1]);
});

test("ENI addresses: taken, reserved, outside, not given twice, found by suffix", async (t) => {
  const call = sdk(await cloudFor(t));
  const network = await makeNetwork(call);
  const id = await makeEni(call, network, ["10.1.1.11", "10.1.1.100", "10.1.1.10"]);
  const cases: [address: string[], code: string][] = [
    [["10.1.1.100"], "ResourceInUse"],
    [["10.1.1.0"], "InvalidParameterValue.Reserved"],
    [["10.1.1.1"], "InvalidParameterValue.Reserved"],
    [["10.1.1.255"], "InvalidParameterValue.Reserved"],
    [["10.1.2.9"], "InvalidParameterValue.Range"],
    [["10.1.1"], "InvalidParameterValue.Malformed"],
    [["10.1.1.30", "10.1.1.30"], "InvalidParameterValue"],
  ];
  for (const [addresses, code] of cases)
    assert.equal(await refused(makeEni(call, network, addresses)), code, addresses.join());
  const search = async (...Values: string[]) =>
    (await call("vpc", "DescribeNetworkInterfaces", { Filters: [{ Name: "address-ip", Values }] })).TotalCount;
  assert.equal(await search("1.100"), 1);
  assert.equal(await search("1.100", "10.1.1.77"), 0);
  assert.equal(
    await refused(
      call("vpc", "DescribeNetworkInterfaces", {
        NetworkInterfaceIds: [id],
        Filters: [{ Name: "vpc-id", Values: [network.vpcId] }],
      }),
    ),
    "InvalidParameter.Coexist",
  );
});

test("Assign cannot steal an address; Unassign drops the EIP", async (t) => {
  const call = sdk(await cloudFor(t));
  const network = await makeNetwork(call);
  const [a, b] = [await makeEni(call, network, ["10.1.1.11", vip]), await makeEni(call, network, ["10.1.1.12"])];
  const PrivateIpAddresses = [{ PrivateIpAddress: vip }];
  assert.equal(
    await refused(call("vpc", "AssignPrivateIpAddresses", { NetworkInterfaceId: b, PrivateIpAddresses })),
    "ResourceInUse",
  );
  const { AddressSet } = await call("vpc", "AllocateAddresses", { AddressType: "EIP" });
  const [eip] = AddressSet as [string];
  await until("UNBIND", async () => (await eipOf(call, eip))?.AddressStatus === "UNBIND");
  const bind = (NetworkInterfaceId: string) =>
    call("vpc", "AssociateAddress", { AddressId: eip, NetworkInterfaceId, PrivateIpAddress: vip });
  assert.equal(await refused(bind(b)), "InvalidParameterValue.PrivateIpAddressNotMatch");
  await bind(a);
  assert.equal(await refused(bind(a)), "UnsupportedOperation.AddressStatusNotPermit");
  await until("BIND_ENI", async () => (await eipOf(call, eip))?.AddressStatus === "BIND_ENI");
  assert.equal(await refused(bind(a)), "UnsupportedOperation.AddressStatusNotPermit");
  await taskDone(call, await call("vpc", "UnassignPrivateIpAddresses", { NetworkInterfaceId: a, PrivateIpAddresses }));
  assert.equal((await eipOf(call, eip))?.AddressStatus, "UNBIND");
  const assigned = await call("vpc", "AssignPrivateIpAddresses", { NetworkInterfaceId: b, PrivateIpAddresses });
  assert.equal(list(assigned.PrivateIpAddressSet)[0]?.State, "PENDING");
  await taskDone(call, assigned);
  assert.deepEqual(await addressesOf(call, b), { "10.1.1.12": "AVAILABLE", [vip]: "AVAILABLE" });
});

test("Migrate: wrong source, primary address, other subnet, unknown or malformed ENI", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const [a, b] = [await makeEni(call, network, ["10.1.1.11", vip]), await makeEni(call, network, ["10.1.1.12"])];
  const { Subnet } = await call("vpc", "CreateSubnet", {
    VpcId: network.vpcId,
    SubnetName: "far",
    CidrBlock: "10.1.2.0/24",
    Zone: "ap-guangzhou-3",
  });
  const far = await makeEni(call, { ...network, subnetId: (Subnet as { SubnetId: string }).SubnetId }, ["10.1.2.9"]);
  const migrate = (source: string, target: string, address: string) =>
    refused(
      call("vpc", "MigratePrivateIpAddress", {
        SourceNetworkInterfaceId: source,
        DestinationNetworkInterfaceId: target,
        PrivateIpAddress: address,
      }),
    );
  assert.equal(await migrate(b, a, vip), "UnauthorizedOperation.AttachmentNotFound");
  assert.equal(await migrate(a, a, vip), "UnauthorizedOperation.AttachmentNotFound");
  assert.equal(await migrate(a, b, "10.1.1.11"), "UnauthorizedOperation.PrimaryIp");
  assert.equal(await migrate(a, far, vip), "UnsupportedOperation");
  assert.equal(await migrate(a, "eni-00000000", vip), "ResourceNotFound");
  assert.equal(await migrate(a, "10.1.1.12", vip), "InvalidParameterValue.Malformed");
  cloud.faults.set({ wrongSourceCode: "UnsupportedOperation" });
  assert.equal(await migrate(b, a, vip), "UnsupportedOperation");
  assert.equal(await refused(call("vpc", "DescribeVpcTaskResult", { TaskId: "no-such-task" })), "ResourceNotFound");
  assert.deepEqual(await addressesOf(call, a), { "10.1.1.11": "AVAILABLE", [vip]: "AVAILABLE" });
});

test("attachments: one machine for each ENI, as many as the type allows, the same zone", async (t) => {
  const clock = new HeldClock();
  const call = sdk(await cloudFor(t, { clock }));
  const network = await makeNetwork(call);
  const node = await makeInstance(call, network, { InstanceType: "S5.SMALL2" });
  const other = await makeInstance(call, network);
  const [a, b] = [await makeEni(call, network, ["10.1.1.11", vip]), await makeEni(call, network, ["10.1.1.12"])];
  await attach(call, a, node);
  assert.equal(await refused(attach(call, a, other)), "UnsupportedOperation.AttachmentAlreadyExists");
  assert.equal(await refused(attach(call, b, node)), "LimitExceeded");
  assert.equal(
    await refused(call("vpc", "DetachNetworkInterface", { NetworkInterfaceId: a, InstanceId: other })),
    "UnsupportedOperation",
  );
  clock.hold();
  const started = await call("vpc", "DetachNetworkInterface", { NetworkInterfaceId: a, InstanceId: node });
  assert.equal((await eni(call, a)).State, "DETACHING");
  assert.equal(
    await refused(call("vpc", "DetachNetworkInterface", { NetworkInterfaceId: a, InstanceId: node })),
    "UnsupportedOperation.InvalidState",
  );
  clock.release();
  await taskDone(call, started);
  assert.deepEqual(
    await call("vpc", "DescribeNetworkInterfaceLimit", { InstanceId: node }).then((limit) => limit.EniQuantity),
    2,
  );
});

test("names and keys are unique in the account", async (t) => {
  const call = sdk(await cloudFor(t));
  const key = (KeyName: string, PublicKey: string) =>
    call("cvm", "ImportKeyPair", { KeyName, ProjectId: 0, PublicKey });
  await key("one", publicKey("one"));
  assert.equal(await refused(key("one", publicKey("two"))), "InvalidKeyPairName.Duplicate");
  assert.equal(await refused(key("two", publicKey("one"))), "InvalidPublicKey.Duplicate");
  assert.equal(await refused(key("with-hyphen", publicKey("three"))), "InvalidKeyPairNameIncludeIllegalChar");
  assert.equal(await refused(key("three", "ssh-ed25519 bm90IGEga2V5")), "InvalidPublicKey.Malformed");
  const PolicyDocument = JSON.stringify({
    version: "2.0",
    statement: [{ effect: "allow", action: ["name/sts:AssumeRole"], principal: { service: ["cvm.qcloud.com"] } }],
  });
  const role = () => call("cam", "CreateRole", { RoleName: "r", PolicyDocument });
  await role();
  assert.equal(await refused(role()), "InvalidParameter.RoleNameInUse");
  const allow = JSON.stringify({
    version: "2.0",
    statement: [{ effect: "allow", action: ["vpc:*"], resource: ["*"] }],
  });
  const policy = (document: string) => call("cam", "CreatePolicy", { PolicyName: "p", PolicyDocument: document });
  const { PolicyId } = await policy(allow);
  assert.equal(await refused(policy(allow)), "FailedOperation.PolicyNameInUse");
  await call("cam", "DeletePolicy", { PolicyId: [PolicyId] });
  assert.equal(await refused(call("cam", "GetPolicy", { PolicyId })), "ResourceNotFound.PolicyIdNotFound");
  assert.equal(await refused(policy("{")), "InvalidParameter.PolicyDocumentError");
});

test("instances: unknown parts, no public address without bandwidth, states", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const run = (more: Record<string, unknown>) => refused(makeInstance(call, network, more));
  assert.equal(await run({ ImageId: "img-00000000" }), "InvalidImageId.NotFound");
  assert.equal(await run({ InstanceType: "X1.HUGE" }), "InvalidParameterValue.InstanceTypeNotFound");
  assert.equal(await run({ CamRoleName: "nobody" }), "AuthFailure.CamRoleNameAuthenticateFailed");
  assert.equal(await run({ UserData: "not base64" }), "InvalidParameterValue.InvalidUserDataFormat");
  assert.equal(await run({ InternetAccessible: { PublicIpAssigned: true } }), "InvalidParameterCombination");
  assert.equal(await run({ Placement: { Zone: "ap-guangzhou-4" } }), "InvalidParameterValue.VpcIdZoneIdNotMatch");
  const id = await makeInstance(call, network, {
    InternetAccessible: { PublicIpAssigned: true, InternetMaxBandwidthOut: 5 },
  });
  const { InstanceSet } = await call("cvm", "DescribeInstances", { InstanceIds: [id] });
  assert.deepEqual(list(InstanceSet)[0]?.PublicIpAddresses, ["203.0.113.2"]);
  assert.equal(
    await refused(call("cvm", "StartInstances", { InstanceIds: [id] })),
    "UnsupportedOperation.InstanceStateRunning",
  );
  await call("cvm", "StopInstances", { InstanceIds: [id], StopType: "HARD" });
  await until("STOPPED", async () => {
    const { InstanceStatusSet } = await call("cvm", "DescribeInstancesStatus", { InstanceIds: [id] });
    return list(InstanceStatusSet)[0]?.InstanceState === "STOPPED";
  });
  await call("cvm", "TerminateInstances", { InstanceIds: [id] });
  assert.equal(
    await refused(call("cvm", "TerminateInstances", { InstanceIds: [id] })),
    "InvalidInstanceState.Terminating",
  );
  await cloud.settled();
  assert.equal(await refused(call("cvm", "TerminateInstances", { InstanceIds: [id] })), "InvalidInstanceId.NotFound");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createdAndDeleted, forbiddenActions } from "../../../lab/cloud/index.ts";
import { addressesOf, eipOf, eni, instance, makePair, taskDone, vip } from "../pair.ts";
import { cloudFor, list, refused, sdk, until } from "../support.ts";
import { HeldClock } from "../virtualClock.ts";

test("a pair lives: made, failed over with its EIP, removed, and nothing is left", async (t) => {
  const clock = new HeldClock();
  const cloud = await cloudFor(t, { clock });
  const call = sdk(cloud);
  const pair = await makePair(call);
  const [a, b] = pair.enis;

  const attached = await eni(call, a);
  assert.deepEqual((attached.Attachment as { InstanceId: string; DeviceIndex: number }).DeviceIndex, 1);
  assert.equal((await eipOf(call, pair.eipId))?.AddressStatus, "BIND");

  await t.test("the VIP moves as a task, MIGRATING on its old ENI meanwhile", async () => {
    clock.hold();
    const started = await call("vpc", "MigratePrivateIpAddress", {
      SourceNetworkInterfaceId: a,
      DestinationNetworkInterfaceId: b,
      PrivateIpAddress: vip,
    });
    assert.equal((await call("vpc", "DescribeVpcTaskResult", { TaskId: started.RequestId })).Status, "RUNNING");
    assert.deepEqual(await addressesOf(call, a), { "10.1.1.11": "AVAILABLE", [vip]: "MIGRATING" });
    assert.equal(
      await refused(
        call("vpc", "MigratePrivateIpAddress", {
          SourceNetworkInterfaceId: a,
          DestinationNetworkInterfaceId: b,
          PrivateIpAddress: vip,
        }),
      ),
      "UnsupportedOperation.MutexOperationTaskRunning",
    );
    clock.release();
    assert.equal(await taskDone(call, started), "SUCCESS");
    assert.deepEqual(await addressesOf(call, a), { "10.1.1.11": "AVAILABLE" });
    assert.deepEqual(await addressesOf(call, b), { "10.1.1.12": "AVAILABLE", [vip]: "AVAILABLE" });
  });

  await t.test("the EIP has followed", async () => {
    const eip = await eipOf(call, pair.eipId);
    assert.equal(eip?.NetworkInterfaceId, b);
    assert.equal(eip?.InstanceId, pair.instances[1]);
    assert.equal(eip?.AddressStatus, "BIND");
    const shown = list((await eni(call, b)).PrivateIpAddressSet).find((ip) => ip.PrivateIpAddress === vip);
    assert.equal(shown?.AddressId, pair.eipId);
    assert.equal(shown?.PublicIpAddress, eip?.AddressIp);
  });

  await t.test("what is in use cannot be removed", async () => {
    assert.equal(await refused(call("vpc", "DeleteVpc", { VpcId: pair.vpcId })), "ResourceInUse");
    assert.equal(await refused(call("vpc", "DeleteSubnet", { SubnetId: pair.subnetId })), "ResourceInUse");
    assert.equal(await refused(call("vpc", "DeleteSecurityGroup", { SecurityGroupId: pair.groupId })), "ResourceInUse");
    assert.equal(
      await refused(call("vpc", "DeleteNetworkInterface", { NetworkInterfaceId: b })),
      "UnsupportedOperation.InvalidState",
    );
    assert.equal(
      await refused(call("cvm", "DeleteDisasterRecoverGroups", { DisasterRecoverGroupIds: [pair.placementId] })),
      "FailedOperation.PlacementSetNotEmpty",
    );
    assert.equal(
      await refused(call("cvm", "DeleteKeyPairs", { KeyIds: [pair.keyId] })),
      "InvalidParameterValue.KeyPairNotSupported",
    );
    assert.equal(
      await refused(call("vpc", "ReleaseAddresses", { AddressIds: [pair.eipId] })),
      "UnsupportedOperation.AddressStatusNotPermit",
    );
  });

  await t.test("removal in the provider's order leaves nothing", async () => {
    for (const index of [0, 1]) {
      const request = { NetworkInterfaceId: pair.enis[index], InstanceId: pair.instances[index] };
      await taskDone(call, await call("vpc", "DetachNetworkInterface", request));
    }
    assert.equal((await eni(call, a)).Attachment, null);
    clock.hold();
    await call("cvm", "TerminateInstances", { InstanceIds: pair.instances });
    assert.equal((await instance(call, pair.instances[0]))?.InstanceState, "TERMINATING");
    clock.release();
    for (const id of pair.instances) await until(`the end of ${id}`, async () => !(await instance(call, id)));
    // The addresses stay in use a moment longer.
    assert.equal(await refused(call("vpc", "DeleteSubnet", { SubnetId: pair.subnetId })), "ResourceInUse");
    await call("vpc", "DisassociateAddress", { AddressId: pair.eipId });
    await until("UNBIND", async () => (await eipOf(call, pair.eipId))?.AddressStatus === "UNBIND");
    await call("vpc", "ReleaseAddresses", { AddressIds: [pair.eipId] });
    await until("the end of the EIP", async () => !(await eipOf(call, pair.eipId)));
    for (const id of pair.enis) await call("vpc", "DeleteNetworkInterface", { NetworkInterfaceId: id });
    await until("free addresses", async () => {
      const { TotalCount } = await call("vpc", "DescribeUsedIpAddress", { VpcId: pair.vpcId, SubnetId: pair.subnetId });
      return TotalCount === 0;
    });
    assert.equal(
      await refused(call("vpc", "DescribeNetworkInterfaces", { NetworkInterfaceIds: [a] })),
      "ResourceNotFound",
    );
    await call("vpc", "ModifySecurityGroupPolicies", {
      SecurityGroupId: pair.groupId,
      SecurityGroupPolicySet: { Version: "0" },
    });
    await call("vpc", "DeleteSecurityGroup", { SecurityGroupId: pair.groupId });
    await call("vpc", "DeleteSubnet", { SubnetId: pair.subnetId });
    await call("vpc", "DeleteVpc", { VpcId: pair.vpcId });
    await call("cvm", "DeleteDisasterRecoverGroups", { DisasterRecoverGroupIds: [pair.placementId] });
    await call("cvm", "DeleteKeyPairs", { KeyIds: [pair.keyId] });
    await call("cam", "DetachRolePolicy", { DetachRoleId: pair.roleId, PolicyId: pair.policyId });
    await call("cam", "DeletePolicy", { PolicyId: [pair.policyId] });
    await call("cam", "DeleteRole", { RoleId: pair.roleId });
    await cloud.settled();
    const { model } = cloud;
    for (const kind of [
      "vpcs",
      "subnets",
      "securityGroups",
      "enis",
      "eips",
      "instances",
      "keyPairs",
      "roles",
    ] as const) {
      assert.equal(model[kind].size, 0, kind);
    }
    assert.equal(model.policies.size + model.placementGroups.size, 0);
    assert.deepEqual(cloud.networks(), []);
  });

  const journal = cloud.journal();
  const { created, left } = createdAndDeleted(journal);
  assert.equal(created.length, 12);
  assert.deepEqual(left, []);
  assert.deepEqual(
    journal.filter(({ action }) => forbiddenActions.includes(action)),
    [],
  );
  assert.ok(!JSON.stringify(journal).includes(cloud.secretKey));
});

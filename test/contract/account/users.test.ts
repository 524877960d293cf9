/** Users of the account: keys that last, held down to a policy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused } from "../codes.ts";
import { makePair, taskDone, vip } from "../pair.ts";
import { cloudFor, type Json, list, refused, sdk, until } from "../support.ts";

/** As the provider makes one that does not log in. */
const asked = { Name: "pair", Remark: "Nodes of pair", UseApi: 0, ConsoleLogin: 0, NeedResetPassword: 1 };

test("a user's key may do what the user's policy says, and lasts until it is deleted", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const pair = await makePair(call);
  const made = await call("cam", "AddUser", asked);
  assert.deepEqual([made.SecretId, made.SecretKey, made.Password], ["", "", ""]);
  const TargetUin = made.Uin;
  const { Uin, Remark } = await call("cam", "GetUser", { Name: "pair" });
  assert.deepEqual([Uin, Remark], [TargetUin, "Nodes of pair"]);

  const key = (await call("cam", "CreateAccessKey", { TargetUin })).AccessKey as Json;
  const node = sdk(cloud, { secretId: String(key.AccessKeyId), secretKey: String(key.SecretAccessKey) });
  assert.equal(await refused(node("vpc", "DescribeNetworkInterfaces")), "UnauthorizedOperation");
  await call("cam", "AttachUserPolicy", { AttachUin: TargetUin, PolicyId: pair.policyId });
  const attached = await call("cam", "ListAttachedUserPolicies", { TargetUin, Page: 1, Rp: 100 });
  assert.deepEqual(
    list(attached.List).map(({ PolicyId }) => PolicyId),
    [pair.policyId],
  );
  await until("the policy is in force", () => node("vpc", "DescribeNetworkInterfaces").catch(() => false));
  const [a, b] = pair.enis;
  const migrate = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b, PrivateIpAddress: vip };
  assert.equal(await taskDone(node, await node("vpc", "MigratePrivateIpAddress", migrate)), "SUCCESS");
  assert.equal(cloud.journal().find(({ action }) => action === "MigratePrivateIpAddress")?.caller, "user:pair");
  assert.equal(await refused(node("vpc", "DescribeVpcs")), "UnauthorizedOperation");
  cloud.faults.set({ credentialsExpired: true });
  assert.equal((await node("vpc", "DescribeNetworkInterfaces")).TotalCount, 4, "no role's key");

  await t.test("a second key works beside the first: that is how one is renewed", async () => {
    const second = (await call("cam", "CreateAccessKey", { TargetUin })).AccessKey as Json;
    await refused(call("cam", "CreateAccessKey", { TargetUin }));
    const renewed = sdk(cloud, { secretId: String(second.AccessKeyId), secretKey: String(second.SecretAccessKey) });
    await call("cam", "DeleteAccessKey", { TargetUin, AccessKeyId: key.AccessKeyId });
    assert.equal((await renewed("vpc", "DescribeNetworkInterfaces")).TotalCount, 4);
    assert.equal(await refused(node("vpc", "DescribeNetworkInterfaces")), "AuthFailure.SecretIdNotFound");
    const left = list((await call("cam", "ListAccessKeys", { TargetUin })).AccessKeys);
    assert.deepEqual(
      left.map(({ AccessKeyId, Status }) => [AccessKeyId, Status]),
      [[second.AccessKeyId, "Active"]],
    );
    await call("cam", "UpdateAccessKey", { TargetUin, AccessKeyId: second.AccessKeyId, Status: "Inactive" });
    assert.equal(await refused(renewed("vpc", "DescribeNetworkInterfaces")), "AuthFailure.TokenFailure");
    await call("cam", "UpdateAccessKey", { TargetUin, AccessKeyId: second.AccessKeyId, Status: "Active" });
    await call("cam", "DetachUserPolicy", { DetachUin: TargetUin, PolicyId: pair.policyId });
    assert.equal(await refused(renewed("vpc", "DescribeNetworkInterfaces")), "UnauthorizedOperation");
  });

  await t.test("no secret is in the journal", () => {
    assert.ok(!JSON.stringify(cloud.journal()).includes(String(key.SecretAccessKey)));
  });
});

test("what is refused", async (t) => {
  const call = sdk(await cloudFor(t));
  const { Uin: TargetUin } = await call("cam", "AddUser", asked);
  await call("cam", "CreateAccessKey", { TargetUin });
  await call("cam", "CreateAccessKey", { TargetUin });
  await assertRefused(call, [
    ["cam", "AddUser", asked, "InvalidParameter.SubUserNameInUse"],
    ["cam", "AddUser", { ...asked, Name: "a b" }, "InvalidParameter.UserNameIllegal"],
    ["cam", "AddUser", { ...asked, Name: "c", ConsoleLogin: 1 }, "InvalidParameter.ParamError"],
    ["cam", "GetUser", { Name: "nobody" }, "ResourceNotFound.UserNotExist"],
    ["cam", "UpdateUser", { Name: "nobody" }, "ResourceNotFound.UserNotExist"],
    ["cam", "DeleteUser", { Name: "nobody" }, "ResourceNotFound.UserNotExist"],
    ["cam", "DeleteUser", { Name: "pair", Force: 0 }, "OperationDenied.HaveKeys"],
    ["cam", "CreateAccessKey", { TargetUin }, "OperationDenied.AccessKeyOverLimit"],
    ["cam", "CreateAccessKey", { TargetUin: 1 }, "InvalidParameter.UserNotExist"],
    ["cam", "ListAccessKeys", { TargetUin: 1 }, "InvalidParameter.UserNotExist"],
    ["cam", "DeleteAccessKey", { TargetUin, AccessKeyId: "AKIDx" }, "ResourceNotFound.SecretNotExist"],
    [
      "cam",
      "UpdateAccessKey",
      { TargetUin, AccessKeyId: "AKIDx", Status: "Active" },
      "ResourceNotFound.SecretNotExist",
    ],
    ["cam", "AttachUserPolicy", { AttachUin: TargetUin, PolicyId: 1 }, "InvalidParameter.PolicyIdNotExist"],
    ["cam", "DetachUserPolicy", { DetachUin: TargetUin, PolicyId: 1 }, "InvalidParameter.PolicyIdNotExist"],
    ["cam", "ListAttachedUserPolicies", { TargetUin: 1 }, "InvalidParameter.ParamError"],
  ]);
  await call("cam", "DeleteUser", { Name: "pair", Force: 1 });
  assert.equal(await refused(call("cam", "GetUser", { Name: "pair" })), "ResourceNotFound.UserNotExist");
});

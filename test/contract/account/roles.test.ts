/** Metadata, role credentials, and what a policy lets them do. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { allows, readPolicy } from "../../../lab/cloud/account/access/policy.ts";
import { startMetadata } from "../../../lab/cloud/index.ts";
import { policyFile } from "../../../scripts/deployPolicy.ts";
import { makeInstance, makePair, taskDone, vip } from "../pair.ts";
import { cloudFor, type Key, raw, refused, sdk } from "../support.ts";

test("a machine finds itself and its role's credentials, and may do with them what the policy says", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const pair = await makePair(call);
  const [a, b] = pair.enis;
  const { port } = await startMetadata(cloud, "127.0.0.1", 0, (local, remote) => {
    assert.deepEqual([local, remote], ["127.0.0.1", "127.0.0.1"]);
    return pair.instances[0];
  });
  const get = (path: string) => fetch(`http://127.0.0.1:${port}/latest/${path}`);
  const text = async (path: string) => (await get(path)).text();

  assert.equal(await text("meta-data/instance-id"), pair.instances[0]);
  assert.equal(await text("meta-data/local-ipv4"), "10.1.1.2");
  assert.equal(await text("meta-data/placement/region"), "ap-guangzhou");
  const macs = (await text("meta-data/network/interfaces/macs/")).split("\n");
  assert.equal(macs.length, 2);
  const second = `meta-data/network/interfaces/macs/${macs[1]}`;
  assert.equal(await text(`${second}primary-local-ipv4`), "10.1.1.11");
  assert.equal(await text(`${second}local-ipv4s/${vip}/gateway`), "10.1.1.1");
  assert.equal(await text(`${second}local-ipv4s/${vip}/subnet-mask`), "255.255.255.0");
  for (const path of ["meta-data/Instance-Id", "meta-data/eni-id", "user-data", "dynamic"]) {
    assert.equal((await get(path)).status, 404, path);
  }

  assert.equal(await text("meta-data/cam/security-credentials/"), "pair-role");
  const credentials = async (): Promise<Key> => {
    const got = JSON.parse(await text("meta-data/cam/security-credentials/pair-role"));
    assert.equal(got.Code, "Success");
    assert.ok(got.ExpiredTime > Date.now() / 1000 + 1800);
    return { secretId: got.TmpSecretId, secretKey: got.TmpSecretKey, token: got.Token };
  };
  const key = await credentials();
  const node = sdk(cloud, key);
  const migrate = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b, PrivateIpAddress: vip };

  assert.equal((await node("vpc", "DescribeNetworkInterfaces", {})).TotalCount, 4);
  assert.equal(await taskDone(node, await node("vpc", "MigratePrivateIpAddress", migrate)), "SUCCESS");
  assert.equal(cloud.journal().find(({ action }) => action === "MigratePrivateIpAddress")?.caller, "role:pair-role");

  await t.test("anything else is refused, bare UnauthorizedOperation", async () => {
    const unassign = { NetworkInterfaceId: a, PrivateIpAddresses: [{ PrivateIpAddress: "10.1.1.11" }] };
    assert.equal(await refused(node("vpc", "UnassignPrivateIpAddresses", unassign)), "UnauthorizedOperation");
    assert.equal(await refused(node("vpc", "DescribeVpcs")), "UnauthorizedOperation");
    const elsewhere = { ...migrate, DestinationNetworkInterfaceId: "eni-00000000" };
    assert.equal(await refused(node("vpc", "MigratePrivateIpAddress", elsewhere)), "UnauthorizedOperation");
  });

  await t.test("the token belongs to the key, and both end", async () => {
    const { secretId, secretKey } = key;
    assert.equal(
      await refused(sdk(cloud, { secretId, secretKey })("vpc", "DescribeNetworkInterfaces")),
      "AuthFailure.TokenFailure",
    );
    cloud.faults.set({ credentialsExpired: true });
    assert.equal(await refused(node("vpc", "DescribeNetworkInterfaces")), "AuthFailure.TokenFailure");
    const renewed = await credentials();
    assert.notEqual(renewed.secretId, secretId);
    await sdk(cloud, renewed)("vpc", "DescribeNetworkInterfaces");
  });

  await t.test("a caller whose clock is wrong may use them by the cloud's time, and they live no shorter", async () => {
    const hourS = 3600;
    cloud.faults.set({ clockSkewMs: hourS * 1000 });
    const cloudS = Math.floor(Date.now() / 1000) + hourS;
    const ask = { service: "vpc", action: "DescribeNetworkInterfaces", body: {}, key: await credentials() } as const;
    assert.equal((await raw(cloud, ask)).body.Response.Error?.Code, "AuthFailure.SignatureExpire");
    assert.equal((await raw(cloud, { ...ask, timestampS: cloudS })).body.Response.TotalCount, 4);
    const told = JSON.parse(await text("meta-data/cam/security-credentials/pair-role"));
    assert.ok(told.ExpiredTime > cloudS + 1800);
    cloud.faults.reset();
  });

  await t.test("without its policy the role may do nothing", async () => {
    const renewed = sdk(cloud, await credentials());
    await call("cam", "DetachRolePolicy", { DetachRoleId: pair.roleId, PolicyId: pair.policyId });
    assert.equal(await refused(renewed("vpc", "DescribeNetworkInterfaces")), "UnauthorizedOperation");
  });
});

test("policies: wildcards, regions, deny, and operations that need resource *", () => {
  const access = {
    services: ["vpc"],
    action: "MigratePrivateIpAddress",
    region: "ap-guangzhou",
    resources: ["eni/eni-a", "eni/eni-b"].map((name) => ({ services: ["vpc"], name })),
    uin: "1000",
    accountMayBeEmpty: true,
  };
  const describe = { ...access, action: "DescribeNetworkInterfaces", resources: [] };
  const judge = (statement: object[], what: typeof access = access) =>
    allows(readPolicy(JSON.stringify({ version: "2.0", statement })), what);
  const allow = (action: string | string[], ...resource: string[]) => ({ effect: "allow", action, resource });

  assert.ok(
    judge([allow("vpc:MigratePrivateIpAddress", "qcs::vpc:ap-guangzhou:uin/1000:eni/eni-a", "qcs::vpc:::eni/eni-b")]),
  );
  assert.ok(judge([allow("name/vpc:Migrate*", "qcs::vpc:*:*:eni/*")]));
  assert.ok(judge([allow("*", "*")]));
  assert.ok(!judge([allow("vpc:MigratePrivateIpAddress", "qcs::vpc:::eni/eni-a")]), "the second ENI is not covered");
  assert.ok(!judge([allow("vpc:MigratePrivateIpAddress", "qcs::vpc:ap-shanghai::eni/*")]), "another region");
  assert.ok(!judge([allow("vpc:MigratePrivateIpAddress", "qcs::vpc::uin/2000:eni/*")]), "another account");
  assert.ok(!judge([allow("cvm:*", "*")]), "another service");
  assert.ok(!judge([allow("vpc:*", "*"), { effect: "deny", action: "vpc:Migrate*", resource: "*" }]), "deny wins");
  assert.ok(judge([allow("vpc:Describe*", "*")], describe));
  assert.ok(
    !judge([allow("vpc:Describe*", "qcs::vpc:::eni/*")], describe),
    "an operation is not covered by a resource",
  );
});

test("a policy names actions that there are", async (t) => {
  const call = sdk(await cloudFor(t));
  let count = 0;
  const create = (...action: string[]) => {
    const PolicyDocument = JSON.stringify({
      version: "2.0",
      statement: [{ effect: "allow", action, resource: ["*"] }],
    });
    count += 1;
    return call("cam", "CreatePolicy", { PolicyName: `p${count}`, PolicyDocument });
  };
  const deployed = JSON.parse(readFileSync(policyFile, "utf8")) as { statement: { action: string[] }[] };
  await create(...(deployed.statement[0]?.action ?? []));
  await create("name/vpc:Migrate*", "vpc:CreateHaVip", "cvm:AssociateAddress", "cam:PassRole", "sts:*");
  assert.equal(await refused(create("vpc:MigratePrivateIpAdress")), "InvalidParameter.ActionNotExist");
  assert.equal(await refused(create("vpc:DescribeVpcs", "cvm:Reboots*")), "InvalidParameter.ActionNotExist");
  assert.equal(await refused(create("vcp:*")), "InvalidParameter.ActionServiceNotExist");
  assert.equal(await refused(create("constructor:*")), "InvalidParameter.ActionServiceNotExist");
});

test("who gives a machine a role must be allowed to", async (t) => {
  const cloud = await cloudFor(t);
  const { vpcId, subnetId, groupId } = await makePair(sdk(cloud));
  const run = async (...may: object[]) => {
    const statement = [{ effect: "allow", action: "cvm:RunInstances", resource: "*" }, ...may];
    const Policy = encodeURIComponent(JSON.stringify({ version: "2.0", statement }));
    const { Credentials } = await sdk(cloud)("sts", "GetFederationToken", { Name: "n", Policy });
    const { TmpSecretId = "", TmpSecretKey = "", Token = "" } = Credentials as Record<string, string>;
    const call = sdk(cloud, { secretId: TmpSecretId, secretKey: TmpSecretKey, token: Token });
    return (CamRoleName?: string) => makeInstance(call, { vpcId, subnetId, groupId }, { CamRoleName });
  };
  const described = { effect: "allow", action: "cvm:DescribeInstances", resource: "*" };
  const pass = (...resource: string[]) => ({ effect: "allow", action: "cam:PassRole", resource });
  await (await run(described))();
  assert.equal(await refused((await run(described))("pair-role")), "UnauthorizedOperation");
  const another = pass("qcs::cam::uin/100000000001:roleName/other");
  assert.equal(await refused((await run(described, another))("pair-role")), "UnauthorizedOperation");
  await (await run(described, pass("qcs::cam::uin/100000000001:roleName/pair-*")))("pair-role");
  await (await run(described, pass("*")))("pair-role");
});

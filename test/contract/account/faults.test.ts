/** The cloud on a bad day. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesOf, eipOf, eni, makeEni, makeNetwork, makePair, taskDone, vip } from "../pair.ts";
import { cloudFor, raw, refused, sdk, until } from "../support.ts";

const describe = { service: "vpc", action: "DescribeVpcs", body: {} } as const;

test("the API is down, then up again", async (t) => {
  const cloud = await cloudFor(t);
  cloud.faults.set({ apiDown: true });
  await assert.rejects(raw(cloud, describe), /ECONNRESET|ECONNREFUSED|socket hang up/);
  assert.deepEqual(cloud.journal(), []);
  cloud.faults.set({ apiDown: "hang" });
  const hanging = raw(cloud, describe).then(
    () => "answered",
    () => "cut",
  );
  assert.equal(
    await Promise.race([hanging, new Promise((done) => setTimeout(done, 150, "still waiting"))]),
    "still waiting",
  );
  cloud.faults.reset();
  assert.deepEqual((await raw(cloud, describe)).body.Response.VpcSet, []);
});

test("calls are throttled: the next ones, or a share of all", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  cloud.faults.set({ throttleNext: 1 });
  assert.equal(await refused(call("vpc", "DescribeVpcs")), "RequestLimitExceeded");
  await call("vpc", "DescribeVpcs");
  cloud.faults.set({ throttlePercent: 100 });
  assert.equal(await refused(call("vpc", "DescribeVpcs")), "RequestLimitExceeded");
});

test("one call of an action fails with a given code", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  cloud.faults.set({ errorOnce: [{ action: "DescribeSubnets", code: "InternalError" }] });
  await call("vpc", "DescribeVpcs");
  assert.equal(await refused(call("vpc", "DescribeSubnets")), "InternalError");
  await call("vpc", "DescribeSubnets");
});

test("a lost reply: the thing is there, the caller doesn't know", async (t) => {
  const cloud = await cloudFor(t);
  cloud.faults.set({ replyLost: ["CreateVpc"] });
  const create = { service: "vpc", action: "CreateVpc", body: { VpcName: "v", CidrBlock: "10.0.0.0/16" } } as const;
  await assert.rejects(raw(cloud, create), /ECONNRESET|socket hang up/);
  assert.equal(cloud.model.vpcs.size, 1);
  assert.deepEqual(cloud.journal()[0]?.created, [...cloud.model.vpcs.keys()]);
});

test("a task that fails moves nothing", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const [a, b] = [await makeEni(call, network, ["10.1.1.11", vip]), await makeEni(call, network, ["10.1.1.12"])];
  cloud.faults.set({ failTask: ["MigratePrivateIpAddress"] });
  const request = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b, PrivateIpAddress: vip };
  assert.equal(await taskDone(call, await call("vpc", "MigratePrivateIpAddress", request)), "FAILED");
  assert.equal((await addressesOf(call, a))[vip], "AVAILABLE");
  assert.equal(await taskDone(call, await call("vpc", "MigratePrivateIpAddress", request)), "SUCCESS");
  assert.equal(cloud.holderOf(network.vpcId, vip), b);
});

test("a task that is stuck keeps its ENIs locked until it is let go, and moves nothing", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const [a, b] = [await makeEni(call, network, ["10.1.1.11", vip]), await makeEni(call, network, ["10.1.1.12"])];
  cloud.faults.set({ stuckTask: ["MigratePrivateIpAddress"] });
  const request = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b, PrivateIpAddress: vip };
  const stuck = await call("vpc", "MigratePrivateIpAddress", request);
  const [c, d] = [
    await makeEni(call, network, ["10.1.1.13", "10.1.1.14"]),
    await makeEni(call, network, ["10.1.1.15"]),
  ];
  const later = { SourceNetworkInterfaceId: c, DestinationNetworkInterfaceId: d, PrivateIpAddress: "10.1.1.14" };
  assert.equal(await taskDone(call, await call("vpc", "MigratePrivateIpAddress", later)), "SUCCESS");
  assert.equal((await addressesOf(call, a))[vip], "MIGRATING", "after a later move has ended");
  assert.equal(
    await refused(call("vpc", "MigratePrivateIpAddress", request)),
    "UnsupportedOperation.MutexOperationTaskRunning",
  );
  cloud.faults.reset();
  assert.equal(await taskDone(call, stuck), "FAILED");
  assert.equal(cloud.holderOf(network.vpcId, vip), a);
});

test("an EIP that is left behind serves nobody until it is bound again", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const pair = await makePair(call);
  const [a, b] = pair.enis;
  cloud.faults.set({ eipLeftBehind: true });
  const request = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b, PrivateIpAddress: vip };
  await taskDone(call, await call("vpc", "MigratePrivateIpAddress", request));
  assert.equal((await eipOf(call, pair.eipId))?.NetworkInterfaceId, a);
  assert.deepEqual(cloud.networks()[0]?.publicAddresses, []);
  await call("vpc", "DisassociateAddress", { AddressId: pair.eipId });
  await until("UNBIND", async () => (await eipOf(call, pair.eipId))?.AddressStatus === "UNBIND");
  await call("vpc", "AssociateAddress", { AddressId: pair.eipId, NetworkInterfaceId: b, PrivateIpAddress: vip });
  await until("BIND", async () => (await eipOf(call, pair.eipId))?.AddressStatus === "BIND");
  const publicIp = (await eipOf(call, pair.eipId))?.AddressIp;
  assert.deepEqual(cloud.networks()[0]?.publicAddresses, [{ publicIp, privateIp: vip }]);
});

test("a skewed clock refuses honest callers and shows itself in Date", async (t) => {
  const cloud = await cloudFor(t);
  cloud.faults.set({ clockSkewMs: 10 * 60_000 });
  const answer = await raw(cloud, describe);
  assert.equal(answer.body.Response.Error?.Code, "AuthFailure.SignatureExpire");
  const serverS = Math.floor(Date.parse(String(answer.headers.date)) / 1000);
  assert.deepEqual((await raw(cloud, { ...describe, timestampS: serverS })).body.Response.VpcSet, []);
});

test("an unknown ENI is an error or an empty set, as set", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  assert.equal(await refused(eni(call, "eni-00000000")), "ResourceNotFound");
  cloud.faults.set({ unknownEni: "empty" });
  const answer = await call("vpc", "DescribeNetworkInterfaces", { NetworkInterfaceIds: ["eni-00000000"] });
  assert.deepEqual(answer.NetworkInterfaceSet, []);
});

test("metadata is down, then up again", async (t) => {
  const cloud = await cloudFor(t);
  const { port } = await cloud.startMetadata("127.0.0.1", 0, () => null);
  const url = `http://127.0.0.1:${port}/latest/meta-data/`;
  cloud.faults.set({ metadataDown: true });
  await assert.rejects(fetch(url));
  cloud.faults.reset();
  assert.equal((await fetch(url)).status, 404);
});

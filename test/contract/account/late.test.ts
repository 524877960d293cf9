/** What the cloud says or allows only a while after it was told: the provider's waits show it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startMetadata } from "../../../lab/cloud/index.ts";
import { makeInstance, makeNetwork, makePair, vip } from "../pair.ts";
import { type Call, cloudFor, type Json, list, raw, refused, sdk, until } from "../support.ts";
import { VirtualClock } from "../virtualClock.ts";

const aDayMs = 86_400_000;

test("the tag service knows a new machine's tags a while after the machine", async (t) => {
  const cloud = await cloudFor(t, { delaysMs: { tags: aDayMs } });
  const call = sdk(cloud);
  const { vpcId, subnetId, groupId } = await makePair(call);
  const tagged = () =>
    makeInstance(
      call,
      { vpcId, subnetId, groupId },
      { TagSpecification: [{ ResourceType: "instance", Tags: [{ Key: "project", Value: "vip" }] }] },
    );
  const tags = async (id: string) => {
    const asked = { ServiceType: "cvm", ResourcePrefix: "instance", ResourceIds: [id], ResourceRegion: cloud.region };
    return list((await call("tag", "DescribeResourceTagsByResourceIds", asked)).Tags);
  };
  assert.deepEqual(await tags(await tagged()), []);
  cloud.model.delays.tags = 0;
  const later = await tagged();
  const [tag] = await until("its tag", async () => ((await tags(later)).length > 0 ? tags(later) : undefined));
  assert.equal(tag?.TagKey, "project");
});

test("a policy is in force a while after it was attached or changed", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const pair = await makePair(call);
  const { delays } = cloud.model;
  const { port } = await startMetadata(cloud, "127.0.0.1", 0, () => pair.instances[0]);
  const got = await fetch(`http://127.0.0.1:${port}/latest/meta-data/cam/security-credentials/pair-role`);
  const { TmpSecretId, TmpSecretKey, Token } = (await got.json()) as Record<string, string>;
  const node = sdk(cloud, { secretId: TmpSecretId ?? "", secretKey: TmpSecretKey ?? "", token: Token ?? "" });
  const look = () => node("vpc", "DescribeNetworkInterfaces");
  const document = (action: string) =>
    JSON.stringify({ version: "2.0", statement: [{ effect: "allow", action, resource: "*" }] });

  delays.grant = aDayMs;
  assert.equal(await refused(look()), "UnauthorizedOperation");
  delays.grant = 0;
  await look();

  delays.grant = aDayMs;
  const policy = [...cloud.model.policies.values()][0];
  const role = [...cloud.model.roles.values()][0];
  assert.ok(policy && role);
  policy.updatedMs -= aDayMs;
  role.policies.set(policy.id, policy.updatedMs);
  await call("cam", "UpdatePolicy", { PolicyId: pair.policyId, PolicyDocument: document("vpc:DescribeVpcs") });
  await look();
  delays.grant = 0;
  assert.equal(await refused(look()), "UnauthorizedOperation");
});

test("a look may show addresses as they were a moment ago, and the truth is told by nothing else", async (t) => {
  const clock = new VirtualClock(Date.now());
  const cloud = await cloudFor(t, { clock, delaysMs: { migrate: 2500 } });
  const timestamps = () => ({ timestampS: Math.floor(clock.now() / 1000) });
  const call: Call = async (service, action, body = {}) =>
    (await raw(cloud, { service, action, body, ...timestamps() })).body.Response;
  const pass = (ms: number) => clock.advanceTo(clock.now() + ms);
  const made = async (answer: Promise<Json>): Promise<Json> => {
    const content = await answer;
    assert.equal(content.Error, undefined);
    await pass(3000);
    return content;
  };
  const { vpcId, subnetId } = await makeNetwork(call);
  const enis = [];
  for (const addresses of [["10.1.1.10", vip], ["10.1.1.11"]]) {
    const PrivateIpAddresses = addresses.map((PrivateIpAddress, n) => ({ PrivateIpAddress, Primary: n === 0 }));
    const request = { VpcId: vpcId, SubnetId: subnetId, NetworkInterfaceName: "node", PrivateIpAddresses };
    const { NetworkInterface } = await made(call("vpc", "CreateNetworkInterface", request));
    enis.push(String((NetworkInterface as Json).NetworkInterfaceId));
  }
  const [a = "", b = ""] = enis;
  const [AddressId] = (await made(call("vpc", "AllocateAddresses"))).AddressSet as string[];
  await made(call("vpc", "AssociateAddress", { AddressId, NetworkInterfaceId: a, PrivateIpAddress: vip }));

  /** Where the VIP shows, its state there, and its EIP. */
  const shown = async (filter?: Json) => {
    const answer = await call("vpc", "DescribeNetworkInterfaces", filter ? { Filters: [filter] } : {});
    return list(answer.NetworkInterfaceSet).flatMap((eni) =>
      list(eni.PrivateIpAddressSet)
        .filter(({ PrivateIpAddress }) => PrivateIpAddress === vip)
        .map((ip) => [eni.NetworkInterfaceId === a ? "a" : "b", ip.State, ip.AddressId === AddressId]),
    );
  };
  cloud.faults.behave({ staleReadMs: 400 });
  const ids = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b };
  const { RequestId: TaskId } = await call("vpc", "MigratePrivateIpAddress", { ...ids, PrivateIpAddress: vip });
  await pass(399);
  assert.deepEqual(await shown(), [["a", "AVAILABLE", true]]);
  await pass(1);
  assert.deepEqual(await shown(), [["a", "MIGRATING", true]]);
  await pass(2100);
  assert.equal((await call("vpc", "DescribeVpcTaskResult", { TaskId })).Status, "SUCCESS");
  assert.equal(cloud.holderOf(vpcId, vip), b);
  for (const filter of [undefined, { Name: "address-ip", Values: [vip] }]) {
    assert.deepEqual(await shown(filter), [["a", "MIGRATING", true]]);
  }
  await pass(399);
  assert.deepEqual(await shown(), [["a", "MIGRATING", true]]);
  await pass(1);
  assert.deepEqual(await shown(), [["b", "AVAILABLE", true]]);
  assert.deepEqual(await shown({ Name: "address-ip", Values: [vip] }), [["b", "AVAILABLE", true]]);
});

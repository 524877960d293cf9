/** What the cloud says or allows only a while after it was told: the provider's waits show it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startMetadata } from "../../lab/cloud/index.ts";
import { makeInstance, makePair } from "./pair.ts";
import { cloudFor, list, refused, sdk, until } from "./support.ts";

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

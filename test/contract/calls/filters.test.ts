/** Filters: all that the API's description has and no other, in the forms that it gives. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { makeEni, makeNetwork, makePair, publicKey, vip } from "../pair.ts";
import { type Call, cloudFor, type Json, list, refused, type Service, sdk } from "../support.ts";

const sdkFolder = dirname(createRequire(import.meta.url).resolve("tencentcloud-sdk-nodejs/package.json"));

/** The names of an action's filters, from the comment of its request in the vendor's SDK. */
function documented(service: Service, version: string, action: string): string[] {
  const file = join(sdkFolder, `tencentcloud/services/${service}/${version}/${service}_models.d.ts`);
  const text = readFileSync(file, "utf8");
  const request = new RegExp(`export interface ${action}Request \\{([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? "";
  const comment = request.slice(0, request.indexOf("Filters?")).split("/**").at(-1) ?? "";
  const plain = comment.replace(/<p style[\s\S]*?<\/p>/g, "\n").replace(/<[^>]*>/g, "\n");
  // Each stands at the beginning of a line, alone or before its type or its meaning; some stand first after a sentence.
  const names = [...plain.matchAll(/(?:^|\n)[\s*]*([a-z0-9]+(?:[-.:][a-z0-9-]+)*)\s*(?= -|：|\s*\n|$)/g)];
  return [...new Set(names.map(([, name = ""]) => name))].map((name) => name.replace("tag:tag-key", "tag:project"));
}

const actions: [service: Service, version: string, action: string, some: string[]][] = [
  ["vpc", "v20170312", "DescribeNetworkInterfaces", ["eni-qos", "public-address-ip", "termination-protection"]],
  ["vpc", "v20170312", "DescribeVpcs", ["is-default", "cidr-block", "tag:project"]],
  ["vpc", "v20170312", "DescribeSubnets", ["is-remote-vpc-snat", "is-cdc-subnet", "tag-key"]],
  ["vpc", "v20170312", "DescribeSecurityGroups", ["project-id", "tag-key"]],
  ["vpc", "v20170312", "DescribeAddresses", ["is-arrears", "instance-type", "address-isp", "tag-value"]],
  ["vpc", "v20170312", "DescribeRouteTables", ["route-table-name", "visible", "next-hop-type"]],
  ["vpc", "v20170312", "DescribeReserveIpAddresses", ["state", "resource-id", "ip-type"]],
  ["vpc", "v20170312", "DescribeBandwidthPackages", ["network-type", "resource.address-ip"]],
  ["vpc", "v20170312", "DescribeUsedIpAddress", ["ip-addresses", "resource-id"]],
  ["cvm", "v20170312", "DescribeInstances", ["uuid", "host-id", "creation-start-time", "tag-value"]],
  ["cvm", "v20170312", "DescribeKeyPairs", ["project-id", "tag-value"]],
  ["cvm", "v20170312", "DescribeDisasterRecoverGroups", ["tag-value"]],
  ["cvm", "v20170312", "DescribeImages", ["platform", "cdc-cache-status"]],
  ["cvm", "v20170312", "DescribeZoneInstanceConfigInfos", ["instance-family", "sort-keys"]],
  ["cbs", "v20170312", "DescribeDisks", ["disk-charge-type", "portable", "instance-ip-address"]],
];

for (const [service, version, action, some] of actions) {
  test(`${action} takes every filter of its description, and no other`, async (t) => {
    const names = documented(service, version, action);
    for (const name of some) assert.ok(names.includes(name), `${name} was not found in the description: ${names}`);
    const call = sdk(await cloudFor(t));
    const { vpcId } = await makeNetwork(call);
    const needed = action === "DescribeUsedIpAddress" ? { VpcId: vpcId } : {};
    const filtered = (Name: string) => call(service, action, { ...needed, Filters: [{ Name, Values: ["cpu:asc"] }] });
    for (const name of names) await filtered(name).catch((error) => assert.fail(`${name}: ${error}`));
    for (const name of ["constructor", "__proto__", "toString", "colour", "VpcId", "tag"]) {
      assert.match(await refused(filtered(name)), /Filter|^InvalidParameterValue/, name);
    }
  });
}

const ids = async (call: Call, action: string, set: string, id: string, ...filters: [string, ...string[]][]) => {
  const Filters = filters.map(([Name, ...Values]) => ({ Name, Values }));
  const service = action === "DescribeInstances" || action === "DescribeKeyPairs" ? "cvm" : "vpc";
  return list((await call(service, action, { Filters }))[set]).map((thing: Json) => thing[id]);
};

test("networks are found by a part of a VPC's name, and by a block as the description writes it", async (t) => {
  const call = sdk(await cloudFor(t));
  const { vpcId, subnetId } = await makeNetwork(call, "first");
  const other = await call("vpc", "CreateVpc", { VpcName: "second", CidrBlock: "10.2.0.0/16" });
  const vpcs = (...filters: [string, ...string[]][]) => ids(call, "DescribeVpcs", "VpcSet", "VpcId", ...filters);
  assert.deepEqual(await vpcs(["vpc-name", "irst-v"]), [vpcId]);
  assert.deepEqual(await vpcs(["cidr-block", "10.2.0.0/16"]), [(other.Vpc as Json).VpcId]);
  assert.deepEqual(await vpcs(["is-default", "true"]), []);
  assert.equal((await vpcs(["is-default", "false"], ["vpc-name", "e"])).length, 1);
  const subnets = (block: string) => ids(call, "DescribeSubnets", "SubnetSet", "SubnetId", ["cidr-block", block]);
  assert.deepEqual(await subnets("10.1.1.0"), [subnetId]);
  assert.deepEqual(await subnets("10.1.1.0/24"), [subnetId]);
  assert.deepEqual(await subnets("10.1.2.0"), []);
});

test("ENIs, EIPs and machines are found by what they have", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const pair = await makePair(call);
  const eip = cloud.model.eips.get(pair.eipId)?.publicIp ?? "";
  const enis = (...filters: [string, ...string[]][]) =>
    ids(call, "DescribeNetworkInterfaces", "NetworkInterfaceSet", "NetworkInterfaceId", ...filters);
  assert.deepEqual(await enis(["public-address-ip", eip]), [pair.enis[0]]);
  assert.deepEqual(await enis(["tag:project", "vip"], ["is-primary", "false"]), pair.enis);
  assert.deepEqual(await enis(["tag-key", "project"], ["address-ip", vip]), [pair.enis[0]]);
  assert.deepEqual(await enis(["eni-qos", "PT"]), []);
  const eips = (...filters: [string, ...string[]][]) =>
    ids(call, "DescribeAddresses", "AddressSet", "AddressId", ...filters);
  assert.deepEqual(await eips(["instance-type", "CVM"], ["is-arrears", "FALSE"]), [pair.eipId]);
  assert.deepEqual(await eips(["instance-type", "ENI"]), []);
  assert.deepEqual(await eips(["private-ip-address", vip, "10.1.1.12"]), [pair.eipId]);
  assert.deepEqual(await eips(["private-ip-address", "10.1.1.12", vip]), [], "the first value counts alone");
  const free = await makeEni(call, pair, ["10.1.1.30"]);
  const made = await call("vpc", "AllocateAddresses", { Tags: [{ Key: "team", Value: "net" }] });
  const [second] = made.AddressSet as string[];
  await call("vpc", "DescribeTaskResult", { TaskId: Number(made.TaskId) });
  assert.deepEqual(await eips(["tag-value", "net"]), [second]);
  await cloud.settled();
  await call("vpc", "AssociateAddress", {
    AddressId: second,
    NetworkInterfaceId: free,
    PrivateIpAddress: "10.1.1.30",
  });
  await cloud.settled();
  assert.deepEqual(await eips(["instance-type", "ENI"]), [second]);
  const machines = (...filters: [string, ...string[]][]) =>
    ids(call, "DescribeInstances", "InstanceSet", "InstanceId", ...filters);
  const uuid = cloud.model.instances.get(pair.instances[0])?.uuid ?? "";
  assert.deepEqual(await machines(["uuid", uuid]), [pair.instances[0]]);
  assert.equal((await machines(["creation-start-time", "2023-06-01 00:00:00"])).length, 2);
  assert.equal((await machines(["creation-end-time", "2023-06-01 00:00:00"])).length, 0);
  await call("cvm", "ImportKeyPair", { KeyName: "other", ProjectId: 7, PublicKey: publicKey("other") });
  const keys = await ids(call, "DescribeKeyPairs", "KeyPairSet", "KeyName", ["project-id", "7"]);
  assert.deepEqual(keys, ["other"]);
});

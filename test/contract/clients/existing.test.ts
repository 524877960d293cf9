/** What is looked up of an existing network, asked of the local cloud as the provider asks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { NetworkFacts, PlaceSettings } from "../../../components/lookups/facts.ts";
import { lookUpNetwork } from "../../../components/lookups/network.ts";
import type { Cloud } from "../../../lab/cloud/index.ts";
import { connect } from "../../../lab/engine/client.ts";
import { lookUp } from "../../../lab/engine/resources/table.ts";
import { attach, makeEni, makeInstance, makeNetwork } from "../pair.ts";
import { type Call, cloudFor, sdk, until } from "../support.ts";

/** Looks the settings up in the cloud, for the pair `pair`. */
async function facts(cloud: Cloud, wanted: Partial<PlaceSettings>): Promise<NetworkFacts> {
  const tools = { call: connect(cloud), progress: () => {}, sshKeyFile: "" };
  await pulumi.runtime.setMocks({
    newResource: () => assert.fail("nothing is made"),
    call: ({ token, inputs }) => lookUp(token, inputs as Record<string, unknown>, tools),
  });
  return lookUpNetwork({ vip: "10.1.1.100", nodeAddresses: {}, securityGroupIds: [], ...wanted }, "pair");
}

const named = (call: Call, NetworkInterfaceId: string, NetworkInterfaceName: string) =>
  call("vpc", "ModifyNetworkInterfaceAttribute", { NetworkInterfaceId, NetworkInterfaceName });

async function makeEip(call: Call): Promise<string> {
  const [eipId = ""] = (await call("vpc", "AllocateAddresses", { AddressName: "theirs" })).AddressSet as string[];
  await until("the EIP", async () => (await statusOf(call, eipId)) === "UNBIND");
  return eipId;
}
const statusOf = async (call: Call, eipId: string) =>
  ((await call("vpc", "DescribeAddresses", { AddressIds: [eipId] })).AddressSet as Record<string, unknown>[])[0]
    ?.AddressStatus;

test("an existing subnet with its VPC, group and EIP, and who has which address", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const { vpcId, subnetId, groupId } = network;
  const [neighbour, eipId] = [await makeEni(call, network, ["10.1.1.16", "10.1.1.100"]), await makeEip(call)];
  const found = await facts(cloud, { subnetId, securityGroupIds: [groupId], publicIpId: eipId });
  assert.deepEqual(found.vpc, { id: vpcId, cidrs: ["10.1.0.0/16"] });
  assert.partialDeepStrictEqual(found.subnet, { id: subnetId, vpcId, zone: "ap-guangzhou-3", cidr: "10.1.1.0/24" });
  // Of 256 the cloud keeps three, the neighbour has two.
  assert.equal(found.subnet?.free, 251);
  assert.deepEqual(found.used, [{ address: "10.1.1.100", kind: "ENI", id: neighbour }]);
  assert.deepEqual(found.free, ["10.1.1.17", "10.1.1.18"]);
  assert.deepEqual([found.missingGroups, found.own], [[], []]);
  assert.partialDeepStrictEqual(found.eip, { id: eipId, status: "UNBIND", boundTo: "" });
});

test("what is not there is told apart from what nobody asked for", async (t) => {
  const cloud = await cloudFor(t);
  await makeNetwork(sdk(cloud));
  const [vpcId, subnetId, groupId, eipId] = ["vpc-0000000x", "subnet-0000000x", "sg-0000000x", "eip-0000000x"];
  const nothing = await facts(cloud, { vpcId, subnetId, securityGroupIds: [groupId], publicIpId: eipId });
  assert.deepEqual([nothing.vpc, nothing.subnet, nothing.eip], [null, null, null]);
  assert.deepEqual(nothing.missingGroups, [groupId]);
  const before = cloud.journal().length;
  const unasked = await facts(cloud, { zone: "ap-guangzhou-3" });
  assert.deepEqual([unasked.vpc, unasked.subnet, unasked.eip], [undefined, undefined, undefined]);
  const asked = cloud.journal().slice(before);
  assert.deepEqual(
    asked.map(({ action }) => action),
    ["DescribeNetworkInterfaces", "DescribeNetworkInterfaces"],
    "a pair in a network of its own asks for its ENIs alone",
  );
});

test("a VPC for a new subnet, with the subnets that are in it", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const { vpcId, subnetId } = await makeNetwork(call);
  await makeNetwork(call, "other");
  const { neighbours, used, free } = await facts(cloud, { vpcId, subnetCidr: "10.1.2.0/24" });
  assert.deepEqual(
    neighbours.map(({ id, cidr }) => [id, cidr]),
    [[subnetId, "10.1.1.0/24"]],
  );
  assert.deepEqual([used, free], [[], []]);
});

test("a running pair's own ENIs and EIP are known as its own", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const [a, eipId] = [await makeEni(call, network, ["10.1.1.21", "10.1.1.100"]), await makeEip(call)];
  const instanceId = await makeInstance(call, network);
  await attach(call, a, instanceId);
  await named(call, a, "pair-a");
  await named(call, await makeEni(call, network, ["10.1.1.22"]), "pair-ab");
  const bind = { AddressId: eipId, NetworkInterfaceId: a, PrivateIpAddress: "10.1.1.100" };
  await call("vpc", "AssociateAddress", bind);
  await until("the EIP being bound", async () => /^BIND(_ENI)?$/.test(String(await statusOf(call, eipId))));
  const { own, eip } = await facts(cloud, { subnetId: network.subnetId, publicIpId: eipId });
  const addresses = ["10.1.1.21", "10.1.1.100"];
  assert.deepEqual(own, [{ node: "a", id: a, instanceId, primary: "10.1.1.21", addresses }]);
  assert.equal(eip?.boundTo, a);
});

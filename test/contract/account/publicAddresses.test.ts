/** A public address shows wherever the private one shows that it stands for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startMetadata } from "../../../lab/cloud/index.ts";
import { assertRefused } from "../codes.ts";
import { attach, eipOf, eni, instance, makeEni, makeInstance, makeNetwork, vip } from "../pair.ts";
import { type Call, cloudFor, type Json, list, sdk, until } from "../support.ts";

async function makeEip(call: Call): Promise<{ id: string; publicIp: string }> {
  const { AddressSet } = await call("vpc", "AllocateAddresses", {});
  const [id] = AddressSet as [string];
  await until("UNBIND", async () => (await eipOf(call, id))?.AddressStatus === "UNBIND");
  return { id, publicIp: String((await eipOf(call, id))?.AddressIp) };
}

test("an EIP on a machine's primary NIC is the machine's public address", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const id = await makeInstance(call, network);
  const second = await makeEni(call, network, ["10.1.1.11", vip]);
  await attach(call, second, id);
  const { port } = await startMetadata(cloud, "127.0.0.1", 0, () => id);
  const metadata = async (path: string) => (await fetch(`http://127.0.0.1:${port}/latest/meta-data/${path}`)).text();
  const byFilter = async (address: string) => {
    const Filters = [{ Name: "public-ip-address", Values: [address] }];
    return (await call("cvm", "DescribeInstances", { Filters })).TotalCount;
  };
  assert.equal((await instance(call, id))?.PublicIpAddresses, null);
  assert.equal(await metadata("public-ipv4"), "");

  const [one, other] = [await makeEip(call), await makeEip(call)];
  await call("vpc", "AssociateAddress", { AddressId: one.id, InstanceId: id });
  const onVip = { AddressId: other.id, NetworkInterfaceId: second, PrivateIpAddress: vip };
  await call("vpc", "AssociateAddress", onVip);
  await cloud.settled();

  const shown = (await instance(call, id)) ?? {};
  assert.deepEqual(shown.PublicIpAddresses, [one.publicIp], "that of another NIC is not the machine's");
  assert.equal((shown.InternetAccessible as Json).PublicIpAssigned, false);
  assert.deepEqual([await byFilter(one.publicIp), await byFilter(other.publicIp)], [1, 0]);
  assert.equal(await metadata("public-ipv4"), one.publicIp);
  const [primaryMac, secondMac] = (await metadata("network/interfaces/macs/")).split("\n");
  const nic = (mac: string | undefined, path: string) => metadata(`network/interfaces/macs/${mac}${path}`);
  assert.equal(await nic(primaryMac, "public-ipv4s"), one.publicIp);
  assert.equal(await nic(primaryMac, "local-ipv4s/10.1.1.2/public-ipv4"), one.publicIp);
  assert.equal(await nic(secondMac, "public-ipv4s"), other.publicIp);
  assert.equal(await nic(secondMac, `local-ipv4s/${vip}/public-ipv4`), other.publicIp);
  assert.equal(await nic(secondMac, "local-ipv4s/10.1.1.11/public-ipv4"), "");
  const ofVip = list((await eni(call, second)).PrivateIpAddressSet).find((ip) => ip.PrivateIpAddress === vip);
  assert.deepEqual([ofVip?.PublicIpAddress, ofVip?.AddressId], [other.publicIp, other.id]);

  await call("vpc", "DisassociateAddress", { AddressId: one.id });
  await cloud.settled();
  assert.equal((await instance(call, id))?.PublicIpAddresses, null);
  assert.equal(await byFilter(one.publicIp), 0);
  assert.equal(await metadata("public-ipv4"), "");
});

test("a private address has one public address", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const internet = { InternetAccessible: { PublicIpAssigned: true, InternetMaxBandwidthOut: 5 } };
  const id = await makeInstance(call, await makeNetwork(call), internet);
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const primary = list((await call("vpc", "DescribeNetworkInterfaces", { Filters })).NetworkInterfaceSet)[0];
  const NetworkInterfaceId = primary?.NetworkInterfaceId;
  const AddressId = (await makeEip(call)).id;
  await assertRefused(call, [
    ["vpc", "AssociateAddress", { AddressId, InstanceId: id }, "InvalidInstanceId.AlreadyBindEip"],
    [
      "vpc",
      "AssociateAddress",
      { AddressId, NetworkInterfaceId, PrivateIpAddress: "10.1.1.2" },
      "InvalidPrivateIpAddress.AlreadyBindEip",
    ],
  ]);
});

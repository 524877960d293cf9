/** As many and as long as the API's text says, and not one more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, type Refusal } from "../codes.ts";
import { makeEni, makeInstance, makeNetwork, publicKey } from "../pair.ts";
import { type Call, cloudFor, type Json, type Service, sdk } from "../support.ts";

const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(8, "0")}`);
const filters = (count: number, values = 1) =>
  Array.from({ length: count }, (_, index) => ({
    Name: `tag:k${index}`,
    Values: Array.from({ length: values }, (_, value) => String(value)),
  }));

interface List {
  service: Service;
  actions: string[];
  /** Most ids and most values of a filter; 100 and 5 by default. */
  ids?: number;
  values?: number;
  /** Codes for too many ids, too many filters and values of one, a malformed id, and ids with filters. */
  codes: [ids: string, filters: string, values: string, malformed: string, both?: string];
  /** A filter that can't go with ids, where not every one is such. */
  with?: string;
}

const tooMany = "InvalidParameterValue.LimitExceeded";
const tooManyFilters = "InvalidFilterValue.LimitExceeded";
const lists: List[] = [
  {
    service: "vpc",
    actions: [
      "DescribeVpcs VpcIds vpc",
      "DescribeSubnets SubnetIds subnet",
      "DescribeRouteTables RouteTableIds rtb",
      "DescribeSecurityGroups SecurityGroupIds sg",
      "DescribeNetworkInterfaces NetworkInterfaceIds eni",
      "DescribeReserveIpAddresses ReserveIpIds rsvip",
    ],
    codes: [tooMany, tooMany, tooMany, "InvalidParameterValue.Malformed", "InvalidParameter.Coexist"],
  },
  {
    service: "vpc",
    actions: ["DescribeAddresses AddressIds eip"],
    values: 100,
    codes: [
      tooMany,
      "LimitExceeded.NumberOfFilters",
      tooMany,
      "InvalidParameterValue.AddressIdMalformed",
      "InvalidParameter",
    ],
    with: "address-id",
  },
  {
    service: "cvm",
    actions: ["DescribeInstances InstanceIds ins"],
    codes: [tooMany, tooManyFilters, tooManyFilters, "InvalidInstanceId.Malformed", "InvalidParameter"],
  },
  {
    service: "cvm",
    actions: ["DescribeImages ImageIds img"],
    codes: [
      tooMany,
      tooManyFilters,
      tooManyFilters,
      "InvalidImageId.Malformed",
      "InvalidParameter.InvalidParameterCoexistImageIdsFilters",
    ],
  },
  {
    service: "cvm",
    actions: ["DescribeKeyPairs KeyIds skey"],
    codes: [tooMany, tooManyFilters, tooManyFilters, "InvalidKeyPairId.Malformed", "InvalidParameter"],
  },
  {
    service: "cvm",
    actions: ["DescribeDisasterRecoverGroups DisasterRecoverGroupIds ps"],
    ids: 10,
    codes: [tooMany, tooMany, tooMany, "InvalidParameterValue.DisasterRecoverGroupIdMalformed"],
  },
  {
    service: "cbs",
    actions: ["DescribeDisks DiskIds disk"],
    codes: Array(5).fill("InvalidParameterValue") as List["codes"],
  },
];

test("what is listed: ids and filters, how many of them, and not both", async (t) => {
  const cloud = await cloudFor(t);
  // Otherwise an unknown id ends the question before its length is told.
  cloud.faults.set({ unknownEni: "empty" });
  const call = sdk(cloud);
  for (const { service, actions, ids: mostIds = 100, values = 5, codes, with: excluding = "tag:k0" } of lists) {
    const [idsCode, filtersCode, valuesCode, malformedCode, bothCode] = codes;
    for (const [action = "", field = "", prefix = ""] of actions.map((text) => text.split(" "))) {
      const both = { [field]: ids(prefix, 1), Filters: [{ Name: excluding, Values: ["x"] }] };
      await assertRefused(call, [
        [service, action, { [field]: ids(prefix, mostIds + 1) }, idsCode],
        [service, action, { [field]: ["foo"] }, malformedCode],
        [service, action, { [field]: ids("foo", 1) }, malformedCode],
        [service, action, { Filters: filters(11) }, filtersCode],
        [service, action, { Filters: filters(1, values + 1) }, valuesCode],
      ]);
      if (bothCode === undefined) await call(service, action, both);
      else await assertRefused(call, [[service, action, both, bothCode]]);
      if (action !== "DescribeSecurityGroups") await call(service, action, { [field]: ids(prefix, mostIds) });
      await call(service, action, { Filters: filters(10, values) });
    }
  }
  const narrowed = { AddressIds: ids("eip", 1), Filters: [{ Name: "business-type", Values: ["CDC"] }] };
  assert.equal((await call("vpc", "DescribeAddresses", narrowed)).TotalCount, 0, "the vendor's provider asks so");
  await assertRefused(call, [
    ["cvm", "DescribeInstancesStatus", { InstanceIds: ids("ins", 101) }, tooMany],
    ["cvm", "DescribeZoneInstanceConfigInfos", { Filters: filters(1, 101) }, tooManyFilters],
    ["vpc", "DescribeBandwidthPackages", { Filters: filters(11) }, "InvalidParameterValue"],
    ["cam", "DescribeSubAccounts", { FilterSubAccountUin: Array(51).fill(1) }, "InvalidParameter"],
  ]);
});

test("things that are changed together, and addresses of one call", async (t) => {
  const call = sdk(await cloudFor(t));
  const network = await makeNetwork(call);
  const eni = await makeEni(call, network, ["10.1.1.11"]);
  const many = Array.from({ length: 11 }, (_, index) => ({ PrivateIpAddress: `10.1.1.${index + 20}` }));
  const addresses = { NetworkInterfaceId: eni, PrivateIpAddresses: many };
  const machines = { InstanceIds: ids("ins", 101) };
  const tags = (count: number) => ids("k", count).map((TagKey) => ({ TagKey, TagValue: "" }));
  const resource = { Resource: `qcs::vpc:ap-guangzhou:uin/:eni/${eni}` };
  const ofTags = { ServiceType: "vpc", ResourcePrefix: "eni", ResourceRegion: "ap-guangzhou" };
  await assertRefused(call, [
    ["vpc", "UnassignPrivateIpAddresses", addresses, tooMany],
    ["vpc", "AssignPrivateIpAddresses", addresses, tooMany],
    [
      "vpc",
      "DescribeUsedIpAddress",
      { VpcId: network.vpcId, IpAddresses: Array(101).fill("10.1.1.9") },
      "InvalidParameterValue.Malformed",
    ],
    ["cvm", "TerminateInstances", machines, tooMany],
    ["cvm", "StopInstances", machines, tooMany],
    ["cvm", "StartInstances", { InstanceIds: [] }, "MissingParameter"],
    ["cvm", "ResetInstancesType", { InstanceIds: ids("ins", 2), InstanceType: "S5.MEDIUM2" }, tooMany],
    ["cvm", "DeleteKeyPairs", { KeyIds: ids("skey", 101) }, tooMany],
    ["cvm", "DeleteDisasterRecoverGroups", { DisasterRecoverGroupIds: ids("ps", 11) }, tooMany],
    ["tag", "ModifyResourceTags", { ...resource, ReplaceTags: tags(11) }, "InvalidParameter.Tag"],
    ["tag", "ModifyResourceTags", { ...resource, DeleteTags: [] }, "InvalidParameter.Tag"],
    [
      "tag",
      "DescribeResourceTagsByResourceIds",
      { ...ofTags, ResourceIds: ids("eni", 51) },
      "InvalidParameterValue.ResourceIdInvalid",
    ],
  ]);
  await call("tag", "ModifyResourceTags", { ...resource, ReplaceTags: tags(10) });
  await call("tag", "ModifyResourceTags", { ...resource, ReplaceTags: tags(20).slice(10) });
  const { TotalCount, Tags } = await call("tag", "DescribeResourceTagsByResourceIds", {
    ...ofTags,
    ResourceIds: [eni],
  });
  assert.deepEqual([TotalCount, (Tags as Json[]).length], [21, 15], "a page has 15 unless another size is asked for");
});

/** The name fits with `most` of its units and does not with one more. */
async function assertLongest(call: Call, most: number, fits: (text: string) => Refusal, unit = "n"): Promise<void> {
  const [service, action, request] = fits(unit.repeat(most));
  await call(service, action, request);
  await assertRefused(call, [fits(`${unit.repeat(most)}${unit}`)]);
}

test("names, descriptions, name servers and the networks of a VPC", async (t) => {
  const call = sdk(await cloudFor(t));
  const network = await makeNetwork(call);
  const { vpcId: VpcId, subnetId: SubnetId, groupId: SecurityGroupId } = network;
  const NetworkInterfaceId = await makeEni(call, network, ["10.1.1.11"]);
  const instanceId = await makeInstance(call, network);
  const { AddressSet } = await call("vpc", "AllocateAddresses", {});
  const [AddressId] = AddressSet as [string];
  const { KeyId } = await call("cvm", "ImportKeyPair", { KeyName: "key", ProjectId: 0, PublicKey: publicKey("key") });
  const long = "InvalidParameterValue.TooLong";
  const described = (Description: string) => [{ PrivateIpAddress: "10.1.1.11", Description }];
  const trust = JSON.stringify({
    version: "2.0",
    statement: [{ effect: "allow", action: ["name/sts:AssumeRole"], principal: { service: ["cvm.qcloud.com"] } }],
  });
  let made = 0;
  const vpc = (more: Json, code: string): Refusal => [
    "vpc",
    "CreateVpc",
    { VpcName: "v", CidrBlock: "10.0.0.0/16", ...more },
    code,
  ];
  const eni = (more: Json): Refusal => [
    "vpc",
    "CreateNetworkInterface",
    { VpcId, SubnetId, NetworkInterfaceName: "n", ...more },
    long,
  ];
  const modify = (action: string, request: Json, code = long): Refusal => ["vpc", action, request, code];

  await assertLongest(call, 60, (VpcName) => vpc({ VpcName }, long));
  await assertLongest(call, 20, (VpcName) => vpc({ VpcName }, long), "名");
  await assertLongest(call, 60, (VpcName) => modify("ModifyVpcAttribute", { VpcId, VpcName }));
  await assertLongest(call, 60, (SubnetName) => modify("ModifySubnetAttribute", { SubnetId, SubnetName }));
  await assertLongest(call, 60, (GroupName) => modify("CreateSecurityGroup", { GroupName, GroupDescription: "" }));
  await assertLongest(call, 100, (GroupDescription) =>
    modify("ModifySecurityGroupAttribute", { SecurityGroupId, GroupDescription }),
  );
  await assertLongest(call, 60, (NetworkInterfaceName) => eni({ NetworkInterfaceName }));
  await assertLongest(call, 60, (NetworkInterfaceDescription) => eni({ NetworkInterfaceDescription }));
  await assertLongest(call, 60, (NetworkInterfaceDescription) =>
    modify("ModifyNetworkInterfaceAttribute", { NetworkInterfaceId, NetworkInterfaceDescription }),
  );
  await assertLongest(call, 25, (text) =>
    modify("ModifyPrivateIpAddressesAttribute", { NetworkInterfaceId, PrivateIpAddresses: described(text) }),
  );
  await assertLongest(call, 128, (AddressName) => modify("ModifyAddressAttribute", { AddressId, AddressName }));
  await assertRefused(call, [
    modify("ModifyAddressAttribute", { AddressId, AddressName: "a b" }, "InvalidParameterValue"),
  ]);
  await assertLongest(call, 128, (InstanceName) => [
    "cvm",
    "RunInstances",
    {
      Placement: { Zone: "ap-guangzhou-3" },
      ImageId: "img-pi0ii46r",
      VirtualPrivateCloud: { VpcId, SubnetId },
      InstanceName,
    },
    "InvalidInstanceName.TooLong",
  ]);
  await assertLongest(call, 60, (InstanceName) => [
    "cvm",
    "ModifyInstancesAttribute",
    { InstanceIds: [instanceId], InstanceName },
    "InvalidInstanceName.TooLong",
  ]);
  await assertLongest(call, 60, (Description) => [
    "cvm",
    "ModifyKeyPairAttribute",
    { KeyId, Description },
    "InvalidParameterValue",
  ]);
  await assertLongest(
    call,
    100,
    (Description) => {
      made += 1;
      const request = { RoleName: `r${made}`, PolicyDocument: trust, Description };
      return ["cam", "CreateRole", request, "InvalidParameter.DescriptionLengthOverlimit"];
    },
    "名",
  );

  const servers = Array(5).fill("10.1.1.53");
  await assertRefused(call, [
    vpc({ DnsServers: servers }, tooMany),
    vpc({ DnsServers: ["ns1"] }, "InvalidParameterValue.Malformed"),
    modify("ModifyVpcAttribute", { VpcId, DnsServers: servers }, tooMany),
    vpc({ CidrBlock: "10.16.0.0/16" }, "InvalidParameterValue.Malformed"),
    vpc({ CidrBlock: "172.32.0.0/16" }, "InvalidParameterValue.Malformed"),
  ]);
  for (const CidrBlock of ["10.0.0.0/12", "10.15.0.0/16", "172.31.0.0/16", "192.168.0.0/16"]) {
    await call("vpc", "CreateVpc", { VpcName: "v", CidrBlock, DnsServers: servers.slice(1) });
  }
});

test("a ClientToken has 64 ASCII characters at most", async (t) => {
  const call = sdk(await cloudFor(t));
  const network = await makeNetwork(call);
  const ClientToken = "t".repeat(65);
  const eni = { VpcId: network.vpcId, SubnetId: network.subnetId, NetworkInterfaceName: "n" };
  await assertRefused(call, [
    ["vpc", "AllocateAddresses", { ClientToken }, "InvalidParameterValue.Range"],
    ["vpc", "CreateNetworkInterface", { ...eni, ClientToken }, "InvalidParameterValue.Malformed"],
    ["vpc", "CreateNetworkInterface", { ...eni, ClientToken: "é" }, "InvalidParameterValue.Malformed"],
    ["vpc", "CreateReserveIpAddresses", { VpcId: network.vpcId, ClientToken }, "InvalidParameterValue"],
    ["cvm", "RunInstances", { ClientToken }, "InvalidClientToken.TooLong"],
    ["cvm", "CreateDisasterRecoverGroup", { Name: "n", Type: "HOST", ClientToken }, "InvalidParameterValue.TooLong"],
  ]);
  await call("vpc", "CreateNetworkInterface", { ...eni, ClientToken: ClientToken.slice(1) });
});

/** What the rules of a security group may say, and what packets meet of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, type Refusal } from "../codes.ts";
import { attach, makeEni, makeInstance, makeNetwork } from "../pair.ts";
import { cloudFor, type Json, list, sdk } from "../support.ts";

const anywhere = { CidrBlock: "0.0.0.0/0", Action: "ACCEPT" };

test("a rule says one thing: templates, protocols and sources that exclude each other are refused", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const { groupId } = await makeNetwork(call);
  const before = structuredClone(cloud.model.securityGroups.get(groupId)!.ingress);
  const ofRule = (rule: Json, code: string): Refusal => [
    "vpc",
    "ModifySecurityGroupPolicies",
    { SecurityGroupId: groupId, SecurityGroupPolicySet: { Ingress: [rule] } },
    code,
  ];
  const service = (ServiceId: string) => ({ ServiceTemplate: { ServiceId } });
  await assertRefused(call, [
    ofRule({ ...anywhere, ...service("ppm-f5n1f8da") }, "ResourceNotFound"),
    ofRule({ ...anywhere, ServiceTemplate: { ServiceGroupId: "ppmg-f5n1f8da" } }, "ResourceNotFound"),
    ofRule({ ...anywhere, ...service("ipm-2uw6ujo6") }, "InvalidParameterValue.Malformed"),
    ofRule({ ...anywhere, ...service("ppm-f5n1f8da"), Protocol: "TCP" }, "InvalidParameter.Coexist"),
    ofRule({ ...anywhere, ...service("ppm-f5n1f8da"), Port: "80" }, "InvalidParameter.Coexist"),
    ofRule({ Action: "ACCEPT", AddressTemplate: { AddressId: "ipm-2uw6ujo6" } }, "ResourceNotFound"),
    ofRule({ Action: "ACCEPT", AddressTemplate: { AddressGroupId: "office" } }, "InvalidParameterValue.Malformed"),
    ofRule({ ...anywhere, AddressTemplate: { AddressId: "ipm-2uw6ujo6" } }, "InvalidParameter.Coexist"),
    ofRule({ ...anywhere, Ipv6CidrBlock: "::/0" }, "InvalidParameter.Coexist"),
    ofRule({ ...anywhere, SecurityGroupId: groupId }, "InvalidParameter.Coexist"),
    ofRule({ Action: "ACCEPT", Ipv6CidrBlock: "10.0.0.0/8" }, "InvalidParameterValue.Malformed"),
    ofRule({ Action: "ACCEPT", CidrBlock: "2001:db8::/32" }, "InvalidParameterValue.Malformed"),
    ofRule({ Action: "ACCEPT", Ipv6CidrBlock: "::/0", Protocol: "ICMP" }, "InvalidParameter.Coexist"),
    ofRule({ ...anywhere, Protocol: "VRRP" }, "InvalidParameterValue.Malformed"),
    ofRule({ ...anywhere, Protocol: "GRE", Port: "80" }, "InvalidParameterValue.Malformed"),
    ofRule({ Action: "ACCEPT" }, "MissingParameter"),
  ]);
  assert.deepEqual(cloud.model.securityGroups.get(groupId)!.ingress, before);
});

test("rules for IPv6 are kept and shown, and let no IPv4 packet pass", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const SecurityGroupId = network.groupId;
  const none = { ServiceTemplate: { ServiceId: "", ServiceGroupId: "" }, AddressTemplate: {} };
  const rules = [
    { Protocol: "TCP", Port: "22", Ipv6CidrBlock: "2001:db8::/32", Action: "ACCEPT", ...none },
    { Protocol: "TCP", Port: "22", Ipv6CidrBlock: "2001:db8::1", Action: "ACCEPT" },
    { Protocol: "ICMPv6", Port: "ALL", Ipv6CidrBlock: "::/0", Action: "ACCEPT" },
    { Protocol: "TCP", Port: "80", CidrBlock: "0.0.0.0/8", Action: "ACCEPT", ...none },
  ];
  await call("vpc", "ModifySecurityGroupPolicies", { SecurityGroupId, SecurityGroupPolicySet: { Ingress: rules } });
  const shown = (await call("vpc", "DescribeSecurityGroupPolicies", { SecurityGroupId })).SecurityGroupPolicySet;
  assert.deepEqual(
    list((shown as Json).Ingress).map(({ CidrBlock, Ipv6CidrBlock }) => [CidrBlock, Ipv6CidrBlock]),
    [
      ["", "2001:db8::/32"],
      ["", "2001:db8::1"],
      ["", "::/0"],
      ["0.0.0.0/0", ""],
    ],
  );
  const eni = await makeEni(call, network, ["10.1.1.11"]);
  await attach(call, eni, await makeInstance(call, network));
  const port = cloud.networks()[0]?.ports.find(({ eniId }) => eniId === eni);
  assert.deepEqual(port?.ingress, [{ protocol: "TCP", port: "80", cidr: "0.0.0.0/0", action: "ACCEPT" }]);
});

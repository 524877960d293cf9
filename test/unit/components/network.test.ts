import assert from "node:assert/strict";
import { test } from "node:test";
import { assertOptions, pair, run } from "./stack.ts";

test("network", async () => {
  const r = await run({ servicePorts: '[80,443,"53/udp"]', tags: '{"team":"web"}' });
  const tags = { team: "web" };
  const vpcId = "ha-network-vpc-id";
  assert.deepEqual(r.one("Vpc").inputs, { name: pair, cidrBlock: "10.0.0.0/16", tags });
  assertOptions(r.one("Vpc"), {});
  assert.deepEqual(r.one("Subnet").inputs, {
    name: pair,
    vpcId,
    cidrBlock: "10.0.1.0/24",
    availabilityZone: "ap-guangzhou-3",
    tags,
  });
  assertOptions(r.one("Subnet"), { deleteBeforeReplace: true });
  assert.deepEqual(r.one("SecurityGroup").inputs, { name: pair, description: `Nodes of ${pair}`, tags });
  const rule = (protocol: string, port: string, cidrBlock: string, description: string) => {
    return { action: "ACCEPT", protocol, port, cidrBlock, description };
  };
  assert.deepEqual(r.one("SecurityGroupRuleSet").inputs, {
    securityGroupId: "ha-network-security-group-id",
    ingresses: [
      rule("ALL", "ALL", "10.0.1.16/32", "VRRP from node a"),
      rule("ALL", "ALL", "10.0.1.17/32", "VRRP from node b"),
      rule("TCP", "22", "203.0.113.7/32", "SSH"),
      rule("ICMP", "ALL", "10.0.0.0/16", "ping"),
      rule("TCP", "80", "10.0.0.0/16", "service"),
      rule("TCP", "443", "10.0.0.0/16", "service"),
      rule("UDP", "53", "10.0.0.0/16", "service"),
    ],
    egresses: [rule("ALL", "ALL", "0.0.0.0/0", "Everything out")],
  });
  assertOptions(r.one("SecurityGroupRuleSet"), {});
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterFailover, assertOptions, getEnis, pair, run } from "./stack.ts";

const eniInputs = (node: "a" | "b", ipv4s: unknown[]) => ({
  name: `${pair}-${node}`,
  description: `VRRP address of node ${node}`,
  vpcId: "ha-network-vpc-id",
  subnetId: "ha-network-subnet-id",
  orderlySecurityGroups: ["ha-network-security-group-id"],
  ipv4s,
  tags: {},
});
const primary = (node: "a" | "b") => ({
  ip: node === "a" ? "10.0.1.16" : "10.0.1.17",
  primary: true,
  description: `node ${node}`,
});
const vipEntry = { ip: "10.0.1.100", primary: false, description: "VIP" };

test("two ENIs, the VIP born on node a's", async () => {
  const r = await run();
  assert.deepEqual(r.one("Eni", "ha-vip-eni-a").inputs, eniInputs("a", [primary("a"), vipEntry]));
  assert.deepEqual(r.one("Eni", "ha-vip-eni-b").inputs, eniInputs("b", [primary("b")]));
  for (const eni of r.all("Eni")) assertOptions(eni, { replaceOnChanges: ["ipv4s"], deleteBeforeReplace: true });
});

test("after a failover a rebuilt ENI and a new EIP go by where the VIP is", async () => {
  const r = await run({ publicIp: "true" }, afterFailover);
  const looked = r.calls.filter(({ token }) => token === getEnis).map(({ inputs }) => inputs);
  assert.deepEqual(looked, [{ name: `${pair}-a` }, { name: `${pair}-b` }], "once, by name, never by id");
  assert.deepEqual(r.one("Eni", "ha-vip-eni-a").inputs.ipv4s, [primary("a")]);
  assert.deepEqual(r.one("Eni", "ha-vip-eni-b").inputs.ipv4s, [primary("b"), vipEntry]);
  for (const eni of r.all("Eni")) {
    assertOptions(eni, { ignoreChanges: ["ipv4s", "ipv4Count"], deleteBeforeReplace: true });
  }
  assert.equal(r.one("EipAssociation").inputs.networkInterfaceId, "ha-vip-eni-b-id");
  assertOptions(r.one("EipAssociation"), {
    ignoreChanges: ["networkInterfaceId", "privateIp"],
    deleteBeforeReplace: true,
  });
});

test("the EIP is bound to the VIP before any ENI is attached", async () => {
  const r = await run({ publicIp: "true", publicIpBandwidthMbps: "50" });
  assert.deepEqual(r.one("Eip").inputs, {
    name: pair,
    internetChargeType: "TRAFFIC_POSTPAID_BY_HOUR",
    internetMaxBandwidthOut: 50,
    tags: {},
  });
  assertOptions(r.one("Eip"), {});
  assert.deepEqual(r.one("EipAssociation").inputs, {
    eipId: "ha-vip-eip-id",
    networkInterfaceId: "ha-vip-eni-a-id",
    privateIp: "10.0.1.100",
  });
  assertOptions(r.one("EipAssociation"), { deleteBeforeReplace: true });
  for (const node of ["a", "b"]) {
    const attachment = r.one("EniAttachment", `ha-${node}-attachment`);
    assert.deepEqual(attachment.inputs, { eniId: `ha-vip-eni-${node}-id`, instanceId: `ha-${node}-instance-id` });
    assertOptions(attachment, { dependsOn: ["ha-access-grant", "ha-vip-eip-binding"], deleteBeforeReplace: true });
  }
  assert.equal(r.outputs.publicIp, "198.51.100.9");
});

test("without an EIP an attachment waits for the role alone, and the output is null", async () => {
  const r = await run();
  for (const attachment of r.all("EniAttachment")) {
    assertOptions(attachment, { dependsOn: ["ha-access-grant"], deleteBeforeReplace: true });
  }
  assert.equal(r.outputs.publicIp, null);
});

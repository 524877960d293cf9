import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cloud } from "../../../lab/cloud/index.ts";
import { pairsOfModel } from "../../../lab/pair/pairs.ts";

const eni = (id: string, name: string, instanceId: string | null, addresses: string[], primary = false) => ({
  ...{ id, name, primary, vpcId: "vpc-1", subnetId: "subnet-1" },
  attachment: instanceId === null ? null : { instanceId },
  addresses: addresses.map((address, n) => ({ address, primary: n === 0 })),
});

test("a pair is known by its ENIs, on machines of any name and beside others' addresses that can move", () => {
  const enis = [
    eni("eni-0", "neighbour", null, ["10.0.1.5", "10.0.1.6"]),
    eni("eni-1", "Primary ENI", "ins-1", ["10.0.1.21"], true),
    eni("eni-a", "ha-prod-a", "ins-1", ["10.0.1.16"]),
    eni("eni-b", "ha-prod-b", "ins-2", ["10.0.1.17", "10.0.1.100"]),
  ];
  const instances = ["web-1", "web-2"].map((name, n) => ({ id: `ins-${n + 1}`, name, publicIp: "", state: "RUNNING" }));
  const byId = <T extends { id: string }>(items: T[]) => new Map(items.map((item) => [item.id, item]));
  const model = { enis: byId(enis), instances: byId(instances), eips: new Map() };
  const cloud = { model, holderOf: () => "eni-b" } as unknown as Pick<Cloud, "model" | "holderOf">;
  const [pair, ...others] = pairsOfModel(cloud);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [pair?.pair, pair?.vip, pair?.cloudHolder, pair?.nodes.a.instanceId, pair?.nodes.b.instanceId],
    ["ha-prod", "10.0.1.100", "b", "ins-1", "ins-2"],
  );
  assert.deepEqual([pair?.nodes.a.publicIp, pair?.nodes.a.sshHost], ["", "10.0.1.21"], "SSH goes to the first NIC");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertOptions, pair, run } from "./stack.ts";

const enis = ["qcs::vpc:ap-guangzhou::eni/ha-vip-eni-a-id", "qcs::vpc:ap-guangzhou::eni/ha-vip-eni-b-id"];
const move = {
  effect: "allow",
  action: ["vpc:MigratePrivateIpAddress", "vpc:AssignPrivateIpAddresses"],
  resource: enis,
};

test("the role is for instances, and may move addresses between the two ENIs and look, nothing else", async () => {
  const r = await run();
  const { document: trust, ...role } = r.one("CamRole").inputs;
  assert.deepEqual(role, { name: pair, description: `Nodes of ${pair}`, tags: {} });
  assert.deepEqual(JSON.parse(String(trust)), {
    version: "2.0",
    statement: [{ action: ["name/sts:AssumeRole"], effect: "allow", principal: { service: ["cvm.qcloud.com"] } }],
  });
  const { document, ...policy } = r.one("CamPolicy").inputs;
  assert.deepEqual(policy, { name: pair, description: `Lets the nodes of ${pair} move their VIP`, tags: {} });
  assert.deepEqual(JSON.parse(String(document)), {
    version: "2.0",
    statement: [
      move,
      { effect: "allow", action: ["vpc:DescribeNetworkInterfaces", "vpc:DescribeVpcTaskResult"], resource: ["*"] },
    ],
  });
  assert.deepEqual(r.one("CamRolePolicyAttachment").inputs, {
    roleId: "ha-access-role-id",
    policyId: "ha-access-policy-id",
  });
  for (const kind of ["CamRole", "CamPolicy", "CamRolePolicyAttachment"]) {
    assertOptions(r.one(kind), { deleteBeforeReplace: true });
  }
});

test("with an EIP the role may bind that one EIP", async () => {
  const r = await run({ publicIp: "true" });
  const both = (...actions: string[]) => actions.flatMap((action) => [`vpc:${action}`, `cvm:${action}`]);
  assert.deepEqual(JSON.parse(String(r.one("CamPolicy").inputs.document)), {
    version: "2.0",
    statement: [
      move,
      {
        effect: "allow",
        action: both("AssociateAddress", "DisassociateAddress"),
        resource: [
          "qcs::vpc:ap-guangzhou::eip/ha-vip-eip-id",
          "qcs::cvm:ap-guangzhou::eip/ha-vip-eip-id",
          "qcs::cvm:ap-guangzhou::instance/*",
          ...enis,
        ],
      },
      {
        effect: "allow",
        action: [
          "vpc:DescribeNetworkInterfaces",
          "vpc:DescribeVpcTaskResult",
          ...both("DescribeAddresses", "DescribeTaskResult"),
        ],
        resource: ["*"],
      },
    ],
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInstance, makeNetwork } from "../pair.ts";
import { cloudFor, refused, sdk } from "../support.ts";

test("calls are recorded while a step is named, in the order of their arrival, without what may be secret", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  assert.deepEqual(cloud.record("first"), [], "nothing before a step is named");

  const secret = Buffer.from("#!/bin/sh\necho hunter2\n").toString("base64");
  await makeInstance(call, network, { UserData: secret });
  await refused(call("vpc", "DeleteVpc", { VpcId: network.vpcId }));
  const { KeyPair } = await call("cvm", "CreateKeyPair", { KeyName: "made", ProjectId: 0 });
  const { PrivateKey } = KeyPair as { PrivateKey: string };

  const recorded = cloud.record(null);
  const actions = recorded.map(({ action }) => action);
  assert.deepEqual([actions[0], ...actions.slice(-2)], ["RunInstances", "DeleteVpc", "CreateKeyPair"]);
  assert.ok(
    recorded.every(({ step, caller, region, ms }) => step === "first" && caller === "root" && region && ms >= 0),
  );
  assert.deepEqual(recorded.at(-2)?.response.Error, {
    Code: "ResourceInUse",
    Message: `${network.vpcId} is used by ${network.subnetId}`,
  });
  const text = JSON.stringify(recorded);
  for (const hidden of [
    secret,
    JSON.stringify(PrivateKey).slice(1, -1),
    cloud.secretKey,
    cloud.secretId,
    "Signature",
  ]) {
    assert.ok(!text.includes(hidden), `the recording holds ${hidden}`);
  }

  await call("vpc", "DescribeVpcs");
  assert.deepEqual(cloud.record("second"), [], "nothing between the steps");
});

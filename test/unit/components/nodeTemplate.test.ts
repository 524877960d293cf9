import assert from "node:assert/strict";
import { test } from "node:test";
import { key } from "../given.ts";
import { assertOptions, pair, run } from "./stack.ts";

test("the instances are on different hosts, and take the key under a name of the stack's own", async () => {
  const r = await run();
  assert.deepEqual(r.one("PlacementGroup").inputs, { name: pair, type: "HOST", tags: {} });
  assert.deepEqual(r.one("KeyPair").inputs, {
    keyName: r.one("KeyPair").inputs.keyName,
    publicKey: key.publicKey.split(" ").slice(0, 2).join(" "),
    tags: {},
  });
  assert.match(String(r.one("KeyPair").inputs.keyName), /^[a-z]{7}_[0-9a-f]{8}_[0-9a-f]{8}$/);
  assertOptions(r.one("KeyPair"), {});
});

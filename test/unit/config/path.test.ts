import assert from "node:assert/strict";
import { test } from "node:test";
import { withPath } from "../../../config/path.ts";

test("a plain key keeps its text", () => {
  assert.deepEqual(withPath({ mode: "stable" }, "mode", "standing-master"), { mode: "standing-master" });
  assert.deepEqual(withPath({}, "publicIp", "true"), { publicIp: "true" });
});

test("lists and objects grow item by item, with numbers and switches as such", () => {
  const first = withPath({}, "servicePorts[0]", "80");
  assert.deepEqual(withPath(first, "servicePorts[1]", "443"), { servicePorts: "[80,443]" });
  assert.deepEqual(withPath({ servicePorts: "[80,443]" }, "servicePorts[0]", "81"), { servicePorts: "[81,443]" });
  const a = withPath({}, "nodeAddresses.a", "10.0.1.20");
  assert.deepEqual(withPath(a, "nodeAddresses.b", "10.0.1.21"), { nodeAddresses: '{"a":"10.0.1.20","b":"10.0.1.21"}' });
  assert.deepEqual(withPath({}, 'tags["cost.centre"]', "0815"), { tags: '{"cost.centre":"0815"}' });
});

test("a path that makes no sense is refused", () => {
  assert.throws(() => withPath({}, "sshCidrs[", "x"), /is not a path; allowed: for example mode, sshCidrs\[0\]/);
  assert.throws(() => withPath({}, "sshCidrs[3]", "x"), /the list has 0 items; allowed: 0 to 0/);
  assert.throws(() => withPath({}, "", "x"), /must begin with a key/);
});

test("what all objects have is no part of a setting", () => {
  assert.deepEqual(withPath({}, "tags.constructor.name", "x"), { tags: '{"constructor":{"name":"x"}}' });
  assert.deepEqual(withPath({}, "toString[0]", "x"), { toString: '["x"]' });
  assert.deepEqual(withPath({}, "healthCheck.__proto__", "1"), { healthCheck: '{"__proto__":1}' });
});

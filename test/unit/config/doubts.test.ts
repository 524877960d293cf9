/** What is allowed but hardly meant. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { doubts } from "../../../config/checks.ts";
import { parseSettings } from "../../../config/settings.ts";
import { least } from "../given.ts";

const of = (changes: Record<string, string>) => doubts(parseSettings({ ...least, ...changes }));

test("a public address that nobody reaches is told, with what opens it", () => {
  const [closed = "", ...more] = of({ publicIp: "true", servicePorts: "[80]" });
  assert.match(closed, /^serviceCidrs: only the VPC .*'serviceCidrs\[0\]' 0\.0\.0\.0\/0$/);
  assert.deepEqual(more, []);
  assert.equal(of({ publicIp: "true", servicePorts: "[80]", serviceCidrs: '["172.16.0.0/12"]' }).length, 1);
});

test("a public address without a port is told, with what opens one", () => {
  const [portless = "", ...more] = of({ publicIp: "true", serviceCidrs: '["0.0.0.0/0"]' });
  assert.match(portless, /^servicePorts: none is set, .*'servicePorts\[0\]' 80$/);
  assert.deepEqual(more, []);
});

test("a public address that is reached, or none, raises no doubt", () => {
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ servicePorts: "[80]" }), []);
  assert.deepEqual(of({ publicIp: "true", servicePorts: "[80]", serviceCidrs: '["203.0.113.0/24"]' }), []);
});

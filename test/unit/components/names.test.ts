import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPairName, pairName } from "../../../components/names.ts";

test("a pair is named after project and stack", () => {
  assert.equal(pairName("keepalived-cluster", "prod"), "keepalived-cluster-prod");
});

test("a stack whose name can't be a host name is refused with what to do", () => {
  for (const stack of ["my_stack", "a.b", "prod-", "x".repeat(60)]) {
    assert.throws(() => pairName("keepalived-cluster", stack), /at most 52 characters.*pulumi stack rename/, stack);
  }
});

test("key pair names keep to the cloud's rules and differ by stack and by key", () => {
  const names = ["keepalived-cluster-prod", "keepalived-cluster-dev", "x"].flatMap((pair) =>
    ["ssh-ed25519 AAAA", "ssh-ed25519 BBBB"].map((key) => keyPairName(pair, key)),
  );
  for (const name of names) assert.match(name, /^[A-Za-z0-9_]{1,25}$/);
  assert.equal(new Set(names).size, names.length);
  assert.equal(keyPairName("x", "ssh-ed25519 AAAA\n"), keyPairName("x", "ssh-ed25519 AAAA"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { key, sshKey } from "../given.ts";
import { problemsOf, without } from "./problems.ts";

test("a key needs no setting at all, or one for the machines and its private half or an agent", () => {
  const keys = ["sshPublicKey", "sshPrivateKey"];
  const agent = { agentSocketPath: "SSH_AUTH_SOCK" };
  assert.deepEqual(problemsOf(without(...keys)), []);
  assert.deepEqual(problemsOf({ ...without("sshPrivateKey"), ...agent }), []);
  assert.deepEqual(problemsOf({ ...without(...keys), keyPairId: "skey-1", agentSocketPath: "/run/agent.sock" }), []);
  const open = problemsOf({}, { secretKeys: [] });
  assert.deepEqual(open, [
    "sshPrivateKey: is in clear in the stack's settings; allowed: pulumi config set --secret sshPrivateKey …",
  ]);
});

test("a private key with a passphrase is refused, and no private key is ever shown", () => {
  const encrypted = key.openssh("aes256-ctr");
  const [problem = "", ...more] = problemsOf({ sshPrivateKey: encrypted });
  assert.match(problem, /^sshPrivateKey: \(not shown\) is not allowed; allowed: .*this one has a passphrase$/);
  assert.deepEqual(more, []);
  assert.deepEqual(problemsOf({ sshPrivateKey: key.openssh("none") }), []);
  const [garbage = ""] = problemsOf({ sshPrivateKey: "hunter2-is-my-password" });
  assert.doesNotMatch(garbage, /hunter2/);
});

test("a private key of another public key is refused", () => {
  assert.deepEqual(problemsOf({ sshPrivateKey: sshKey().openssh("none") }), [
    "sshPrivateKey: (not shown) does not belong to sshPublicKey; allowed: the two halves of one key",
  ]);
});

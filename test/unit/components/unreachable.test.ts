import assert from "node:assert/strict";
import { test } from "node:test";
import { hintFor, mayBoot, type Way } from "../../../components/ssh/unreachable.ts";

const straight: Way = { host: "203.0.113.9", user: "root", bastion: null, sshCidrs: ["198.51.100.0/24"] };
const through: Way = { host: "10.0.1.4", user: "root", bastion: "192.0.2.1", sshCidrs: [] };

test("a node that is not reached is named, with the bastion, the networks that are let in, and the way to look", () => {
  const timeout = "after 32 failed attempts: dial tcp 203.0.113.9:22: i/o timeout";
  const text = hintFor(timeout, straight) ?? "";
  for (const part of ["root@203.0.113.9", "open from 198.51.100.0/24 (sshCidrs)", "ssh root@203.0.113.9"]) {
    assert.ok(text.includes(part), part);
  }
  const behind = hintFor("proxy: after 32 failed attempts: dial tcp 192.0.2.1:22: i/o timeout", through) ?? "";
  for (const part of ["the bastion 192.0.2.1", "the VPC alone", "-J 192.0.2.1 root@10.0.1.4"]) {
    assert.ok(behind.includes(part), part);
  }
  const existing = hintFor(timeout, { ...straight, sshCidrs: null }) ?? "";
  assert.match(existing, /own security groups have to let in the address that you go out with\. Look with/);
});

test("a refused key and another host key have their own words, a failed command none", () => {
  const refused = "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]";
  assert.match(hintFor(refused, straight) ?? "", /refuses the user or the key/);
  assert.match(hintFor("ssh: handshake failed: ssh: host key mismatch", straight) ?? "", /another host key/);
  assert.equal(hintFor('Process exited with status 1: running "sh -s install":\ndial tcp', straight), null);
});

test("only a node behind a bastion that may be booting is tried again, and not for ever", () => {
  const refused = "proxy: after 0 failed attempts: ssh: rejected: connect failed (Connection refused)";
  assert.ok(mayBoot([refused], through));
  assert.ok(mayBoot(["proxy: after 0 failed attempts: ssh: handshake failed: EOF"], through));
  assert.ok(!mayBoot([refused], straight));
  assert.ok(!mayBoot(["ssh: rejected: connect failed (Connection timed out)"], through));
  assert.ok(!mayBoot(['exited with status 7: running "sh -s":\ncurl: Connection refused'], through));
  assert.ok(!mayBoot(new Array<string>(25).fill(refused), through));
});

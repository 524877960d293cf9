/** The program as a whole: which resources there are and what they are called, and what it says at its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../../support/mocks.ts";
import { key } from "../given.ts";
import { pair, run } from "./stack.ts";

const kinds = (r: Run) =>
  r.resources
    .filter(({ custom }) => custom)
    .map(({ name }) => name)
    .sort();

const always = [
  "ha-a-attachment",
  "ha-a-files-install",
  "ha-a-handover",
  "ha-a-host-key",
  "ha-a-instance",
  "ha-access-grant",
  "ha-access-policy",
  "ha-access-role",
  "ha-b-attachment",
  "ha-b-files-install",
  "ha-b-handover",
  "ha-b-host-key",
  "ha-b-instance",
  "ha-identity",
  "ha-name",
  "ha-network-rules",
  "ha-network-security-group",
  "ha-network-subnet",
  "ha-network-vpc",
  "ha-template-key",
  "ha-template-placement",
  "ha-vip-eni-a",
  "ha-vip-eni-b",
];

test("which resources there are: as always, with an EIP, with an existing key pair", async () => {
  assert.deepEqual(kinds(await run()), always);
  assert.deepEqual(kinds(await run({ mode: "standing-master" })), always);
  assert.deepEqual(kinds(await run({ publicIp: "true" })), [...always, "ha-vip-eip", "ha-vip-eip-binding"].sort());
  const existing = await run({ sshPublicKey: "", keyPairId: "skey-abc" });
  assert.deepEqual(
    kinds(existing),
    always.filter((name) => name !== "ha-template-key"),
  );
  for (const instance of existing.all("Instance")) assert.deepEqual(instance.inputs.keyIds, ["skey-abc"]);
});

test("each logical name begins with its parent's", async () => {
  const { resources } = await run({ publicIp: "true" });
  for (const { name, parent } of resources.filter(({ name }) => !["ha", "ha-identity", "ha-name"].includes(name))) {
    assert.ok(parent !== "" && name.startsWith(`${parent}-`), `${name} under ${parent}`);
  }
});

test("the longest name that a pair may have gives no name or description that the cloud finds too long", async () => {
  const stack = "s".repeat(52 - "keepalived-cluster-".length);
  const r = await run({ publicIp: "true" }, { stack });
  const limits = { name: 60, instanceName: 60, keyName: 25, description: 60 };
  // A security group's description may have 100 characters, a policy's more.
  const longer = ["SecurityGroup", "CamRole", "CamPolicy"];
  for (const { type, inputs } of r.resources) {
    for (const [field, limit] of Object.entries(limits)) {
      const most = field === "description" && longer.includes(type.split(":").at(-1) ?? "") ? 100 : limit;
      const text = inputs[field];
      if (typeof text === "string") assert.ok(text.length <= most, `${type} ${field}: ${text}`);
    }
  }
  assert.equal(r.one("Vpc").inputs.name, `keepalived-cluster-${stack}`);
});

test("the private key is nowhere but in the connection and in the one output that is secret", async () => {
  const r = await run();
  const middle = key.privateKey.slice(40, 80);
  for (const { name, inputs } of r.resources) {
    const { connection: _connection, ...others } = inputs;
    assert.ok(!JSON.stringify(others).includes(middle), name);
  }
  const { access, ...outputs } = r.outputs;
  assert.ok(!JSON.stringify(outputs).includes(middle));
  assert.deepEqual(access, { privateKey: key.privateKey, agentSocketPath: null, bastion: null });
  assert.deepEqual(r.secretOutputs, ["access"]);
});

test("what the program says at its end", async () => {
  const { access: _, ...outputs } = (await run({ hostKeys: JSON.stringify({ b: key.publicKey }) })).outputs;
  const node = (name: "a" | "b", publicIp: string, hostKey: string) => ({
    instanceId: `ha-${name}-instance-id`,
    eniId: `ha-vip-eni-${name}-id`,
    address: name === "a" ? "10.0.1.16" : "10.0.1.17",
    publicIp,
    sshHost: publicIp,
    sshUser: "root",
    hostKey,
  });
  assert.deepEqual(outputs, {
    pair,
    mode: "stable",
    vip: "10.0.1.100",
    publicIp: null,
    nodes: {
      a: node("a", "198.51.100.1", "ssh-ed25519 AAAA/ha/a/host/key"),
      b: node("b", "198.51.100.2", key.publicKey),
    },
    next: {
      status: "npm run ha -- status",
      switchover: "npm run ha -- switchover",
      sshA: "npm run ha -- ssh a",
      sshB: "npm run ha -- ssh b",
      takeDown: "npm run destroy",
    },
  });
});

test("two stacks share no name in the account", async () => {
  const named = (r: Run) =>
    r.resources.flatMap(({ type, inputs }) =>
      [inputs.name, inputs.keyName, inputs.instanceName].filter(Boolean).map((name) => `${type} ${String(name)}`),
    );
  const one = named(await run({}, { stack: "prod" }));
  const other = new Set(named(await run({}, { stack: "dev" })));
  assert.equal(one.length, 11);
  assert.deepEqual(
    one.filter((name) => other.has(name)),
    [],
  );
});

/** The key for the machines: the stack's own, one of the user's, or one that an agent has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keysMatch } from "../../../config/sshKeys.ts";
import { key, sshKey } from "../given.ts";
import { made, pair, run } from "./stack.ts";

const getKeyPairs = "tencentcloud:index/getKeyPairs:getKeyPairs";
const none = { sshPublicKey: "", sshPrivateKey: "" };
const connections = (r: Awaited<ReturnType<typeof run>>) =>
  r.all("Command").map(({ inputs }) => inputs.connection as Record<string, unknown>);

test("with no key set the stack makes one, imports its public half, and logs in with it", async () => {
  const r = await run(none);
  const stash = r.one("Stash", "ha-key");
  const own = stash.inputs.input as { publicKey: string; privateKey: string };
  assert.ok(keysMatch(own.publicKey, own.privateKey));
  assert.match(own.publicKey, /^ssh-rsa AAAAB3/);
  assert.deepEqual(stash.secrets, ["input"]);
  assert.deepEqual(stash.options.ignoreChanges, ["input"]);
  assert.deepEqual(stash.options.additionalSecretOutputs, ["output"]);
  assert.equal(r.one("KeyPair").inputs.publicKey, own.publicKey);
  assert.match(String(r.one("KeyPair").inputs.keyName), /^[A-Za-z0-9_]{1,25}$/);
  for (const { privateKey } of connections(r)) assert.equal(privateKey, own.privateKey);
  assert.deepEqual(r.outputs.access, { privateKey: own.privateKey, agentSocketPath: null, bastion: null });
  assert.deepEqual(r.secretOutputs, ["access"]);
});

test("the key that was made stays, whatever a later run would make; another one replaces the machines", async () => {
  const ownKey = { publicKey: key.publicKey, privateKey: key.privateKey };
  const enis = { "tencentcloud:index/getEnis:getEnis": () => ({ enis: [] }) };
  const [later, again, lost] = [
    await run(none, { made, calls: enis, ownKey }),
    await run(none, { made, calls: enis, ownKey }),
    await run(none, { made, calls: enis }),
  ];
  assert.equal(later.one("KeyPair").inputs.publicKey, key.publicKey.split(" ").slice(0, 2).join(" "));
  for (const { privateKey } of connections(later)) assert.equal(privateKey, key.privateKey);
  const trigger = (r: typeof later) => r.one("Instance", "ha-a-instance").options.replacementTrigger;
  assert.equal(trigger(again), trigger(later));
  assert.notEqual(trigger(lost), trigger(later));
});

test("with a key of the user's nothing is made or kept", async () => {
  const r = await run();
  assert.deepEqual(
    r.all("Stash").map(({ name }) => name),
    ["ha-name", "ha-identity"],
  );
});

test("an agent has the key: no private key is anywhere, and the variable's socket is in no connection", async () => {
  const agent = (agentSocketPath: string) => run({ sshPrivateKey: "", agentSocketPath });
  const r = await agent("/run/user/1000/agent.sock");
  for (const connection of connections(r)) {
    assert.equal(connection.agentSocketPath, "/run/user/1000/agent.sock");
    assert.equal(connection.privateKey, undefined);
  }
  assert.deepEqual(r.outputs.access, { privateKey: null, agentSocketPath: "/run/user/1000/agent.sock", bastion: null });
  const byVariable = await agent("SSH_AUTH_SOCK");
  for (const connection of connections(byVariable)) assert.equal(connection.agentSocketPath, undefined);
  assert.deepEqual(byVariable.outputs.access, { privateKey: null, agentSocketPath: "SSH_AUTH_SOCK", bastion: null });
});

test("a public key that the account has under another name is refused before anything is made", async () => {
  const account = (keyName: string, publicKey: string) => ({
    calls: { [getKeyPairs]: () => ({ keyPairLists: [{ keyName, keyId: "skey-11111111", publicKey }] }) },
  });
  const body = key.publicKey.split(" ").slice(0, 2).join(" ");
  const seen: string[] = [];
  await assert.rejects(
    run({}, { ...account("other_stack", body), seen: ({ name }) => void seen.push(name) }),
    /^ {2}sshPublicKey: the account has this key already, as the key pair other_stack \(skey-11111111\).* keyPairId skey-11111111 /m,
  );
  assert.deepEqual(seen, ["ha-name"]);
  const ours = (await run()).one("KeyPair").inputs.keyName as string;
  assert.equal((await run({}, account(ours, body))).one("KeyPair").inputs.keyName, ours);
  const [, blob = ""] = body.split(" ");
  assert.ok(await run({}, account(`${pair}_2`.slice(0, 5), `ssh-ed25519 ${blob.slice(0, -4)}`)));
});

test("a bastion is the connections' proxy, with the nodes' key unless it has one of its own", async () => {
  const host = "198.51.100.7";
  const other = sshKey();
  const proxy = async (bastion: object, config: Record<string, string> = {}) => {
    const r = await run({ bastion: JSON.stringify(bastion), ...config }, { secretKeys: ["bastion"] });
    const [first, ...more] = connections(r).map((connection) => connection.proxy as Record<string, unknown>);
    for (const same of more) assert.deepEqual(same, first);
    return { first, access: r.outputs.access as { bastion: object }, next: r.outputs.next as { sshA: string } };
  };
  const plain = await proxy({ host });
  assert.equal(plain.first?.host, host);
  assert.equal(plain.first?.privateKey, key.privateKey);
  assert.deepEqual(plain.access.bastion, { host, user: "root", port: 22, hostKey: null, privateKey: key.privateKey });
  assert.equal(plain.next.sshA, "npm run ha -- ssh a");
  const all = { host, user: "ops", port: 2222, hostKey: other.publicKey, privateKey: other.privateKey };
  const own = await proxy(all);
  for (const [name, value] of Object.entries(all)) assert.equal(own.first?.[name], value, name);
  assert.deepEqual(own.access.bastion, all);
  const agent = await proxy({ host }, { sshPrivateKey: "", agentSocketPath: "/run/agent.sock" });
  assert.equal(agent.first?.agentSocketPath, "/run/agent.sock");
  assert.equal(agent.first?.privateKey, undefined);
});

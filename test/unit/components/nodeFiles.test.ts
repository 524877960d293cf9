import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Recorded, Run } from "../../support/mocks.ts";
import { key } from "../given.ts";
import { assertOptions, run } from "./stack.ts";

test("one command per node, node b after node a, with everything secret on standard input", async () => {
  const r = await run({ hostKeys: JSON.stringify({ b: key.publicKey }) });
  for (const node of ["a", "b"] as const) {
    const { inputs, secrets, ...rest } = r.one("Command", `ha-${node}-files-install`);
    assert.deepEqual(Object.keys(inputs).sort(), ["addPreviousOutputInEnv", "connection", "create", "delete", "stdin"]);
    assert.equal(inputs.addPreviousOutputInEnv, false);
    assert.equal(inputs.delete, "sh -s uninstall");
    const [first, ...list] = String(inputs.create).split("\n");
    assert.equal(first, "sh -s install");
    assert.equal(
      list[0],
      `# on ha-${node}-instance-id`,
      "a machine with the address of its predecessor is another one",
    );
    assert.ok(list.some((line) => /^# \/etc\/keepalived\/vip\.json 0600 [0-9a-f]{12}$/.test(line)));
    assert.ok(secrets.includes("stdin"), "stdin is a secret");
    assert.ok(secrets.includes("connection"), "connection is a secret");
    const { privateKey, hostKey, ...connection } = inputs.connection as Record<string, unknown>;
    assert.deepEqual(connection, {
      host: node === "a" ? "198.51.100.1" : "198.51.100.2",
      user: "root",
      dialErrorLimit: 32,
      perDialTimeout: 3,
      port: 22,
    });
    assert.equal(privateKey, key.privateKey);
    assert.equal(hostKey, node === "b" ? key.publicKey : "ssh-ed25519 AAAA/ha/a/host/key");
    assertOptions(rest as Recorded, {
      dependsOn: [`ha-${node}-attachment`, ...(node === "b" ? ["ha-a-files-install"] : [])].sort(),
      deletedWith: "ha-network-subnet",
      deleteBeforeReplace: true,
      additionalSecretOutputs: ["stdout", "stderr", "connection"],
      replaceOnChanges: ["triggers[*]"],
    });
  }
});

const bundleIn = (stdin: unknown) =>
  Buffer.from(String(stdin).split("__BUNDLE__")[1]?.replace(/^.*\n/, "") ?? "", "base64").toString("latin1");

test("the notifyUrl is nowhere but in the standard input, which is secret, and no digest of it either", async () => {
  const notifyUrl = "https://hooks.example/TopSecret";
  const config = { notifyUrl, healthCheck: '{"tcp":80}' };
  const r = await run(config, { secretKeys: ["notifyUrl"] });
  const digest = createHash("sha256").update(`${notifyUrl}\n`).digest("hex").slice(0, 12);
  for (const { name, type, inputs, secrets } of r.resources) {
    const { stdin, ...others } = inputs;
    assert.doesNotMatch(JSON.stringify(others), new RegExp(`TopSecret|hooks\\.example|${digest}`), name);
    if (!type.endsWith(":Command") || !name.endsWith("-install")) continue;
    assert.ok(secrets.includes("stdin"));
    assert.equal(
      bundleIn(stdin).split(notifyUrl).length,
      3,
      "once as the file, once in the list of what no message shows",
    );
    assert.match(String(inputs.create), /^# \/etc\/keepalived\/notify_url 0600 secret$/m);
  }
  assert.doesNotMatch(JSON.stringify(r.outputs), /TopSecret/);
});

test("of a health check that the user keeps secret nothing is shown, nor of the file that it is in", async () => {
  const target = "http://127.0.0.1:8080/health?token=TopSecret";
  const config = { healthCheck: JSON.stringify({ http: target }) };
  const r = await run(config, { secretKeys: ["healthCheck"] });
  for (const { name, type, inputs } of r.resources) {
    const { stdin, ...others } = inputs;
    assert.doesNotMatch(JSON.stringify(others), /TopSecret/, name);
    if (!type.endsWith(":Command") || !name.endsWith("-install")) continue;
    assert.equal(
      bundleIn(stdin).split(target).length,
      3,
      "once in the file, once in the list of what no message shows",
    );
    assert.match(String(inputs.create), /^# \/etc\/keepalived\/vip\.json 0600 secret$/m);
  }
  assert.doesNotMatch(JSON.stringify(r.outputs), /TopSecret/);
  const open = await run(config, { secretKeys: [] });
  assert.match(JSON.stringify(open.one("NodeFiles", "ha-a-files").inputs.cloudFiles), /TopSecret/);
});

test("the user's scripts are inputs of the component, so a preview shows their lines", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hooks-"));
  try {
    mkdirSync(join(folder, "active"));
    writeFileSync(join(folder, "active", "10-start"), "#!/bin/sh\nsystemctl start app\n");
    const r = await run({ hooksDir: folder });
    for (const { inputs } of r.all("NodeFiles")) {
      const { files } = inputs as Record<string, Record<string, string>>;
      assert.equal(files?.["/etc/keepalived/hooks/active/10-start"], "#!/bin/sh\nsystemctl start app\n");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a user who isn't root goes through sudo, and by the image's name is ubuntu", async () => {
  const { inputs } = (await run({ imageName: "Ubuntu Server 24.04" })).one("Command", "ha-a-files-install");
  assert.equal((inputs.connection as { user: string }).user, "ubuntu");
  assert.ok(String(inputs.create).startsWith("sudo -n sh -s install\n"));
  assert.equal(inputs.delete, "sudo -n sh -s uninstall");
});

test("a node's files are inputs of its component, and the mode reaches both nodes", async () => {
  const files = (r: Run, node: string) =>
    r.one("NodeFiles", `ha-${node}-files`).inputs as Record<string, Record<string, string>>;
  const conf = (r: Run, node: string) => files(r, node).files?.["/etc/keepalived/keepalived.conf"] ?? "";
  const stable = await run();
  assert.match(conf(stable, "a"), /^\s*nopreempt\b/m);
  assert.match(conf(stable, "b"), /^\s*nopreempt\b/m);
  const standing = await run({ mode: "standing-master", preferredNode: "b", preemptDelay: "7", publicIp: "true" });
  assert.match(conf(standing, "b"), /^\s*preempt_delay 7\b/m);
  assert.doesNotMatch(conf(standing, "a"), /^\s*(nopreempt|preempt_delay)/m);
  const vip = JSON.parse(files(standing, "b").cloudFiles?.["/etc/keepalived/vip.json"] ?? "{}") as Record<
    string,
    unknown
  >;
  assert.equal(vip.eniId, "ha-vip-eni-b-id");
  assert.equal(vip.peerEniId, "ha-vip-eni-a-id");
  assert.equal(vip.mac, "20:90:6F:00:00:0B");
  assert.equal(vip.eipId, "ha-vip-eip-id");
});

/** Which host key the logins insist on, and how it comes to be known. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hostKeyIn } from "../../../components/ssh/hostKey.ts";
import type { Run } from "../../support/mocks.ts";
import { key } from "../given.ts";
import { assertOptions, run } from "./stack.ts";

type Connection = { hostKey?: string; host: string };
const connections = (r: Run, end: string): (string | undefined)[] =>
  r
    .all("Command")
    .filter(({ name }) => name.endsWith(end))
    .map(({ inputs }) => (inputs.connection as Connection).hostKey);
const shown = (node: string) => `ssh-ed25519 AAAA/ha/${node}/host/key`;

test("the first login takes any host key, and is made again for another machine alone; all others insist on it", async () => {
  const r = await run();
  assert.deepEqual(connections(r, "-host-key"), [undefined, undefined]);
  for (const node of ["a", "b"]) {
    const { inputs, ...rest } = r.one("Command", `ha-${node}-host-key`);
    assert.deepEqual(inputs.triggers, [`ha-${node}-instance-id`]);
    assert.equal((inputs.connection as Connection).host, node === "a" ? "198.51.100.1" : "198.51.100.2");
    assertOptions(rest as Parameters<typeof assertOptions>[0], {
      ignoreChanges: ["connection", "stdin"],
      additionalSecretOutputs: ["connection"],
      replaceOnChanges: ["triggers[*]"],
    });
  }
  assert.deepEqual(connections(r, "-install"), [shown("a"), shown("b")]);
  assert.deepEqual(connections(r, "-handover"), [shown("a"), shown("b")]);
  const nodes = r.outputs.nodes as Record<"a" | "b", { hostKey: string | null }>;
  assert.deepEqual([nodes.a.hostKey, nodes.b.hostKey], [shown("a"), shown("b")]);
});

test("the user's own word counts: a key is insisted on from the first login on, and any is any", async () => {
  const r = await run({ hostKeys: JSON.stringify({ a: key.publicKey, b: "any" }) });
  assert.deepEqual(connections(r, "-host-key"), []);
  assert.deepEqual(connections(r, "-install"), [key.publicKey, undefined]);
  const nodes = r.outputs.nodes as Record<"a" | "b", { hostKey: string | null }>;
  assert.deepEqual([nodes.a.hostKey, nodes.b.hostKey], [key.publicKey, null]);
});

test("the host key is read from between what a login prints by itself, and is nothing but a key", () => {
  assert.equal(hostKeyIn("Welcome!\n\nhost key: ssh-ed25519 AAAA+/b=\nbye\n"), "ssh-ed25519 AAAA+/b=");
  assert.equal(hostKeyIn("host key: ecdsa-sha2-nistp384 AAAA\r\n"), "ecdsa-sha2-nistp384 AAAA");
  const none = [undefined, "", "up to date\n", "a host key: ssh-ed25519 AAAA\n", "host key: ssh-rsa AAAA\n"];
  const hostile = ["ssh-ed25519 AAAA * ssh-ed25519 BBBB", "ssh-ed25519 AAAA\u2028x", "ssh-ed25519 \u001b]52;c;AAAA"];
  for (const text of [...none, ...hostile.map((line) => `host key: ${line}\n`)])
    assert.equal(hostKeyIn(text), null, text);
});

test("of what the server offers that has taken the connection, ed25519 comes first", async (t) => {
  const program = String((await run()).one("Command", "ha-a-host-key").inputs.stdin);
  const folder = mkdtempSync(join(tmpdir(), "host-key-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const scanner = `#!/bin/sh
[ "$1 $2 $3 $4 $5 $7" = "-T 5 -p 2222 -t 10.0.1.4" ] || exit 9
echo "# 10.0.1.4:2222 SSH-2.0-OpenSSH"
grep -F -- "$6" "${folder}/offered"
`;
  writeFileSync(join(folder, "ssh-keyscan"), scanner, { mode: 0o755 });
  const told = (...offered: string[]): string | null => {
    writeFileSync(join(folder, "offered"), offered.map((line) => `[10.0.1.4]:2222 ${line}\n`).join(""));
    const env = { PATH: `${folder}:${process.env.PATH}`, SSH_CONNECTION: "203.0.113.5 50000 10.0.1.4 2222" };
    return hostKeyIn(spawnSync("sh", ["-s"], { input: program, encoding: "utf8", env }).stdout);
  };
  const ecdsa = "ecdsa-sha2-nistp256 BBBB";
  assert.equal(told("ssh-rsa CCCC", ecdsa, "ssh-ed25519 AAAA"), "ssh-ed25519 AAAA");
  assert.equal(told("ssh-rsa CCCC", ecdsa), ecdsa);
});

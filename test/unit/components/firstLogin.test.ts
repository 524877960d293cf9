/** How a new machine is told from whatever else may answer its first login. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mock, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { proofProgram, proves, secretFor, withSecret } from "../../../components/ssh/firstLogin.ts";
import { key } from "../given.ts";
import { pair, run } from "./stack.ts";

const secret = secretFor(key.privateKey, pair, "a");
const line = `# first login: ${secret}`;
const hostKey = "ssh-ed25519 AAAA+/b=";

test("the secret is another one for each node and pair, and is a line of its own in what can take one", () => {
  const others = [secretFor(key.privateKey, pair, "b"), secretFor(key.privateKey, `${pair}2`, "a")];
  assert.equal(new Set([secret, ...others]).size, 3);
  for (const first of ["#!/bin/sh", "#! /usr/bin/env bash", "#!/usr/bin/python3 -u", "#cloud-config"]) {
    assert.equal(withSecret(`${first}\nrest\n`, secret), `${first}\n${line}\nrest\n`);
  }
  assert.equal(withSecret(undefined, secret), `#!/bin/sh\n${line}\n`);
  for (const first of [
    "#!/usr/bin/node",
    "## template: jinja",
    "#include",
    "Content-Type: multipart/mixed",
    "#!/bin/shx",
  ]) {
    assert.equal(withSecret(`${first}\nrest\n`, secret), null, first);
  }
  // What the cloud takes: 12 KB.
  const room = 12 * 1024 - line.length - 1;
  assert.equal(withSecret("#!/bin/sh\n".padEnd(room, "#"), secret)?.length, 12 * 1024);
  assert.equal(withSecret("#!/bin/sh\n".padEnd(room + 1, "#"), secret), null);
});

/** What the program proves on a machine whose metadata service answers so. */
async function proofWith(userData: string | null): Promise<string> {
  const server = createServer((request, response) => {
    const found = request.url === "/latest/user-data" && userData !== null;
    response.writeHead(found ? 200 : 404).end(found ? userData : "");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = `${proofProgram.replace("metadata.tencentyun.com", at)}\nproof "${hostKey}"`;
  const shell = spawn("sh", ["-s"], { env: { ...process.env, http_proxy: "http://127.0.0.1:9" } });
  let printed = "";
  shell.stdout.on("data", (text) => {
    printed += String(text);
  });
  shell.stdin.end(program);
  await once(shell, "close");
  server.close();
  return printed.trim();
}

test("a machine proves with its user data that the host key is its own, and nothing else can", async () => {
  const proof = await proofWith(`#!/bin/sh\n${line}\necho hello\n`);
  assert.ok(proves(proof, secret, hostKey), proof);
  assert.ok(!proves(proof, secret, "ssh-ed25519 BBBB"), "holds for another key");
  assert.ok(!proves(proof, secretFor(key.privateKey, pair, "b"), hostKey), "holds for the other node");
  for (const other of [null, "", "#!/bin/sh\n", `echo ${line}\n`]) {
    assert.equal(await proofWith(other), "", String(other));
    assert.ok(!proves("", secret, hostKey) && !proves(null, secret, hostKey));
  }
});

test("a first login without proof is warned of with what to do; one that was never asked for any is not", async (t) => {
  const warned = mock.method(pulumi.log, "warn", async () => {});
  t.after(() => warned.mock.restore());
  const textsOf = async (firstLogin?: "without proof" | "of an older release") => {
    warned.mock.resetCalls();
    await run({}, { firstLogin });
    return warned.mock.calls.map(({ arguments: [text] }) => String(text)).sort();
  };
  const texts = await textsOf("without proof");
  assert.equal(texts.length, 2);
  for (const [i, node] of ["a", "b"].entries()) {
    const says = `^Node ${node} did not prove .*pulumi config set --path hostKeys\\.${node} "ssh-ed25519 AAAA/ha/${node}/`;
    assert.match(texts[i] ?? "", new RegExp(says));
  }
  assert.deepEqual(await textsOf("of an older release"), []);
  assert.deepEqual(await textsOf(), []);
});

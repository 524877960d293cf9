/** All for a support case in one file, and no secret in it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, type TestContext, test } from "node:test";
import { bundle, parseFiles } from "../../../cli/ha/commands/bundle.ts";
import { masked, secretsIn } from "../../../cli/ha/pair/mask.ts";
import { Refusal } from "../../../cli/ha/refusal.ts";
import { PlayedPair } from "./played.ts";

let pair: PlayedPair;
beforeEach(() => {
  pair = new PlayedPair();
  const checks = JSON.stringify({ checks: [{ name: "nic", result: "pass", found: "eth1", cure: null }] });
  for (const node of ["a", "b"] as const) pair.does(node, "self-test", `echo '${checks}'`);
});
afterEach(() => pair.remove());

const url = "https://hooks.example.com/robot/send?access_token=planted-token-1";
const sign = "planted-signing-2";
const secrets = ["planted-token-1", sign, "planted-key-3", "planted-target-4", "planted-pass-5", "planted-pem-6"];

/** Files of a played node, as a push leaves them there. */
function push(node: "a" | "b", files: Record<string, string>): void {
  const root = join(pair.folder, "nodes", node);
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  });
  pair.write(`${node}/state`, "");
  execFileSync("sh", ["-c", `rm "${root}/state"; mkdir -p "${root}/state"`]);
  writeFileSync(join(root, "state/files"), paths.map((path) => `0644 root:root ${path}\n`).join(""));
}

async function run(t: TestContext): Promise<{ code: number; text: string; entries: string[]; all: string }> {
  const file = join(pair.folder, "case.tar.gz");
  const printed = t.mock.method(console, "log", () => {});
  const code = await bundle(pair.target, 3600, file);
  const text = printed.mock.calls.map(({ arguments: [line] }) => String(line)).join("\n");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const entries = execFileSync("tar", ["-tzf", file], { encoding: "utf8" }).trim().split("\n");
  const all = execFileSync("tar", ["-xzOf", file], { encoding: "utf8" });
  return { code, text, entries, all };
}

test("status, history, logs, versions and rendered files are in it and listed; a planted secret is nowhere", async (t) => {
  push("a", {
    "etc/keepalived/keepalived.conf": "vrrp_instance VI_1 { }\n",
    "etc/keepalived/notify_url": `${url}\ndingtalk\n${sign}\n`,
    "etc/keepalived/credentials.json": JSON.stringify({
      TmpSecretId: "AKIDxxxxxxxxxxxx",
      TmpSecretKey: "planted-key-3",
    }),
    "etc/keepalived/vip.json": JSON.stringify({
      healthCheck: { kind: "command", target: "planted-target-4", secret: true },
    }),
    "etc/keepalived/hooks/active/10-promote": "psql --password=planted-pass-5",
    "etc/keepalived/keepalived_vip/log.py": "of the release",
  });
  push("b", { "etc/keepalived/keepalived.conf": "vrrp_instance VI_1 { }\n" });
  for (const node of ["a", "b"] as const) {
    pair.journal(node, 1_800_000_000_000_000, `curl ${url} said ${sign}, planted-key-3, planted-target-4`);
    pair.journal(
      node,
      1_800_000_000_000_001,
      "password=planted-pass-5 -----BEGIN OPENSSH PRIVATE KEY----- planted-pem-6",
    );
  }
  pair.logs("a", { time: Date.now() / 1000, event: "health-failing", why: "planted-target-4 failed" });
  const { code, text, entries, all } = await run(t);
  assert.equal(code, 0, text);
  for (const name of [
    "CONTENTS.txt",
    "status.txt",
    "status.json",
    "history.txt",
    "history.json",
    "logs.txt",
    "versions.txt",
  ]) {
    assert.ok(
      entries.some((entry) => new RegExp(`^prod-\\d{8}T\\d{6}Z/${name}$`).test(entry)),
      `${name} in ${entries}`,
    );
  }
  const has = (end: string) => entries.filter((entry) => entry.endsWith(end)).length;
  assert.deepEqual(["keepalived.conf", "notify_url", "log.py", "10-promote"].map(has), [2, 1, 0, 0]);
  assert.match(all, /curl \*\*\* said \*\*\*/);
  for (const secret of [...secrets, "AKIDx"]) assert.ok(!all.includes(secret) && !text.includes(secret), secret);
  for (const entry of entries.filter((one) => !one.endsWith("/")).slice(1)) {
    const name = entry.split("/").slice(1).join("/");
    assert.ok(name === "CONTENTS.txt" || text.includes(`  ${name}\n`), `${name} is listed`);
  }
});

test("a node that is dead is named, and one file is never written over another", async (t) => {
  push("a", { "etc/keepalived/keepalived.conf": "" });
  pair.dies("b");
  const { code, text } = await run(t);
  assert.equal(code, 1);
  assert.match(text, /^Missing:\n {2}! b could not be asked: .*No route to host$/m);
  assert.equal((text.match(/ {2}! /g) ?? []).length, 1, "in one line");
  const before = readFileSync(join(pair.folder, "case.tar.gz"));
  const again = bundle(pair.target, 3600, join(pair.folder, "case.tar.gz"));
  await assert.rejects(
    again,
    (error) => error instanceof Refusal && error.code === 64 && /there already/.test(error.message),
  );
  assert.deepEqual(readFileSync(join(pair.folder, "case.tar.gz")), before);
});

test("a part that a node did not give is named, and is no whole bundle", async (t) => {
  push("a", { "etc/keepalived/keepalived.conf": "" });
  push("b", { "etc/keepalived/keepalived.conf": "" });
  pair.does("b", "self-test", "echo Traceback >&2; exit 1");
  const { code, text } = await run(t);
  assert.equal(code, 1, text);
  assert.match(text, /^Missing:\n {2}! self-test of b: Traceback$/m);
});

test("a hostile node names no file outside of the folder", () => {
  const line = (path: string) => `file ${path} ${Buffer.from("x\u001b[2J").toString("base64")}`;
  const paths = ["/etc/a", "/etc/../../b", "/./etc/c", "etc/d", "/etc//e", "/..", "/etc/f/..", "/etc/ke$(g)"];
  assert.deepEqual([...parseFiles(paths.map(line).join("\n")).files], [["/etc/a", "x\uFFFD[2J"]]);
});

test("what looks like a secret is masked, and words that only speak of one are not", () => {
  const cases: [string, string][] = [
    ["https://bob:hunter22@example.com/x?key=abcdef&y=1", "https://***@example.com/x?key=***&y=1"],
    ['{"Token": "abc", "x": 1}', '{"Token": "***", "x": 1}'],
    ["Authorization: Bearer abc.def", "Authorization: Bearer ***"],
    ["the credentials end; no token was given", "the credentials end; no token was given"],
    ["-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", "***\nrest"],
  ];
  for (const [text, is] of cases) assert.equal(masked(text, []), is);
  assert.equal(masked('a"b a\\"b a%22b', ['a"b']), 'a"b a\\"b a%22b', "three characters stand everywhere");
  assert.equal(masked('a"bc a\\"bc a%22bc', ['a"bc']), "*** *** ***");
  assert.deepEqual(secretsIn("/etc/keepalived/vip.json", '{"healthCheck": {"target": "nginx", "secret": false}}'), []);
  assert.deepEqual(secretsIn("/etc/keepalived/vip.json", "{"), []);
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const ha = fileURLToPath(new URL("../../../cli/ha/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ha-test-"));
after(() => rmSync(folder, { recursive: true }));

const outputs = {
  vip: "10.0.1.100",
  publicIp: null,
  mode: "stable",
  nodes: {
    a: {
      instanceId: "ins-a",
      eniId: "eni-a",
      address: "10.0.1.16",
      publicIp: "203.0.113.1",
      sshUser: "debian",
      hostKey: "ssh-ed25519 AAAA",
    },
    b: { instanceId: "ins-b", eniId: "eni-b", address: "10.0.1.17", publicIp: null, sshUser: "debian", hostKey: null },
  },
};

function stub(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
stub(
  "pulumi",
  `case "$*" in
  "stack output --json --show-secrets --stack prod --non-interactive") cat ${folder}/outputs ;;
  "config get sshPrivateKey --stack prod --non-interactive") echo TOP-SECRET-KEY ;;
  *) echo "error: no stack named '$5' found" >&2; exit 255 ;;
esac`,
);
// What ssh was given: its arguments, and the files that they name.
stub(
  "ssh",
  `case "$*" in *10.0.1.17*) name=b ;; *) name=a ;; esac
printf '%s\\n' "$@" >${folder}/$name.args
cp "$2" ${folder}/$name.identity
stat -c %a "$2" >${folder}/$name.mode
for word; do case $word in UserKnownHostsFile=/tmp*) cp "\${word#*=}" ${folder}/$name.known ;; esac; done
dirname "$2" >${folder}/$name.folder
exit 255`,
);

function run(...args: string[]) {
  // As scripts/run.sh has it: npm's launcher comes before the user's own CLI.
  const launchers = fileURLToPath(new URL("../../../node_modules/.bin", import.meta.url));
  const env = { ...process.env, PATH: `${launchers}:${folder}:${process.env.PATH}`, TMPDIR: "/tmp" };
  return spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", ha, ...args], {
    encoding: "utf8",
    env,
    timeout: 20_000,
  });
}
const text = (name: string) => readFileSync(join(folder, name), "utf8");

test("a stack's nodes are reached with the config's key, by file, and with the host keys that are known", () => {
  writeFileSync(join(folder, "outputs"), JSON.stringify(outputs));
  const { status, stdout } = run("status", "--stack", "prod");
  assert.equal(status, 3, stdout);
  assert.match(stdout, /^stack prod, VIP 10\.0\.1\.100/);
  const [a, b] = [text("a.args"), text("b.args")];
  assert.match(a, /^StrictHostKeyChecking=yes$/m);
  assert.match(a, /^debian@203\.0\.113\.1$/m);
  assert.match(a, /^sudo -n sh -c '/m);
  assert.equal(text("a.known"), "203.0.113.1 ssh-ed25519 AAAA\n");
  assert.match(b, /^StrictHostKeyChecking=no$/m);
  assert.match(b, /^debian@10\.0\.1\.17$/m);
  assert.deepEqual([text("a.identity"), text("a.mode")], ["TOP-SECRET-KEY\n", "600\n"]);
  assert.doesNotMatch(stdout + a + b, /TOP-SECRET/);
  assert.throws(() => readdirSync(text("a.folder").trim()), /ENOENT/, "the key's file is gone");
});

test("--identity takes the place of the config's key", () => {
  writeFileSync(join(folder, "mine"), "MY-KEY\n");
  run("status", "--stack", "prod", "--identity", join(folder, "mine"));
  assert.equal(text("a.identity"), "MY-KEY\n");
});

test("what cannot be told is said, with the code for it", () => {
  assert.match(run("status", "--stack", "none").stderr, /^pulumi .* did not work: error: no stack named/);
  assert.equal(run("status", "--stack", "none").status, 3);
  writeFileSync(join(folder, "outputs"), "{}");
  const empty = run("status", "--stack", "prod");
  assert.deepEqual([empty.status, /has no pair yet/.test(empty.stderr)], [3, true]);
  const lab = run("status", "--lab", "nosuch");
  assert.deepEqual([lab.status, /no pair in a lab named "nosuch"/.test(lab.stderr)], [3, true]);
});

test("a switchover that cannot begin is refused, and says that nothing has changed", () => {
  writeFileSync(join(folder, "outputs"), JSON.stringify(outputs));
  const refused = run("switchover", "--stack", "prod", "--yes");
  assert.deepEqual([refused.status, /^Refused, nothing has changed/.test(refused.stderr)], [4, true]);
});

test("wrong usage is 64", () => {
  for (const args of [
    ["promote"],
    ["switchover", "--stack", "prod", "--to", "c"],
    ["status", "--stack", "x", "--lab", "y"],
    ["status", "--no"],
  ]) {
    assert.equal(run(...args).status, 64, args.join(" "));
  }
});

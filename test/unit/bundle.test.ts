import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type BundleInput, bundle, pushProgram, sha256, tar } from "../../push/bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "bundle-"));
after(() => rmSync(folder, { recursive: true }));

const input: BundleInput = {
  files: [
    { path: "/etc/keepalived/vip.json", mode: "0600", owner: "root:root", content: "{}\n" },
    { path: "/etc/keepalived/check.sh", mode: "0755", owner: "root:root", content: "#!/bin/sh\r\necho 'ü'\r\n" },
  ],
  scripts: ["install.sh", "uninstall.sh", "activate", "healthy", "deactivate"].map((name) => ({
    name,
    content: "true\n",
  })),
  mask: ["s3cret"],
  owner: "urn:x::files",
};

/** Unpacks with the tar that the nodes have. */
function unpack(archive: Buffer): string {
  const target = mkdtempSync(join(folder, "x"));
  execFileSync("tar", ["-xpf", "-", "-C", target], { input: archive });
  return target;
}
const read = (base: string, name: string) => readFileSync(join(base, name), "utf8");
const modeOf = (base: string, name: string) => (statSync(join(base, name)).mode & 0o7777).toString(8);

test("the real tar unpacks what the installer expects", () => {
  const base = unpack(bundle(input));
  assert.equal(read(base, "root/etc/keepalived/vip.json"), "{}\n");
  assert.equal(read(base, "root/etc/keepalived/check.sh"), "#!/bin/sh\necho 'ü'\n", "CRLF becomes LF");
  assert.equal(modeOf(base, "root/etc/keepalived/vip.json"), "600");
  assert.equal(modeOf(base, "root/etc/keepalived/check.sh"), "755");
  assert.equal(modeOf(base, "install.sh"), "700");
  assert.equal(
    read(base, "files"),
    "0755 root:root /etc/keepalived/check.sh\n0600 root:root /etc/keepalived/vip.json\n",
  );
  assert.equal(read(base, "mask"), "s3cret\n");
  assert.equal(read(base, "owner"), "urn:x::files\n");
  assert.match(read(base, "id"), /^[0-9a-f]{64}\n$/);
  execFileSync("sha256sum", ["-c", "--quiet", "../sums"], { cwd: join(base, "root") });
});

test("the same content gives the same bytes, whatever its order; other content another id", () => {
  const turned = { ...input, files: [...input.files].reverse() };
  assert.deepEqual(bundle(turned), bundle(input));
  const id = (given: BundleInput) => read(unpack(bundle(given)), "id");
  assert.notEqual(id({ ...input, mask: [] }), id(input));
});

test("contents at the edges of tar's blocks survive", () => {
  const sizes = [0, 1, 511, 512, 513, 1024];
  const entries = Object.fromEntries(sizes.map((size) => [`f${size}`, { mode: "0644", content: "x".repeat(size) }]));
  const base = unpack(tar(entries));
  for (const size of sizes) assert.equal(read(base, `f${size}`).length, size);
});

test("a name that the format can't hold is refused", () => {
  assert.throws(() => tar({ [`a/${"b".repeat(99)}`]: { mode: "0644", content: "" } }), /longer than the 100 bytes/);
});

test("the program is valid shell, and cut anywhere in its transfer it runs nothing", () => {
  const program = pushProgram(input);
  const shell = (text: string, ...args: string[]) => spawnSync("sh", args, { input: text, encoding: "utf8" });
  assert.equal(shell(program, "-n", "-s").status, 0);
  for (const share of [0.1, 0.5, 0.9, 0.99]) {
    const cut = program.slice(0, Math.floor(program.length * share));
    // Were anything run, the first thing would be the lock.
    const result = spawnSync("/bin/sh", ["-s", "install"], {
      input: cut,
      encoding: "utf8",
      env: { PATH: "/nonexistent" },
    });
    assert.doesNotMatch(result.stderr, /mkdir|flock|mktemp/, `cut at ${share}`);
  }
});

test("the bundle in the program is the bundle", () => {
  const [, encoded = ""] = /<<'__BUNDLE__'[^\n]*\n([\s\S]*?)__BUNDLE__\n/.exec(pushProgram(input)) ?? [];
  assert.deepEqual(Buffer.from(encoded, "base64"), bundle(input));
  assert.ok(encoded.split("\n").every((line) => line.length <= 76));
});

test("sha256 is the one of the node's sha256sum", () => {
  const line = execFileSync("sha256sum", { input: "ü\n", encoding: "utf8" });
  assert.equal(sha256("ü\n"), line.split(" ")[0]);
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { renderNode } from "../../render/render.ts";
import { bareSettingsFor, cloudIds } from "./pair.ts";

const paths = renderNode(bareSettingsFor("stable"), cloudIds, "a").map(({ path }) => path);
const command = fileURLToPath(new URL("../../cli/render.ts", import.meta.url));
const render = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", command, ...args], { encoding: "utf8" });

test("prints every file of both nodes with path, mode and owner", () => {
  const { status, stdout } = render();
  assert.equal(status, 0);
  for (const node of ["a", "b"]) {
    const headers = [...stdout.matchAll(/^==> node (\w): (\S+) (\d{4}) root:root$/gm)].filter((m) => m[1] === node);
    assert.deepEqual(
      headers.map((match) => match[2]),
      paths,
    );
  }
});

test("--set changes what the files say, --node leaves the other one out", () => {
  const { stdout } = render("--set", "mode=standing-master", "--set", "nodeAddresses.b=10.0.1.44", "--node", "b");
  assert.match(stdout, /^ {2}unicast_src_ip 10\.0\.1\.44$/m);
  assert.match(stdout, /^ {2}priority 220 /m);
  assert.doesNotMatch(stdout, /^==> node a/m);
});

test("--out writes them with their modes, says that ids are placeholders, and lists them", () => {
  const folder = mkdtempSync(join(tmpdir(), "render-"));
  try {
    const { status, stdout, stderr } = render("--out", folder, "--set", "publicIp=true");
    assert.deepEqual([status, stdout], [0, ""]);
    assert.match(stderr, /eni-of-node-a/);
    const manifest = readFileSync(join(folder, "a.manifest"), "utf8").trimEnd().split("\n");
    assert.deepEqual(
      manifest.map((line) => line.split(" ")[2]),
      paths,
    );
    for (const line of manifest) {
      const [mode = "", , path = ""] = line.split(" ");
      assert.equal(statSync(join(folder, "a", path)).mode & 0o777, Number.parseInt(mode, 8), path);
    }
    assert.match(readFileSync(join(folder, "b/etc/keepalived/vip.json"), "utf8"), /"eipId": "eip-of-the-pair"/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("takes what is for the user's own service, and prints no secret", () => {
  const { status, stdout, stderr } = render(
    ...["healthCheck.tcp=80", "healthCheck.fall=5", "notifyUrl=https://hooks.example/TopSecret"].flatMap((set) => [
      "--set",
      set,
    ]),
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /"kind": "tcp",\n {4}"target": 80,\n {4}"intervalS": 2,\n {4}"timeoutS": 2,\n {4}"fall": 5,/);
  assert.match(stdout, /^==> node a: \/etc\/keepalived\/notify_url 0600 root:root\n\(secret/m);
  assert.doesNotMatch(stdout + stderr, /TopSecret/);
});

test("refuses a bad setting with the key, the value and what is allowed", () => {
  const { status, stdout, stderr } = render("--set", "virtualRouterId=256");
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /virtualRouterId: 256 is not allowed; allowed: 1 to 255/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});

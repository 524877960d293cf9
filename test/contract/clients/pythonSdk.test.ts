/** The vendor's Python SDK signs, sends and reads otherwise than its Node SDK: the same life by it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createdAndDeleted } from "../../../lab/cloud/index.ts";
import { cloudFor } from "../support.ts";

const folder = join(import.meta.dirname, "python");
const packages = join(import.meta.dirname, "../../../node_modules/.tencentcloud-python");

/** By pip, pinned, into the user's own folder of the project; what can't be had there fails the test. */
function ensureSdk(): void {
  const requirements = join(folder, "requirements.txt");
  const stamp = join(packages, "requirements.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === readFileSync(requirements, "utf8")) return;
  console.log("Installing the vendor's Python SDK ...");
  rmSync(packages, { recursive: true, force: true });
  const pip = ["-m", "pip", "install", "-q", "--no-deps", "--target", packages, "-r", requirements];
  const { status, error, stderr } = spawnSync("python3", pip, { encoding: "utf8" });
  assert.ok(
    status === 0,
    `pip could not install ${requirements}, so the vendor's Python SDK was not tried: ${error ?? stderr}`,
  );
  writeFileSync(stamp, readFileSync(requirements));
}

test("a pair lives by the vendor's Python SDK: made, failed over with its EIP, removed, and nothing is left", async (t) => {
  ensureSdk();
  const cloud = await cloudFor(t);
  const child = spawn("python3", ["-B", join(folder, "life.py"), String(cloud.port), cloud.region], {
    env: {
      PATH: process.env.PATH,
      PYTHONPATH: packages,
      TENCENTCLOUD_SECRET_ID: cloud.secretId,
      TENCENTCLOUD_SECRET_KEY: cloud.secretKey,
    },
  });
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      text[stream] += chunk;
    });
  }
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, text.stderr);
  const { enis, instances } = JSON.parse(text.stdout) as { enis: string[]; instances: string[] };
  const { created, left } = createdAndDeleted(cloud.journal());
  for (const id of [...enis, ...instances]) assert.ok(created.includes(id), id);
  assert.deepEqual(left, []);
});

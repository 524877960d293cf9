/** The inline engine against the local cloud alone, as far as it comes without machines. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Cloud } from "../../../lab/cloud/index.ts";
import { least } from "../../unit/given.ts";
import { cloudFor, list, sdk } from "../support.ts";

const engine = fileURLToPath(new URL("../../../lab/engine/inline.ts", import.meta.url));

/** Runs the engine; its record is in a folder that goes with the test. */
function engineFor(t: TestContext, cloud: Cloud) {
  const folder = mkdtempSync(join(tmpdir(), "inline-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { port, secretId, secretKey, region } = cloud;
  const place = {
    project: "keepalived-cluster",
    stack: "test",
    stateFile: join(folder, "state"),
    sshKeyFile: join(folder, "none"),
  };
  return (verb: "up" | "destroy", changes: Record<string, string> = {}) => {
    const named = Object.entries({ ...least, ...changes }).map(([name, value]) => [
      name.includes(":") ? name : `${place.project}:${name}`,
      value,
    ]);
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", engine, verb], {
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify({ ...Object.fromEntries(named), "tencentcloud:region": region }),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify([`${place.project}:sshPrivateKey`]),
        INLINE_ENGINE: JSON.stringify({ ...place, port, secretId, secretKey, region }),
      },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        text += data;
      });
    }
    return new Promise<{ code: number | null; text: string }>((resolve) => {
      child.on("close", (code) => resolve({ code, text }));
    });
  };
}

test("what was under way when something failed is recorded, so that the next run is not in its own way", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const run = engineFor(t, cloud);
  // Refused at once, while the policy is still on its way.
  cloud.faults.set({ latencyMs: 300, errorOnce: [{ action: "CreateVpc", code: "LimitExceeded" }] });
  const failed = await run("up");
  assert.equal(failed.code, 1, failed.text);
  assert.match(failed.text, /^Vpc ha-network-vpc: injected$/m);
  const made = async () => [
    ...list((await call("cam", "DescribeRoleList", { Page: 1, Rp: 20 })).List),
    ...list((await call("cvm", "DescribeDisasterRecoverGroups")).DisasterRecoverGroupSet),
    ...list((await call("cvm", "DescribeKeyPairs")).KeyPairSet),
    ...list((await call("vpc", "DescribeSecurityGroups")).SecurityGroupSet),
  ];
  assert.ok((await made()).length > 0, "something was made beside what failed");
  const gone = await run("destroy");
  assert.equal(gone.code, 0, gone.text);
  assert.deepEqual(await made(), []);
});

test("a type that is sold out, one that is unknown and an image that is not there end the run before anything is made", async (t) => {
  const cloud = await cloudFor(t);
  const run = engineFor(t, cloud);
  cloud.faults.set({ soldOut: ["S5.MEDIUM2"] });
  const refusals: [changes: Record<string, string>, message: RegExp][] = [
    [
      {},
      /^ {2}instanceType: "S5.MEDIUM2" is sold out .* price first: S6.MEDIUM2, SA2.MEDIUM2, SA5.MEDIUM2; or another/m,
    ],
    [{ instanceType: "S6.MEDUIM2" }, /^ {2}instanceType: "S6.MEDUIM2" is not sold .* name first: S6.MEDIUM2, /m],
    [{ instanceType: "S6.MEDIUM2", imageName: "Debian 14" }, /^ {2}imageName: .* nearest: Debian 1\d\.\d 64/m],
    [{ instanceType: "S6.MEDIUM2", imageId: "img-none0000" }, /^ {2}imageId: there is no image "img-none0000"/m],
  ];
  for (const [changes, message] of refusals) {
    const { code, text } = await run("up", changes);
    assert.equal(code, 1, text);
    assert.match(text, message);
  }
  const call = sdk(cloud);
  assert.equal((await call("vpc", "DescribeVpcs")).TotalCount, 0);
  assert.equal((await call("cam", "DescribeRoleList", { Page: 1, Rp: 20 })).TotalNum, 0);
});

test("a command that fails on a node ends the run, where no output hangs on it too", async (t) => {
  const cloud = await cloudFor(t);
  const run = engineFor(t, cloud);
  // With the host keys named, all outputs are there before a node's files are; and there is no lab to log in to.
  const { code, text } = await run("up", { hostKeys: JSON.stringify({ a: "any", b: "any" }) });
  assert.equal(code, 1, text);
  assert.match(text, /\+ Instance ha-a-instance /);
  assert.doesNotMatch(text, /\d+ created/);
});

/** `npm run probe-cloud` as a user runs it, against a cloud in this process that stands in for a lab's. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { labPaths, writeConfig } from "../../../lab/state.ts";
import { cloudFor, until } from "../support.ts";

const command = fileURLToPath(new URL("../../../lab/survey/main.ts", import.meta.url));

interface Running {
  child: ChildProcess;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(args: string[], env: Record<string, string> = {}): Running {
  const {
    TENCENTCLOUD_SECRET_ID: _id,
    TENCENTCLOUD_SECRET_KEY: _key,
    TENCENTCLOUD_REGION: _region,
    ...rest
  } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", command, ...args], {
    env: { ...rest, ...env },
  });
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      text[stream] += chunk;
    });
  }
  const ended = new Promise<Awaited<Running["ended"]>>((resolve) => {
    child.on("close", (code) => resolve({ code, ...text }));
  });
  return { child, ended };
}

/** A lab as the command finds it: a running cloud, and the file that says where. */
async function lab(t: TestContext, name: string) {
  const cloud = await cloudFor(t);
  const { region, port, secretId, secretKey } = cloud;
  const folder = mkdtempSync(join(tmpdir(), "probe-"));
  writeConfig({ name, index: 6, apiPort: port, secretId, secretKey, region, zone: `${region}-3` });
  t.after(() => {
    rmSync(labPaths(name).dir, { recursive: true });
    rmSync(folder, { recursive: true });
  });
  const [out, ledger] = [join(folder, "answers.json"), join(folder, "ledger.jsonl")];
  const files = ["--target", "lab", "--out", out, "--ledger", ledger];
  const probe = (...args: string[]) => start([...files, ...args], { LAB_NAME: name });
  const left = () => [cloud.model.vpcs, cloud.model.enis, cloud.model.instances].flatMap((map) => [...map.keys()]);
  const called = (action: string) => cloud.journal().some((entry) => entry.action === action);
  return { cloud, out, ledger, probe, left, called };
}

test("without --yes it says what it would ask, make, pay and remove, and makes no call", async () => {
  const { code, stdout } = await start(["--region", "ap-guangzhou"]).ended;
  assert.equal(code, 0);
  assert.match(stdout, /ask Tencent Cloud in ap-guangzhou 31 questions/);
  assert.match(stdout, /two of the cheapest machines.*\n.*price page|price that the cloud quotes/);
  assert.match(stdout, /--clean/);
  assert.match(stdout, /Nothing was made/);
});

test("a cheap question costs nothing, and the text says so", async () => {
  const { stdout } = await start(["--only", "publicKeyTwice"]).ended;
  assert.match(stdout, /ask Tencent Cloud 1 questions/);
  assert.doesNotMatch(stdout, /machines/);
});

test("--list tells of each question why, how and with which answers, and what only a machine can tell", async () => {
  const { stdout } = await start(["--list"]).ended;
  assert.match(
    stdout,
    /^eipLeftBehind\n {2}Does an EIP follow.*\n {2}why: .*\n {2}how: .*\n {2}needs: machines, eip\n/m,
  );
  assert.match(stdout, /^ {4}"unbound" +it is bound to nothing$/m);
  assert.match(stdout, /^credentialLifetime\n/m);
});

test("missing keys, an unknown question or target are said before anything", async () => {
  const fails = async (args: string[], text: RegExp) => {
    const { code, stderr } = await start(args).ended;
    assert.equal(code, 1);
    assert.match(stderr, text);
    assert.doesNotMatch(stderr, /\n {4}at /);
  };
  await fails(["--yes", "--region", "ap-guangzhou"], /TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY/);
  await fails(["--yes"], /--region ap-guangzhou, or TENCENTCLOUD_REGION/);
  await fails(["--only", "eipFollows"], /there is no eipFollows; there are: .*eipFollowMs/);
  await fails(["--target", "moon", "--yes"], /allowed are tencent and lab/);
});

test("by the vendor's SDK: asks, writes the answers, leaves nothing", async (t) => {
  const { cloud, out, ledger, probe, left } = await lab(t, "pcask");
  cloud.faults.behave({ unknownEni: "empty" });
  const { code, stderr } = await probe("--only", "unknownEni,publicKeyTwice,camEniResource").ended;
  assert.equal(code, 0, stderr);
  const answers = JSON.parse(readFileSync(out, "utf8"));
  assert.deepEqual(answers.behaviour, {
    publicKeyTwice: "InvalidPublicKey.Duplicate",
    unknownEni: "empty",
    camEniResource: "short",
  });
  assert.equal(answers.schemaVersion, 1);
  assert.match(answers.open.migrateMs, /not asked/);
  assert.match(answers.open.credentialLifetime, /inside a machine/);
  assert.match(stderr, /3 of 3 points settled[\s\S]*credentialLifetime +only the metadata service/);
  assert.deepEqual([left(), cloud.model.keyPairs.size, existsSync(ledger)], [[], 0, false]);
  assert.doesNotMatch(readFileSync(out, "utf8") + stderr, new RegExp(cloud.secretKey));
});

test("Ctrl-C in the middle: what was made is removed", async (t) => {
  const { probe, left, ledger, out, called } = await lab(t, "pcint");
  const { child, ended } = probe("--only", "taskKnownMs");
  await until("the question being put", async () => called("MigratePrivateIpAddress"));
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  assert.equal(code, 1);
  assert.match(stderr, /removing what was made/);
  assert.deepEqual([left(), existsSync(ledger), existsSync(out)], [[], false, false]);
});

test("killed in the middle: the next run refuses, --clean removes it", async (t) => {
  const { probe, left, ledger, called } = await lab(t, "pckill");
  const { child, ended } = probe("--only", "taskKnownMs");
  await until("the question being put", async () => called("MigratePrivateIpAddress"));
  child.kill("SIGKILL");
  await ended;
  assert.notEqual(left().length, 0);
  const refusal = (await probe("--only", "unknownEni").ended).stderr;
  assert.match(refusal, /A former run has left something/);
  assert.ok(refusal.includes(`npm run probe-cloud -- --clean --ledger ${ledger}`), refusal);
  const { code, stderr } = await probe("--clean").ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual([left(), existsSync(ledger)], [[], false]);
});

test("wrong options are refused before anything is made, and a ledger with a spoilt line is told", async (t) => {
  for (const [args, message] of [
    [["--target", "tencnet"], '--target is "tencnet"; allowed are tencent and lab.'],
    [["--task-watch", "1m"], '--task-watch is "1m"; allowed are 0 to 9999 seconds.'],
    [["--out", "/nowhere/answers.json"], '--out is "/nowhere/answers.json"; there is no folder /nowhere.'],
  ] as const) {
    const { code, stderr } = await start([...args]).ended;
    assert.equal(code, 1);
    assert.equal(stderr.trim(), message);
  }
  const folder = mkdtempSync(join(tmpdir(), "probe-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const ledger = join(folder, "ledger.jsonl");
  writeFileSync(ledger, '{"target":"lab","region":"ap-guangzhou"}\n{"step":"mak\n{"step":"gone","name":"x"}\n');
  const { code, stderr } = await start(["--clean", "--ledger", ledger], { LAB_NAME: "none" }).ended;
  assert.equal(code, 1);
  assert.match(stderr, /^Line 2 of .*ledger\.jsonl can't be read/);
});

/** scripts/run.sh, by which every npm script begins: whatever the shell and the environment of whoever types it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A checkout with an npm that installs a `node` which says where it runs, and notes each installation. */
function checkout(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'it\'s "run" ')), "check out");
  for (const path of ["scripts", "sdks/tencentcloud", "bin"]) mkdirSync(join(folder, path), { recursive: true });
  for (const script of ["run.sh", "installed.sh"]) cpSync(`scripts/${script}`, join(folder, "scripts", script));
  for (const file of ["package-lock.json", "sdks/tencentcloud/package.json"]) writeFileSync(join(folder, file), "{}");
  program(
    join(folder, "bin/npm"),
    `echo begins >>installations
mkdir node_modules node_modules/.bin || exit 1
left=600; until [ -z "$UNTIL" ] || [ -e "$UNTIL" ] || [ $left = 0 ]; do left=$((left - 1)); sleep 0.05; done
printf '#!/bin/sh\\necho "node in $PWD: $*"\\n' >node_modules/.bin/node
chmod +x node_modules/.bin/node
sh scripts/installed.sh record`,
  );
  return folder;
}

function program(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

function run(folder: string, env: NodeJS.ProcessEnv = {}, hears = (_stderr: string) => {}): Promise<Ended> {
  const PATH = `${join(folder, "bin")}:${process.env.PATH}`;
  const child = spawn("sh", ["scripts/run.sh", "program"], { cwd: folder, env: { ...process.env, PATH, ...env } });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    ended.stderr += chunk;
    hears(ended.stderr);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...ended, code })));
}

const installations = (folder: string): number =>
  readFileSync(join(folder, "installations"), "utf8").split("\n").length - 1;
const leftOf = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith(".installing"));

test("a CDPATH of the user's leads nowhere else, prints nothing, and installs nothing twice", async () => {
  const folder = checkout();
  const elsewhere = mkdtempSync(join(tmpdir(), "cdpath-"));
  mkdirSync(join(elsewhere, "scripts"));
  for (const CDPATH of [elsewhere, `.:${elsewhere}`, "."]) {
    const { code, stdout } = await run(folder, { CDPATH });
    assert.equal(stdout, `node in ${folder}: --disable-warning=ExperimentalWarning program\n`, CDPATH);
    assert.equal(code, 0);
  }
  assert.equal(installations(folder), 1);
  rmSync(elsewhere, { recursive: true });
});

test("of two that begin at once one installs the packages, and the other waits and says for whom", async () => {
  const folder = checkout();
  const waits = /^Process \d+ installs the npm packages; waiting for it/m;
  const hears = (stderr: string) => waits.test(stderr) && writeFileSync(join(folder, "waited-for"), "");
  const ended = await Promise.all([1, 2, 3].map(() => run(folder, { UNTIL: "waited-for" }, hears)));
  assert.deepEqual(
    ended.map(({ code }) => code),
    [0, 0, 0],
    ended.map(({ stderr }) => stderr).join(""),
  );
  assert.equal(installations(folder), 1);
  assert.ok(existsSync(join(folder, "waited-for")));
  assert.deepEqual(leftOf(folder), []);
});

test("one that was killed while it installed holds nobody up", async () => {
  const folder = checkout();
  const killed = spawn("true");
  await new Promise((resolve) => killed.on("close", resolve));
  writeFileSync(join(folder, ".installing"), `${killed.pid}\n`);
  const { code, stderr } = await run(folder);
  assert.equal(code, 0, stderr);
  assert.deepEqual(leftOf(folder), []);
});

test("where npm can't install, the next command may try again", async () => {
  const folder = checkout();
  program(join(folder, "bin/npm"), "echo no registry >&2; exit 1");
  const { code, stderr } = await run(folder);
  assert.equal(code, 1);
  assert.match(stderr, /no registry[\s\S]*Check that the npm registry can be reached/);
  assert.deepEqual(leftOf(folder), []);
  assert.ok(!existsSync(join(folder, "node_modules")));
});

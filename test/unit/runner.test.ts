/** The runner of the lab's files: none is left out, each counts once, and a place that becomes free is used. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Total } from "../runner.ts";

const runner = join(import.meta.dirname, "../runner.ts");

/** Runs test files one at a time, and one more at once. In a process of its own: Node runs none inside of a test. */
function ran(files: Record<string, string>): { total: Total; said: string } {
  const folder = mkdtempSync(join(tmpdir(), "runner-"));
  const paths = Object.entries(files).map(([name, body]) => {
    const path = join(folder, `${name}.test.mjs`);
    writeFileSync(path, `import { test } from "node:test";\nimport fs from "node:fs";\n${body}`);
    return path;
  });
  const program = `
    import { nodeTestsWith } from ${JSON.stringify(runner)};
    const total = { passed: 0, failed: 0 };
    let said = "";
    await nodeTestsWith(Promise.resolve(), ${JSON.stringify(paths)}, 1)(total, (text) => { said += text; });
    console.log(JSON.stringify({ total, said }));`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  // As a file: what Node is started with it hands on to each test file.
  writeFileSync(join(folder, "program.mjs"), program);
  const output = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, env, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return JSON.parse(output);
}

/** Ends only beside a file that does the same with the words exchanged. */
const meets = (own: string, other: string) => `test("${own} meets ${other}", async () => {
  fs.writeFileSync("${own}", "");
  const endMs = Date.now() + 120_000;
  while (!fs.existsSync("${other}")) {
    if (Date.now() > endMs) throw new Error("alone");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});`;

test("every file is run once and tells its name, and one that fails counts as such", () => {
  const { total, said } = ran({
    one: 'test("first", () => {}); test("second", () => {});',
    two: 'test("third", () => { throw new Error("broken"); });',
    three: 'test("fourth", () => {});',
  });
  assert.deepEqual(total, { passed: 3, failed: 1 }, said);
  for (const text of ["one.test.mjs", "two.test.mjs", "three.test.mjs", "broken"]) assert.ok(said.includes(text), text);
});

test("with another lane's place two files are run at a time", () => {
  const { total, said } = ran({ one: meets("one", "two"), two: meets("two", "one") });
  assert.deepEqual(total, { passed: 2, failed: 0 }, said);
});

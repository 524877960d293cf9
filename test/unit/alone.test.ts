import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { aloneWithLabs } from "../alone.ts";

test("tests with labs wait for those that run on the machine, and say whose they are", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "alone-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "lock");
  const ends = await aloneWithLabs(file, assert.fail);
  const said: string[] = [];
  let second = false;
  const waits = aloneWithLabs(file, (line) => {
    said.push(line);
    assert.equal(second, false);
    ends();
  }).then((end) => {
    second = true;
    end();
  });
  await waits;
  assert.match(
    said.join("\n"),
    new RegExp(`waiting since \\d+ s for other tests .* in ${process.cwd()} \\(process ${process.pid}\\)`),
  );
});

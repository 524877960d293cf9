/** Where a lab's behaviour comes from: --behaviour FILE, else LAB_BEHAVIOUR. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { behaviourFrom } from "../../../lab/command/behaviourFile.ts";

test("a file of the probe's answers or of switches alone; a wrong one is refused by its name", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "behaviour-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
    delete process.env.LAB_BEHAVIOUR;
  });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  assert.equal(behaviourFrom(undefined), undefined);
  const answers = file("answers.json", '{"schemaVersion":1,"answers":{},"behaviour":{"migrateMs":4000}}');
  assert.deepEqual(behaviourFrom(answers), { migrateMs: 4000 });
  process.env.LAB_BEHAVIOUR = file("switches.json", '{"unknownEni":"empty"}');
  assert.deepEqual(behaviourFrom(), { unknownEni: "empty" });
  assert.deepEqual(behaviourFrom(answers), { migrateMs: 4000 }, "the option goes before the variable");
  assert.throws(
    () => behaviourFrom(file("odd.json", '{"migrateMs":-1}')),
    /odd\.json holds no .* migrateMs can't be -1/,
  );
  assert.throws(() => behaviourFrom(join(folder, "none.json")), /none\.json: there is no such file or folder; look at/);
});

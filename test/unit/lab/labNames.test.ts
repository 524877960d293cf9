import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

test("no two test files that may run at a time use the same lab", () => {
  const owner = new Map<string, string>();
  for (const file of globSync("test/lab/**/*.test.ts")) {
    const made = [...readFileSync(file, "utf8").matchAll(/new Lab\(([^)]*)\)/g)].map(([, name]) => name ?? "");
    assert.ok(made.length > 0, `${file} has a lab`);
    for (const [, name = ""] of made.join().matchAll(/"(t[a-z0-9]*)"/g)) {
      assert.equal(owner.get(name) ?? file, file, `the lab ${name}`);
      owner.set(name, file);
    }
  }
  assert.ok(owner.size >= 8, `they are found: ${[...owner.keys()]}`);
});

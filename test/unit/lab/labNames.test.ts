import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { labNames } from "../../../lab/fabric/names.ts";
import { namesPartOf } from "../../support/footprint.ts";

test("no two test files that may run at a time use the same lab", () => {
  const owner = new Map<string, string>();
  for (const file of globSync("test/lab/**/*.test.ts")) {
    const made = [...readFileSync(file, "utf8").matchAll(/new (?:Kept)?Lab\(([^)]*)\)/g)].map(([, name]) => name ?? "");
    assert.ok(made.length > 0, `${file} has a lab`);
    for (const [, name = ""] of made.join().matchAll(/"(t[a-z0-9]*)"/g)) {
      assert.equal(owner.get(name) ?? file, file, `the lab ${name}`);
      owner.set(name, file);
    }
  }
  assert.ok(owner.size >= 8, `they are found: ${[...owner.keys()]}`);
});

test("a lab's footprint is its own, not that of one whose name begins or ends with its own", () => {
  const lines = (lab: string) => {
    const names = labNames(lab);
    return [
      `${names.machine("ins-1")} (id: 3)`,
      names.router(0),
      names.client(2),
      names.internet,
      `${names.rootLink(1)}@if7`,
      `/sys/fs/cgroup/cpu/${names.cgroup}`,
      `/sys/fs/cgroup/cpu/${names.cgroup}/ins-1`,
      `nsfs /run/netns/${names.machine("ins-1")} nsfs`,
    ];
  };
  for (const line of lines("tm")) assert.ok(namesPartOf("tm", line), line);
  for (const other of ["tmo", "atm", "tm-r", "tm-m"]) {
    for (const line of lines(other)) assert.ok(!namesPartOf("tm", line), line);
  }
});

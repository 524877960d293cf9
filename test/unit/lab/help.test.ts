/** Who asks the lab what it can do is told, and nothing is begun. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

for (const words of [["--help"], ["help"], ["status", "--help"]]) {
  test(`npm run lab -- ${words.join(" ")}`, () => {
    const { status, stdout } = spawnSync(process.execPath, ["lab/main.ts", ...words], { encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, /^npm run lab .*\nnpm run lab -- up /);
  });
}

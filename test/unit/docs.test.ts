import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nodeFilePaths } from "../../render/render.ts";

test("docs/failover.md says of every file on a node what it is for, and of no other", () => {
  const text = readFileSync(new URL("../../docs/failover.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `(\/etc\/[^`]+)` \| (\S.*) \|$/gm)];
  assert.deepEqual(rows.map(([, path]) => path).sort(), nodeFilePaths());
});

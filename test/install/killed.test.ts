import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { installedNode, original, slower } from "./node.ts";

test("killed at any rename, the next run has the whole old set or the whole new one", async (t) => {
  const node = await installedNode(t);
  // mv kills its whole process group at the n-th call.
  const mv = `#!/bin/sh
    n=$(($(cat /stub/left) - 1)); echo $n >/stub/left
    [ $n -ne 0 ] || kill -9 0
    exec /bin/mv "$@"\n`;
  node.write({ path: "/stub/bin/mv", mode: "0755", content: mv });
  let recovered = 0;
  let finished = false;
  for (let n = 1; !finished; n += 5) {
    writeFileSync(node.at("/stub/left"), String(n));
    finished = node.install(slower, "setsid --wait sh -c '@'").status === 0;
    writeFileSync(node.at("/stub/left"), "0");
    const next = node.install(original);
    assert.equal(next.status, 0, next.stderr);
    if (next.stdout.includes("recovering")) recovered += 1;
    node.has(original);
  }
  assert.ok(recovered > 3, `${recovered} interruptions fell into the swap`);
});

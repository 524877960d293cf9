import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { renderNode } from "../../render/render.ts";
import { cloudIds, settingsFor } from "../golden/pair.ts";

test("docs/failover.md says of every file on a node what it is for, and of no other", () => {
  const text = readFileSync(new URL("../../docs/failover.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `(\/etc\/[^`]+)` \| (\S.*) \|$/gm)];
  const paths = renderNode({ ...settingsFor("stable"), hooks: [], keepConnectionsS: 600 }, cloudIds, "a").map(
    ({ path }) => path,
  );
  assert.deepEqual(
    rows.map(([, path]) => path).sort(),
    [...paths, "/etc/systemd/system/keepalived-vip-hooks.service"].sort(),
  );
});

test("the nodes tell the version that the package has, and the changelog begins with it", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const runtime = readFileSync("templates/etc/keepalived/keepalived_vip/__init__.py", "utf8");
  assert.equal(/^VERSION = "(.*)"$/m.exec(runtime)?.[1], version);
  assert.equal(/^## (\S+)/m.exec(readFileSync("CHANGELOG.md", "utf8"))?.[1], version);
});

/** What is left on a node of an installation that fails, or that is taken back. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { bareNode, conf, installedNode, type Node, original } from "./node.ts";

/** Every path where an installation may leave something. */
const tree = (node: Node): string[] =>
  node
    .run(
      "find /etc /var/lib /var/log /run -not -path '/var/lib/apt/*' -not -path '/run/bundle-*' -not -path /run/mount | sort",
    )
    .stdout.split("\n")
    .filter((line) => /keepalived|systemd|NetworkManager|\.d(\/|$)|^\/(run|var)/.test(line));

describe("a first install that fails leaves nothing", () => {
  test("files, services, runtime folder; what was there before us comes back", async (t) => {
    const node = await bareNode(t);
    node.write({ path: conf, mode: "0644", content: "# somebody's\n" });
    node.write({ path: "/stub/fail/keepalived", mode: "0644", content: "fault\n" });
    const result = node.install(original);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /activation failed; nothing stays installed\nfault/);
    assert.equal(readFileSync(node.at(conf), "utf8"), "# somebody's\n");
    for (const file of original) assert.ok(file.path === conf || !existsSync(node.at(file.path)), file.path);
    for (const gone of ["/var/lib/keepalived-cluster", "/run/keepalived-vip", "/stub/active/keepalived-vip"]) {
      assert.ok(!existsSync(node.at(gone)), gone);
    }
    assert.doesNotMatch(node.run("ip rule; ip -4 addr").stdout, /10\.20/);
    assert.equal(node.install(original).status, 0);
  });
});

describe("uninstall", () => {
  test("by the one who installed: nothing is left, what was there before us comes back", async (t) => {
    const node = await bareNode(t);
    node.write({ path: conf, mode: "0644", content: "# somebody's\n" });
    const before = tree(node);
    node.firstInstall();
    const result = node.push("uninstall", original);
    assert.deepEqual([result.status, result.stderr], [0, ""]);
    assert.match(result.stdout, /uninstalled\n$/);
    assert.equal(readFileSync(node.at(conf), "utf8"), "# somebody's\n");
    assert.deepEqual(tree(node), before);
    assert.doesNotMatch(node.run("ip rule; ip -4 addr").stdout, /10\.20/);
    assert.equal(node.push("uninstall", original).stdout, "not installed\n");
  });

  test("by a resource that has been replaced: nothing happens", async (t) => {
    const node = await installedNode(t);
    assert.equal(node.push("install", original, { owner: "urn:new-name" }).status, 0);
    node.calls();
    const result = node.push("uninstall", original);
    assert.deepEqual([result.status, result.stdout], [0, "now installed by urn:new-name; leaving it\n"]);
    node.has(original);
    assert.deepEqual(node.calls(), []);
  });
});

/** A node whose files and units were changed by hand: the push of the very same bundle puts them back, and in force. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { conf, installedNode, type Node, original } from "./node.ts";

const account = "/var/lib/keepalived-cluster/state";
const enable = "enable keepalived-vip-nic keepalived-vip keepalived";

/** What `vip.py self-test` finds of the files. */
const found = (node: Node) => {
  const look = `import sys; sys.path.insert(0, "/etc/keepalived"); sys.dont_write_bytecode = True
from keepalived_vip.operator.selftest import drift
pushed = drift.account("${account}")
print(len(pushed), drift.changed(pushed))`;
  const { stdout, stderr } = node.run(`python3 -c '${look}'`);
  return stdout + stderr;
};
const nothing = `${original.length} []\n`;

const again = (node: Node): string[] => {
  const { status, stderr } = node.install(original);
  assert.equal(status, 0, stderr);
  node.has(original);
  assert.equal(found(node), nothing);
  return node.calls();
};

describe("the same push again", () => {
  test("keeps an account of the files that root alone can read, and that fits them", async (t) => {
    const node = await installedNode(t);
    assert.equal(found(node), nothing);
    for (const name of ["files", "sums"]) assert.equal(statSync(node.at(`${account}/${name}`)).mode & 0o7777, 0o600);
    assert.equal(node.install(original).stdout, "up to date\n");
    node.run(`rm ${account}/sums`);
    assert.match(found(node), /FileNotFoundError/);
    again(node);
  });

  test("puts a file back that was edited, and keepalived reads it even if it has read the edit", async (t) => {
    const node = await installedNode(t);
    node.run(`sed -i 's/^  *advert_int.*/advert_int 5/' ${conf}; systemctl reload keepalived`);
    assert.equal(found(node), `${original.length} ['${conf}: changed']\n`);
    node.calls();
    assert.deepEqual(again(node), ["daemon-reload", enable, "reload keepalived"]);
  });

  test("brings back what was removed, and other modes", async (t) => {
    const node = await installedNode(t);
    node.run("rm -r /etc/keepalived/keepalived_vip /etc/logrotate.d/keepalived-vip; chmod 777 /etc/keepalived/nic.sh");
    node.run("ln -sf /dev/null /etc/systemd/system/keepalived-vip.service");
    assert.deepEqual(again(node), ["daemon-reload", enable, "restart keepalived-vip"]);
  });

  test("enables a unit that was disabled, and one that was masked", async (t) => {
    const node = await installedNode(t);
    node.run("rm /stub/enabled/keepalived-vip-nic");
    assert.deepEqual(again(node), ["daemon-reload", enable]);
    for (const word of ["masked", "masked-runtime"]) {
      node.write({ path: "/stub/masked/keepalived", mode: "0644", content: `${word}\n` });
      assert.deepEqual(again(node), ["daemon-reload", "unmask keepalived", "unmask keepalived", enable]);
    }
  });

  test("installs keepalived anew when a file of its package is gone", async (t) => {
    const node = await installedNode(t);
    node.write({
      path: "/stub/bin/apt-get",
      mode: "0755",
      content: '#!/bin/sh\necho "$*" >>/stub/apt; cp /stub/unit "$(cat /stub/place)"\n',
    });
    node.run(
      `unit=$(dpkg -L keepalived | grep '/keepalived\\.service$'); echo "$unit" >/stub/place; mv "$unit" /stub/unit`,
    );
    assert.match(node.install(original).stdout, /^installing keepalived\n/);
    assert.match(readFileSync(node.at("/stub/apt"), "utf8"), /install --reinstall [^\n]* keepalived\n$/);
    assert.equal(node.install(original).stdout, "up to date\n");
  });
});

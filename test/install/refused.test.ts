import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Result } from "./machine.ts";
import { bareNode, checking, conf, edited, filesOf, installedNode, type Node, original, slower } from "./node.ts";

describe("the old configuration stays in force when", () => {
  const unchanged = (node: Node, result: Result, message: RegExp): void => {
    assert.equal(result.status, 1);
    assert.match(result.stderr, message);
    assert.doesNotMatch(result.stderr + result.stdout, /TopSecret/);
    node.has(original);
  };

  test("keepalived refuses the new one: nobody is told to do anything, and secrets are masked", async (t) => {
    const node = await installedNode(t);
    const result = node.install(
      edited(slower, conf, (text) => text.replace("version 3", "version 3\n  TopSecretWord 7")),
    );
    unchanged(node, result, /the new configuration is refused; nothing was changed\n[\s\S]*'\*\*\*Word'/);
    assert.deepEqual(node.calls(), []);
  });

  test("a hook is missing, which keepalived itself does not mind", async (t) => {
    const node = await installedNode(t);
    unchanged(
      node,
      node.install(slower.filter((file) => !file.path.endsWith("notify_action.sh"))),
      /notify_action.sh is missing/,
    );
  });

  test("its health check would take the node out of service", async (t) => {
    const node = await installedNode(t);
    const failing = filesOf(checking("TopSecret=x false"));
    unchanged(
      node,
      node.install(failing),
      /the new configuration is refused; nothing was changed\n.*in service: command: exit 1/,
    );
    assert.deepEqual(node.calls(), []);
    node.run("/etc/keepalived/vip.py drain hold maintenance 60 'on purpose'");
    assert.equal(node.install(failing).status, 0, "a node that is not in service takes any");
  });

  test("a service does not start: the old one is activated again", async (t) => {
    const node = await installedNode(t);
    node.write({ path: "/stub/fail/keepalived-vip", mode: "0644", content: "TopSecret fault\n" });
    unchanged(
      node,
      node.install(slower),
      /activation failed; the old configuration is active again\n[\s\S]*\*\*\* fault/,
    );
    assert.equal(node.install(original).stdout, "up to date\n");
  });

  test("keepalived never gets a state", async (t) => {
    const node = await installedNode(t);
    node.run(`sed -i 's/BACKUP/FAULT/' /run/keepalived-vip/state`);
    unchanged(
      node,
      node.install(slower, "HEALTHY_WITHIN_S=2; export HEALTHY_WITHIN_S; @"),
      /in state FAULT, not MASTER or BACKUP/,
    );
  });

  test("a firewall of the node drops the peer's adverts: the command that lets them in is said", async (t) => {
    const node = await installedNode(t);
    node.run(`/etc/keepalived/vip.py drain hold firewall 60 'ufw drops the adverts: ufw allow in on eth1'`);
    unchanged(
      node,
      node.install(slower, "HEALTHY_WITHIN_S=2; export HEALTHY_WITHIN_S; @"),
      /^ufw drops the adverts: ufw allow in on eth1$/m,
    );
  });

  for (const folder of ["/etc/keepalived", "/var/lib/keepalived-cluster"]) {
    test(`the disk of ${folder} is full`, async (t) => {
      const node = await installedNode(t);
      node.run(`set -e
        cp -a ${folder} /run/copy; mount -t tmpfs -o size=2m,mode=755 tmpfs ${folder}; cp -a /run/copy/. ${folder}
        cat /dev/zero >${folder}/fill 2>/dev/null || :`);
      unchanged(node, node.install(slower), /No space left on device/);
      assert.deepEqual(node.calls(), []);
      node.run(`rm ${folder}/fill`);
      assert.equal(node.install(slower).status, 0);
      node.has(slower);
    });
  }

  test("the bundle is damaged", async (t) => {
    const node = await installedNode(t);
    const damaged = `f=$(ls -d /run/bundle-*[0-9] | sort -V | tail -n 1); echo x >>$f/root${conf}; @`;
    unchanged(node, node.install(slower, damaged), /the bundle is damaged/);
  });
});

test("a stranger's adverts keep the pair off a node that has none of it yet, and a running one asks no more", async (t) => {
  const disturbed = (files: typeof original) =>
    edited(
      files,
      "/etc/keepalived/hear.py",
      () => '#!/bin/sh\n[ "$1" = others ] || exit 0\necho 10.20.5.99 sends adverts\nexit 1\n',
    );
  const bare = await bareNode(t);
  const { status, stderr } = bare.install(disturbed(original));
  assert.equal(status, 1);
  assert.match(stderr, /the new configuration is refused; nothing was changed\n10.20.5.99 sends adverts\n$/);
  assert.equal(bare.run("ls -d /etc/keepalived/vip.json /var/lib/keepalived-cluster").stdout, "");
  const running = await installedNode(t);
  assert.equal(running.install(disturbed(slower)).status, 0);
});

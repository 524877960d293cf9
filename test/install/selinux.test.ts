import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bareNode, installedNode, type Node, original, slower } from "./node.ts";

const type = "keepalived_unconfined_script_exec_t";
const hooks = ["check_self.sh", "notify_action.sh"].map((name) => `/etc/keepalived/${name}`);

/** SELinux's commands, with a file for each label; a kernel that has SELinux can't be had here. */
const commands = {
  selinuxenabled: "exit 0",
  getenforce: "cat /stub/mode",
  stat: `case "$*" in
  *%C*) for path; do :; done
    [ "$path" = "$(command -v keepalived)" ] && echo system_u:object_r:keepalived_exec_t:s0 && exit
    cat "/stub/labels/\${path##*/}" 2>/dev/null || echo system_u:object_r:etc_t:s0 ;;
  *) exec /usr/bin/stat "$@" ;;
esac`,
  matchpathcon: "cat /stub/rule 2>/dev/null",
  // -t TYPE FILE...; a machine may have no such type, or a file system without labels.
  chcon: `[ ! -e /stub/refuses ] || { echo "chcon: Invalid argument" >&2; exit 1; }
mkdir -p /stub/labels
context=$2
shift 2
for path; do echo "system_u:object_r:$context:s0" >"/stub/labels/\${path##*/}"; done`,
  restorecon: `mkdir -p /stub/labels
for path; do cp /stub/rule "/stub/labels/\${path##*/}"; done`,
};
const semanage = `echo "semanage $*" >>/stub/calls
case $2 in
-a) echo "system_u:object_r:$4:s0" >/stub/rule ;;
-d) rm /stub/rule ;;
esac`;

function give(node: Node, more: Record<string, string> = {}, mode = "Enforcing"): void {
  for (const [name, content] of Object.entries({ ...commands, ...more })) {
    node.write({ path: `/stub/bin/${name}`, mode: "0755", content: `#!/bin/sh\n${content}\n` });
  }
  node.write({ path: "/stub/mode", mode: "0644", content: `${mode}\n` });
}
const labels = (node: Node): string =>
  node.run(`cd /stub/labels && cat ${hooks.map((path) => path.slice(16)).join(" ")}`).stdout;
const right = `system_u:object_r:${type}:s0\n`.repeat(2);

describe("where SELinux confines keepalived, its hooks are labelled", () => {
  test("by a rule that outlives a relabelling, and which the removal takes back", async (t) => {
    const node = await bareNode(t);
    give(node, { semanage });
    node.firstInstall();
    assert.equal(labels(node), right);
    assert.equal(node.run("cat /stub/rule").status, 0);
    node.run("rm -r /stub/labels");
    assert.equal(node.install(original).status, 0, "labels that somebody took away are put back");
    assert.equal(labels(node), right);
    assert.equal(node.push("uninstall", original).status, 0);
    assert.equal(node.run("cat /stub/rule").status, 1);
  });

  test("without semanage too", async (t) => {
    const node = await bareNode(t);
    give(node);
    node.firstInstall();
    assert.equal(labels(node), right);
    assert.equal(node.install(original).stdout, "up to date\n");
  });

  test("or refused with the commands that would, before anything is changed", async (t) => {
    const node = await installedNode(t);
    give(node);
    node.write({ path: "/stub/refuses", mode: "0644", content: "" });
    const { status, stderr } = node.install(slower);
    assert.equal(status, 1);
    assert.match(stderr, /refused; nothing was changed\n[\s\S]*SELinux keeps keepalived from running its hooks/);
    assert.ok(stderr.includes(`semanage fcontext -a -t ${type} '/etc/keepalived/(check_self|notify_action)\\.sh'\n`));
    assert.ok(stderr.includes(`restorecon -v ${hooks.join(" ")}\n`));
    node.has(original);
    node.write({ path: "/stub/rule", mode: "0644", content: `system_u:object_r:${type}:s0\n` });
    assert.equal(node.install(slower).status, 0, "once a person has done so");
    assert.equal(labels(node), right);
  });

  test("or left alone where it only writes down what it would keep from running", async (t) => {
    const node = await bareNode(t);
    give(node, {}, "Permissive");
    node.write({ path: "/stub/refuses", mode: "0644", content: "" });
    node.firstInstall();
  });
});

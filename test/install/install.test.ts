import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { pushProgram } from "../../push/bundle.ts";
import { installScripts } from "../../push/scripts.ts";
import { bareNode, checking, conf, edited, filesOf, installedNode, type Node, original, slower } from "./node.ts";

describe("install", () => {
  test("a bare node: files, NIC and services in this order; once more: nothing at all", async (t) => {
    const node = await bareNode(t);
    const first = node.install(original);
    assert.deepEqual([first.status, first.stderr], [0, ""]);
    assert.match(first.stdout, /^checking the new files\nwriting \d+ files\nactivating\ndone\n$/);
    node.has(original);
    assert.deepEqual(node.calls(), [
      "daemon-reload",
      "enable keepalived-vip-nic keepalived-vip keepalived",
      "restart keepalived-vip-nic",
      "restart keepalived-vip",
      "restart keepalived",
      "drain 0",
    ]);
    const second = node.install(original);
    assert.deepEqual([second.status, second.stdout, second.stderr], [0, "up to date\n", ""]);
    assert.deepEqual(node.calls(), []);
  });

  test("what a reload can change is one reload", async (t) => {
    const node = await installedNode(t);
    assert.equal(node.install(slower).status, 0);
    node.has(slower);
    assert.deepEqual(node.calls(), [
      "daemon-reload",
      "enable keepalived-vip-nic keepalived-vip keepalived",
      "restart keepalived-vip", // vip.json names the interval too
      "reload keepalived",
    ]);
  });

  test("a MASTER is drained before a restart that cannot be avoided, and takes part again afterwards", async (t) => {
    const node = await installedNode(t);
    const peerTakesOver = `ip addr add 10.20.5.200/32 dev eth1
      ( for i in $(seq 4000); do
          [ "$(cat /run/keepalived-vip/drain)" != 1 ] || exec ip addr del 10.20.5.200/32 dev eth1
          sleep 0.05
        done ) & @`;
    const result = node.install(filesOf({ virtualRouterId: 99 }), peerTakesOver);
    assert.equal(result.status, 0, result.stderr);
    assert.deepEqual(node.calls().slice(-2), ["restart keepalived", "drain 1"]);
    assert.equal(node.run("cat /run/keepalived-vip/drain").stdout, "0\n");
  });

  test("a node that was set up by hand is put right", async (t) => {
    const node = await installedNode(t);
    node.run(`ip rule del pref 1011; rm /etc/logrotate.d/keepalived-vip; chmod 777 /etc/keepalived/nic.sh`);
    assert.equal(node.install(original).status, 0);
    node.has(original);
    assert.match(node.run("ip rule").stdout, /from 10.20.5.200 lookup 101/);
  });

  test("a file that is no longer wanted goes; what was there before us comes back", async (t) => {
    const node = await bareNode(t);
    const hosts = { path: "/etc/logrotate.d/keepalived-vip", mode: "0644", content: "# somebody's\n" };
    node.write(hosts);
    node.firstInstall();
    const result = node.install(original.filter((file) => file.path !== hosts.path));
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /^remove \/etc\/logrotate.d\/keepalived-vip$/m);
    assert.equal(readFileSync(node.at(hosts.path), "utf8"), hosts.content);
  });
});

test("a health check comes before keepalived starts, and leaves nothing that keeps the VIP away", async (t) => {
  const node = await bareNode(t);
  const watched = filesOf({ ...checking("true"), hooks: [{ state: "active", name: "10-x", content: "#!/bin/sh\n" }] });
  const first = node.install(watched);
  assert.equal(first.status, 0, first.stderr);
  node.has(watched);
  assert.deepEqual(node.calls().slice(-4), [
    "restart keepalived-vip",
    "restart keepalived-vip-health",
    "restart keepalived",
    "drain 0",
  ]);
  assert.equal(node.install(watched).stdout, "up to date\n");
  node.calls();
  const depth = (path: string) => path.split("/").length;
  const modules = original.map(({ path }) => path).filter((path) => path.startsWith("/etc/keepalived/keepalived_vip/"));
  const [deepest = ""] = modules.sort((x, y) => depth(y) - depth(x));
  assert.equal(node.install(edited(watched, deepest, (text) => `${text}# newer\n`)).status, 0);
  assert.deepEqual(node.calls().slice(-2), ["restart keepalived-vip", "restart keepalived-vip-health"]);
  node.run("/etc/keepalived/vip.py drain hold health 60 'it failed'");
  assert.equal(node.install(original).status, 0);
  assert.deepEqual(node.calls().slice(-2), ["restart keepalived-vip", "stop keepalived-vip-health"]);
  assert.equal(node.run("cat /run/keepalived-vip/drain").stdout, "0\n");
  assert.equal(node.run("find /etc -name 10-x -o -name 'keepalived-vip-h*'").stdout, "");
});

test("node_exporter's user gets a link to the metrics, and decides about no file of root's by what he puts in its place", async (t) => {
  const node = await bareNode(t);
  const [folder, name, metrics] = ["/var/lib/prometheus/node-exporter", "keepalived_vip.prom", "/run/keepalived-vip"];
  const asNobody = (command: string) =>
    node.run(`setpriv --reuid=nobody --regid=nogroup --clear-groups sh -c 'cd ${folder}; rm -rf *; ${command}'`);
  node.run(`mkdir -p ${folder} && chown nobody ${folder}; mkdir /own; echo own >/own/secret; chmod 600 /own/secret`);
  const traps = ["echo old >keepalived_vip.prom", `ln -s /own/secret ${name}`, `ln -s /own ${name}`, `mkfifo ${name}`];
  for (const trap of [...traps, `mkdir -p ${name}/x`]) {
    const laid = asNobody(trap);
    assert.deepEqual([laid.status, laid.stderr], [0, ""]);
    node.run("rm -f /etc/logrotate.d/keepalived-vip"); // something to do
    assert.equal(node.install(original).status, 0, trap);
    const wanted = trap.startsWith("mkdir") ? "" : `${metrics}/${name}\n`;
    assert.equal(node.run(`readlink ${folder}/${name}`).stdout, wanted, trap);
    assert.equal(node.run("cat /own/secret; stat -c %a /own/secret; ls /own").stdout, "own\n600\nsecret\n");
  }
  assert.equal(node.push("uninstall", original).status, 0);
});

test("no other user's lock holds up a push", async (t) => {
  const node = await bareNode(t);
  const content = pushProgram({ files: original, scripts: installScripts(), mask: [], owner: "urn:us" });
  node.write({ path: "/stub/push", mode: "0600", content });
  const result = node.run(`mkdir -p -m 1777 /run/lock; chmod 1777 /run/lock; mkfifo -m 666 /stub/held
    setpriv --reuid=nobody --regid=nogroup --clear-groups \
      flock /run/lock/keepalived-cluster.lock sh -c 'echo >/stub/held; exec sleep 1000' &
    read -r _ </stub/held
    sh -s uninstall </stub/push; code=$?
    kill -- $(pgrep -P $!) $!; exit $code`);
  assert.deepEqual(result, { status: 0, stdout: "not installed\n", stderr: "" });
});

describe("software", () => {
  const aptGet = (node: Node, content: string): void =>
    node.write({ path: "/stub/bin/apt-get", mode: "0755", content: `#!/bin/sh\n${content}\n` });

  test("keepalived is installed, with a fresh index if need be, and not started by its package", async (t) => {
    const node = await bareNode(t);
    node.run("mv /usr/sbin/keepalived /stub/keepalived");
    // As an installation that was killed has left it.
    const left = "#!/bin/sh\n# for the installation of keepalived\nexit 101\n";
    node.write({ path: "/usr/sbin/policy-rc.d", mode: "0755", content: left });
    aptGet(
      node,
      `echo "$*" >>/stub/apt
      case "$*" in
        *update) touch /stub/index ;;
        *) [ -e /stub/index ] || { echo 'E: Unable to locate package keepalived'; exit 100; }
           /usr/sbin/policy-rc.d; echo "policy $?" >>/stub/apt; cp /stub/keepalived /usr/sbin/ ;;
      esac`,
    );
    const result = node.install(original);
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /^installing keepalived\nfetching the package index\n/);
    assert.match(
      readFileSync(node.at("/stub/apt"), "utf8"),
      /install[^\n]* keepalived\n.*update\n.*install.*\npolicy 101\n$/,
    );
    assert.ok(!existsSync(node.at("/usr/sbin/policy-rc.d")), "services of other packages may start again");
    node.has(original);
  });

  test("an unreachable mirror is named", async (t) => {
    const node = await bareNode(t);
    node.run("rm /usr/sbin/keepalived");
    aptGet(
      node,
      `echo 'Reading package lists...'
      echo 'E: Failed to fetch http://mirrors.example/k.deb  Could not connect to mirrors.example:80'; exit 100`,
    );
    const result = node.install(original);
    assert.equal(result.status, 1);
    assert.match(
      result.stderr,
      /cannot install keepalived; nothing was changed[\s\S]*Could not connect to mirrors.example:80/,
    );
    assert.doesNotMatch(result.stderr, /Reading package lists/);
    assert.ok(!existsSync(node.at(conf)));
  });

  test("a keepalived that needs a file of its package beside its configuration finds it, and keeps it", async (t) => {
    const node = await bareNode(t);
    const options = { path: "/etc/keepalived/keepalived.config-opts", mode: "0644", content: "JSON\n" };
    node.write(options, {
      path: "/stub/bin/keepalived",
      mode: "0755",
      content: `#!/bin/sh\n[ -s ${options.path} ] && exec /usr/sbin/keepalived "$@"\necho 'no options'; exit 1\n`,
    });
    const result = node.install(original);
    assert.deepEqual([result.status, result.stderr], [0, ""]);
    assert.equal(readFileSync(node.at(options.path), "utf8"), options.content);
  });

  test("a keepalived that is too old is refused", async (t) => {
    const node = await bareNode(t);
    node.write({
      path: "/stub/bin/keepalived",
      mode: "0755",
      content: "#!/bin/sh\necho 'Keepalived v2.0.10 (11/12,2018)' >&2\n",
    });
    assert.match(node.install(original).stderr, /keepalived 2\.0\.10 is too old: 2\.0\.14 or newer is needed/);
    assert.ok(!existsSync(node.at(conf)));
  });
});

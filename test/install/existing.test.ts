/** A machine that was somebody's before the pair, and is theirs again afterwards. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { bareNode, conf, type Node, original } from "./node.ts";

const existing = { existing: true };
const install = (node: Node) => node.push("install", original, existing);
const uninstall = (node: Node) => node.push("uninstall", original, existing);

/** Everything that a user could find changed: files with modes and times, units, rules, routes, a sysctl. */
const machine = (node: Node): string[] => {
  const seen =
    node.run(`cd /; find etc usr/sbin var/lib var/log -xdev -path var/lib/apt -prune -o -type f -printf '%p %m %u %g %T@ %s\\n' |
      grep -v '^var/lib/dpkg/' | sort
    find etc var/lib -xdev -type d -printf '%p %m %u %g\\n' | sort; find /stub/active /stub/enabled /stub/masked /stub/packages -type f | sort
    cat /stub/packages; ip -4 rule; ip -4 route show table all; ip -4 -o addr; cat /proc/sys/net/ipv4/ip_nonlocal_bind`);
  return seen.stdout.split("\n");
};
/** Asserts that it is as it was; shows what differs, not the whole machine. */
function assertAsBefore(node: Node, before: string[]): void {
  const now = machine(node);
  const gone = before.filter((line) => !now.includes(line));
  const came = now.filter((line) => !before.includes(line));
  assert.deepEqual({ gone, came }, { gone: [], came: [] });
}

/** dpkg and apt-get over a list of packages; keepalived's brings a library, and two files. */
function packaged(node: Node, list: string): void {
  const sh = (name: string, content: string) =>
    node.write({ path: `/stub/bin/${name}`, mode: "0755", content: `#!/bin/sh\n${content}\n` });
  node.write({ path: "/stub/packages", mode: "0644", content: list });
  sh("dpkg-query", "cat /stub/packages");
  sh(
    "dpkg",
    `[ "$1" != -V ] || exit 0; verb=$1; shift; echo "$verb $*" >>/stub/dpkg; [ ! -e /stub/needed ] || exit 1
    for name; do sed -i "/^$name /d" /stub/packages; done; rm -f /usr/sbin/keepalived /etc/default/keepalived-package`,
  );
  sh(
    "apt-get",
    `printf 'keepalived installed\\nlibnl-3 installed\\n' >>/stub/packages
    cp /stub/keepalived /usr/sbin/; echo >/etc/default/keepalived-package`,
  );
}

test("without keepalived: it comes with its library, and the machine ends as it was found", async (t) => {
  const node = await bareNode(t);
  node.run("mv /usr/sbin/keepalived /stub/; mkdir -p /stub/active /stub/enabled");
  packaged(node, "bash installed\nnginx installed\n");
  const before = machine(node);
  const first = install(node);
  assert.equal(first.status, 0, first.stderr);
  node.has(original);
  node.run("echo 'vim installed' >>/stub/packages"); // somebody's, of later
  const again = install(node);
  assert.deepEqual([again.status, again.stdout], [0, "up to date\n"]);
  const result = uninstall(node);
  assert.deepEqual([result.status, result.stderr], [0, ""]);
  assert.equal(readFileSync(node.at("/stub/dpkg"), "utf8"), "--purge keepalived libnl-3\n");
  node.run("sed -i /vim/d /stub/packages");
  assertAsBefore(node, before);
});

test("a package that something else has come to need is left, and named", async (t) => {
  const node = await bareNode(t);
  node.run("mv /usr/sbin/keepalived /stub/");
  packaged(node, "bash installed\nkeepalived config-files\n");
  assert.equal(install(node).status, 0);
  node.run("touch /stub/needed");
  const result = uninstall(node);
  assert.deepEqual([result.status, result.stderr], [0, ""]);
  assert.match(result.stdout, /^left installed, for something else needs it now: libnl-3 *$/m);
  assert.match(result.stdout, /^left installed, for something else needs it now: keepalived *$/m);
  assert.equal(
    readFileSync(node.at("/stub/dpkg"), "utf8"),
    "--purge libnl-3\n--remove keepalived\n",
    "its configuration had been left here",
  );
});

test("with a keepalived that does nothing: its file, its log and its unit come back", async (t) => {
  const node = await bareNode(t);
  packaged(node, "bash installed\nkeepalived installed\n");
  node.run(`mkdir -p /stub/active /stub/enabled; touch /stub/enabled/keepalived; echo old >/var/log/keepalived.log
    touch -d 2020-01-01 /var/log/keepalived.log`);
  node.write({ path: "/etc/logrotate.d/keepalived-vip", mode: "0640", content: "# somebody's\n" });
  const before = machine(node);
  const first = install(node);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(uninstall(node).status, 0);
  assertAsBefore(node, before);
  assert.ok(!existsSync(node.at("/stub/dpkg")));
});

test("with a keepalived that is masked, and after a repair: it ends as it was found all the same", async (t) => {
  const node = await bareNode(t);
  packaged(node, "bash installed\nkeepalived installed\n");
  node.run("mkdir -p /stub/active /stub/enabled");
  node.write({ path: "/stub/masked/keepalived", mode: "0644", content: "masked\n" });
  const before = machine(node);
  const first = install(node);
  assert.equal(first.status, 0, first.stderr);
  node.run(`echo '# mine' >>${conf}; rm /etc/logrotate.d/keepalived-vip; systemctl mask keepalived`);
  const repair = install(node);
  assert.equal(repair.status, 0, repair.stderr);
  node.has(original);
  assert.equal(uninstall(node).status, 0);
  assertAsBefore(node, before);
});

const refused: [what: string, how: string, line: RegExp][] = [
  [
    "keepalived runs with somebody's configuration",
    `mkdir -p /stub/active; touch /stub/active/keepalived; echo '! mine' >${conf}`,
    /keepalived already runs here with somebody else's \/etc\/keepalived\/keepalived\.conf/,
  ],
  [
    "keepalived would run with it after a boot",
    `mkdir -p /stub/enabled; touch /stub/enabled/keepalived; echo '! mine' >${conf}`,
    /switch it off \(systemctl disable --now keepalived\)/,
  ],
  ["the routing table is in use", "ip route add 192.0.2.0/24 dev lo table 101", /routing table 101 is in use here/],
  ["an ip rule is in the way", "ip rule add pref 1011 to 192.0.2.1 lookup main", /an ip rule has preference 1011/],
  [
    "another NIC has the name",
    "ip link add eth1 type veth peer name other",
    /a NIC of this machine is called eth1 already/,
  ],
];

for (const [what, how, line] of refused) {
  test(`refused, and nothing is touched: ${what}`, async (t) => {
    const node = await bareNode(t);
    packaged(node, "bash installed\n");
    node.run(`mkdir -p /stub/active /stub/enabled; ${how}`);
    const before = machine(node);
    const result = install(node);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /this machine can't be a node of the pair; nothing was changed/);
    assert.match(result.stderr, line);
    assertAsBefore(node, before);
    assert.deepEqual(node.calls(), []);
    assert.equal(uninstall(node).stdout, "not installed\n");
  });
}

test("all that keeps the pair off a machine is said at once", async (t) => {
  const node = await bareNode(t);
  node.run(
    refused
      .filter(([what]) => !what.includes("boot"))
      .map(([, how]) => how)
      .join("; "),
  );
  const { stderr } = install(node);
  assert.equal(stderr.trim().split("\n").length, 5);
});

test("a keepalived configuration that nobody runs is kept beside, and comes back", async (t) => {
  const node = await bareNode(t);
  packaged(node, "keepalived installed\n");
  node.run("mkdir -p /stub/active /stub/enabled");
  node.write({ path: conf, mode: "0600", content: "! mine\n" });
  const before = machine(node);
  assert.equal(install(node).status, 0);
  node.has(original);
  assert.equal(uninstall(node).status, 0);
  assertAsBefore(node, before);
});

test("a first installation that fails takes back its packages and its NIC", async (t) => {
  const node = await bareNode(t);
  node.run("mv /usr/sbin/keepalived /stub/; mkdir -p /stub/active /stub/enabled");
  packaged(node, "bash installed\n");
  const before = machine(node);
  node.write({ path: "/stub/fail/keepalived", mode: "0644", content: "fault\n" });
  const result = install(node);
  assert.match(result.stderr, /activation failed; nothing stays installed\nfault/);
  assertAsBefore(node, before);
  assert.equal(install(node).status, 0);
});

test("an installation that was killed is no reason to refuse the next, and remembers the machine as it was", async (t) => {
  const node = await bareNode(t);
  node.run("mv /usr/sbin/keepalived /stub/; mkdir -p /stub/active /stub/enabled");
  packaged(node, "bash installed\n");
  const before = machine(node);
  node.write({ path: "/stub/bin/sync", mode: "0755", content: "#!/bin/sh\nkill -9 $PPID\n" });
  assert.notEqual(install(node).status, 0);
  node.run("rm /stub/bin/sync");
  const second = install(node);
  assert.equal(second.status, 0, second.stderr);
  assert.equal(uninstall(node).status, 0);
  assertAsBefore(node, before);
});

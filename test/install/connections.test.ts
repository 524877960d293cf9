/** What keepConnections puts on a node, what it takes for that, and that nothing of it stays. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Result } from "./machine.ts";
import { filesOf, installedNode, type Node, original } from "./node.ts";

const keeping = filesOf({ keepConnectionsS: 600 });
const script = "/etc/keepalived/connections.sh";

/** All of it that is in a node's kernel or under /run. */
const traces = (node: Node): string =>
  node.run(`ip -o link show type vxlan; ip rule | grep -e ^1009: -e 0x33; ip route show table 102 2>&-
    nft list tables; ls /run/keepalived-vip | grep -e ^kept -e ^connections; true`).stdout;

async function keepingNode(t: TestContext): Promise<Node> {
  const node = await installedNode(t);
  const { status, stderr } = node.install(keeping);
  assert.equal(status, 0, stderr);
  node.calls();
  return node;
}

test("tunnel and rules stand before the service is started with it; once more: nothing at all", async (t) => {
  const node = await installedNode(t);
  assert.equal(traces(node), "");
  assert.equal(node.install(keeping).status, 0);
  assert.ok(node.calls().includes("restart keepalived-vip"));
  assert.deepEqual(node.run(`${script} check`), { status: 0, stdout: "", stderr: "" });
  assert.match(traces(node), /vip-kept.*\n1009:.* fwmark 0x33 lookup 102[\s\S]*table netdev keepalived_vip/);
  assert.equal(node.install(keeping).stdout, "up to date\n");
});

describe("refused with the reason and what to do, and the old configuration stays in force:", () => {
  /** Puts a program in the place of another, which it may call as NAME.real. */
  const inPlaceOf = (node: Node, name: string, body: string): void => {
    const put = `real=$(command -v ${name}) && cp -L "$real" /usr/sbin/${name}.real && rm -f /usr/sbin/${name} &&
      cat >/usr/sbin/${name} <<'END' && chmod 755 /usr/sbin/${name}`;
    const { status, stderr } = node.run(`${put}\n#!/bin/sh\n${body}\nEND\n`);
    assert.equal(status, 0, stderr);
  };
  /** An nft that refuses what has these words in it. */
  const nftWithout = (words: string, error: string): string =>
    `[ "$*" = "-f -" ] || exec nft.real "$@"
      given=$(cat)
      case $given in *"${words}"*) printf '%s\\n' '${error}' 'more of it' >&2; exit 1 ;; esac
      printf '%s\\n' "$given" | exec nft.real -f -`;
  const refuses = (node: Node, reason: RegExp): void => {
    const before = traces(node);
    const result: Result = node.install(keeping);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /the new configuration is refused; nothing was changed\n/);
    assert.match(result.stderr, reason);
    assert.match(
      result.stderr,
      /(or set keepConnections to off\.|which keepConnections needs|keepConnections needs it)\n$/,
    );
    node.has(original);
    assert.deepEqual(node.calls(), []);
    assert.equal(traces(node), before);
    assert.equal(node.run("/etc/keepalived/nic.sh check").status, 0);
  };

  test("a kernel without vxlan", async (t) => {
    const node = await installedNode(t);
    inPlaceOf(
      node,
      "ip",
      `case $* in *"type vxlan"*) echo "Error: Unknown device type." >&2; exit 2; esac; exec ip.real "$@"`,
    );
    refuses(node, /can't keep connections: kernel \S+ has no vxlan: Error: Unknown device type\.\n/);
  });

  test("an nft that is too old for what it is given", async (t) => {
    const node = await installedNode(t);
    inPlaceOf(node, "nft", nftWithout("fwd ip to", "Error: syntax error, unexpected ip"));
    refuses(node, /kernel \S+ or nftables v\S+ .*does not know "fwd": Error: syntax error, unexpected ip\n/);
  });

  test("a kernel without dup", async (t) => {
    const node = await installedNode(t);
    inPlaceOf(node, "nft", nftWithout("dup to", "Error: Could not process rule: No such file or directory"));
    refuses(node, /does not know "dup": Error: Could not process rule: No such file or directory\n/);
  });

  test("rules that are refused for another reason", async (t) => {
    const node = await installedNode(t);
    inPlaceOf(node, "nft", nftWithout("@recording", "Error: no such thing"));
    refuses(node, /can't keep connections: Error: no such thing\n/);
  });

  test("a routing table, or a preference of a rule, that somebody else uses", async (t) => {
    const node = await installedNode(t);
    node.run("ip route add 192.0.2.0/24 dev lo table 102");
    refuses(node, /routing table 102 is in use here/);
    node.run("ip route flush table 102; ip rule add pref 1009 from 192.0.2.1 lookup main");
    refuses(node, /an ip rule has preference 1009/);
    node.run("ip rule del pref 1009; ip rule add pref 1009 from 192.0.2.9 fwmark 0x33 lookup 102");
    assert.equal(node.install(keeping).status, 0, "one of an earlier setting is no stranger's");
    assert.doesNotMatch(traces(node), /192\.0\.2\.9/);
  });
});

describe("nothing of it stays", () => {
  const breaks: Record<string, string> = {
    "as it was": "true",
    "with a tunnel that is gone": "ip link del vip-kept",
    "with tables that are gone": "nft flush ruleset",
    "with a rule that is gone": "ip rule del pref 1009",
    "of a setting with another VIP":
      "ip rule del pref 1009; ip rule add pref 1009 from 192.0.2.9 fwmark 0x33 lookup 102",
    "with a script and a vip.json that are gone": `rm ${script} /etc/keepalived/vip.json`,
  };
  for (const [how, command] of Object.entries(breaks)) {
    test(`once keepConnections is taken out, ${how}`, async (t) => {
      const node = await keepingNode(t);
      node.run(`${command}; echo '{"until": 1.0}' >/run/keepalived-vip/kept.json`);
      assert.notEqual(traces(node), "");
      const { status, stderr } = node.install(original);
      assert.equal(status, 0, stderr);
      assert.equal(traces(node), "");
      node.has(original);
    });
  }

  test("after connections.sh down, whatever vip.json says by now; and a user's own rules do", async (t) => {
    const node = await keepingNode(t);
    const own = "ip rule add pref 1009 from 192.0.2.1 lookup main; nft add table ip mine";
    for (const damage of ["rm", "echo nonsense >"]) {
      node.run(`cp -a /etc/keepalived/vip.json /gone; ${damage} /etc/keepalived/vip.json; ${own}`);
      assert.deepEqual(node.run(`${script} down`), { status: 0, stdout: "", stderr: "" });
      const theirs = "1009:\tfrom 192.0.2.1 lookup main\ntable ip mine\n";
      assert.equal(traces(node), theirs);
      node.run("mv /gone /etc/keepalived/vip.json");
      assert.equal(node.run(`${script} up`).status, 0);
      assert.match(traces(node), /from 192\.0\.2\.1 lookup main/, "nor does making its own anew take theirs");
      node.run("ip rule del pref 1009 from 192.0.2.1");
    }
  });

  test("after it was uninstalled, with its script and vip.json gone and its service killed", async (t) => {
    const node = await keepingNode(t);
    node.run(`rm ${script} /etc/keepalived/vip.json`);
    const result = node.push("uninstall", keeping);
    assert.equal(result.status, 0, result.stderr);
    assert.equal(traces(node), "");
  });
});

test("a tunnel of an older setting is made anew, and its rules with it", async (t) => {
  const node = await keepingNode(t);
  node.run(
    "ip link del vip-kept; ip link add vip-kept type vxlan id 7 remote 192.0.2.7 dstport 4789; ip link set vip-kept up",
  );
  assert.match(node.run(`${script} check`).stdout, /^vip-kept is no tunnel to /);
  assert.equal(node.install(keeping).status, 0);
  assert.deepEqual(node.run(`${script} check`), { status: 0, stdout: "", stderr: "" });
  assert.doesNotMatch(node.run("ip -d link show vip-kept").stdout, /192\.0\.2\.7/);
});

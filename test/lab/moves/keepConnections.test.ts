/** Open connections over the VIP's moves, judged by the client that holds them and by the cloud's record. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectionCount } from "../../../lab/bench/client/connections.ts";
import { until } from "../../support/lab.ts";
import { Ha } from "../ha.ts";
import { KeptLab, type Node, nodes, reset, traces, whole } from "./keptLab.ts";

const lab = new KeptLab("tc");
before(async () => {
  await lab.make();
  await lab.makeMaster("a");
});
after(() => lab.run("down"));

async function switchTo(to: Node): Promise<void> {
  const ha = new Ha(lab, "switchover", "--to", to, "--yes");
  assert.equal(await ha.ended, 0, ha.text);
  assert.equal(await lab.holder(), to);
}

test("the self-test of both nodes proves the tunnel", async () => {
  for (const node of nodes) {
    const found = await lab.on(node, traces);
    for (const trace of ["connections.sh", "vip-kept", "link/ether", "1009:", "default via", ":34", "keepalived_vip"]) {
      assert.match(
        found,
        new RegExp(trace),
        `what is there with the setting, and shows if it is left behind, on ${node}`,
      );
    }
  }
  const ha = new Ha(lab, "self-test");
  assert.equal(await ha.ended, 0, ha.text);
  assert.match(ha.text, /tunnel/);
});

test("a switch there and one back break no connection: neither of those from before nor of those in between", async () => {
  const first = await lab.held();
  await switchTo("b");
  assert.equal(await lab.answer("vpc"), "b", "what is opened now is the new holder's");
  await until("a keeps all of them", async () => (await lab.told("a")).connections?.kept?.count === connectionCount);
  await until(
    "b carries all of them",
    async () => (await lab.told("b")).connections?.carried?.count === connectionCount,
  );
  const second = await lab.held();
  await switchTo("a");
  await until(
    "b keeps those that it got",
    async () => (await lab.told("b")).connections?.kept?.count === connectionCount,
  );
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
  await lab.over();
});

test("whoever waits for them is told when their client has closed the last one: switchover, and an update", async () => {
  await lab.makeMaster("a");
  const connections = await lab.held();
  const ha = new Ha(lab, "switchover", "--to", "b", "--wait", "--yes");
  let over = false;
  void ha.ended.then(() => {
    over = true;
  });
  await ha.says(new RegExp(`a still serves ${connectionCount} connections, \\d+ min left`));
  assert.equal(await lab.holder(), "b");
  // What an update runs before it replaces a's machine.
  let said: string | undefined;
  const waits = lab.on("b", "/etc/keepalived/vip.py carried --wait").then((text) => {
    said = text;
  });
  assert.match(await lab.on("b", "/etc/keepalived/vip.py carried; test $? = 1"), /still serves \d+ connections, for/);
  assert.ok(!over, ha.text);
  assert.equal(said, undefined, "it waits");
  assert.deepEqual(await connections.end(), whole);
  assert.equal(await ha.ended, 0, ha.text);
  assert.match(ha.text, /^The connections that a kept have ended; b serves alone\.$/m);
  await waits;
  assert.match(said ?? "", /still serves \d+ connections.*\nno connection of the peer's is carried any more\n$/s);
  await lab.over();
});

test("the power cut of the node that keeps them resets all of them, and new ones are served", async () => {
  await lab.makeMaster("a");
  const connections = await lab.held();
  await switchTo("b");
  await until("b carries them", async () => (await lab.told("b")).connections?.carried?.count === connectionCount);
  await lab.run("fail", "a", "--how", "power");
  await until("b carries no more", async () => (await lab.told("b")).connections?.carried === null);
  assert.equal(await lab.answer("vpc"), "b");
  assert.deepEqual(await connections.end(), reset);
  await lab.run("heal");
  await lab.converged();
  await lab.over();
});

test("at the end of the time all are reset, and nothing of them is left", async () => {
  await lab.run("up", "--set", "keepConnections=10s");
  await lab.makeMaster("a");
  await lab.over();
  const connections = await lab.held();
  const silent = await lab.held({ periodMs: 0 });
  await switchTo("b");
  await until(
    "a tells how many it has cut off",
    async () => (await lab.told("a")).connections?.reset === 2 * connectionCount,
  );
  await until("those hear of it that say nothing, too", () => silent.brokenAtMs.length === connectionCount);
  assert.equal(await lab.on("a", `ss -Htn state established src ${lab.pair.vip}`), "", "nor has a program any left");
  await lab.over();
  assert.deepEqual([await connections.end(), await silent.end()], [reset, reset]);
  const address = () => lab.on("a", `ip -4 -o addr show to ${lab.pair.vip}`);
  await until("the VIP is gone from a's NIC", async () => (await address()).trim() === "");
});

// After the others: those that are reset here stay open in the kernel of the node that had them.
test("where a firewall drops the tunnel alone both nodes say so, and a switch resets at once and leaves none hanging", async () => {
  await lab.run("up", "--set", "keepConnections=10m");
  await lab.makeMaster("a");
  await lab.over();
  const connections = await lab.held();
  const table = "type filter hook input priority 0; udp dport 34 drop;";
  await lab.on("b", `echo 'table ip no_tunnel { chain c { ${table} }; }' | nft -f -`);
  for (const node of nodes) {
    await until(`${node} says so`, async () => "silent-tunnel" in (await lab.told(node)).troubles);
  }
  const ha = new Ha(lab, "self-test");
  assert.notEqual(await ha.ended, 0, ha.text);
  assert.match(ha.text, /let UDP port 34 pass/);
  await switchTo("b");
  assert.deepEqual(await connections.end(), reset);
  await lab.on("b", "nft delete table ip no_tunnel");
  for (const node of nodes) {
    await until(`${node} is well again`, async () => !("silent-tunnel" in (await lab.told(node)).troubles));
  }
  await lab.over();
});

test("without the setting nothing of it is on the nodes", async () => {
  await lab.run("up", "--set", "keepConnections=off");
  for (const node of nodes) {
    assert.equal((await lab.on(node, traces)).trim(), "");
    assert.equal((await lab.told(node)).connections, undefined);
  }
  await lab.converged();
  const ha = new Ha(lab, "switchover", "--wait", "--yes");
  assert.equal(await ha.ended, 0, ha.text);
  assert.match(ha.text, /^Nothing to wait for: keepConnections is off/m);
});

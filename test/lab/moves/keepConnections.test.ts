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
  await switchTo("b");
  await until("a keeps them", async () => (await lab.told("a")).connections?.kept?.count === connectionCount);
  await lab.over();
  assert.deepEqual(await connections.end(), reset);
  const address = () => lab.on("a", `ip -4 -o addr show to ${lab.pair.vip}`);
  await until("the VIP is gone from a's NIC", async () => (await address()).trim() === "");
});

test("without the setting nothing of it is on the nodes", async () => {
  await lab.run("up", "--set", "keepConnections=off");
  for (const node of nodes) {
    assert.equal((await lab.on(node, traces)).trim(), "");
    assert.equal((await lab.told(node)).connections, undefined);
  }
  await lab.converged();
});

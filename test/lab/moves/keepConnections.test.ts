/** Open connections over the VIP's moves, judged by the client that holds them and by the cloud's record. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Broken,
  Connections,
  connectionCount,
  echoInstall,
  echoPort,
} from "../../../lab/bench/client/connections.ts";
import { pairsOf } from "../../../lab/pair/inspect.ts";
import type { CloudPair } from "../../../lab/pair/pairs.ts";
import { Lab, until } from "../../support/lab.ts";
import { Ha } from "../ha.ts";

type Node = "a" | "b";
const nodes: Node[] = ["a", "b"];
const lab = new Lab("tc");
let pair: CloudPair;
let namespace = "";

const on = (node: Node, script: string): Promise<string> =>
  lab.ask<string>("exec", { instanceId: pair.nodes[node].instanceId, argv: ["sh", "-c", script] });

interface Told {
  kept: { count: number | null; leftS: number } | null;
  carried: { count: number | null; leftS: number } | null;
}
/** What the node's service says of connections. */
async function told(node: Node): Promise<Told | undefined> {
  return (JSON.parse(await on(node, "cat /run/keepalived-vip/status.json")) as { connections?: Told }).connections;
}

async function held(): Promise<Connections> {
  const connections = new Connections(namespace, pair.vip);
  await connections.opened;
  return connections;
}

async function switchTo(to: Node): Promise<void> {
  const ha = new Ha(lab, "switchover", "--to", to, "--yes");
  assert.equal(await ha.ended, 0, ha.text);
  assert.equal(await lab.holder(), to);
}

/** What of a kept connection is in the kernel of a node that is not MASTER, or is MASTER beside a peer that keeps none. */
const kernel = `for set in recording forward through; do
  nft list set ip keepalived_vip $set | sed -n "s/.*elements = /$set /p"
done`;
async function over(): Promise<void> {
  for (const node of nodes) {
    await until(`${node} keeps and carries nothing`, async () => {
      const now = await told(node);
      return now !== undefined && now.kept === null && now.carried === null && (await on(node, kernel)).trim() === "";
    });
  }
  await lab.converged();
}

const whole: Broken = { broken: 0, hanging: 0 };
const reset: Broken = { broken: connectionCount, hanging: 0 };

before(async () => {
  const ports = `servicePorts=${JSON.stringify([80, echoPort])}`;
  await lab.run("up", "--engine", "inline", "--set", ports, "--set", "keepConnections=10m");
  const [found] = await pairsOf(lab.name);
  assert.ok(found);
  pair = found;
  namespace = await lab.namespace("vpc");
  for (const node of nodes) {
    const { argv, input } = echoInstall;
    await lab.ask("exec", { instanceId: pair.nodes[node].instanceId, argv, input });
  }
  await lab.makeMaster("a");
});
after(() => lab.run("down"));

test("the self-test of both nodes proves the tunnel", async () => {
  const ha = new Ha(lab, "self-test");
  assert.equal(await ha.ended, 0, ha.text);
  assert.match(ha.text, /tunnel/);
});

test("a switch there and one back break no connection: neither of those from before nor of those in between", async () => {
  const first = await held();
  await switchTo("b");
  assert.equal(await lab.answer("vpc"), "b", "what is opened now is the new holder's");
  await until("a keeps all of them", async () => (await told("a"))?.kept?.count === connectionCount);
  await until("b carries all of them", async () => (await told("b"))?.carried?.count === connectionCount);
  const second = await held();
  await switchTo("a");
  await until("b keeps those that it got", async () => (await told("b"))?.kept?.count === connectionCount);
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
  await over();
});

test("the power cut of the node that keeps them resets all of them, and new ones are served", async () => {
  await lab.makeMaster("a");
  const connections = await held();
  await switchTo("b");
  await until("b carries them", async () => (await told("b"))?.carried?.count === connectionCount);
  await lab.run("fail", "a", "--how", "power");
  await until("b carries no more", async () => (await told("b"))?.carried === null);
  assert.equal(await lab.answer("vpc"), "b");
  assert.deepEqual(await connections.end(), reset);
  await lab.run("heal");
  await lab.converged();
  await over();
});

test("at the end of the time all are reset, and nothing of them is left", async () => {
  await lab.run("up", "--set", "keepConnections=10s");
  await lab.makeMaster("a");
  await over();
  const connections = await held();
  await switchTo("b");
  await until("a keeps them", async () => (await told("a"))?.kept?.count === connectionCount);
  await over();
  assert.deepEqual(await connections.end(), reset);
  const address = () => on("a", `ip -4 -o addr show to ${pair.vip}`);
  await until("the VIP is gone from a's NIC", async () => (await address()).trim() === "");
});

test("without the setting nothing of it is on the nodes", async () => {
  await lab.run("up", "--set", "keepConnections=off");
  for (const node of nodes) {
    const left = `ls -d /etc/keepalived/connections.sh /sys/class/net/vip-kept /run/keepalived-vip/kept.json 2>&-
      ip rule show | grep 0x33
      nft list tables | grep keepalived_vip
      ip route show table 102 2>&-
      true`;
    assert.equal((await on(node, left)).trim(), "");
    assert.equal(await told(node), undefined);
  }
  await lab.converged();
});

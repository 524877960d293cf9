/** Open connections over faults in which the old node lives: none of them is lost, whoever has the VIP in the end. */
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

type Node = "a" | "b";
const nodes: Node[] = ["a", "b"];
const lab = new Lab("tcf");
let pair: CloudPair;
let namespace = "";

const whole: Broken = { broken: 0, hanging: 0 };

const on = (node: Node, ...argv: string[]): Promise<string> =>
  lab.ask<string>("exec", { instanceId: pair.nodes[node].instanceId, argv });

async function held(): Promise<Connections> {
  const connections = new Connections(namespace, pair.vip);
  await connections.opened;
  return connections;
}

interface Told {
  state: string;
  connections: Record<"kept" | "carried", unknown>;
}
async function told(node: Node): Promise<Told> {
  return JSON.parse(await on(node, "cat", "/run/keepalived-vip/status.json")) as Told;
}

/** Until nothing is kept: only then does the next fault meet a pair that has forgotten the last one. */
async function over(): Promise<void> {
  for (const node of nodes) {
    await until(`${node} keeps and carries nothing`, async () => {
      const { kept, carried } = (await told(node)).connections;
      return kept === null && carried === null;
    });
  }
}

before(async () => {
  const ports = `servicePorts=${JSON.stringify([80, echoPort])}`;
  const check = `healthCheck=${JSON.stringify({ process: "say-name.service" })}`;
  await lab.run("up", "--engine", "inline", "--set", ports, "--set", "keepConnections=10m", "--set", check);
  const [found] = await pairsOf(lab.name);
  assert.ok(found);
  pair = found;
  namespace = await lab.namespace("vpc");
  for (const node of nodes) {
    const { argv, input } = echoInstall;
    await lab.ask("exec", { instanceId: pair.nodes[node].instanceId, argv, input });
  }
});
after(() => lab.run("down"));

for (const how of ["keepalived-stop", "keepalived-kill", "stall"]) {
  test(`${how} breaks no connection`, async () => {
    await lab.makeMaster("a");
    await over();
    const connections = await held();
    await lab.run("fail", "a", "--how", how);
    await lab.run("heal");
    await lab.converged();
    // Of those that were opened in between some may be another node's than the first.
    const second = await held();
    assert.deepEqual([await connections.end(), await second.end()], [whole, whole]);
    await over();
  });
}

test("a partition breaks no connection, neither as it begins nor as it ends", async () => {
  await lab.makeMaster("a");
  await over();
  const first = await held();
  await lab.run("fail", "a", "--how", "partition");
  await until("b has the VIP, and a takes itself for MASTER", async () => {
    return (await lab.holder()) === "b" && (await told("a")).state === "MASTER";
  });
  const second = await held();
  await lab.run("heal");
  await lab.converged();
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
  await over();
});

test("a health check that fails breaks no connection of another service", async () => {
  await lab.makeMaster("a");
  await over();
  const first = await held();
  await on("a", "systemctl", "stop", "say-name");
  await until("b has the VIP", async () => (await lab.holder()) === "b");
  const second = await held();
  await on("a", "systemctl", "start", "say-name");
  await lab.converged();
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
  await over();
});

test("a power cut of the MASTER resets all connections, and none hangs", async () => {
  await lab.makeMaster("a");
  await over();
  const connections = await held();
  await lab.run("fail", "a", "--how", "power");
  await until("b serves, and sends nothing to a any more", async () => {
    return (await lab.holder()) === "b" && (await told("b")).connections.carried === null;
  });
  assert.deepEqual(await connections.end(), { broken: connectionCount, hanging: 0 });
  await lab.run("heal");
  await lab.converged();
});

test("a preferred node that comes back breaks no connection", async () => {
  await lab.run("up", "--set", "mode=standing-master");
  await lab.makeMaster("a");
  await over();
  const first = await held();
  await on("a", "systemctl", "stop", "keepalived");
  await until("b has the VIP", async () => (await lab.holder()) === "b");
  const second = await held();
  await on("a", "systemctl", "start", "keepalived");
  await until("a has the VIP", async () => (await lab.holder()) === "a");
  await lab.converged();
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
});

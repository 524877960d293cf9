/** Open connections over faults in which the old node lives: none of them is lost, whoever has the VIP in the end. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectionCount } from "../../../lab/bench/client/connections.ts";
import { until } from "../../support/lab.ts";
import { KeptLab, reset, whole } from "./keptLab.ts";

const lab = new KeptLab("tcf");
before(() => lab.make(`healthCheck=${JSON.stringify({ process: "say-name.service" })}`));
after(() => lab.run("down"));

/** How often the cloud has been told to move the VIP. */
const moves = async (): Promise<number> =>
  (await lab.journal()).filter(({ action, result }) => action === "MigratePrivateIpAddress" && result === "ok").length;

/** Else it is there again before b has missed it. */
const dropIns = "/run/systemd/system/keepalived.service.d";
const staysDead = `${dropIns}/stays-dead.conf`;

for (const how of ["keepalived-stop", "keepalived-kill", "stall"]) {
  test(`${how} breaks no connection, and the VIP goes over`, async () => {
    await lab.makeMaster("a");
    await lab.over();
    const [before, connections] = [await moves(), await lab.held()];
    if (how === "keepalived-kill") {
      await lab.on("a", `mkdir -p ${dropIns}; printf '[Service]\nRestart=no\n' >${staysDead}; systemctl daemon-reload`);
    }
    await lab.run("fail", "a", "--how", how);
    await until("the cloud was told to move the VIP", async () => (await moves()) > before);
    if (how !== "stall") await until("b has it", async () => (await lab.holder()) === "b");
    await lab.on("a", `rm -f ${staysDead}; systemctl daemon-reload; systemctl start keepalived`);
    await lab.run("heal");
    await lab.converged();
    // Of those that were opened in between some may be another node's than the first.
    const second = await lab.held();
    assert.deepEqual([await connections.end(), await second.end()], [whole, whole]);
    await lab.over();
  });
}

test("a partition breaks no connection, neither as it begins nor as it ends", async () => {
  await lab.makeMaster("a");
  await lab.over();
  const first = await lab.held();
  await lab.run("fail", "a", "--how", "partition");
  await until("b has the VIP, and a takes itself for MASTER", async () => {
    return (await lab.holder()) === "b" && (await lab.told("a")).state === "MASTER";
  });
  const second = await lab.held();
  await lab.run("heal");
  await lab.converged();
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
  await lab.over();
});

test("a health check that fails breaks no connection of another service", async () => {
  await lab.makeMaster("a");
  await lab.over();
  const first = await lab.held();
  await lab.on("a", "systemctl stop say-name");
  await until("b has the VIP", async () => (await lab.holder()) === "b");
  const second = await lab.held();
  await lab.on("a", "systemctl start say-name");
  await lab.converged();
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
  await lab.over();
});

test("a power cut of the MASTER resets all connections, and none hangs", async () => {
  await lab.makeMaster("a");
  await lab.over();
  const connections = await lab.held();
  await lab.run("fail", "a", "--how", "power");
  await until("b serves, and sends nothing to a any more", async () => {
    return (await lab.holder()) === "b" && (await lab.told("b")).connections?.carried === null;
  });
  // A client whose packets were lost meanwhile sends less and less often.
  await until("each of them was reset", () => connections.brokenAtMs.length === connectionCount);
  assert.deepEqual(await connections.end(), reset);
  await lab.run("heal");
  await lab.converged();
});

test("a preferred node that comes back breaks no connection", async () => {
  await lab.run("up", "--set", "mode=standing-master");
  await lab.makeMaster("a");
  await lab.over();
  const first = await lab.held();
  await lab.on("a", "systemctl stop keepalived");
  await until("b has the VIP", async () => (await lab.holder()) === "b");
  const second = await lab.held();
  await lab.on("a", "systemctl start keepalived");
  await until("a has the VIP", async () => (await lab.holder()) === "a");
  await lab.converged();
  assert.deepEqual([await first.end(), await second.end()], [whole, whole]);
});

/** The nodes' own public addresses taken away and given back on a running pair, with failovers between, on the real engine. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { Pinger } from "../../../lab/pair/pinger.ts";
import type { Status } from "../../../lab/pair/status.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import { assertNothingToUndo, RealLab } from "../realLab.ts";

const vip = "10.0.1.100";

/** This machine's way into the lab's VPC past public addresses: for the user who gives the nodes none it is a VPN. */
function leadInto(subnet: string, { nodes: [node] }: Status): void {
  const text = execFileSync("ip", ["-j", "route", "get", node?.publicIp ?? ""], { encoding: "utf8" });
  const [{ gateway, dev, prefsrc }] = JSON.parse(text) as [Record<"gateway" | "dev" | "prefsrc", string>];
  // It goes with the link, that is with the lab.
  execFileSync("ip", ["route", "add", subnet, "via", gateway, "dev", dev, "src", prefsrc]);
}

describe("the nodes' public addresses on a running pair", () => {
  const lab = new RealLab("en", "nodePublicIp");

  /** Another value, under a ping of the VIP: both nodes are replaced, and neither VIP nor EIP is missed. */
  async function assertReplaced(value: "true" | "false"): Promise<Status> {
    const old = await lab.converged();
    const pinger = new Pinger(await lab.namespace("vpc"), vip);
    await pinger.first();
    const { summary } = await lab.change("nodePublicIp", value);
    const status = await lab.converged();
    const { lost, sent, longestGapMs } = await pinger.stop();
    console.log(`nodePublicIp ${value}: ${sent} sent, ${lost} lost, longest gap ${longestGapMs} ms`);
    // The cloud's own change of path takes no time in this lab; 50 ms are ours.
    assert.ok(lost <= 5, `lost ${lost} of ${sent}, longest gap ${longestGapMs} ms`);
    assert.equal(summary.replaced, 8, "machines, their host keys, attachments, handovers");
    for (const [n, node] of status.nodes.entries()) {
      assert.notEqual(node.instanceId, old.nodes[n]?.instanceId);
      assert.equal(node.eniId, old.nodes[n]?.eniId, "the ENI stays");
      assert.equal(node.publicIp !== "", value === "true");
    }
    assert.equal(status.vips[0]?.publicIp, old.vips[0]?.publicIp, "the EIP stays");
    assert.equal(await lab.answer("internet"), lab.master(status));
    return status;
  }

  before(async () => {
    await lab.run("cloud");
    await lab.configure("publicIp", "true");
    await lab.pulumi("up", ["up", "--yes"]);
  });

  after(async () => {
    await lab.report();
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), [], "down left something behind");
  });

  test("off after a failover: both nodes are replaced under their clients", async () => {
    await lab.failOver();
    await lab.run("heal");
    await assertNothingToUndo(lab, "nodes with addresses, after a failover");
    leadInto("10.0.1.0/24", await lab.converged());
    await assertReplaced("false");
  });

  test("a failover without them is no drift, with EIP on and off", async () => {
    const master = await lab.failOver();
    assert.equal(await lab.answer("internet"), master);
    await lab.run("heal");
    await assertNothingToUndo(lab, "nodes without addresses, after a failover");
    assert.equal((await lab.change("publicIp", "false")).summary.deleted, 2);
    assert.equal((await lab.change("publicIp", "true")).summary.created, 2);
    assert.equal(await lab.answer("internet"), lab.master(await lab.converged()));
  });

  test("on again: the same, and after another failover", async () => {
    await assertReplaced("true");
    await lab.failOver();
    await lab.run("heal");
    await assertNothingToUndo(lab, "nodes with addresses again, after a failover");
  });

  test("and in the end nothing is left, and no forbidden call was ever made", async () => {
    await lab.pulumi("destroy --refresh", ["destroy", "--refresh", "--yes"]);
    assert.deepEqual(await lab.leftInCloud(), { notDeleted: [], forbidden: [] });
  });
});

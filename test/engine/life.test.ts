/** The whole life of a stack as a user leads it: the real Pulumi CLI and provider, real nodes, the local cloud. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Json } from "../../lab/engine/client.ts";
import { Pinger } from "../../lab/pair/pinger.ts";
import { footprint, leftOf } from "../support/footprint.ts";
import { assertIdle, assertNothingToUndo, RealLab, summaryOf } from "./realLab.ts";
import { followRunbook } from "./runbook.ts";

const vip = "10.0.1.100";

describe("the life of a stack on the real engine", () => {
  const lab = new RealLab("el", "life");

  before(async () => {
    await lab.run("cloud");
  });

  after(async () => {
    await lab.report();
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), [], "down left something behind");
  });

  test("a preview of an empty stack promises everything, and up keeps the promise", async () => {
    const { summary, calls } = await lab.pulumi("preview of an empty stack", ["preview"]);
    assert.ok((summary.create ?? 0) > 25, JSON.stringify(summary));
    assert.deepEqual(
      calls.filter(({ action }) => !action.startsWith("Describe")),
      [],
    );
    const up = await lab.pulumi("up", ["up", "--yes"]);
    assert.deepEqual(up.summary, { created: summary.create });
    const status = await lab.converged();
    assert.equal(await lab.answer("vpc"), lab.master(status));
  });

  test("with nothing changed, preview, up and refresh find nothing and open no SSH connection", async () => {
    for (const args of [["preview"], ["up", "--yes"], ["refresh", "--yes", "--skip-preview"]]) {
      assertIdle(await lab.pulumi(args[0] ?? "", args));
    }
  });

  test("an EIP on and off before a failover", async () => {
    assert.equal((await lab.change("publicIp", "true")).summary.created, 2);
    assert.equal(await lab.answer("internet"), lab.master(await lab.converged()));
    assert.equal((await lab.change("publicIp", "false")).summary.deleted, 2);
    assert.equal((await lab.converged()).vips[0]?.publicIp, null);
  });

  test("a failover by power cut is no drift: refresh, preview and up change nothing, and the VIP stays", async () => {
    await lab.failOver();
    await assertNothingToUndo(lab, "the VIP on b");
    await lab.run("heal");
    assert.equal(lab.master(await lab.converged()), "b");
  });

  test("an EIP on after a failover, through another one, and off", async () => {
    assert.equal((await lab.change("publicIp", "true")).summary.created, 2);
    assert.equal(await lab.answer("internet"), "b");
    await lab.failOver();
    assert.equal(await lab.answer("internet"), "a");
    await lab.run("heal");
    await assertNothingToUndo(lab, "VIP and EIP on a");
    await lab.failOver();
    await lab.run("heal");
    assert.equal((await lab.change("publicIp", "false")).summary.deleted, 2);
    assert.equal(await lab.holder(), "b");
  });

  test("what was changed by hand in the console and on a node is put back, and the VIP's clients notice nothing", async () => {
    const a = lab.master(await lab.converged());
    const b = a === "a" ? "b" : "a";
    const RoleName = `keepalived-cluster-${lab.name}`;
    const attached = async () =>
      (await lab.byHand("cam", "ListAttachedRolePolicies", { RoleName, Page: 1, Rp: 10 })).List as Json[];
    const PolicyId = (await attached())[0]?.PolicyId;
    const groups = (await lab.byHand("vpc", "DescribeSecurityGroups", {})).SecurityGroupSet as Json[];
    const SecurityGroupId = groups.find(({ SecurityGroupName }) => SecurityGroupName === RoleName)?.SecurityGroupId;
    const rules = async () => {
      const answer = await lab.byHand("vpc", "DescribeSecurityGroupPolicies", { SecurityGroupId });
      return ((answer.SecurityGroupPolicySet as Json).Ingress as Json[]).map(({ CidrBlock, Port }) => [
        CidrBlock,
        Port,
      ]);
    };
    const whole = await rules();
    await lab.byHand("cam", "DetachRolePolicy", { DetachRoleName: RoleName, PolicyId });
    const SecurityGroupPolicySet = { Ingress: [{ PolicyIndex: whole.length - 1 }] };
    await lab.byHand("vpc", "DeleteSecurityGroupPolicies", { SecurityGroupId, SecurityGroupPolicySet });
    await lab.run("ssh", b, "rm /usr/sbin/keepalived; systemctl mask keepalived");
    await lab.run("ssh", a, "echo '# mine' >>/etc/keepalived/keepalived.conf");
    assertIdle(await lab.pulumi("up, changed by hand", ["up", "--yes"]));

    const pinger = new Pinger(await lab.namespace("vpc"), vip);
    await pinger.first();
    const { unchanged, ...changes } = summaryOf(await followRunbook(lab.name, { section: 14 }));
    const { lost, sent, longestGapMs } = await pinger.stop();
    assert.equal(lost, 0, `lost ${lost} of ${sent}, longest gap ${longestGapMs} ms`);
    assert.deepEqual(
      changes,
      { created: 1, updated: 4 },
      "the grant; the rules, both nodes' files, and that there was a repair",
    );
    assert.deepEqual([(await attached())[0]?.PolicyId, await rules()], [PolicyId, whole]);
    await lab.run("ssh", a, "! grep -q '^# mine' /etc/keepalived/keepalived.conf");
    await lab.run("ssh", b, "keepalived --version && systemctl is-enabled keepalived");
    await assertNothingToUndo(lab, "after a repair");
  });

  test("another mode: the VIP returns to the preferred node, once", async () => {
    const moves = async () => (await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress").length;
    const before_ = await moves();
    await lab.configure("preemptDelay", "1");
    await lab.change("mode", "standing-master");
    await lab.until((now) => now.converged && lab.master(now) === "a", "the preferred node serves");
    assert.equal(await moves(), before_ + 1);
  });

  test("another speed: both nodes change and no reply of the VIP is lost", async () => {
    const pinger = new Pinger(await lab.namespace("vpc"), vip);
    await pinger.first();
    const { summary, logins } = await lab.change("failoverSpeed", "normal");
    const { lost, sent, longestGapMs } = await pinger.stop();
    assert.equal(lost, 0, `lost ${lost} of ${sent}, longest gap ${longestGapMs} ms`);
    assert.ok((summary.updated ?? 0) >= 2 && logins >= 2, JSON.stringify({ summary, logins }));
    assert.equal(lab.master(await lab.converged()), "a");
  });

  test("another machine type: both nodes are replaced, the MASTER last, and its clients notice nothing", async () => {
    const old = await lab.converged();
    const pinger = new Pinger(await lab.namespace("vpc"), vip);
    await pinger.first();
    const { summary, text } = await lab.change("instanceType", "S5.LARGE8");
    const status = await lab.until(
      (now) => now.converged && lab.master(now) === "a",
      "the preferred node serves again",
    );
    const { lost, sent, longestGapMs } = await pinger.stop();
    // The cloud's own change of path takes no time in this lab; 50 ms are ours.
    assert.ok(lost <= 5, `lost ${lost} of ${sent}, longest gap ${longestGapMs} ms`);
    assert.equal(summary.replaced, 8, "machines, their host keys, attachments, handovers");
    const order = [...text.matchAll(/EniAttachment ha-([ab])-attachment created replacement/g)].map(([, node]) => node);
    assert.deepEqual(order, ["b", "a"], "the standby first");
    for (const [n, node] of status.nodes.entries()) {
      assert.notEqual(node.instanceId, old.nodes[n]?.instanceId);
      assert.equal(node.eniId, old.nodes[n]?.eniId, "the ENI stays");
    }
  });

  test("a standby that is dead is replaced as well", async () => {
    await lab.run("fail", "b", "--how", "power");
    await lab.change("instanceType", "S5.MEDIUM4");
    await lab.until((now) => now.converged && lab.master(now) === "a", "both nodes are new");
  });

  test("destroy after failovers leaves nothing in the cloud, and no forbidden call was ever made", async () => {
    await lab.run("fail", lab.master(await lab.converged()), "--how", "keepalived-stop");
    await lab.until((now) => now.nodes.some(({ name, state }) => name === "b" && state === "MASTER"), "b is MASTER");
    await lab.pulumi("destroy --refresh", ["destroy", "--refresh", "--yes"]);
    assert.deepEqual(await lab.leftInCloud(), { notDeleted: [], forbidden: [] });
  });
});

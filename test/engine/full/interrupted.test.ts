/** An `up` that does not reach its end, each in another way and at another time, and the next one, which heals. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pinger } from "../../../lab/pair/pinger.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import { poll, RealLab } from "../realLab.ts";
import { followRunbook } from "../runbook.ts";

const up = ["up", "--yes", "--skip-preview"];

describe("an up that does not reach its end", () => {
  const lab = new RealLab("ei", "interrupted");

  /** Machines that the cloud has made so far. */
  const machines = async () => [...new Set(await lab.made("RunInstances"))];

  /** Interrupts a change under a ping of the VIP, which must not notice; neither that, nor the way out of it. */
  async function underPing(change: () => Promise<void>): Promise<void> {
    const pinger = new Pinger(await lab.namespace("vpc"), "10.0.1.100");
    await pinger.first();
    try {
      await change();
      await lab.whole();
    } finally {
      // A ping that goes on would keep the test's process.
      await pinger.stop();
    }
    const { lost, sent, longestGapMs } = await pinger.stop();
    console.log(`${sent} sent, ${lost} lost, longest gap ${longestGapMs} ms`);
    // The cloud's own change of path takes no time in this lab; 50 ms are ours.
    assert.ok(lost <= 5, `lost ${lost} of ${sent}, longest gap ${longestGapMs} ms`);
  }

  before(async () => {
    await lab.run("cloud");
  });

  after(async () => {
    await lab.report();
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), []);
  });

  test("the cloud refuses a machine: its message is the last word", async () => {
    const code = "ResourceInsufficient.SpecifiedInstanceType";
    await lab.misbehave({ errorOnce: [{ action: "RunInstances", code }] });
    const { text } = await lab.pulumi("up, a machine refused", up, { succeeds: false });
    assert.ok(text.includes(code));
    assert.ok((await machines()).length < 2);
  });

  test("Ctrl-C while a machine boots: it is finished, and known to Pulumi", async () => {
    const count = (await machines()).length;
    const running = lab.begin();
    await poll("a machine being made", async () => (await machines()).length > count);
    assert.notEqual(await running.signal("SIGINT"), 0);
    const state = await lab.run("pulumi", "stack", "export");
    for (const id of await machines()) assert.ok(state.includes(id), id);
  });

  test("a kill while a node gets its files: the runbook's way, and the pair is whole", async () => {
    const running = lab.begin();
    await running.said(/checking the new files/);
    await running.signal("SIGKILL");
    await followRunbook(lab.name, { section: 3 });
    await lab.assertAgreed();
    assert.equal((await machines()).length, 2, "no machine is there twice");
  });

  test("Ctrl-C in the middle of a replacement: the next up ends it, and no client notices", async () => {
    await lab.configure("instanceType", "S5.LARGE8");
    await underPing(async () => {
      const running = lab.begin();
      await poll("a new machine being made", async () => (await machines()).length === 3);
      assert.notEqual(await running.signal("SIGINT"), 0);
      await lab.pulumi("up after a Ctrl-C in a replacement", up);
    });
    await lab.assertAgreed();
    assert.equal((await machines()).length, 4);
  });

  test("the cloud refuses to attach the new standby's ENI: the next up ends it, and no client notices", async () => {
    await lab.configure("instanceType", "S5.MEDIUM4");
    await underPing(async () => {
      await lab.misbehave({ errorOnce: [{ action: "AttachNetworkInterface", code: "LimitExceeded" }] });
      const { text } = await lab.pulumi("up, an attachment refused in a replacement", up, { succeeds: false });
      assert.match(text, /LimitExceeded/);
      await lab.pulumi("up after a refused attachment", up);
    });
    await lab.assertAgreed();
    assert.equal((await machines()).length, 6);
  });

  test("a kill in the middle of a replacement: the runbook's way, and no client notices", async () => {
    await lab.configure("instanceType", "S5.LARGE8");
    await underPing(async () => {
      const running = lab.begin();
      const orphan = await poll("a new machine being made", async () => (await machines())[6]);
      await running.signal("SIGKILL");
      await followRunbook(lab.name, { section: 3 });
      assert.ok(!(await lab.run("pulumi", "stack", "export")).includes(orphan));
      await lab.byHand("cvm", "TerminateInstances", { InstanceIds: [orphan] });
    });
    await lab.assertAgreed();
    assert.equal((await machines()).length, 9);
  });

  test("and in the end nothing is left, and no forbidden call was ever made", async () => {
    await lab.pulumi("destroy --refresh", ["destroy", "--refresh", "--yes"]);
    assert.deepEqual(await lab.leftInCloud(), { notDeleted: [], forbidden: [] });
  });
});

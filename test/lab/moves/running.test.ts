/** A pair that serves, changed by its engine, judged by packets and by the cloud's own record. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pinger } from "../../../lab/pair/pinger.ts";
import { engines, Lab } from "../../support/lab.ts";

for (const engine of engines) {
  describe(`a running pair, changed by the ${engine} engine`, () => {
    const lab = new Lab(engine === "pulumi" ? "tp" : "tr");
    before(async () => {
      await lab.run("up", "--engine", engine);
    });
    after(() => lab.run("down"));

    test("a mode switch with the VIP on the preferred node loses no reply and moves nothing", async () => {
      await lab.makeMaster("a");
      const pinger = new Pinger(await lab.namespace("vpc"), "10.0.1.100");
      await pinger.first();
      await lab.run("up", "--set", "mode=standing-master");
      const probe = await pinger.stop();
      assert.equal(probe.lost, 0, `lost ${probe.lost} of ${probe.sent}, longest gap ${probe.longestGapMs} ms`);
      const status = await lab.converged();
      assert.equal(status.mode, "standing-master");
      assert.equal(lab.master(status), "a");
    });

    test("with the VIP on the other node the switch moves it once, to the preferred one", async () => {
      await lab.run("up", "--set", "mode=stable");
      await lab.makeMaster("b");
      const moves = async () =>
        (await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress").length;
      const before_ = await moves();
      await lab.run("up", "--set", "mode=standing-master", "--set", "preemptDelay=1");
      assert.equal(lab.master(await lab.converged()), "a");
      assert.equal(await moves(), before_ + 1);
    });

    test("refused settings change nothing, and every problem is named at once", async () => {
      const calls = (await lab.journal()).filter(({ action }) => !action.startsWith("Describe")).length;
      const text = await lab.refused(
        "up",
        "--set",
        "mode=sometimes",
        "--set",
        "virtualRouterId=256",
        "--set",
        "vipp=10.0.1.9",
      );
      for (const key of ["mode", "virtualRouterId", "vipp"]) assert.match(text, new RegExp(key));
      assert.equal((await lab.journal()).filter(({ action }) => !action.startsWith("Describe")).length, calls);
    });

    test("destroy after a failover leaves nothing in the cloud, and no forbidden call was made", async () => {
      await lab.run("fail", lab.master(await lab.converged()), "--how", "keepalived-stop");
      await lab.until((now) => now.nodes.some(({ state }) => state === "MASTER"), "the other node is MASTER");
      await lab.run("destroy");
      const left = await lab.leftInCloud();
      assert.deepEqual(left, { notDeleted: [], forbidden: [] });
    });
  });
}

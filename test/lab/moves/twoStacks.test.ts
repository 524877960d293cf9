import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../support/lab.ts";

describe("two stacks in one account, with the same addresses", () => {
  const lab = new Lab("t2");
  before(async () => {
    await lab.run("up", "--engine", "inline");
    await lab.second("up");
  });
  after(() => lab.run("down"));

  test("both serve their own VIP", async () => {
    const pairs = ["keepalived-cluster-t2", "keepalived-cluster-second"];
    for (const pair of pairs) {
      const status = await lab.until((now) => now.converged, `${pair} is converged`, pair);
      assert.equal(status.pair, pair);
      assert.equal(status.vips[0]?.address, "10.0.1.100");
    }
  });

  test("a failover of one leaves the other alone", async () => {
    const other = await lab.status("keepalived-cluster-second");
    const old = lab.master(await lab.status());
    await lab.run("fail", old, "--how", "power", "--pair", "keepalived-cluster-t2");
    await lab.until(
      (now) => now.converged && lab.master(now) !== old,
      "the other node serves",
      "keepalived-cluster-t2",
    );
    const after_ = await lab.status("keepalived-cluster-second");
    assert.deepEqual([after_.converged, lab.master(after_)], [true, lab.master(other)]);
  });

  test("destroying one leaves the other alone", async () => {
    await lab.second("destroy");
    const status = await lab.until((now) => now.converged, "the first is converged", "keepalived-cluster-t2");
    assert.equal(status.pair, "keepalived-cluster-t2");
    await assert.rejects(lab.status("keepalived-cluster-second"));
  });
});

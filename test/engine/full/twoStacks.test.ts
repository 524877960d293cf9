/** `npm run lab -- up --engine pulumi`, a second stack beside the first in the same account, and a stack made anew. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { leftOf, newSince, snapshot } from "../../support/lab.ts";
import { RealLab } from "../realLab.ts";

describe("two stacks of one account side by side", () => {
  const lab = new RealLab("tt", "two");
  const [first, second] = [`keepalived-cluster-${lab.name}`, "keepalived-cluster-second"];
  const onSecond = ["--stack", "second"];
  let own: string[];

  const whole = (pair: string) => lab.until((now) => now.converged, `${pair} is converged`, pair);

  before(async () => {
    const was = snapshot();
    await lab.run("up", "--engine", "pulumi");
    own = newSince(was);
  });

  after(async () => {
    await lab.report();
    await lab.run("down");
    assert.deepEqual(leftOf(own), []);
  });

  test("the lab's own command has made the first, and finds nothing to change", async () => {
    const status = await whole(first);
    assert.equal(status.engine, "pulumi");
    assert.match(await lab.run("up"), /Nothing had to change/);
  });

  test("the second comes up with the same addresses", async () => {
    const { publicKey, privateKey } = lab.secondKey();
    await lab.run("pulumi", "stack", "init", "second", "--copy-config-from", lab.name);
    await lab.configure("sshPublicKey", publicKey, ...onSecond);
    await lab.configureSecret("sshPrivateKey", privateKey, ...onSecond);
    await lab.pulumi("up of a second stack", ["up", "--yes", ...onSecond]);
    for (const pair of [first, second]) assert.equal((await whole(pair)).vips[0]?.address, "10.0.1.100");
  });

  test("a failover of one leaves the other alone", async () => {
    const [mine, other] = [lab.master(await whole(first)), lab.master(await whole(second))];
    await lab.run("fail", mine, "--how", "power", "--pair", first);
    await lab.until((now) => now.converged && lab.master(now) !== mine, "the other node serves", first);
    assert.equal(lab.master(await whole(second)), other);
    await lab.run("heal", "--pair", first);
  });

  test("the second is destroyed, and the first is as it was", async () => {
    await lab.pulumi("destroy of the second stack", ["destroy", "--refresh", "--yes", ...onSecond]);
    await lab.run("pulumi", "stack", "rm", "second", "--yes");
    await whole(first);
    const { unchanged, ...changes } = (await lab.pulumi("up of the first", ["up", "--yes"])).summary;
    assert.deepEqual(changes, {});
    assert.ok((unchanged ?? 0) > 25);
  });

  test("after its destruction a stack is made anew", async () => {
    await lab.run("destroy");
    assert.deepEqual(await lab.leftInCloud(), { notDeleted: [], forbidden: [] });
    await lab.run("up", "--engine", "pulumi");
    await whole(first);
  });
});

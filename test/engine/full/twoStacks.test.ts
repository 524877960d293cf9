/** `npm run lab -- up --engine pulumi` from nothing and anew, beside a second stack in the same account. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { footprint, leftOf } from "../../support/footprint.ts";
import { RealLab } from "../realLab.ts";

describe("two stacks of one account side by side", () => {
  const lab = new RealLab("et", "two");
  const [first, second] = [`keepalived-cluster-${lab.name}`, "keepalived-cluster-second"];
  const onSecond = ["--stack", "second"];

  const whole = (pair: string) => lab.until((now) => now.converged, `${pair} is converged`, pair);

  before(async () => {
    await lab.run("cloud");
  });

  after(async () => {
    await lab.report();
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), []);
  });

  test("a Ctrl-C ends the lab's own command cleanly, and its next run makes the first", async () => {
    const running = lab.start(["up", "--engine", "pulumi"]);
    await running.said(/ha-network-subnet created/);
    assert.notEqual(await running.signal("SIGINT"), 0);
    assert.match(running.text(), /Waiting for what has begun to end/);
    assert.match(running.text(), /run the command again: it goes on from here/);
    await lab.run("up", "--engine", "pulumi");
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

  test("the first is destroyed and made anew beside the second", async () => {
    const other = lab.master(await whole(second));
    await lab.run("destroy");
    assert.equal(lab.master(await whole(second)), other);
    await lab.run("up", "--engine", "pulumi");
    await whole(first);
    assert.equal(lab.master(await whole(second)), other);
    const step = await lab.pulumi("up of the second, nothing changed", ["up", "--yes", ...onSecond]);
    assert.deepEqual(Object.keys(step.summary), ["unchanged"]);
  });
});

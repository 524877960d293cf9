/** A pair in a subnet that was there before it, with an EIP that was there too: it lives as any other, and leaves no trace. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readWorld, type World } from "../../lab/world/record.ts";
import { Lab } from "../support/lab.ts";

describe("a pair in an existing subnet", () => {
  const lab = new Lab("te");
  let world: World;
  const sets = (settings: Record<string, string>) =>
    Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const inThere = (vip: string) =>
    sets({
      zone: "",
      subnetId: world.subnetId,
      vip,
      "securityGroupIds[0]": world.securityGroupId,
      publicIpId: world.publicIpId,
      // The account takes each key once, and the world's machines have the lab's.
      sshPublicKey: "",
      keyPairId: world.keyPairId,
    });

  before(async () => {
    await lab.run("world");
    const made = readWorld(lab.name);
    assert.ok(made);
    world = made;
  });
  after(() => lab.run("down"));

  test("what can't be is refused at once, and a mended setting is not held against it", async () => {
    const text = await lab.refused("up", "--engine", "inline", ...inThere(world.machines.a.address));
    assert.match(text, /vip: "[\d.]+" belongs to \w+ \S+; allowed: /);
    await lab.run("world", "--compare");
  });

  test("it comes up, serves its VIP by the EIP, and a second up has nothing to do", async () => {
    await lab.run("up", "--engine", "inline", ...inThere(world.vip));
    const status = await lab.converged();
    assert.deepEqual(
      status.nodes.map(({ address }) => address),
      ["172.20.1.18", "172.20.1.19"],
      "neighbours have 16 and 17",
    );
    assert.match(await lab.run("up"), /Nothing had to change/);
  });

  test("after a power cut the other node serves, the EIP is with it, and up has nothing to do", async () => {
    const old = lab.master(await lab.status());
    await lab.run("fail", old, "--how", "power");
    await lab.until((now) => now.converged && lab.master(now) !== old, "the other node serves");
    await lab.run("heal");
    await lab.converged();
    assert.match(await lab.run("up"), /Nothing had to change/);
  });

  test("destroy leaves network, group, EIP, machines and neighbours as they were", async () => {
    await lab.run("destroy");
    await lab.run("world", "--compare");
  });
});

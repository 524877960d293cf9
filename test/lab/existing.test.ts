/** A pair in a subnet that was there before it, with an EIP that was there too: it lives as any other, and leaves no trace. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Call, connect } from "../../lab/engine/client.ts";
import { readConfig } from "../../lab/state.ts";
import { type Foreign, makeForeign, networksOf } from "../support/foreign.ts";
import { Lab } from "../support/lab.ts";

describe("a pair in an existing subnet", () => {
  const lab = new Lab("te");
  let call: Call;
  let foreign: Foreign;
  let found: Awaited<ReturnType<typeof networksOf>>;
  const sets = (settings: Record<string, string>) =>
    Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const inThere = () =>
    sets({
      zone: "",
      subnetId: foreign.subnetId,
      vip: "10.8.4.100",
      "securityGroupIds[0]": foreign.groupId,
      publicIpId: foreign.eipId,
    });

  before(async () => {
    await lab.run("cloud");
    const config = readConfig(lab.name);
    assert.ok(config);
    call = connect({ ...config, port: config.apiPort });
    foreign = await makeForeign(call);
    found = await networksOf(call);
  });
  after(() => lab.run("down"));

  test("what can't be is refused at once, and a mended setting is not held against it", async () => {
    const text = await lab.refused("up", "--engine", "inline", ...inThere(), ...sets({ vip: "10.8.4.16" }));
    assert.match(text, /vip: "10\.8\.4\.16" belongs to ENI eni-[a-z0-9]{8}; allowed: /);
    assert.deepEqual(await networksOf(call), found);
  });

  test("it comes up, serves its VIP by the EIP, and a second up has nothing to do", async () => {
    await lab.run("up", "--engine", "inline", ...inThere());
    const status = await lab.converged();
    assert.deepEqual(
      status.nodes.map(({ address }) => address),
      ["10.8.4.17", "10.8.4.18"],
      "the neighbour has 10.8.4.16",
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

  test("destroy leaves network, group, EIP and neighbour as they were", async () => {
    await lab.run("destroy");
    assert.deepEqual(await networksOf(call), found);
  });
});

/** A pair whose nodes have no public address, in the world of a user who has a bastion: every login goes through that. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readConfig } from "../../lab/state.ts";
import { readWorld, type World } from "../../lab/world/record.ts";
import { differences, snapshot } from "../../lab/world/snapshot.ts";
import { footprint, Lab, leftOf } from "../support/lab.ts";
import { Ha } from "./ha.ts";

describe("a pair behind a bastion", () => {
  const lab = new Lab("tp");
  let world: World;
  before(async () => {
    await lab.run("world");
    world = readWorld(lab.name) ?? assert.fail("no world");
  });
  after(async () => {
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), [], "down left something behind");
  });

  const ha = async (...args: string[]): Promise<string> => {
    const run = new Ha(lab, ...args);
    assert.equal(await run.ended, 0, run.text);
    return run.text;
  };
  const now = () => snapshot(readConfig(lab.name) ?? assert.fail("no lab"), world);

  for (const profile of ["private", "machines"]) {
    test(`${profile}: up, ha and destroy come by the bastion and no other way, and leave the world as it was`, async () => {
      const found = await now();
      const up = () => lab.run("up", "--engine", "inline", "--profile", profile);
      await up();
      const status = await lab.converged();
      assert.deepEqual(
        status.nodes.map(({ publicIp }) => publicIp),
        ["", ""],
      );
      const other = lab.master(status) === "a" ? "b" : "a";
      assert.match(await ha("status"), /healthy/);
      await ha("switchover", "--to", other, "--yes");
      assert.equal(lab.master(await lab.converged()), other);
      for (const node of ["a", "b"] as const) {
        const journal = await ha("ssh", node, "journalctl -o cat -t sshd --no-pager");
        const from = [...journal.matchAll(/^Accepted publickey for root from (\S+)/gm)].map(([, address]) => address);
        assert.ok(from.length >= 3, `up, status and this one at ${node}:\n${journal}`);
        assert.deepEqual(new Set(from), new Set([world.bastion.address]));
      }
      assert.match(await up(), /Nothing had to change/);
      await lab.run("destroy");
      assert.deepEqual(differences(found, await now()), []);
    });
  }
});

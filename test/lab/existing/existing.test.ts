/** A pair in a subnet that was there before it, with an EIP and a group that were there too. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../support/lab.ts";
import { livesIn, worldOf } from "./worldLife.ts";

describe("a pair in an existing subnet", () => {
  const lab = new Lab("te");
  before(() => lab.run("world"));
  after(() => lab.run("down"));

  test("what can't be is refused at once, and a mended setting is not held against it", async () => {
    const taken = `vip=${worldOf(lab).machines.a.address}`;
    const text = await lab.refused("up", "--engine", "inline", "--profile", "existing", "--set", taken);
    assert.match(text, /vip: "[\d.]+" belongs to \w+ \S+; allowed: /);
    await lab.run("world", "--compare");
  });

  livesIn(lab, "existing", "inline");
});

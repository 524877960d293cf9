/** Pairs whose nodes have no public address, in the world of a user who has a bastion: every login goes through that. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { footprint, leftOf } from "../../support/footprint.ts";
import { Lab } from "../../support/lab.ts";
import { livesIn } from "./worldLife.ts";

describe("a pair behind a bastion", () => {
  const lab = new Lab("tg");
  before(() => lab.run("world"));
  after(async () => {
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), [], "down left something behind");
  });

  for (const profile of ["private", "machines"] as const) livesIn(lab, profile, "inline");
});

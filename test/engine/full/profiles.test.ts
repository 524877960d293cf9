/** Pairs in the world of a user, made by the real Pulumi CLI and provider. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { livesIn } from "../../lab/existing/worldLife.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import { RealLab } from "../realLab.ts";

describe("a pair in what a user has, on the real engine", () => {
  const lab = new RealLab("ew", "profiles");
  before(async () => {
    await lab.run("cloud");
    await lab.begins("world");
    await lab.run("world");
    await lab.begins(null);
  });
  after(async () => {
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), [], "down left something behind");
  });

  for (const profile of ["existing", "private", "machines"] as const) livesIn(lab, profile, "pulumi");
  livesIn(lab, "machines", "pulumi", { nodeRole: "", nodeCredentials: "key" });
});

/** docs/ten-minutes.md as it is typed, from nothing to nothing. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, describe, test } from "node:test";
import { labPaths } from "../../../lab/state.ts";
import { Lab } from "../../support/lab.ts";
import { tenMinutes } from "./told.ts";
import { follow } from "./typed.ts";

describe("docs/ten-minutes.md, as it is typed", () => {
  const scene = { lab: new Lab("ttm"), folder: "" };
  // The page's own last line takes it down; where one before it failed, nothing is to stay.
  after(() => (existsSync(labPaths(scene.lab.name).config) ? scene.lab.run("down") : undefined));

  tenMinutes.forEach(([line, told], n) => {
    test(`${n + 1}: ${line}`, () => follow(line, told, scene));
  });

  test("nothing is left of the lab", () => assert.ok(!existsSync(labPaths(scene.lab.name).config)));
});

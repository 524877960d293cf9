/** README.md as it is typed: every line of its blocks that are for the lab, in order, and what the README says of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { footprint, leftOf } from "../../support/footprint.ts";
import { Lab } from "../../support/lab.ts";
import { typedIn } from "../../support/page.ts";
import { readme } from "./told.ts";
import { follow } from "./typed.ts";

describe("README.md, as it is typed", () => {
  const scene = { lab: new Lab("trd"), folder: mkdtempSync(join(tmpdir(), "readme-")) };
  after(() => rmSync(scene.folder, { recursive: true }));

  for (const line of typedIn("README.md", "lab")) test(line, () => follow(line, readme.get(line)!, scene));

  test("npm run lab -- down removes it without a trace", async () => {
    const own = footprint(scene.lab.name);
    await follow("npm run lab -- down", { says: [] }, scene);
    assert.deepEqual(leftOf(own), []);
  });
});

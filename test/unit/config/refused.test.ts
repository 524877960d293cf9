/** Configurations that are refused, each with exactly one message for each of its problems. The rows are in refused/. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings, SettingsError } from "../../../config/settings.ts";
import { least } from "../given.ts";
import { accessRows } from "./refused/access.ts";
import { limitRows } from "./refused/limits.ts";
import { objectRows } from "./refused/objects.ts";

const rows = [...accessRows, ...limitRows, ...objectRows];

for (const [what, changes, ...messages] of rows) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => parseSettings({ ...least, ...changes }),
      (error) => {
        assert.ok(error instanceof SettingsError, String(error));
        assert.deepEqual(error.problems, messages);
        return true;
      },
    );
  });
}

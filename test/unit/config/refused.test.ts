/** Configurations that are refused, each with exactly one message for each of its problems. The rows are in refused/. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "./problems.ts";
import { accessRows } from "./refused/access.ts";
import { limitRows } from "./refused/limits.ts";
import { loginRows } from "./refused/login.ts";
import { networkRows } from "./refused/network.ts";
import { objectRows } from "./refused/objects.ts";
import { valueRows } from "./refused/values.ts";

const rows = [...accessRows, ...limitRows, ...loginRows, ...networkRows, ...objectRows, ...valueRows];

for (const [what, changes, ...messages] of rows) {
  test(`refused: ${what}`, () => {
    assert.deepEqual(problemsOf(changes), messages);
  });
}

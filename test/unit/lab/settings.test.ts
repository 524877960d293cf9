/** What the lab says of the settings without asking the schema. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Key, metaOf, schema } from "../../../config/schema.ts";
import { secrets } from "../../../lab/command/settings.ts";

test("every key whose value is secret, as a whole or in a part, is known to the lab as such", () => {
  const secret = (Object.keys(schema) as Key[]).flatMap((key) => {
    const { secret: whole, secretPart } = metaOf(key);
    return whole || secretPart ? [[key, secretPart ?? null]] : [];
  });
  assert.deepEqual(secrets, Object.fromEntries(secret));
});

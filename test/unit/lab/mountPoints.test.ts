/** What is still mounted of a lab whose removal was broken off. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mountPoints } from "../../../lab/fabric/remove.ts";

test("a folder with blanks and backslashes is found among what is mounted", () => {
  const line = (point: string) => `736 27 0:84 / ${point} rw,relatime - overlay overlay rw`;
  const found = mountPoints(`${line("/plain/root")}\n${line("/a\\040b'c\\040\"d\\134e/root")}\n`);
  assert.deepEqual(found, ["/plain/root", `/a b'c "d\\e/root`]);
});

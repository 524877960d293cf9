import assert from "node:assert/strict";
import { test } from "node:test";
import { differences } from "../../../lab/world/snapshot.ts";

test("two snapshots differ in the lines that changed, and in no others", () => {
  const before = ['cloud eip-1.AddressStatus "UNBIND"', "web-1 file /etc/hosts a", "web-1 unit web.service active"];
  const after = ['cloud eip-1.AddressStatus "BIND"', "web-1 file /etc/hosts a", "web-1 rule -4 32765: from all"];
  assert.deepEqual(differences(before, after), [
    '+ cloud eip-1.AddressStatus "BIND"',
    '- cloud eip-1.AddressStatus "UNBIND"',
    "+ web-1 rule -4 32765: from all",
    "- web-1 unit web.service active",
  ]);
  assert.deepEqual(differences(before, [...before].reverse()), []);
});

/** Both nodes' self-tests on one screen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Check,
  checksScreen,
  type NodeChecks,
  parseChecks,
  verdictOf,
} from "../../../cli/ha/commands/selfTest.ts";

const check = (name: string, more: Partial<Check> = {}): Check => {
  return { name, result: "pass", found: "as it should be", cure: null, ...more };
};
const of = (...checks: Check[]): NodeChecks => ({ checks, problem: null });
const deaf: NodeChecks = { checks: null, problem: "no answer within 20 s" };

test("one screen shows both nodes side by side, and each problem with what to do about it", () => {
  const a = of(check("nic"), check("adverts", { result: "fail", found: "none heard", cure: "open protocol 112" }));
  const b = of(check("nic"), check("adverts"), check("clock", { result: "unknown", found: "no answer of the cloud" }));
  assert.equal(
    checksScreen("stack prod", { a, b }),
    `stack prod: 3 of 5 checks pass

  check    a     b
  nic      ok    ok
  adverts  FAIL  ok
  clock    -     ?

  ! a, adverts: none heard
    -> open protocol 112
  ! b, clock: no answer of the cloud`,
  );
  assert.equal(verdictOf({ a, b }), 1);
});

test("a node that could not be asked is named with the reason, and is no pass", () => {
  const a = of(check("nic"));
  assert.equal(
    checksScreen("stack prod", { a, b: deaf }),
    "stack prod: 1 of 1 checks pass\n\n  check  a   b\n  nic    ok  -\n\n  ! b could not be asked: no answer within 20 s\n    -> look at the machine of b in the console",
  );
  assert.match(checksScreen("stack prod", { a: deaf, b: deaf }), /^stack prod: no answer\n/);
  const verdicts = [
    { a, b: a },
    { a, b: deaf },
    { a: of(check("nic", { result: "unknown" })), b: deaf },
  ];
  assert.deepEqual(verdicts.map(verdictOf), [0, 3, 1]);
});

test("what a node says is checked, and can't write the operator's screen", () => {
  const said = (checks: unknown) => JSON.stringify({ schemaVersion: 1, checks });
  assert.deepEqual(parseChecks(said([check("nic")])), [check("nic")]);
  const [hostile] = parseChecks(said([check("nic", { found: "a\u001b]52;c;x\u0007\nNext: rm -rf /" })]));
  assert.equal(hostile?.found, "a\uFFFD]52;c;x\uFFFD Next: rm -rf /");
  for (const wrong of ["", "{}", said([]), said([{ name: "nic" }]), said([{ ...check("nic"), result: "fine" }])]) {
    assert.throws(() => parseChecks(wrong), wrong);
  }
});

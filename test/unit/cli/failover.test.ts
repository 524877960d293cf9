/** A node made MASTER where nobody is, on a pair that is played. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, type TestContext, test } from "node:test";
import { failover, failoverFrom } from "../../../cli/ha/commands/failover.ts";
import { failoverText, planFailover } from "../../../cli/ha/pair/failover.ts";
import type { View } from "../../../cli/ha/pair/report.ts";
import { nameOf } from "../../../cli/ha/reach/target.ts";
import { Refusal } from "../../../cli/ha/refusal.ts";
import { inMaintenance, lost, outputs, seen } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

let pair: PlayedPair;
beforeEach(() => {
  pair = new PlayedPair();
});
afterEach(() => pair.remove());

/** a is dead, and b, away for a new kernel, serves nobody. */
const nobody = (change: (view: View) => void = () => {}) =>
  seen((view) => {
    lost(view, "a");
    view.nodes.b.probe = false;
    inMaintenance(view.nodes.b.report!);
    change(view);
  });

async function run(t: TestContext, node: string, more: object = {}): Promise<{ code: number; text: string }> {
  const printed = t.mock.method(console, "log", () => {});
  const code = await failover(pair.target, failoverFrom(node, { yes: true, json: false, reason: "a burnt", ...more }));
  return { code, text: printed.mock.calls.map(({ arguments: [line] }) => String(line)).join("\n") };
}

test("the node is asked by name of who asks, and done is when all that can be asked agree on it", async (t) => {
  pair.is(nobody());
  pair.dies("a");
  const serving = seen((view) => {
    view.nodes = { a: view.nodes.b, b: view.nodes.a };
  });
  pair.does("b", "failover", `echo "$KEEPALIVED_VIP_ASKED_BY" >by; ${pair.is(serving, "after-")}; echo has the VIP`);
  pair.is(nobody());
  const { code, text } = await run(t, "b");
  assert.equal(code, 0, text);
  assert.deepEqual(pair.asked, ["b failover --reason a burnt"]);
  assert.match(pair.read("by"), /^[^@]+@[^@]+\n$/);
  assert.match(text, /^ {2}1\. the maintenance of b ends \(new kernel, 30 min left\)$/m);
  assert.match(text, /^ {2}- a could not be asked .*both would then run what writes data\.$/m);
  assert.match(text, /^b: has the VIP$/m);
  assert.match(text, /^Done: keepalived, cloud, NIC and client agree on b\.$/m);
});

test("what the node refuses has changed nothing; an earlier release is told as one", async (t) => {
  pair.is(nobody());
  pair.dies("a");
  pair.does("b", "failover", "echo refused, nothing has changed: 10.0.1.16 is MASTER; exit 4");
  assert.equal((await run(t, "b")).code, 4);
  pair.does("b", "failover", "exit 3");
  const { code, text } = await run(t, "b");
  assert.equal(code, 4);
  assert.match(text, /an earlier release is on b.*npm run up/);
});

test("without a terminal, and without --yes, nothing is done", async (t) => {
  pair.is(nobody());
  pair.dies("a");
  await assert.rejects(
    run(t, "b", { yes: false }),
    new Refusal("Nobody can be asked here, nothing has changed. To go on: --yes", 4),
  );
  assert.deepEqual(pair.asked, []);
});

test("with --json it is one object, of a refusal too, and nobody is asked", async (t) => {
  pair.is(nobody());
  pair.dies("a");
  pair.does("b", "failover", "printf 'on its way\\nrefused\\n'; exit 4");
  const { code, text } = await run(t, "b", { json: true });
  const { told, ...about } = JSON.parse(text) as { told: string[] };
  assert.equal(code, 4);
  assert.deepEqual(about, { schemaVersion: 1, target: "stack prod", node: "b", result: "refused", exitCode: 4 });
  assert.match(told[0] ?? "", /^Failover to b; nobody is MASTER:$/);
  assert.deepEqual(told.slice(-3), ["b: on its way", "b: refused", "Refused, nothing has changed."]);
  const unasked = JSON.parse((await run(t, "b", { json: true, yes: false })).text) as {
    exitCode: number;
    told: string[];
  };
  assert.equal(unasked.exitCode, 4);
  assert.equal(unasked.told.at(-1), "--json asks nobody, nothing has changed. To go on: --yes");
  assert.deepEqual(pair.asked, ["b failover --reason a burnt"]);
});

describe("is refused, with what to do instead, when", () => {
  const cases: [string, "a" | "b", RegExp, View][] = [
    ["the node is MASTER", "a", /^a is MASTER already$/, seen(() => {})],
    ["the other one is MASTER", "b", /^a is MASTER; .*npm run ha -- switchover --to b$/, seen(() => {})],
    ["both are", "b", /both nodes are MASTER/, seen((view) => (view.nodes.b.report!.state = "MASTER"))],
    [
      "the node is dead",
      "a",
      /^a could not be asked: no answer within 4 s; look at the machine of a in the console$/,
      nobody(),
    ],
    [
      "the other one cannot be asked and serves",
      "b",
      /^a could not be asked, and the VIP answers: a serves\. .*ssh b sudo .*vip\.py take$/,
      nobody((view) => (view.nodes.b.probe = true)),
    ],
    [
      "the node's service fails its check",
      "b",
      /^b is kept from being MASTER by health: tcp 80; on b: mend it$/,
      nobody((view) => {
        const problems = [{ found: "kept from being MASTER by health: tcp 80", cure: "mend it" }];
        Object.assign(view.nodes.b.report!, { maintenance: null, drained: { health: { why: "tcp 80" } }, problems });
      }),
    ],
    [
      "an election is going on",
      "b",
      /takes over by itself within seconds/,
      nobody((view) => Object.assign(view.nodes.b.report!, { state: "BACKUP", maintenance: null, problems: [] })),
    ],
  ];
  for (const [name, node, why, view] of cases) test(name, () => assert.match(String(planFailover(view, node)), why));
});

test("a node whose services do not run gets them started, and the last word of a dead service is no role", () => {
  const view = nobody((v) =>
    Object.assign(v.nodes.b.report!, {
      ...{ state: "MASTER", vipOnNic: false, serviceAlive: false, keepalivedAlive: false, maintenance: null },
    }),
  );
  const plan = planFailover(view, "b");
  assert.deepEqual(typeof plan === "string" ? plan : plan.steps, [
    "keepalived-vip.service is started on b",
    "keepalived is started on b",
  ]);
  assert.match(failoverText(plan as Exclude<typeof plan, string>, outputs), /3\. b becomes MASTER, and asks the cloud/);
});

test("the pair's name is that of its stack or lab; a node has to be named", () => {
  const names = ["stack prod", 'lab "lab"', "stack organization/web/prod"].map((title) => nameOf({ title }));
  assert.deepEqual(names, ["prod", "lab", "organization/web/prod"]);
  for (const wrong of [undefined, "c", "A"]) {
    assert.throws(
      () => failoverFrom(wrong, { yes: true, json: false }),
      (error) => error instanceof Refusal && error.code === 64,
    );
  }
});

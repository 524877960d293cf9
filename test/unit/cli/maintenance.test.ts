/** A node taken out of service and back, on a pair that is played. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, type TestContext, test } from "node:test";
import { maintenance, maintenanceFrom } from "../../../cli/ha/commands/maintenance.ts";
import { maintenanceText, planMaintenance } from "../../../cli/ha/pair/plan.ts";
import type { View } from "../../../cli/ha/pair/report.ts";
import { Refusal } from "../../../cli/ha/refusal.ts";
import { inMaintenance as drain, lost as lose, outputs, seen } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

let pair: PlayedPair;
beforeEach(() => {
  pair = new PlayedPair();
});
afterEach(() => pair.remove());

interface Result {
  result: string;
  told: string[];
}
/** The command with --json: its exit code, and what it printed. */
async function run(t: TestContext, to: string, node: string, more: object = {}): Promise<{ code: number } & Result> {
  const printed = t.mock.method(console, "log", () => {});
  const options = { yes: true, json: true, for: "2h", reason: "new kernel", ...more };
  const code = await maintenance(pair.target, maintenanceFrom(to, node, options));
  const [text] = printed.mock.calls.map(({ arguments: [line] }) => String(line));
  printed.mock.restore();
  return { code, ...(JSON.parse(text ?? "") as Result) };
}

const away = (view: View, node: "a" | "b") => drain(view.nodes[node].report!);
/** b is MASTER, and a as it is said. */
const swapped = (change: (view: View) => void = () => {}) =>
  seen((view) => {
    view.nodes = { a: view.nodes.b, b: view.nodes.a };
    change(view);
  });

test("the standby goes into maintenance by itself, with the time and the reason", async (t) => {
  const { code, result, told } = await run(t, "on", "b");
  assert.deepEqual([code, result], [0, "done"], told.join("\n"));
  assert.deepEqual(pair.asked, ["b maintenance on --for 2h --reason new kernel"]);
  assert.match(told[0] ?? "", /^b, the standby, stays away for 2h; a goes on serving\. Until then nobody takes over/);
});

test("the MASTER hands the VIP over first, and is done once everybody agrees on the other node", async (t) => {
  pair.does(
    "a",
    "maintenance",
    `${pair.is(
      swapped((view) => away(view, "a")),
      "after-",
    )}; echo the peer is MASTER`,
  );
  const { code, told } = await run(t, "on", "a");
  assert.equal(code, 0, told.join("\n"));
  assert.deepEqual(pair.asked, ["b prepare", "a maintenance on --for 2h --reason new kernel"]);
  assert.match(told.join("\n"), /^ {2}4\. a stays in maintenance for 2h; then it takes part again$/m);
  assert.equal(told.at(-1), "Done: keepalived, cloud, NIC and client agree on b.");
});

test("a MASTER that has handed the VIP over and is in no maintenance is told as incomplete", async (t) => {
  pair.does("a", "maintenance", `${pair.is(swapped(), "after-")}; exit 5`);
  const { code, result, told } = await run(t, "on", "a");
  assert.deepEqual([code, result], [5, "incomplete"]);
  assert.match(told.at(-1) ?? "", /^Moved, but not complete: a is not in maintenance/);
});

test("a node that refuses has changed nothing: the standby lets the address go", async (t) => {
  pair.does("a", "maintenance", "echo refused, nothing has changed: the peer is deaf; exit 4");
  const { code, told } = await run(t, "on", "a");
  assert.equal(code, 4);
  assert.deepEqual(pair.asked.at(-1), "b prepare --undo");
  assert.ok(told.includes("a: refused, nothing has changed: the peer is deaf"), told.join("\n"));
  pair.does("b", "maintenance", "echo no advert; exit 4");
  assert.equal((await run(t, "on", "b")).code, 4);
  pair.does("b", "maintenance", "exit 3");
  assert.deepEqual((await run(t, "on", "b")).result, "unknown");
});

describe("what would leave nobody to serve is refused, and what is in the way is named:", () => {
  const cases: [string, "a" | "b", RegExp, (view: View) => void][] = [
    [
      "the standby is in maintenance",
      "a",
      /b is in maintenance \(new kernel\).*maintenance off b/,
      (v) => away(v, "b"),
    ],
    [
      "the standby is the preferred node, in maintenance",
      "a",
      /b is in maintenance/,
      (v) => Object.assign(away(v, "b"), { preferred: true }),
    ],
    ["the standby is dead", "a", /b could not be asked: no answer within 4 s/, (v) => lose(v, "b")],
    [
      "the standby is not ready",
      "a",
      /keepalived is FAULT on b, not BACKUP: kept from being MASTER by health$/,
      (v) => {
        const problems = [{ found: "kept from being MASTER by health", cure: "mend it" }];
        Object.assign(v.nodes.b.report!, { state: "FAULT", problems });
      },
    ],
    ["the standby's service is dead", "a", /does not run on b/, (v) => (v.nodes.b.report!.serviceAlive = false)],
    ["the MASTER is dead", "b", /a could not be asked/, (v) => lose(v, "a")],
    ["the MASTER's service is dead", "b", /does not run on a/, (v) => (v.nodes.a.report!.serviceAlive = false)],
    [
      "the cloud delivers elsewhere",
      "b",
      /the cloud does not have the VIP on a/,
      (v) => (v.nodes.a.report!.available = false),
    ],
    ["the MASTER does not answer", "b", /does not answer a ping from b/, (v) => (v.nodes.b.probe = false)],
    ["there is no MASTER", "b", /no one MASTER/, (v) => (v.nodes.a.report!.state = "FAULT")],
    ["the node itself is dead", "b", /b could not be asked/, (v) => lose(v, "b")],
  ];
  for (const [name, node, why, change] of cases) {
    test(name, () => {
      const plan = planMaintenance(seen(change), node);
      assert.equal(typeof plan, "string");
      assert.match(plan as string, why);
    });
  }

  test("with how it is done all the same, and nothing was asked of the nodes", async (t) => {
    pair.dies("a");
    const { code, result, told } = await run(t, "on", "b");
    assert.deepEqual([code, result, pair.asked], [4, "refused", []]);
    assert.match(told.join("\n"), /a could not be asked: .*No route to host/);
    assert.match(
      told.join("\n"),
      /nobody has to serve.*ssh b sudo \/etc\/keepalived\/vip\.py maintenance on --for 2h --force$/,
    );
  });
});

test("a maintenance is prolonged by another one", () => {
  const plan = planMaintenance(
    seen((view) => away(view, "b")),
    "b",
  );
  assert.deepEqual(plan, { node: "b", handover: null });
});

test("the preferred node's plan says that the VIP returns", () => {
  const plan = planMaintenance(
    seen((view) => (view.nodes.a.report!.preferred = true)),
    "a",
  );
  assert.notEqual(typeof plan, "string");
  const text = maintenanceText(plan as Exclude<typeof plan, string>, outputs, "2h");
  assert.match(
    text,
    /a, the preferred node, stays in maintenance for 2h; then the VIP returns to it\nUntil then nobody/,
  );
});

describe("maintenance off", () => {
  test("lets the node take part again; one in no maintenance is left as it is", async (t) => {
    assert.deepEqual([(await run(t, "off", "b")).code, pair.asked], [0, []]);
    pair.is(seen((view) => away(view, "b")));
    assert.deepEqual([(await run(t, "off", "b", { yes: false })).code, pair.asked], [0, ["b maintenance off"]]);
  });

  test("brings the VIP back to the preferred node by a planned switch", async (t) => {
    const preferred = (view: View) => Object.assign(view.nodes.b.report!, { preferred: true });
    pair.is(seen((view) => drain(preferred(view))));
    pair.does("a", "yield", `${pair.is(swapped(preferred), "after-")}; echo '{"phase": "moved", "text": "moved"}'`);
    const { code, told } = await run(t, "off", "b");
    assert.equal(code, 0, told.join("\n"));
    assert.deepEqual(pair.asked, [
      "b prepare --in-maintenance",
      "a yield --json --reason maintenance is over",
      "b maintenance off",
    ]);
  });

  test("is never refused where nobody serves, and ends with who could not be asked", async (t) => {
    pair.is(seen((view) => Object.assign(away(view, "b"), { preferred: true })));
    pair.dies("a");
    assert.deepEqual([(await run(t, "off", "b")).code, pair.asked], [0, ["b maintenance off"]]);
    assert.equal((await run(t, "off", "a")).code, 4);
  });
});

test("nobody is asked where nobody can be: nothing has changed", async (t) => {
  const { code, told } = await run(t, "on", "b", { yes: false });
  assert.deepEqual([code, pair.asked], [4, []]);
  assert.match(told.at(-1) ?? "", /--json asks nobody, nothing has changed. To go on: --yes/);
});

test("a screen for who looks on: what is planned, then what the node said", async (t) => {
  const printed = t.mock.method(console, "log", () => {});
  pair.does("b", "maintenance", "echo in maintenance for 7200 s");
  const options = { yes: true, json: false, for: "2h" };
  assert.equal(await maintenance(pair.target, maintenanceFrom("on", "b", options)), 0);
  const lines = printed.mock.calls.map(({ arguments: [line] }) => String(line));
  assert.deepEqual([lines[0], lines.at(-1)], ["stack prod", "b: in maintenance for 7200 s"]);
});

test("wrong usage is 64", () => {
  const options = { yes: true, json: false };
  for (const [to, node, more] of [
    ["on", "c", {}],
    ["on", undefined, {}],
    ["of", "a", {}],
    [undefined, undefined, {}],
    ["on", "a", { for: "2 h" }],
  ] as const) {
    const wrong = (error: unknown) => error instanceof Refusal && error.code === 64;
    assert.throws(() => maintenanceFrom(to, node, { ...options, ...more }), wrong);
  }
});

test("a time that is none, or longer than a year, is refused before any node is asked", () => {
  const from = (stay: string) => maintenanceFrom("on", "b", { yes: true, json: false, for: stay });
  for (const stay of ["365d", "8760h", "31536000s"]) assert.equal(from(stay).stay, stay);
  for (const stay of ["366d", "31536001s", `${"9".repeat(400)}d`, "2", "0s", "-1h", "1w"]) {
    const said = `--for is "${stay}"; it takes 90s, 30m, 2h or 1d, and 365d at most.`;
    assert.throws(() => from(stay), new Refusal(said, 64));
  }
});

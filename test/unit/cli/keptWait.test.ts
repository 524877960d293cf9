/** `switchover --wait` on a pair that is played: it goes on for as long as the old node keeps connections, and says why it ends. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, type TestContext, test } from "node:test";
import { look } from "../../../cli/ha/commands/status.ts";
import { switchover, wishFrom } from "../../../cli/ha/commands/switchover.ts";
import type { NodeReport } from "../../../cli/ha/pair/answer.ts";
import { keptBy } from "../../../cli/ha/pair/kept.ts";
import type { View } from "../../../cli/ha/pair/report.ts";
import { lost, seen } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

type Connections = NonNullable<NodeReport["connections"]>;
const none: Connections = { kept: null, carried: null, reset: 3, ended: "all are closed" };
const left = { count: 37, leftS: 360 };

/** b is MASTER since the switch, and a keeps what is said. */
const switched = (change: (view: View) => void) =>
  seen((view) => {
    view.nodes = { a: view.nodes.b, b: view.nodes.a };
    view.nodes.a.report!.connections = { ...none };
    view.nodes.b.report!.connections = { ...none };
    change(view);
  });

describe("what there is to wait for", () => {
  const cases: [what: string, is: string, text: RegExp, change: (view: View) => void][] = [
    [
      "connections that the old node serves",
      "kept",
      /^a still serves 37 connections, 6 min left$/,
      (view) => Object.assign(view.nodes.a.report!.connections!, { kept: left }),
    ],
    [
      "one that is not counted yet",
      "kept",
      /^a still serves some connections, 6 min left$/,
      (view) => Object.assign(view.nodes.a.report!.connections!, { kept: { ...left, count: null } }),
    ],
    ["none any more", "over", /^The connections that a kept have ended; b serves alone\.$/, () => {}],
    [
      "some that were reset at the end of the time",
      "over",
      /time of keepConnections is over: a had 5 left, which are reset/,
      (view) => Object.assign(view.nodes.a.report!.connections!, { reset: 8, ended: "the time is over" }),
    ],
    [
      "some that were reset as the tunnel fell silent",
      "lost",
      /^a keeps its connections no longer: nothing comes out of the tunnel; a had 5 left, which are reset\. npm run ha -- self-test/,
      (view) =>
        Object.assign(view.nodes.a.report!.connections!, { reset: 8, ended: "nothing comes out of the tunnel" }),
    ],
    [
      "a node that has kept none",
      "lost",
      /^a has kept none of its connections\. npm run ha -- self-test/,
      (view) => Object.assign(view.nodes.a.report!.connections!, { ended: null }),
    ],
    [
      "none any more on a node of an earlier release",
      "over",
      /^The connections that a kept have ended; b serves alone\.$/,
      (view) => delete view.nodes.a.report!.connections!.ended,
    ],
    [
      "some that were reset by a service which has counted from 0 on since",
      "over",
      /a had 2 left, which are reset/,
      (view) => Object.assign(view.nodes.a.report!.connections!, { reset: 2, ended: "the time is over" }),
    ],
    [
      "some that were reset on a node of an earlier release",
      "over",
      /time of keepConnections is over: a had 5 left, which are reset/,
      (view) => {
        view.nodes.a.report!.connections = { kept: null, carried: null, reset: 8 };
      },
    ],
    [
      "keepConnections off",
      "over",
      /^Nothing to wait for: keepConnections is off/,
      (view) => delete view.nodes.a.report!.connections,
    ],
    [
      "a node that is MASTER again",
      "lost",
      /^a is MASTER again/,
      (view) => Object.assign(view.nodes.a.report!, { state: "MASTER" }),
    ],
    [
      "a node that can't be asked, while the other one carries for it",
      "kept",
      /^b carries 1 connection of a, 6 min left; no answer within 4 s$/,
      (view) => {
        lost(view, "a");
        Object.assign(view.nodes.b.report!.connections!, { carried: { count: 1, leftS: 360 } });
      },
    ],
    [
      "a node that can't be asked, and nobody carries for it",
      "lost",
      /^a could not be asked: no answer within 4 s\. b carries nothing to it any more\.$/,
      (view) => lost(view, "a"),
    ],
    [
      "a node whose service does not run, of which the last words stand still",
      "lost",
      /^a could not be asked: keepalived-vip\.service does not run there\. b carries nothing/,
      (view) => {
        const report = view.nodes.a.report!;
        Object.assign(report, { serviceAlive: false, connections: { ...none, kept: left } });
      },
    ],
    [
      "two nodes that can't be asked",
      "kept",
      /^neither a nor b could be asked/,
      (view) => {
        lost(view, "a");
        lost(view, "b");
      },
    ],
  ];
  for (const [what, is, text, change] of cases) {
    test(what, () => {
      const found = keptBy(switched(change), "a", 3);
      assert.equal(found.is, is);
      assert.match(found.text, text);
    });
  }
});

let pair: PlayedPair;
beforeEach(() => {
  pair = new PlayedPair();
});
afterEach(() => pair.remove());

/** The switch with --wait and --json. @param afterwards what the MASTER does when it is asked to yield, as shell */
async function run(t: TestContext, afterwards: string): Promise<{ code: number; told: string[] }> {
  pair.is(seen((view) => Object.assign(view.nodes.a.report!, { connections: none })));
  pair.does("a", "yield", afterwards);
  const printed = t.mock.method(console, "log", () => {});
  const code = await switchover(pair.target, wishFrom({ yes: true, json: true, wait: true }));
  const { told } = JSON.parse(String(printed.mock.calls[0]?.arguments[0])) as { told: string[] };
  printed.mock.restore();
  return { code, told };
}

/** Shell that makes the pair one after the switch: a keeps some, or keeps none any more. */
const becomes = () => ({
  keeping: pair.is(
    switched((view) => Object.assign(view.nodes.a.report!.connections!, { kept: left })),
    "keeping-",
  ),
  ended: pair.is(
    switched(() => {}),
    "ended-",
  ),
});

const done = "Done: keepalived, cloud, NIC and client agree on b.";

describe("switchover --wait", () => {
  test("returns once none are kept, and not before", async (t) => {
    const { keeping, ended } = becomes();
    // Clients close theirs a while after the switch, as somebody else's work.
    const later = `(for n in 1 2 3 4 5; do sleep 0.5; done; echo >closed; ${ended}) >/dev/null 2>&1 &`;
    const { code, told } = await run(t, `${keeping}; ${later} :`);
    assert.equal(code, 0, told.join("\n"));
    assert.equal(pair.read("closed"), "\n");
    assert.deepEqual(told.slice(-2), [done, "The connections that a kept have ended; b serves alone."]);
  });

  test("a moment in which nobody says that any are kept is not the end", async (t) => {
    const { keeping, ended } = becomes();
    const later = `(sleep 1; touch a/dead; sleep 3; rm a/dead; sleep 1; ${ended}) >/dev/null 2>&1 &`;
    const { code, told } = await run(t, `${keeping}; ${later} :`);
    assert.equal(code, 0, told.join("\n"));
    assert.equal(told.at(-1), "The connections that a kept have ended; b serves alone.");
  });

  test("a node whose vip.py says nothing gave no answer", async () => {
    for (const what of ["status", "probe"]) pair.write(`a/${what}`, "");
    const { nodes } = await look(pair.target);
    assert.equal(nodes.a.problem, "its vip.py gave no answer");
  });

  test("without keepConnections returns at once, and says so", async (t) => {
    const without = switched((view) => {
      for (const node of ["a", "b"] as const) delete view.nodes[node].report!.connections;
    });
    const { code, told } = await run(t, pair.is(without, "after-"));
    assert.equal(code, 0, told.join("\n"));
    assert.equal(told.at(-2), done);
    assert.match(told.at(-1) ?? "", /^Nothing to wait for: keepConnections is off/);
  });

  test("ends with 5 where the old node dies while it keeps some", async (t) => {
    const { keeping } = becomes();
    const later = "(sleep 2; touch a/dead) >/dev/null 2>&1 &";
    const { code, told } = await run(t, `${keeping}; ${later} :`);
    assert.equal(code, 5, told.join("\n"));
    assert.match(told.at(-1) ?? "", /^a could not be asked: .*No route to host\. b carries nothing to it any more\.$/);
  });
});

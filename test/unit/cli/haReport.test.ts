import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAnswer } from "../../../cli/ha/pair/answer.ts";
import { notYet, planSwitch, planText } from "../../../cli/ha/pair/plan.ts";
import { judge, type Verdict, type View } from "../../../cli/ha/pair/report.ts";
import { lastMoves, nextCommand, screen } from "../../../cli/ha/pair/screen.ts";
import { spoken } from "../../../terminal/printable.ts";
import {
  at,
  backup,
  inMaintenance as drain,
  healthy,
  lost as lose,
  master,
  move,
  outputs,
  seen,
} from "../../support/pairSeen.ts";

describe("the verdict", () => {
  test("healthy: one MASTER, and everybody agrees on it", () => {
    const { verdict, agreement, why } = judge(healthy);
    assert.deepEqual([verdict, why], ["healthy", []]);
    assert.deepEqual(agreement, { keepalived: "a", cloud: "a", nic: "a", client: "a" });
  });

  const cases: [string, Verdict, RegExp, (view: View) => void][] = [
    ["the standby black-holed", "degraded", /b could not be asked: no answer within 4 s/, (v) => lose(v, "b")],
    ["the MASTER black-holed, but the VIP answers", "degraded", /a could not be asked/, (v) => lose(v, "a")],
    [
      "the MASTER black-holed and no answer",
      "down",
      /does not answer a ping from b/,
      (v) => {
        lose(v, "a");
        v.nodes.b.probe = false;
      },
    ],
    [
      "nobody can be asked",
      "unknown",
      /a could not be asked/,
      (v) => {
        lose(v, "a");
        lose(v, "b");
      },
    ],
    [
      "the standby in maintenance",
      "degraded",
      /b: kept from being MASTER by maintenance: new kernel/,
      (v) => drain(v.nodes.b.report!),
    ],
    [
      "what a node itself finds wrong",
      "degraded",
      /b: the service does NOT run/,
      (v) =>
        (v.nodes.b.report!.problems = [{ found: "the service does NOT run", cure: "systemctl start keepalived-vip" }]),
    ],
    [
      "the black hole: the cloud delivers elsewhere",
      "down",
      /does not have the VIP on the ENI of the MASTER/,
      (v) => {
        v.nodes.a.report!.cloudHolder = "peer";
        v.nodes.b.probe = false;
      },
    ],
    ["two masters", "degraded", /both nodes are MASTER/, (v) => (v.nodes.b.report!.state = "MASTER")],
    [
      "no master at all",
      "down",
      /no node is MASTER/,
      (v) => {
        Object.assign(v.nodes.a.report!, { state: "FAULT", vipOnNic: false });
        v.nodes.b.probe = false;
      },
    ],
    [
      "a client that another node answers",
      "down",
      /the vpc client got "b"/,
      (v) => (v.clients = [{ name: "vpc", answer: "b" }]),
    ],
    [
      "a trouble on the MASTER",
      "degraded",
      /a: cloud: throttled/,
      (v) => (v.nodes.a.report!.problems = [{ found: "cloud: throttled", cure: "vip.py self-test" }]),
    ],
  ];
  for (const [name, verdict, why, change] of cases) {
    test(`${verdict}: ${name}`, () => {
      const view = seen(change);
      assert.equal(judge(view).verdict, verdict);
      assert.match(judge(view).why.join("\n"), why);
      assert.match(screen("lab", outputs, view), why);
    });
  }
});

test("one screen: verdict, a row per node, the agreement, the last moves, what to type next", () => {
  const text = screen('lab "x"', outputs, healthy);
  assert.match(text, /^lab "x", VIP 10\.0\.1\.100, mode stable: healthy$/m);
  assert.match(text, /^ {2}a +ins-aaaaaaaa +10\.0\.1\.16 +MASTER +60 min +yes +yes, 12 s ago +runs$/m);
  assert.match(text, /^ {2}b +ins-bbbbbbbb +10\.0\.1\.17 +BACKUP +60 min +- +- +runs$/m);
  assert.match(text, /^ {2}keepalived a · cloud a · NIC a · client a$/m);
  assert.match(text, /^ {2}60 min ago: b -> a, 2560 ms, by keepalived$/m);
  assert.match(text, /^Next: npm run ha -- switchover$/m);
  assert.ok(text.split("\n").length < 24);
});

test("what a new MASTER has not heard of the cloud yet is no answer of the cloud's", () => {
  const view = seen(({ nodes }) => {
    Object.assign(nodes.a.report!, { cloudHolder: "unknown", available: false, checkedAt: null });
  });
  assert.match(screen("stack prod", outputs, view), /MASTER +60 min +yes +not known yet/);
  assert.match(
    judge(view).why.join("\n"),
    /^it is not known yet whether the cloud has the VIP on the ENI of the MASTER, a$/m,
  );
});

test("the three newest moves of both nodes", () => {
  const view = seen((v) => {
    v.nodes.a.report!.moves = [2, 1].map((n) => ({ ...move, startedAt: n }));
    v.nodes.b.report!.moves = [4, 3].map((n) => ({ ...move, startedAt: n }));
  });
  assert.deepEqual(
    lastMoves(view).map(({ startedAt }) => startedAt),
    [4, 3, 2],
  );
});

test("what to type next ends a maintenance", () => {
  const view = seen((v) => drain(v.nodes.b.report!));
  assert.equal(nextCommand(judge(view), view), "npm run ha -- maintenance off b");
});

test("a node's answer is its status and its probe", () => {
  const text = `${JSON.stringify(master, null, 2)}\n\n---\n{"here": true, "answeredMs": null}\n`;
  assert.deepEqual(parseAnswer(text), { report: master, probe: null });
  const standby = `${JSON.stringify(backup)}\n\n---\n{"here": false, "answeredMs": null}\n`;
  assert.deepEqual(parseAnswer(standby), { report: backup, probe: false });
  assert.throws(() => parseAnswer("sudo: a password is required"));
});

describe("a node that is somebody else's by now", () => {
  test("writes nothing on the operator's screen but text on its own lines", () => {
    const clipboard = "\u001b]52;c;ZWNobyBoaQ==\u0007";
    const found = `all is well\n${" ".repeat(500)}Next: rm -rf /\u009b2J\u202e\u2028\ud800 ${clipboard}`;
    const text = `${JSON.stringify({ ...master, problems: [{ found, cure: found, [found]: 1 }] })}\n\n---\n{"here": true, "answeredMs": null}`;
    const view = seen((v) => (v.nodes.a.report = parseAnswer(text).report));
    const shown = screen("x", outputs, view);
    assert.match(shown, /^ {2}! a: all is well Next: rm -rf/m);
    for (const all of [shown, JSON.stringify(view)]) assert.doesNotMatch(all, /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
  });

  test("speaks each line of an answer in its own name", () => {
    assert.equal(spoken("a", "no answer\nDone: all agree\u001b[2J"), "a: no answer\na: Done: all agree\uFFFD[2J");
  });

  test("is one that could not be asked, when it says something else than a status", () => {
    for (const change of [{ problems: "none" }, { cloudHolder: 7 }, { moves: [null] }, { state: undefined }]) {
      const text = `${JSON.stringify({ ...master, ...change })}\n\n---\n{"here": true, "answeredMs": null}`;
      assert.throws(() => parseAnswer(text), JSON.stringify(change));
    }
  });
});

describe("a planned switch", () => {
  test("goes to the other node, or to the one that is named", () => {
    const plan = { from: "a", to: "b", endsMaintenance: false, staysAway: false };
    assert.deepEqual(planSwitch(healthy, undefined), plan);
    assert.deepEqual(planSwitch(healthy, "b"), plan);
  });

  const refusals: [string, RegExp, (view: View) => void, ("a" | "b")?][] = [
    ["the target is MASTER already", /a is MASTER already/, () => {}, "a"],
    ["a node cannot be asked", /b could not be asked: no answer/, (v) => lose(v, "b")],
    ["there are two masters", /no one MASTER/, (v) => (v.nodes.b.report!.state = "MASTER")],
    ["the target is not BACKUP", /keepalived is FAULT on b/, (v) => (v.nodes.b.report!.state = "FAULT")],
    ["the target is in maintenance", /b is in maintenance \(new kernel\)/, (v) => drain(v.nodes.b.report!)],
    ["the target's service is dead", /does not run on b/, (v) => (v.nodes.b.report!.serviceAlive = false)],
    ["the MASTER's service is dead", /does not run on a/, (v) => (v.nodes.a.report!.serviceAlive = false)],
    [
      "the MASTER does not have the VIP yet",
      /the cloud does not have the VIP on a/,
      (v) => (v.nodes.a.report!.available = false),
    ],
  ];
  for (const [name, reason, change, to] of refusals) {
    test(`is refused when ${name}`, () => {
      const plan = planSwitch(seen(change), to);
      assert.equal(typeof plan, "string");
      assert.match(plan as string, reason);
    });
  }

  test("in standing-master: away from the preferred node it stays away, back to it that ends", () => {
    const away = seen((v) => (v.nodes.a.report!.preferred = true));
    assert.deepEqual(planSwitch(away, undefined), { from: "a", to: "b", endsMaintenance: false, staysAway: true });
    const back = seen((v) => drain(Object.assign(v.nodes.b.report!, { preferred: true })));
    assert.deepEqual(planSwitch(back, undefined), { from: "a", to: "b", endsMaintenance: true, staysAway: false });
  });

  test("says the API call before it is made", () => {
    const text = planText({ from: "a", to: "b", endsMaintenance: false, staysAway: true }, outputs, "2h");
    const call =
      "MigratePrivateIpAddress SourceNetworkInterfaceId=eni-a DestinationNetworkInterfaceId=eni-b PrivateIpAddress=10.0.1.100";
    assert.ok(text.includes(call), text);
    assert.match(text, /a, the preferred node, stays in maintenance for 2h/);
  });

  test("is done only when keepalived, cloud, NIC, probe and clients agree on the target", () => {
    const plan = { from: "b", to: "a", endsMaintenance: false, staysAway: false } as const;
    const since = at - 20;
    assert.deepEqual(notYet(plan, healthy, since), []);
    const open: [RegExp, (view: View) => void][] = [
      [/keepalived/, (v) => (v.nodes.a.report!.state = "BACKUP")],
      [/cloud: -/, (v) => (v.nodes.a.report!.available = false)],
      [/nic: a and b/, (v) => (v.nodes.b.report!.vipOnNic = true)],
      [/has not asked the cloud since/, (v) => (v.nodes.a.report!.checkedAt = since - 1)],
      [/no ping from b/, (v) => (v.nodes.b.probe = false)],
      [/client: no answer/, (v) => (v.clients = [{ name: "vpc", answer: "b" }])],
    ];
    for (const [reason, change] of open) assert.match(notYet(plan, seen(change), since).join("\n"), reason);
  });

  test("is done beside a node that still serves connections: the VIP is on its NIC too, and it can ask nobody else", () => {
    const plan = { from: "b", to: "a", endsMaintenance: false, staysAway: false } as const;
    const keeping = (kept: { count: number; leftS: number } | null) =>
      seen((v) => {
        v.nodes.b.probe = null;
        v.nodes.b.report!.connections = { kept };
      });
    assert.deepEqual(notYet(plan, keeping({ count: 37, leftS: 360 }), at - 20), []);
    assert.equal(judge(keeping({ count: 37, leftS: 360 })).verdict, "healthy");
    assert.match(notYet(plan, keeping(null), at - 20).join("\n"), /no ping from b/);
    assert.match(
      screen("x", outputs, keeping({ count: 37, leftS: 360 })),
      /^ {2}b still serves 37 connections, 6 min left$/m,
    );
    assert.doesNotMatch(screen("x", outputs, keeping(null)), /still serves/);
  });
});

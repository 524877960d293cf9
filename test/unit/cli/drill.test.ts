/** A drill, without a pair: what is planned, what a record proves, and what is written of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drillFrom } from "../../../cli/ha/commands/drill.ts";
import { clientsFrom } from "../../../cli/ha/drill/clients.ts";
import { type FaultName, faultNames, make, type Tool } from "../../../cli/ha/drill/faults.ts";
import { drillText, type Found, inTheWay, nodeReadyFrom, planDrill, refusalOf } from "../../../cli/ha/drill/plan.ts";
import { endedByWord, gapsOf } from "../../../cli/ha/drill/record.ts";
import { reportHtml, reportJson, reportMarkdown } from "../../../cli/ha/drill/report.ts";
import { timelineOf, windowOf } from "../../../cli/ha/drill/timeline.ts";
import { checksOf, exitCodes, verdictOf, verdictOfPhase, verdictText } from "../../../cli/ha/drill/verdict.ts";
import type { Target } from "../../../cli/ha/reach/target.ts";
import { phase, plan, quiet, record } from "../../support/drillRecord.ts";
import { at, healthy, inMaintenance, outputs, seen } from "../../support/pairSeen.ts";

const check = { name: "nic", result: "pass" as const, found: "all", cure: null };
const passed = { checks: [check], problem: null };
const ready = { tools: ["systemd-run", "nft"] as Tool[], preemptDelayS: 0, busy: false };
const found = (more: Partial<Found> = {}): Found => ({
  view: healthy,
  checks: { a: passed, b: passed },
  nodes: { a: ready, b: ready },
  mode: "stable",
  ...more,
});
const wish = { faults: null, really: false, withinMs: 5000 };
const stepsOf = (more: Partial<Found> = {}, wished: object = {}) =>
  planDrill(found(more), { ...wish, ...wished }, ["x"]).steps.map(({ fault, movesAtMost }) => [fault, movesAtMost]);

describe("the plan", () => {
  test("has all faults but the one that costs others' work, which has to be typed out", () => {
    assert.deepEqual(stepsOf(), [
      ["switch", 1],
      ["keepalived-stop", 1],
      ["keepalived-kill", 1],
      ["service-kill", 0],
      ["partition", 1],
    ]);
    assert.deepEqual(stepsOf({}, { faults: ["power"] }), []);
    assert.deepEqual(stepsOf({}, { faults: ["power", "switch"], really: true }), [
      ["power", 1],
      ["switch", 1],
    ]);
  });

  test("counts the return of standing-master, and waits for it", () => {
    const delayed = { a: { ...ready, preemptDelayS: 30 }, b: ready };
    const made = planDrill(found({ mode: "standing-master", nodes: delayed }), { ...wish, faults: ["switch"] }, []);
    assert.deepEqual([made.steps[0]?.movesAtMost, made.wholeWithinS], [2, 90]);
  });

  test("leaves out what a node has no tool for, and says so", () => {
    const bare = { ...ready, tools: ["systemd-run"] as Tool[] };
    const made = planDrill(found({ nodes: { a: ready, b: bare } }), wish, []);
    assert.deepEqual(
      made.leftOut.filter(({ fault }) => fault === "partition"),
      [{ fault: "partition", why: "b has no nft or iptables" }],
    );
    assert.match(drillText(made, 100), /partition is left out: b has no nft or iptables/);
  });

  test("is kept from beginning by whatever is not as in the steady state", () => {
    assert.deepEqual(inTheWay(found()), []);
    const away = seen((view) => inMaintenance(view.nodes.b.report!));
    assert.match(inTheWay(found({ view: away })).join("; "), /new kernel/);
    const failing = { checks: [{ ...check, result: "fail" as const }], problem: null };
    assert.match(inTheWay(found({ checks: { a: passed, b: failing } })).join("; "), /self-test.* \(nic on b\)/);
    assert.match(inTheWay(found({ nodes: { a: ready, b: null } })).join("; "), /^b could not be asked/);
    assert.match(inTheWay(found({ nodes: { a: { ...ready, busy: true }, b: ready } })).join("; "), /in force on a/);
    const other = seen((view) => {
      view.nodes.a.report!.preferred = false;
    });
    assert.match(inTheWay(found({ view: other, mode: "standing-master" })).join("; "), /not the preferred node/);
  });

  test("is refused for an empty plan as well as for what is in the way", () => {
    const refused = (from: Found) => String(refusalOf(planDrill(from, { ...wish, faults: ["power"] }, []), from));
    assert.match(refused(found()), /nothing has changed: the plan is empty/);
    assert.match(refused(found({ nodes: { a: ready, b: null } })), /b could not be asked.*; the plan is empty/);
  });

  test("knows of a node what that has printed", () => {
    assert.deepEqual(nodeReadyFrom("tool systemd-run\ntool iptables\npreemptDelay 30\nbusy\n"), {
      tools: ["systemd-run", "iptables"],
      preemptDelayS: 30,
      busy: true,
    });
    assert.deepEqual(nodeReadyFrom(""), { tools: [], preemptDelayS: 0, busy: false });
  });

  test("takes times, faults and clients that there are, and names those that there are not", () => {
    const options = { run: false, yes: false, really: false, json: false };
    assert.equal(drillFrom({ ...options, within: "800ms" }).withinMs, 800);
    assert.deepEqual(drillFrom({ ...options, fault: "switch,power" }).faults, ["switch", "power"]);
    assert.deepEqual(drillFrom({ ...options, fault: "" }).faults, []);
    for (const within of ["5", "0s", "1h", "-1s"]) {
      assert.throws(() => drillFrom({ ...options, within }), /--within is/);
    }
    assert.throws(() => drillFrom({ ...options, fault: "switch,fire" }), /"fire"; the faults are switch/);
    const target = { ...outputs, clients: [{ name: "vpc", argv: [], inside: ["in"], address: "10.0.1.100" }] };
    const names = (...given: string[]) => clientsFrom(given, target as unknown as Target).map(({ kind }) => kind);
    assert.deepEqual(names(), ["other", "lab"]);
    assert.deepEqual(names("here", "vpc", "https://x/", "tcp://x:80"), ["here", "lab", "url", "url"]);
    const here = (more: object) => clientsFrom(["here"], { ...target, ...more } as unknown as Target)[0];
    assert.deepEqual(here({ publicIp: "203.0.113.9", bastion: {} }), { kind: "here", address: "203.0.113.9" });
    assert.deepEqual(here({ publicIp: null, bastion: null }), { kind: "here", address: "10.0.1.100" });
    const inside = ["ssh", "-F", "cfg", "bastion", "LC_ALL=C"];
    const through = { kind: "bastion", address: "10.0.1.100", inside };
    assert.deepEqual(here({ publicIp: null, bastion: {}, sshConfig: "cfg" }), through);
    for (const from of ["internet", "ftp://x/", "tcp://x"])
      assert.throws(() => names(from), /it takes other, here, vpc/);
  });
});

test("each fault that lasts is undone by a unit of the node's, which is there before the fault", () => {
  const lasting: FaultName[] = ["keepalived-stop", "keepalived-kill", "service-kill", "partition"];
  for (const fault of lasting) {
    const text = make(fault, "10.0.1.17");
    const acts = text.search(/systemctl stop keepalived;|systemctl kill|\| nft -f|-w -I OUTPUT/);
    assert.ok(acts > 0, text);
    assert.ok(text.indexOf("ExecStopPost=") > 0 && text.indexOf("ExecStopPost=") < acts, text);
    assert.match(text, /sleep 40 && \{ date/);
  }
  assert.deepEqual(
    faultNames.filter((fault) => !lasting.includes(fault)),
    ["switch", "power"],
  );
});

describe("what a client heard", () => {
  /** Answers that come at once, numbered as they were asked. */
  const heard = (...times: [number: number, at: number][]) =>
    times.map(([number, since]) => ({ number, sent: at + since - 0.001, at: at + since }));
  const steady = Array.from({ length: 50 }, (_, n): [number, number] => [n + 1, n * 0.02]);

  test("has a gap where no answer came for longer than a busy machine's pause", () => {
    assert.deepEqual(gapsOf(heard(...steady), at, at + 1, 20), []);
    assert.deepEqual(gapsOf(heard(...steady, [200, 4]), at, at + 4.05, 20), [{ from: at + 0.98, to: at + 4 }]);
    assert.deepEqual(gapsOf(heard([1, 0.02]), at, at + 2, 20), [{ from: at + 0.02, to: at + 2 }], "and to its end");
    assert.deepEqual(gapsOf([], at, at + 2, 20), [{ from: at, to: at + 2 }]);
  });

  test("has none where it did not come to ask, and one where its answer was late", () => {
    assert.deepEqual(gapsOf(heard(...steady, [51, 4]), at, at + 4.05, 20), []);
    const late = { number: 51, sent: at + 1, at: at + 4 };
    assert.deepEqual(gapsOf([...heard(...steady), late], at, at + 4.05, 20), [{ from: at + 0.98, to: at + 4 }]);
  });

  test("ends for a node's own questions when the cloud has the VIP there", () => {
    const moves = [{ to: "b", startedAt: at, tookMs: 2500 }];
    assert.deepEqual(endedByWord([{ from: at - 0.5, to: at + 20 }], "b", moves), [{ from: at - 0.5, to: at + 2.5 }]);
    assert.deepEqual(endedByWord([{ from: at - 0.5, to: at + 1 }], "b", moves), [{ from: at - 0.5, to: at + 1 }]);
    assert.deepEqual(endedByWord([{ from: at - 0.5, to: at + 20 }], "a", moves), [{ from: at - 0.5, to: at + 20 }]);
    assert.deepEqual(endedByWord([{ from: at, to: at + 9 }], "b", [{ to: "b", startedAt: at, tookMs: null }]), [
      { from: at, to: at + 9 },
    ]);
  });
});

describe("the verdict", () => {
  const cases: [string, Parameters<typeof phase>, string, RegExp][] = [
    ["a gap within the time, one move, whole", [{}, 3.3], "held", /3\.3 s/],
    ["a gap that is longer", [{}, 5.2], "not held", /5\.2 s/],
    ["a move too many", [{ movesAtMost: 0 }], "not held", /1 move/],
    ["a pair that is not whole", [{ wholeAt: null, open: ["a: keepalived does NOT run"] }], "not held", /does NOT run/],
    [
      "a client that never got an answer",
      [{ clients: [{ ...phase().clients[0]!, answered: 0 }] }],
      "not held",
      /never/,
    ],
    ["nobody who asked", [{ clients: [] }], "not held", /nobody asked/],
    ["a node that cannot tell its moves", [{ silent: ["a could not be asked: x"] }], "not held", /could not be asked/],
    ["one that was stopped", [{ stopped: "by Ctrl-C" }], "stopped", /./],
  ];
  for (const [name, made, verdict, says] of cases) {
    test(`${name}: ${verdict}`, () => {
      const one = phase(...made);
      assert.equal(verdictOfPhase(one, plan), verdict);
      assert.match(
        checksOf(one, plan)
          .map((item) => item.found)
          .join("; "),
        says,
      );
    });
  }

  test("of the whole is held where each was, and of a drill that did not end it is stopped", () => {
    assert.equal(verdictOf(record([phase(), quiet()])), "held");
    assert.equal(verdictOf(record([phase({}, 9), quiet()])), "not held");
    assert.equal(verdictOf(record([])), "not held", "no fault proves nothing");
    assert.equal(verdictOf(record([phase()], { stopped: "by Ctrl-C" })), "stopped");
    assert.equal(verdictOf(record([phase()], { endedAt: null })), "stopped");
    assert.deepEqual([exitCodes.held, exitCodes["not held"], exitCodes.stopped], [0, 1, 2]);
    assert.match(
      verdictText(record([phase({}, 9), quiet()])),
      /keepalived-stop on a \(answered again within 5 s: .*9 s\)/,
    );
  });
});

test("the timeline shows clients, cloud and nodes from before the fault until nothing happens any more", () => {
  const one = phase({}, 2.5);
  const { from, to } = windowOf(one);
  assert.ok(from < at && to > at + 6 && to < at + 12, `${from - at} ${to - at}`);
  const { strips, marks } = timelineOf(one);
  assert.deepEqual(
    strips.map(({ label, parts }) => [label, parts.map(({ kind }) => kind)]),
    [
      ["asked by node b", ["answered"]],
      ["asked by http://203.0.113.7/health", ["answered", "lost"]],
      ["cloud delivers to", ["owner-a", "moving", "owner-b"]],
      ["keepalived on a", ["master", "stop", "backup"]],
      ["keepalived on b", ["backup", "master"]],
    ],
  );
  for (const { parts } of strips) {
    for (const { x, width } of parts) {
      const [left, size] = [Number.parseFloat(x), Number.parseFloat(width)];
      assert.ok(left >= 0 && size > 0 && left + size < 100.3, `${x} ${width}`);
    }
  }
  const named = marks.filter(({ kind }) => kind !== "tick").map(({ label }) => label);
  assert.deepEqual(named, ["keepalived-stop", "undone"]);
  assert.ok(marks.length - named.length <= 7, "ticks for which there is room");
});

describe("the report", () => {
  const whole = record([phase({}, 2.5), quiet()]);

  test("is one page that asks no network and runs no script", () => {
    const html = reportHtml(whole);
    assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
    assert.doesNotMatch(html, /<script|<link [^>]*href="(?!data:)|src=|url\(|@import/);
    for (const said of [
      "held",
      "node b",
      "keepalived was stopped on a",
      "8ffe2759-e76b",
      "+2.65 s",
      "moved: a -",
      "power",
    ]) {
      assert.ok(html.includes(said), said);
    }
  });

  test("says as text and as JSON what the page says", () => {
    assert.match(reportMarkdown(whole), /^# Drill on stack prod: held\n/);
    assert.match(reportMarkdown(whole), /\| 1\. keepalived-stop \| a \|/);
    const json = JSON.parse(reportJson(whole)) as { verdict: string; phases: { verdict: string; checks: object[] }[] };
    assert.deepEqual([json.verdict, json.phases[0]?.verdict, json.phases[0]?.checks.length], ["held", "held", 3]);
  });

  test("names who asked for a move", () => {
    const [move] = phase().moves;
    const switched = { ...move!, asked: "operator" as const, askedBy: "alice@laptop from 192.0.2.7" };
    const asked = record([phase({ fault: "switch", moves: [switched] })]);
    assert.match(reportHtml(asked), /<td data-is="asked by">alice@laptop<\/td>/);
    assert.match(reportMarkdown(asked), /\| keepalived \| alice@laptop \|/);
    assert.match(reportJson(asked), /"askedBy": "alice@laptop from 192\.0\.2\.7"/);
  });

  test("shows what a node says, and does not obey it", () => {
    const evil = "<img src=x onerror=alert(1)>|</td>";
    const hostile = record([
      phase({
        events: [{ node: "a", time: at, event: "trouble", fields: { what: evil, message: evil } }],
        moves: phase().moves.map((move) => ({ ...move, asked: "operator", askedBy: evil })),
      }),
    ]);
    assert.doesNotMatch(reportHtml(hostile), /<img/);
    assert.match(reportHtml(hostile), /&lt;img/);
    assert.doesNotMatch(reportMarkdown(hostile), /[^\\]<img/);
    assert.doesNotMatch(reportMarkdown(hostile), /alert\(1\)>\|/);
  });
});

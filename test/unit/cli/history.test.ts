/** The moves of both nodes as one story, each with what led to it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { historyOf, type NodePast, pastFrom } from "../../../cli/ha/pair/history.ts";
import { at } from "../../support/pairSeen.ts";

const enis = { a: "eni-a", b: "eni-b" };
const none: NodePast = { events: [], moves: [] };
const line = (time: number, event: string, fields: object = {}) => JSON.stringify({ time, event, ...fields });
const moved = (more: object = {}) => ({
  id: "1",
  trigger: "keepalived",
  from: "eni-a",
  to: "eni-b",
  startedAt: at,
  requestId: "r-1",
  phasesMs: { decision: 1, request: 60, cloud: 2500 },
  ...more,
});
/** b's move of that kind, with these lines in a's log. */
const whyOf = (log: string[], more: object = {}, mode: "stable" | "standing-master" = "stable") =>
  historyOf({ a: pastFrom("", log.join("\n")), b: pastFrom(JSON.stringify(moved(more)), "") }, enis, mode, 0)[0]?.why;

test("moves of both nodes come in the order of time, each once, though file and log both have it", () => {
  const kept = `${JSON.stringify(moved())}\nhalf a li`;
  const log = [
    line(at + 1, "move-accepted", moved({ phasesMs: { decision: 1, request: 60 } })),
    line(at + 3, "moved", moved()),
  ];
  const back = moved({ id: "2", from: "eni-b", to: "eni-a", startedAt: at + 60, requestId: "r-2" });
  const found = historyOf(
    { a: pastFrom(JSON.stringify(back), ""), b: pastFrom(kept, log.join("\n")) },
    enis,
    "stable",
    0,
  );
  assert.deepEqual(
    found.map(({ from, to, by, tookMs, requestId }) => [from, to, by, tookMs, requestId]),
    [
      ["a", "b", "b", 2561, "r-1"],
      ["b", "a", "a", 2561, "r-2"],
    ],
  );
  assert.equal(historyOf({ a: null, b: pastFrom(kept, "") }, enis, "stable", at + 1).length, 0, "before --since");
});

test("a move whose end its node did not see has no length", () => {
  const left = line(at + 1, "move-accepted", moved({ phasesMs: { decision: 1, request: 60 } }));
  const [move] = historyOf({ a: none, b: pastFrom("", left) }, enis, "stable", 0);
  assert.deepEqual([move?.tookMs, move?.requestId], [null, "r-1"]);
});

describe("why", () => {
  const cases: [string, string[], RegExp, object?][] = [
    [
      "the service's check failed, which is deeper than what it brought about",
      [
        line(at - 3, "health-failing", { why: "no process named nginx" }),
        line(at - 2, "drained", { reasons: { health: "no process named nginx" } }),
        line(at - 1, "state", { state: "FAULT", trigger: "keepalived" }),
      ],
      /^the service on a failed its check: no process named nginx$/,
    ],
    ["a drain", [line(at - 1, "drained", { reasons: { restart: "new files" } })], /^a gave up: restart: new files$/],
    ["a drain that ended is none", [line(at - 1, "drained", { reasons: {} })], /has logged nothing of why/],
    ["keepalived killed", [line(at, "state", { state: "STOP", trigger: "process-gone" })], /^keepalived died on a$/],
    [
      "keepalived stopped",
      [line(at, "state", { state: "STOP", trigger: "keepalived" })],
      /^keepalived was stopped on a$/,
    ],
    ["hung", [line(at - 5, "trouble", { what: "keepalived", message: "keepalived hangs" })], /^a: keepalived hangs$/],
    [
      "a machine that went and came back",
      [line(at + 40, "started")],
      /^a fell silent; its service was back 40 s later$/,
    ],
    [
      "silence, though the node had given up in a switch before it was MASTER again",
      [
        line(at - 40, "state", { state: "FAULT", trigger: "keepalived" }),
        line(at - 35, "state", { state: "MASTER", trigger: "keepalived" }),
        line(at + 30, "started", { state: "UNKNOWN" }),
        line(at + 31, "state", { state: "BACKUP", trigger: "keepalived" }),
      ],
      /^a fell silent; its service was back 30 s later$/,
    ],
    [
      "a partition: the other one lived, and saw in the cloud that it had lost the VIP",
      [
        line(at + 3, "holder", { holder: "peer", eni: "eni-b" }),
        line(at + 4, "state", { state: "BACKUP", trigger: "keepalived" }),
      ],
      /^b no longer heard a, which went on as MASTER: they were cut off from each other$/,
    ],
    [
      "that it was given up before the cloud had moved it, which is no partition",
      [
        line(at - 0.2, "state", { state: "BACKUP", trigger: "keepalived" }),
        line(at + 3, "holder", { holder: "peer", eni: "eni-b" }),
      ],
      /^a gave way to b$/,
    ],
    [
      "a machine that stood still",
      [line(at + 12, "state", { state: "BACKUP", trigger: "keepalived" })],
      /^a fell silent for 12 s, and lived: it stood still, or was cut off$/,
    ],
    [
      "a machine that booted, and then saw where the VIP was",
      [line(at + 40, "started"), line(at + 42, "holder", { holder: "peer", eni: "eni-b" })],
      /^a fell silent; its service was back 40 s later$/,
    ],
    [
      "both had been without power",
      [
        line(at - 2, "started", { state: "UNKNOWN" }),
        line(at - 1, "state", { state: "BACKUP", trigger: "keepalived" }),
      ],
      /^a was just starting$/,
    ],
    ["what was long before is another story", [line(at - 900, "health-failing", { why: "x" })], /has logged nothing/],
    ["a partition that has healed", [], /cut off from each other/, { trigger: "rx-lower" }],
    ["by hand", [], /^typed on the node: vip.py migrate$/, { trigger: "migrate" }],
  ];
  for (const [name, log, why, more] of cases) test(name, () => assert.match(whyOf(log, more) ?? "", why));

  test("a preferred node takes the VIP back, of which the other one only says BACKUP", () => {
    const log = [line(at, "state", { state: "BACKUP", trigger: "keepalived" })];
    assert.equal(whyOf(log, {}, "standing-master"), "b is preferred, and took it back");
    assert.equal(whyOf(log), "a gave way to b");
  });

  test("a node that cannot be asked is said to be so, and the move stands in the other one's log", () => {
    const [move] = historyOf({ a: null, b: pastFrom(JSON.stringify(moved()), "") }, enis, "stable", 0);
    assert.equal(move?.why, "a was no longer heard; it cannot be asked now");
  });

  test("a failover that was asked for is the reason of the first move since, and of no later one", () => {
    const log = line(at - 1, "asked", { what: "failover", by: "bob@desk", why: "burnt" });
    const moves = [moved(), moved({ id: "2", startedAt: at + 40 })].map((one) => JSON.stringify(one)).join("\n");
    const found = historyOf({ a: null, b: pastFrom(moves, log) }, enis, "stable", 0);
    assert.deepEqual(
      found.map(({ why, askedBy }) => [why, askedBy]),
      [
        ["failover: burnt", "bob@desk"],
        ["a was no longer heard; it cannot be asked now", null],
      ],
    );
  });

  test("of a planned switch what its move keeps: who asked, and why; the service itself is nobody", () => {
    const asking = (by: string | null) => {
      const given = JSON.stringify(moved({ trigger: "switch", asked: { by, why: "new kernel" } }));
      const [move] = historyOf({ a: pastFrom(given, ""), b: none }, enis, "stable", 0);
      return [move?.asked, move?.askedBy, move?.why];
    };
    assert.deepEqual(asking("alice@laptop from 192.0.2.7"), ["operator", "alice@laptop from 192.0.2.7", "new kernel"]);
    assert.deepEqual(asking(null), ["nobody", null, "new kernel"]);
  });

  test("of what was typed on a node, who typed it: a maintenance that nobody else could take over from", () => {
    const asked = (time: number, what: string) => line(time, "asked", { what, by: "bob@desk", why: "disk" });
    const drained = line(at - 1, "drained", { reasons: { maintenance: "disk" } });
    const byOf = (a: string[], b: string[], more: object = {}) =>
      historyOf(
        { a: pastFrom("", a.join("\n")), b: pastFrom(JSON.stringify(moved(more)), b.join("\n")) },
        enis,
        "standing-master",
        0,
      ).map(({ asked, askedBy, why }) => [asked, askedBy, why])[0];
    const on = asked(at - 2, "maintenance on");
    assert.deepEqual(byOf([on, drained], []), ["operator", "bob@desk", "a gave up: maintenance: disk"]);
    assert.deepEqual(byOf([asked(at - 900, "maintenance on"), drained], [])?.[1], null);
    const died = line(at - 1, "state", { state: "STOP", trigger: "process-gone" });
    assert.deepEqual(byOf([on, died], []), ["nobody", null, "keepalived died on a"]);
    const back = line(at, "state", { state: "BACKUP", trigger: "keepalived" });
    const taken = ["operator", "bob@desk", "b is preferred, and took it back"];
    assert.deepEqual(byOf([back], [asked(at - 2, "maintenance off")]), taken);
    assert.deepEqual(byOf([], [asked(at, "migrate")], { trigger: "migrate" })?.slice(0, 2), ["operator", "bob@desk"]);
  });

  test("of a planned switch what was typed as its reason, by an operator", () => {
    const log = [
      line(at - 1, "drained", { reasons: { restart: "another time" } }),
      line(at + 3, "drained", { reasons: { maintenance: "new kernel" } }),
    ].join("\n");
    const given = JSON.stringify(moved({ trigger: "switch" }));
    const [move] = historyOf({ a: pastFrom(given, log), b: none }, enis, "stable", 0);
    assert.deepEqual([move?.by, move?.asked, move?.why], ["a", "operator", "new kernel"]);
  });
});

test("what a node says is read as text of one line, and what is none of its log is left out", () => {
  const log = [line(at, "health-failing", { why: "x\u001b[2J\nall is well" }), "[]", '{"time":"x"}', "{", "null"];
  assert.equal(pastFrom('[1]\n{"id":1}', log.join("\n")).events.length, 1);
  assert.equal(whyOf(log), "the service on a failed its check: x\uFFFD[2J all is well");
});

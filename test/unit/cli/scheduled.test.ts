/** A switch at a time: what is one, what is asked of the MASTER, and what is shown, on a pair that is played. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, type TestContext, test } from "node:test";
import { type ScheduledOptions, scheduled, scheduledFrom } from "../../../cli/ha/commands/scheduled.ts";
import { switchover, wishFrom } from "../../../cli/ha/commands/switchover.ts";
import { clockText, iso, momentFrom, scheduledLines } from "../../../cli/ha/pair/scheduled.ts";
import { Refusal } from "../../../cli/ha/refusal.ts";
import { at, inMaintenance, lost, seen } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

const now = Date.UTC(2026, 10, 28, 1) / 1000;

/** The work, as if this machine stood elsewhere. */
function inZone<T>(zone: string, work: () => T): T {
  const before = process.env.TZ;
  process.env.TZ = zone;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

describe("a time", () => {
  const times: [typed: string, laterS: number][] = [
    ["+90s", 90],
    ["+30m", 1800],
    ["+2h", 7200],
    ["+7d", 7 * 86_400],
    ["09:01", 60],
    ["09:00", 86_400],
    ["08:59", 86_400 - 60],
    ["2026-11-28T02:00Z", 3600],
    ["2026-11-28T10:00:30+08:00", 3630],
    ["2026-11-27T20:00:00-0530", 1800],
  ];
  for (const [typed, laterS] of times) {
    test(`${typed} is one`, () =>
      assert.equal(
        inZone("Asia/Shanghai", () => momentFrom(typed, now)),
        now + laterS,
      ));
  }

  const none: [typed: string, said: RegExp][] = [
    ["", /is no time; it takes 2026-.*, 03:00 .* or \+2h$/],
    ["tomorrow", /is no time/],
    ["24:00", /is no time/],
    ["3:00", /is no time/],
    ["+0h", /is no time/],
    ["+2", /is no time/],
    ["2026-11-28T03:00:00", /is no time/],
    ["2026-11-31T03:00Z", /is no time/],
    ["2026-11-28T01:00Z", /2026-11-28 01:00:00 UTC has passed/],
    ["2026-12-05T01:00:01Z", /more than 7 days away/],
    ["+9999999d", /more than 7 days away/],
  ];
  for (const [typed, said] of none) {
    test(`"${typed}" is none`, () => assert.match(String(momentFrom(typed, now)), said));
  }

  test("an hour that the day does not have, for the clocks are changed over it, is none", () => {
    const evening = Date.UTC(2026, 2, 28, 22) / 1000;
    assert.match(String(inZone("Europe/Berlin", () => momentFrom("02:30", evening))), /is no time/);
  });

  test("is told in UTC and by this machine's clock", () => {
    assert.equal(
      inZone("Asia/Kolkata", () => clockText(now)),
      "2026-11-28 01:00:00 UTC, 2026-11-28 06:30:00 +0530 here",
    );
    assert.equal(
      inZone("UTC", () => clockText(now)),
      "2026-11-28 01:00:00 UTC",
    );
  });

  test("is refused with 64 before any pair is looked for, and so is what does not go with it", () => {
    const options = { yes: true, json: false, wait: false, drop: false };
    const wrong: Partial<ScheduledOptions>[] = [
      { at: "tomorrow" },
      { at: "+2h", wait: true },
      { at: "+2h", to: "c" },
      { at: "+2h", for: "long" },
      { drop: true, at: "+2h" },
      { drop: true, to: "b" },
      { drop: true, wait: true },
    ];
    for (const one of wrong) {
      const refused = (error: unknown) => error instanceof Refusal && error.code === 64;
      assert.throws(() => scheduledFrom({ ...options, ...one }, now), refused, JSON.stringify(one));
    }
  });
});

let pair: PlayedPair;
beforeEach(() => {
  pair = new PlayedPair();
});
afterEach(() => pair.remove());

interface Result {
  result: string;
  told: string[];
  scheduled: string | null;
}

/** The command with --json: its exit code, and what it printed. */
async function run(t: TestContext, options: Partial<ScheduledOptions>): Promise<{ code: number } & Result> {
  const printed = t.mock.method(console, "log", () => {});
  const wish = scheduledFrom({ yes: true, json: true, wait: false, drop: false, ...options }, now);
  const code = await scheduled(pair.target, wish);
  const [text] = printed.mock.calls.map(({ arguments: [line] }) => String(line));
  printed.mock.restore();
  return { code, ...(JSON.parse(text ?? "") as Result) };
}

const keeping = seen((view) => {
  view.nodes.a.report!.scheduled = { at: at + 7200, by: "alice@laptop", why: "new kernel" };
});

describe("a switch at a time", () => {
  test("is asked of the MASTER in UTC, with its reason, after the plan", async (t) => {
    const found = await run(t, { at: "+2h", for: "30m", reason: "new kernel" });
    assert.deepEqual([found.code, found.result], [0, "done"], found.told.join("\n"));
    assert.deepEqual(pair.asked, [`a switch-at ${found.scheduled} --for 30m --reason new kernel`]);
    assert.equal(found.scheduled, "2026-11-28T03:00:00Z");
    const told = found.told.join("\n");
    assert.match(told, /^Planned switch from a to b:\n {2}1\. b gets 10\.0\.1\.100/);
    assert.match(told, /^a keeps this until 2026-11-28 03:00:00 UTC.*\. Its own clock is what counts\./m);
    assert.match(told, /npm run ha -- switchover --drop$/);
  });

  test("is refused by the plan as one is that is made now", async (t) => {
    pair.is(seen((view) => lost(view, "b")));
    const found = await run(t, { at: "+2h" });
    assert.deepEqual([found.code, found.result, pair.asked], [4, "refused", []]);
    assert.match(found.told.join("\n"), /^Refused, nothing has changed: b could not be asked/);
  });

  test("back to a preferred node in maintenance is refused: the VIP returns there by itself", async (t) => {
    pair.is(
      seen((view) => {
        inMaintenance(view.nodes.b.report!);
        view.nodes.b.report!.preferred = true;
      }),
    );
    const found = await run(t, { at: "+2h" });
    assert.deepEqual([found.code, pair.asked], [4, []]);
    assert.match(found.told.join("\n"), /b, the preferred node, is in maintenance; when that ends/);
  });

  for (const [clock, said] of [
    ["-d +60sec", /the clock of a is (59|60) s ahead of this machine's, and its own is what counts/],
    ["-d -60sec", /the clock of a is (59|60) s behind this machine's/],
  ] as const) {
    test(`is refused where the MASTER's clock is another: date ${clock}`, async (t) => {
      pair.clock("a", clock);
      const found = await run(t, { at: "+2h" });
      assert.deepEqual([found.code, pair.asked], [4, []], found.told.join("\n"));
      assert.match(found.told.join("\n"), said);
    });
  }

  test("a node that refuses, an earlier release, and one that gives no answer each say what to do", async (t) => {
    pair.does("a", "switch-at", "echo refused, nothing has changed: one is kept already; exit 4");
    assert.match((await run(t, { at: "+2h" })).told.join("\n"), /^a: refused, nothing has changed: one is kept/m);
    pair.does("a", "switch-at", "echo 'vip.py: keeps the address of the VIP' >&2; echo; exit 3");
    assert.equal((await run(t, { at: "+2h" })).code, 4);
    pair.does("a", "switch-at", "echo usage >&2; exit 3");
    assert.match((await run(t, { at: "+2h" })).told.join("\n"), /earlier release is on a, which keeps no switch/);
    pair.does("a", "switch-at", "exit 1");
    const { code, told } = await run(t, { at: "+2h" });
    assert.deepEqual([code, told.at(-1)], [6, "The result is unknown; npm run ha -- status tells whether it is kept."]);
  });

  test("is dropped on the node that keeps it; where none is kept that is said", async (t) => {
    const nothing = await run(t, { drop: true });
    assert.deepEqual([nothing.code, nothing.told, pair.asked], [0, ["No switch is kept."], []]);
    pair.is(keeping);
    const { code, told } = await run(t, { drop: true });
    assert.deepEqual([code, pair.asked], [0, ["a switch-at --drop"]], told.join("\n"));
  });

  test("is not said to be dropped while a node that may keep one can't be asked", async (t) => {
    pair.is(seen((view) => lost(view, "a")));
    const { code, told } = await run(t, { drop: true });
    assert.equal(code, 4);
    assert.match(told.join("\n"), /a could not be asked, and may keep one/);
  });

  test("is shown with who asked, and a switch that is made now says that it lapses", async (t) => {
    assert.deepEqual(scheduledLines(keeping), [
      `  a hands the VIP to b at ${iso(at + 7200)
        .replace("T", " ")
        .replace("Z", " UTC")}, in 2 h`,
      "    asked for by alice@laptop: new kernel",
    ]);
    pair.is(keeping);
    const printed = t.mock.method(console, "log", () => {});
    const wish = wishFrom({ yes: false, json: true, wait: false });
    assert.equal(await switchover(pair.target, wish), 4);
    const { told } = JSON.parse(String(printed.mock.calls[0]?.arguments[0])) as Result;
    assert.match(told.join("\n"), /^ {2}4\. the switch that a keeps for 2027-.* UTC lapses$/m);
  });
});

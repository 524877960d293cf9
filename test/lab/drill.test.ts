/** A drill on real nodes: with every fault, with a promise that is not kept, and given up in the middle. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { faultNames } from "../../cli/ha/drill/faults.ts";
import type { DrillRecord } from "../../cli/ha/drill/record.ts";
import { Lab, until } from "../support/lab.ts";
import { Ha } from "./ha.ts";

const lab = new Lab("tdr");
const folder = mkdtempSync(join(tmpdir(), "drill-"));
/** How long an outage lasts here says nothing about a product: this machine may do much else. */
const patient = ["--within", "120s"];
let count = 0;

type Told = DrillRecord & { verdict: string };

before(async () => {
  await lab.run("up", "--engine", "inline");
  await lab.makeMaster("a");
});
after(async () => {
  await lab.run("down");
  rmSync(folder, { recursive: true });
});

/** A drill that was asked for, and where its report will be. */
function asked(...args: string[]): { ha: Ha; out: string } {
  count += 1;
  const out = join(folder, String(count));
  return { ha: new Ha(lab, "drill", "--run", "--yes", "--out", out, ...args), out };
}

/** One that is carried out. On a machine that stands still for seconds a node may have no answer in time: it is refused. */
async function begun(...args: string[]): Promise<{ ha: Ha; out: string }> {
  for (let left = 5; ; left -= 1) {
    const drill = asked(...args);
    const begins = await drill.ha.says(/^1 of /m).then(
      () => true,
      () => false,
    );
    if (begins) return drill;
    assert.ok(left > 1, drill.ha.text);
    await whole();
  }
}
const told = (out: string) => JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Told;

const moves = async () =>
  (await lab.journal()).filter(({ action, result }) => action === "MigratePrivateIpAddress" && result === "ok").length;
/** A word for each node: what a drill has left there. */
const left = () =>
  Promise.all(
    (["a", "b"] as const).map(async (node) => {
      const command = "systemctl is-active keepalived-vip-drill; nft list tables; true";
      return (await lab.on(node, command)).trim();
    }),
  );
const whole = async () => {
  await lab.until(
    ({ converged, nodes }) => converged && nodes.every(({ state }) => state === "MASTER" || state === "BACKUP"),
    "the pair is whole",
  );
  assert.deepEqual(await left(), ["inactive", "inactive"]);
};

test("without --run it only says what it would do, and an empty plan is refused", async () => {
  const before_ = await moves();
  let plan = new Ha(lab, "drill");
  await until("a plan from a whole pair", async () => {
    if ((await plan.ended) === 0 && plan.text.includes("healthy, MASTER is ")) return true;
    plan = new Ha(lab, "drill");
    return false;
  });
  for (const said of ["within 5 s", "keepalived-stop", "left out: it wants --really", "vpc client"]) {
    assert.ok(plan.text.includes(said), `${said} in:\n${plan.text}`);
  }
  const empty = new Ha(lab, "drill", "--run", "--yes", "--fault", "power");
  assert.equal(await empty.ended, 4);
  assert.match(empty.text, /the plan is empty/);
  assert.equal(await moves(), before_);
  await whole();
});

test("with every fault it holds, each time from a whole pair to a whole pair, and tells all of it", async () => {
  const { ha, out } = await begun("--really", ...patient);
  assert.equal(await ha.ended, 0, ha.text);
  const { verdict, phases } = told(out);
  assert.equal(verdict, "held");
  assert.deepEqual(
    phases.map(({ fault }) => fault),
    [...faultNames],
  );
  for (const { fault, clients, moves: made, events, movesAtMost } of phases) {
    assert.deepEqual(
      clients.map(({ name }) => name.replace(/ [ab]$/, "")),
      ["node", "vpc client"],
    );
    for (const { answered, name } of clients) assert.ok(answered > 0, `${fault}: ${name}`);
    assert.ok(events.length > 0, fault);
    if (movesAtMost === 0) assert.equal(made.length, 0);
  }
  const power = phases.find(({ fault }) => fault === "power");
  assert.equal(power?.moves.length, 1);
  assert.ok(
    power?.clients.every(({ gaps }) => gaps.length > 0),
    "nobody answers for a machine that boots",
  );
  for (const name of ["report.html", "report.md"]) assert.ok(existsSync(join(out, name)), name);
  await whole();
});

test("a promise that is not kept is told as such", async () => {
  const { ha, out } = await begun("--really", "--fault", "power", "--within", "100ms");
  assert.equal(await ha.ended, 1, ha.text);
  assert.equal(told(out).verdict, "not held");
  assert.match(ha.text, /did not hold: power on [ab] \(answered again within 0\.1 s/);
  await whole();
});

test("it does not begin while the pair is not whole", async () => {
  const { nodes } = await lab.converged();
  const standby = nodes.find(({ state }) => state === "BACKUP")?.name ?? "b";
  await lab.run("ssh", standby, "systemctl stop keepalived");
  const { ha, out } = asked();
  assert.equal(await ha.ended, 4, ha.text);
  assert.match(ha.text, /Refused, nothing has changed: .*keepalived does NOT run/);
  assert.equal(existsSync(out), false);
  await lab.run("ssh", standby, "systemctl start keepalived");
  await whole();
});

/** A fault is in force on some node. */
const inForce = async () => (await left()).some((text) => /^active/m.test(text));

test("Ctrl-C undoes the fault, and the report says that it was stopped", async () => {
  const { ha, out } = await begun("--fault", "keepalived-stop,switch", ...patient);
  await until("a fault is in force", inForce);
  assert.equal(await ha.interrupted(), 2, ha.text);
  const { verdict, stopped, phases } = told(out);
  assert.deepEqual([verdict, stopped, phases.map(({ fault }) => fault)], ["stopped", "by Ctrl-C", ["keepalived-stop"]]);
  assert.notEqual(phases[0]?.wholeAt, null);
  await whole();
});

for (const fault of ["keepalived-stop", "partition"]) {
  test(`whoever runs it is gone in the middle of ${fault}: the nodes undo it by themselves`, async () => {
    const { ha } = await begun("--fault", fault, ...patient);
    await until("a fault is in force", inForce);
    ha.kill();
    await until("the nodes have undone it", async () => (await left()).every((text) => text === "inactive"));
    await whole();
  });
}

test("in standing-master the VIP returns each time, which the plan counts", async () => {
  await lab.run("up", "--set", "mode=standing-master", "--set", "preemptDelay=1");
  await lab.until(({ converged }) => converged, "the preferred node is MASTER");
  const { ha, out } = await begun("--fault", "switch,keepalived-stop", ...patient);
  assert.equal(await ha.ended, 0, ha.text);
  assert.deepEqual(
    told(out).phases.map(({ node, masterAfter, moves: made, movesAtMost }) => [
      node,
      masterAfter,
      made.length,
      movesAtMost,
    ]),
    [
      ["a", "a", 2, 2],
      ["a", "a", 2, 2],
    ],
  );
  await whole();
});

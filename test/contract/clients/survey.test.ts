/** Each open point of the cloud: played with each answer, asked by the probe, and that answer comes back. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type Behaviour,
  behaviourNames,
  readBehaviour,
  usualBehaviour,
} from "../../../lab/cloud/account/behaviour/switches.ts";
import { type Cloud, startCloud } from "../../../lab/cloud/index.ts";
import { nullDataplane } from "../../../lab/dataplane.ts";
import type { Connect, Json } from "../../../lab/survey/client.ts";
import { Ledger } from "../../../lab/survey/ledger.ts";
import { type PointName, pointNames, points } from "../../../lab/survey/points/catalogue.ts";
import { removeAll } from "../../../lab/survey/remove.ts";
import { askAll, Interrupted } from "../../../lab/survey/run.ts";
import { Stage } from "../../../lab/survey/stage.ts";
import { cloudFor, raw } from "../support.ts";
import { VirtualClock } from "../virtualClock.ts";

/** A cloud and a probe on one clock that stands still but for the probe's own waiting. */
async function scene(t: TestContext, behaviour: Partial<Behaviour>) {
  const clock = new VirtualClock(Date.now());
  const cloud = await cloudFor(t, { clock, behaviour, delaysMs: { migrate: 2500, eni: 300, attach: 600, eip: 300 } });
  const folder = mkdtempSync(join(tmpdir(), "probe-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const ledger = new Ledger(join(folder, "ledger.jsonl"));
  ledger.begin({ target: "lab", region: cloud.region });
  const sleep = (ms: number) => clock.advanceTo(clock.now() + ms);
  const connect = caller(cloud, clock);
  const probe = { connect, clock: { now: () => clock.now(), sleep }, ledger, region: cloud.region };
  const stage = new Stage({ ...probe, taskWatchMs: 60_000, say: () => {} });
  const clean = () => removeAll({ call: connect(), sleep, now: () => clock.now(), say: () => {} }, ledger);
  return { cloud, clock, ledger, stage, sleep, clean };
}

const caller =
  (cloud: Cloud, clock: VirtualClock): Connect =>
  (key = cloud) =>
  async (service, action, body) => {
    const timestampS = Math.floor(clock.now() / 1000);
    const { Response } = (await raw(cloud, { service, action, body, key, timestampS })).body;
    const { Error: refusal, RequestId } = Response;
    if (refusal) throw Object.assign(new Error(refusal.Message), { code: refusal.Code, requestId: RequestId });
    return Response;
  };

const place = { target: "lab", region: "ap-guangzhou" } as const;

/** What is there that a probe could have made. */
const inside = ({ model }: Cloud): string[] =>
  [
    model.vpcs,
    model.subnets,
    model.securityGroups,
    model.enis,
    model.eips,
    model.instances,
    model.keyPairs,
    model.reservedIps,
    model.policies,
  ].flatMap((map) => [...map.keys()]);

for (const name of pointNames) {
  const { answers } = points[name];
  // The usual behaviour may be a mode of its own, such as "as any other": it is no answer.
  test(`${name}: ${answers.length} answers`, async (t) => {
    assert.ok(answers.length > 1, "a question with one answer is none");
    for (const { is } of answers) {
      await t.test(JSON.stringify(is), async (t) => {
        const { cloud, ledger, stage, clean } = await scene(t, { [name]: is });
        const result = await askAll(stage, [name], place);
        assert.deepEqual(result.behaviour, { [name]: is }, result.open[name]);
        assert.deepEqual(readBehaviour(JSON.parse(JSON.stringify(result))), { [name]: is });
        assert.deepEqual(await clean(), []);
        assert.deepEqual([inside(cloud), ledger.left()], [[], []]);
      });
    }
  });
}

test("one run settles every point, in an order in which none spoils the next", async (t) => {
  const { cloud, stage, clean } = await scene(t, {});
  const result = await askAll(stage, pointNames, place);
  const unsettled = pointNames.filter((name) => !(name in result.behaviour));
  assert.deepEqual(
    unsettled.map((name) => `${name}: ${result.open[name]}`),
    [],
  );
  // What it found, played, is found again.
  for (const [name, value] of Object.entries(result.behaviour)) {
    const usual = usualBehaviour[name as PointName];
    if (usual !== null) assert.deepEqual(value, usual, name);
  }
  assert.deepEqual(await clean(), []);
  assert.deepEqual(inside(cloud), []);
});

test("what one answer makes impossible to ask is said, not guessed", async (t) => {
  const { stage } = await scene(t, { eipLeftBehind: true, camEipResource: "*" });
  const result = await askAll(stage, ["eipFollowMs", "camEipNeedsEni"], place);
  assert.deepEqual(result.behaviour, {});
  assert.match(result.open.eipFollowMs ?? "", /the EIP did not follow/);
  assert.match(result.open.camEipNeedsEni ?? "", /know no resource/);
});

test("an answer that nobody thought of is kept, but not played", async (t) => {
  const { stage, cloud } = await scene(t, {});
  cloud.faults.set({ unassignNothing: "odd" });
  const result = await askAll(stage, ["unassignNothing"], place);
  assert.equal(result.answers.unassignNothing?.answer, "odd");
  assert.deepEqual(result.behaviour, {});
  assert.match(result.open.unassignNothing ?? "", /none that was thought possible/);
});

test("interrupted, with an answer lost: everything goes all the same, by name where no id came back", async (t) => {
  const { cloud, ledger, stage, clean } = await scene(t, {});
  await stage.prepare(["machines", "eip"]);
  for (const action of ["CreateNetworkInterface", "ImportKeyPair", "CreatePolicy", "CreateReserveIpAddresses"]) {
    cloud.faults.set({ replyLost: [action] });
    const lost: Record<string, () => Promise<unknown>> = {
      CreateNetworkInterface: () => stage.makeScratch(),
      ImportKeyPair: () => points.ed25519Key.ask(stage),
      CreatePolicy: () => points.camTagRegion.ask(stage),
      CreateReserveIpAddresses: () => points.reservedAssign.ask(stage),
    };
    await assert.rejects(lost[action]?.() ?? Promise.resolve(), /ECONNRESET|socket hang up/, action);
  }
  assert.equal(ledger.left().filter(({ id }) => id === undefined).length, 4);
  assert.deepEqual(await new Ledger(ledger.file).left(), ledger.left(), "a later run knows as much");
  // A power cut in the middle of a line: that step never began, and the lines after it are whole again.
  const known = ledger.left();
  appendFileSync(ledger.file, '{"at":"2026-');
  assert.deepEqual(ledger.left(), known);
  assert.deepEqual(await clean(), []);
  ledger.end();
  assert.deepEqual([inside(cloud), ledger.place()], [[], undefined]);
});

test("an interrupted wait ends the run, and is not taken for an answer", async (t) => {
  const { stage, clean } = await scene(t, {});
  Object.assign(stage.options.clock, { sleep: () => Promise.reject(new Interrupted("interrupted")) });
  await assert.rejects(askAll(stage, ["unknownEni"], place), Interrupted);
  assert.deepEqual(await clean(), []);
});

test("what can't be removed is named with its reason, and stays in the ledger", async (t) => {
  const { cloud, ledger, stage, clean } = await scene(t, {});
  await stage.prepare(["network"]);
  cloud.faults.set({ throttlePercent: 100 });
  const stayed = await clean();
  assert.equal(stayed.length, 3);
  assert.match(stayed.join("\n"), /^vpc kc-probe-\S+ \(vpc-\w+\): still there after \d+ s.*RequestLimitExceeded$/m);
  cloud.faults.reset();
  assert.deepEqual([await clean(), ledger.left(), inside(cloud)], [[], [], []]);
});

test("everything carries the run's tag and name", async (t) => {
  const { cloud, stage } = await scene(t, {});
  await stage.prepare(["machines", "eip"]);
  const made = cloud.journal().filter(({ created }) => created.length > 0);
  assert.ok(made.length >= 9);
  for (const { action, request } of made) {
    const text = JSON.stringify(request);
    assert.match(text, /kc.probe.[0-9a-f]{6}/, action);
    assert.match(text, /"keepalived-cluster-probe"/, action);
  }
});

test("switches outlive a heal, and a file with a wrong one is refused by name", async (t) => {
  const cloud = await startCloud({ dataplane: nullDataplane, behaviour: { unknownEni: "empty" } });
  t.after(() => cloud.close());
  cloud.faults.behave({ eipLeftBehind: "unbound" });
  cloud.faults.set({ apiDown: true });
  cloud.faults.reset();
  const { unknownEni, eipLeftBehind, apiDown } = cloud.faults.settings;
  assert.deepEqual([unknownEni, eipLeftBehind, apiDown], ["empty", "unbound", false]);
  const wrong = { behaviour: { unknownEni: "maybe", eipFollows: true } };
  assert.throws(() => readBehaviour(wrong), /unknownEni can't be "maybe"; there is no switch "eipFollows"/);
  assert.throws(() => readBehaviour([]), /a JSON object/);
  const usual: Json = { ...usualBehaviour };
  assert.deepEqual(readBehaviour(usual), usual);
  assert.deepEqual(Object.keys(usual).sort(), [...behaviourNames].sort());
});

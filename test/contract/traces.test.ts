import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { nullDataplane } from "../../lab/dataplane.ts";
import { differences, replay } from "./replay.ts";
import { cloudFor } from "./support.ts";
import { VirtualClock } from "./virtualClock.ts";

/** As slow as the cloud was when the runs were recorded. */
const recordedDelays = {
  migrate: 2500,
  eni: 1200,
  attach: 2500,
  detach: 2500,
  eip: 1200,
  terminate: 7000,
  ipRelease: 1500,
  modify: 1200,
};
const bootMs = 5000;

async function world(t: TestContext) {
  const clock = new VirtualClock(Date.UTC(2026, 10, 22, 16));
  const startMachine = () => new Promise<void>((resolve) => clock.after(bootMs, resolve));
  const cloud = await cloudFor(t, { clock, dataplane: { ...nullDataplane, startMachine }, delaysMs: recordedDelays });
  return { clock, cloud };
}

test("the recorded life of a pair: up, no-ops, refresh, failover, changes, replaced nodes", async (t) => {
  const { clock, cloud } = await world(t);
  const steps = [
    "02-up",
    "03-preview-noop",
    "04-up-noop",
    "05-preview-with-refresh",
    "06-refresh",
    "07-up-with-refresh",
    "08-failover-to-b",
    "09-preview",
    "10-preview-with-refresh",
    "11-refresh",
    "12-preview",
    "13-up",
    "14-tag-change",
    "15-name-change",
    "16-replace-b-while-vip-on-b",
    "17-replace-a-while-vip-on-b",
    "18-failback-to-a",
    "19-replace-a-while-vip-on-a",
    "x11-data-sources",
  ];
  const { calls, problems } = await replay(cloud, clock, steps);
  assert.deepEqual(problems, []);
  assert.ok(calls > 400, `only ${calls} calls were played`);
});

test("the recorded life in a network made by hand: an EIP that stays behind is bound again, destroy leaves the network", async (t) => {
  const { clock, cloud } = await world(t);
  const steps = [
    "50-existing-vpc-made-by-hand",
    "51-existing-preview",
    "52-existing-up",
    "53-failover-eip-stays-behind",
    "54-existing-preview",
    "55-existing-rebind-eip",
    "56-failback-eip-stays-behind",
    "57-existing-destroy",
  ];
  const { problems } = await replay(cloud, clock, steps, (step) => {
    cloud.faults.set({ unknownEni: "empty", eipLeftBehind: step.includes("stays-behind") ? "unbound" : false });
  });
  assert.deepEqual(problems, []);
  assert.deepEqual([...cloud.model.enis.keys(), ...cloud.model.instances.keys(), ...cloud.model.eips.keys()], []);
  assert.equal(cloud.model.vpcs.size, 1);
});

test("the comparison sees a missing field, another type and a missing entry", () => {
  const recorded = { Set: [{ Id: "x", Count: 1, None: null }] };
  assert.deepEqual(differences(recorded, { Set: [{ Id: "y", Count: 7 }] }, ""), []);
  assert.deepEqual(differences(recorded, { Set: [{ Id: "y" }] }, ""), [".Set.0.Count: missing"]);
  assert.deepEqual(differences(recorded, { Set: [{ Id: "y", Count: "7" }] }, ""), [
    ".Set.0.Count: recorded number, got string",
  ]);
  assert.deepEqual(differences(recorded, { Set: [] }, ""), [".Set: recorded 1 entries, got none"]);
});

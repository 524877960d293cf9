import assert from "node:assert/strict";
import { test } from "node:test";
import { handMadeSteps, labTimes, lifeSteps, profileSteps, programSteps, recordedWorld } from "./recorded.ts";
import { differences, replay } from "./replay.ts";

test("the recorded life of this program's stack, from an empty preview to its destruction", async (t) => {
  const { clock, cloud } = await recordedWorld(t, labTimes);
  const { calls, problems } = await replay(cloud, clock, programSteps);
  assert.deepEqual(problems, []);
  assert.ok(calls > 400, `only ${calls} calls were played`);
  const { vpcs, enis, eips, instances, keyPairs, roles, policies } = cloud.model;
  const left = [vpcs, enis, eips, instances, keyPairs, roles, policies].flatMap((things) => [...things.keys()]);
  assert.deepEqual(left, [], "destroyed to the last thing");
});

test("the recorded lives of this program's stacks in a network and on machines that were there: those alone are left", async (t) => {
  const { clock, cloud } = await recordedWorld(t, labTimes);
  const [world, ...lives] = profileSteps;
  assert.ok(world);
  const made = await replay(cloud, clock, [world]);
  assert.deepEqual(made.problems, []);
  const ids = () => {
    const { vpcs, enis, eips, instances, keyPairs, roles, policies } = cloud.model;
    return [vpcs, enis, eips, instances, keyPairs, roles, policies].flatMap((things) => [...things.keys()]);
  };
  const found = ids();
  const { calls, problems } = await replay(cloud, clock, lives, undefined, undefined, made.names);
  assert.deepEqual(problems, []);
  assert.ok(calls > 700, `only ${calls} calls were played`);
  assert.deepEqual(ids(), found);
});

test("the recorded life of a pair: made, no-ops, failovers, changes, replaced nodes and ENI, the EIP off and on, gone, again", async (t) => {
  const { clock, cloud } = await recordedWorld(t);
  const { calls, problems } = await replay(cloud, clock, lifeSteps);
  assert.deepEqual(problems, []);
  assert.ok(calls > 1400, `only ${calls} calls were played`);
});

test("the recorded life in a network made by hand: an EIP that stays behind is bound again, destroy leaves the network", async (t) => {
  const { clock, cloud } = await recordedWorld(t);
  const { problems } = await replay(cloud, clock, handMadeSteps, (step) => {
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

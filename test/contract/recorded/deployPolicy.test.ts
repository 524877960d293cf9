/** The policy for the account that deploys: generated, enough for everything that was recorded, and nothing beside it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Cloud } from "../../../lab/cloud/index.ts";
import {
  deployActions,
  policyFile,
  policyText,
  profileFile,
  profileOf,
  profiles,
  recordedActions,
} from "../../../scripts/deployPolicy.ts";
import { type Key, raw } from "../support.ts";
import type { VirtualClock } from "../virtualClock.ts";
import { handMadeSteps, labTimes, lifeSteps, profileSteps, recordedWorld } from "./recorded.ts";
import { replay } from "./replay.ts";

const committed = readFileSync(policyFile, "utf8");
const namedIn = (text: string) =>
  (JSON.parse(text) as { statement: { action: string[] }[] }).statement.flatMap(({ action }) => action);
const named = namedIn(committed);

test("what is committed is what the recordings give: npm run deploy-policy", () => {
  assert.equal(committed, policyText());
  for (const profile of profiles) assert.equal(readFileSync(profileFile(profile), "utf8"), policyText(profile));
});

for (const profile of profiles) {
  test(`${profile}: its policy is a part of the whole one, and its recorded life goes with it as before`, async (t) => {
    const own = readFileSync(profileFile(profile), "utf8");
    assert.deepEqual(
      namedIn(own).filter((action) => !named.includes(action)),
      [],
    );
    assert.ok(namedIn(own).length < named.length);
    const { cloud, clock } = await recordedWorld(t, labTimes);
    const key = await held(cloud, clock, own);
    const ours = profileSteps.filter((step) => profileOf(step) === profile);
    assert.ok(ours.length > 4, `${profile} has ${ours.length} steps`);
    const { names } = await replay(cloud, clock, profileSteps.slice(0, 1));
    // The nodes move the VIP by an identity of their own.
    const keyOf = (caller: string) => (caller === "root" ? key : cloud);
    const { problems } = await replay(cloud, clock, ours, undefined, keyOf, names);
    assert.deepEqual(problems, []);
  });
}

test("every recorded action of the provider is named, and what is named is recorded or has a reason", () => {
  const recorded = recordedActions();
  assert.ok(recorded.size > 50, `only ${recorded.size} actions are recorded`);
  assert.deepEqual(
    [...recorded].filter((action) => !named.includes(action)),
    [],
  );
  const unexplained = [...deployActions()].filter(([action, why]) => why === "recorded" && !recorded.has(action));
  assert.deepEqual(unexplained, []);
  assert.ok(!named.some((action) => action.includes("*")));
});

test("it grants nothing that may never be done to a running pair", () => {
  const never =
    /:(ResetInstance|ModifyInstancesVpcAttribute|\w*PrivateIpAddress\w*|DisassociateInstancesKeyPairs|StopInstances)$/;
  assert.deepEqual(
    named.filter((action) => never.test(action)),
    [],
  );
});

/** Keys that may do what the policy says. */
async function held(cloud: Cloud, clock: VirtualClock, document: string): Promise<Key> {
  const body = { Name: "deployer", Policy: encodeURIComponent(document), DurationSeconds: 7200 };
  const timestampS = Math.floor(clock.now() / 1000);
  const { Response } = (await raw(cloud, { service: "sts", action: "GetFederationToken", body, timestampS })).body;
  const { TmpSecretId, TmpSecretKey, Token } = Response.Credentials as Record<string, string>;
  return { secretId: TmpSecretId ?? "", secretKey: TmpSecretKey ?? "", token: Token ?? "" };
}

for (const [what, steps, behaviour] of [
  ["CAM knows EIPs as vpc's", lifeSteps, {}],
  ["CAM knows EIPs as cvm's", lifeSteps, { camEipAction: "cvm", camEipResource: "cvm", camEipNeedsEni: true }],
  ["calls know no resource", lifeSteps, { camEipResource: "*", camEniResource: "*" }],
] as const) {
  test(`with it, and no more, the provider's whole recorded life goes as before: ${what}`, async (t) => {
    const { cloud, clock } = await recordedWorld(t);
    cloud.faults.behave(behaviour);
    const key = await held(cloud, clock, committed);
    // The nodes move the VIP by their own role; data sources that the program doesn't ask are no part of it.
    const keyOf = (caller: string) => (caller.startsWith("provider") ? key : cloud);
    const { problems } = await replay(cloud, clock, steps.slice(0, -1), undefined, keyOf);
    assert.deepEqual(problems, []);
  });
}

test("a policy that lacks an action is refused where the recording was not", async (t) => {
  const { cloud, clock } = await recordedWorld(t);
  const without = JSON.stringify(JSON.parse(committed)).replace('"vpc:CreateNetworkInterface",', "");
  const key = await held(cloud, clock, without);
  const { problems } = await replay(cloud, clock, handMadeSteps, undefined, () => key);
  assert.match(problems[0] ?? "", /CreateNetworkInterface .*recorded success, got .*UnauthorizedOperation/);
});

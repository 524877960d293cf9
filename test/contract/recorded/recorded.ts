/** The recorded runs of the real provider: in which order they were made, and a cloud as slow as the one that they met. */
import { readdirSync } from "node:fs";
import type { TestContext } from "node:test";
import { defaultDelays } from "../../../lab/cloud/account/model.ts";
import { nullDataplane } from "../../../lab/dataplane.ts";
import { cloudFor } from "../support.ts";
import { VirtualClock } from "../virtualClock.ts";

const steps = readdirSync(new URL("../traces", import.meta.url))
  .map((file) => file.replace(".jsonl", ""))
  .sort();

/** One stack from its first `up` to its end; then the data sources. */
export const lifeSteps = [...steps.filter((step) => /^[0-4]\d-/.test(step)), "x11-data-sources"];

/** A stack in a network that was made by hand, with a cloud whose EIPs stay behind. */
export const handMadeSteps = steps.filter((step) => /^5\d-/.test(step));

/** A stack of this program in the lab, recorded with ENGINE_TRACES=<folder> npm test -- engine. */
export const programSteps = steps.filter((step) => step.startsWith("life-"));

/** Stacks of this program in what a user has, one after the other; the first step makes that. Recorded the same way. */
export const profileSteps = steps.filter((step) => step.startsWith("profiles-"));

/** The lab's own cloud, and machines that take as long as real ones. */
export const labTimes = { delaysMs: defaultDelays, bootMs: 500, endMs: 1000 };

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

export async function recordedWorld(t: TestContext, { delaysMs = recordedDelays, bootMs = 5000, endMs = 0 } = {}) {
  const clock = new VirtualClock(Date.UTC(2026, 10, 22, 16));
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const dataplane = { ...nullDataplane, startMachine: () => wait(bootMs), destroyMachine: () => wait(endMs) };
  return { clock, cloud: await cloudFor(t, { clock, dataplane, delaysMs, rateLimits: true }) };
}

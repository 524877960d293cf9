/** `npm run lab -- world`: makes the world, tells how the program is built into it, and what it has left of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { labCommand } from "../../terminal/typed.ts";
import { accountHelp } from "../command/cloudHelp.ts";
import { until } from "../command/wait.ts";
import type { LabConfig } from "../state.ts";
import { makeWorld } from "./make.ts";
import { profileHelp } from "./profiles.ts";
import { readBefore, readWorld, type World, writeWorld } from "./record.ts";
import { differences, snapshot } from "./snapshot.ts";

/** For a new world to come to rest. */
const limitMs = 60_000;
/** For what a removal leaves for a moment. */
const patienceMs = 10_000;
const progress = (text: string) => console.log(text);

/** Makes the world if there is none, and prints what an `up` into it needs. */
export async function showWorld(config: LabConfig): Promise<void> {
  const world = readWorld(config.name) ?? (await newWorld(config));
  const machines = [world.bastion, ...Object.values(world.machines)];
  console.log(`${accountHelp(config)}

${profileHelp(config.name, world)}

# In it: ${machines.map(({ name, address }) => `${name} ${address}`).join(", ")}
# and the lab's own stack:   ${labCommand("up --profile existing")}
# what it has left of it:    ${labCommand("destroy")}, and then: ${labCommand("world --compare")}`);
}

/** Made, and written down once nothing moves in it any more. */
async function newWorld(config: LabConfig): Promise<World> {
  const world = await makeWorld(config).catch((error: Error) => {
    const cure = `The world is not whole. Begin anew with "${labCommand("down")}" and "${labCommand("world")}"`;
    throw new Error(`${cure}: ${error.message}`);
  });
  let last = await snapshot(config, world);
  const settled = await until({ what: "a world at rest", limitMs, progress }, async () => {
    const now = await snapshot(config, world);
    const changes = differences(last, now);
    last = now;
    return changes.length === 0 ? now : String(changes[0]);
  });
  writeWorld(config.name, world, settled);
  return world;
}

/** What is other than it was before the program came; an empty list once it is all as it was. */
export async function compareWorld(config: LabConfig): Promise<string[]> {
  const world = readWorld(config.name);
  if (!world) throw new Error(`There is no world to compare; make one with "${labCommand("world")}".`);
  const before = readBefore(config.name);
  // What the cloud takes some seconds for, such as an address that comes free, is not there for good.
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    const changes = differences(before, await snapshot(config, world));
    if (changes.length === 0 || Date.now() > deadlineMs) return changes;
    await sleep(500);
  }
}

/** `npm run lab -- world`: makes the world, tells what is in it, and what a program has left of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { accountHelp } from "../cloudHelp.ts";
import { type LabConfig, labPaths } from "../state.ts";
import { until } from "../wait.ts";
import { makeWorld } from "./make.ts";
import { bastionKeyFile, readBefore, readWorld, type World, writeWorld } from "./record.ts";
import { differences, snapshot } from "./snapshot.ts";

/** For a new world to come to rest. */
const limitMs = 60_000;
/** For what a removal leaves for a moment. */
const patienceMs = 10_000;
const progress = (text: string) => console.log(text);

/** Makes the world if there is none, and prints what is in it and how the cloud is reached. */
export async function showWorld(config: LabConfig): Promise<void> {
  const world = readWorld(config.name) ?? (await newWorld(config));
  console.log(`${accountHelp(config)}

# The two machines take the key ${labPaths(config.name).sshKey}, the bastion takes ${bastionKeyFile(config.name)}.
${JSON.stringify(world, null, 2)}`);
}

/** Made, and written down once nothing moves in it any more. */
async function newWorld(config: LabConfig): Promise<World> {
  const world = await makeWorld(config).catch((error: Error) => {
    const cure = 'The world is not whole. Begin anew with "npm run lab -- down" and "npm run lab -- world"';
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
  if (!world) throw new Error('There is no world to compare; make one with "npm run lab -- world".');
  const before = readBefore(config.name);
  // What the cloud takes some seconds for, such as an address that comes free, is not there for good.
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    const changes = differences(before, await snapshot(config, world));
    if (changes.length === 0 || Date.now() > deadlineMs) return changes;
    await sleep(500);
  }
}

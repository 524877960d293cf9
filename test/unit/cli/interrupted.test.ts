/** A command that changes something, on a pair that is played: interrupted in the middle, or with nobody left who reads it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seen } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

let pair: PlayedPair;
let child: ChildProcess;
beforeEach(() => {
  pair = new PlayedPair();
});
afterEach(() => {
  try {
    process.kill(-(child.pid ?? 0), "SIGKILL");
  } catch {
    // It has ended by itself.
  }
  pair.remove();
});

function typed(...words: string[]): { text: () => string; ended: Promise<number | null> } {
  child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "cli/ha/main.ts", "--stack", "prod", ...words],
    {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a process group, as a terminal gives it one
      env: { ...process.env, TMPDIR: pair.folder },
    },
  );
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk));
  return { text: () => text, ended: new Promise((resolve) => child.on("close", resolve)) };
}

async function until(what: () => boolean): Promise<void> {
  for (const deadlineMs = Date.now() + 60_000; !what(); await sleep(20)) {
    assert.ok(Date.now() < deadlineMs, "it does not come to that");
  }
}

const begun = () => join(pair.folder, "nodes", "begun");
const swapped = seen((view) => {
  view.nodes = { a: view.nodes.b, b: view.nodes.a };
});

for (const [what, words, node, verb] of [
  ["a switch", ["switchover", "--yes"], "a", "yield"],
  ["a switch, with --json", ["switchover", "--yes", "--json"], "a", "yield"],
  ["maintenance", ["maintenance", "on", "b", "--yes"], "b", "maintenance"],
] as const) {
  for (const signal of ["SIGINT", "SIGHUP"] as const) {
    test(`${what}, ended by ${signal}, says that the nodes go on, and where to see how it ended`, async () => {
      pair.does(node, verb, "touch begun; sleep 60");
      const { text, ended } = typed(...words);
      await until(() => existsSync(begun()));
      process.kill(-(child.pid ?? 0), signal);
      assert.equal(await ended, 6, text());
      assert.match(text(), /Interrupted\. What the nodes have begun .* npm run ha -- status --stack prod$/m);
    });
  }
}

test("before anything has begun an interruption is one as of any program", async () => {
  pair.dies("a", "silent");
  const { text, ended } = typed("switchover", "--yes");
  await until(() => text().includes("stack prod"));
  process.kill(-(child.pid ?? 0), "SIGINT");
  assert.equal(await ended, 130);
  assert.doesNotMatch(text(), /Interrupted/);
});

test("a switch that nobody reads is carried on to its end", async () => {
  pair.does(
    "a",
    "yield",
    `touch begun; echo '{"phase": "moving", "text": "moving"}'; sleep 1; ${pair.is(swapped, "later")}`,
  );
  const { ended } = typed("switchover", "--yes");
  child.stdout?.destroy();
  child.stderr?.destroy();
  assert.equal(await ended, 0);
  assert.ok(existsSync(begun()));
});

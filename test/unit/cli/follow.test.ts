/** Both nodes' journals as they go on. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { Merge } from "../../../cli/ha/pair/merge.ts";
import { Silence } from "../../../cli/ha/pair/silence.ts";
import { outputs } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

let pair: PlayedPair;
let child: ChildProcess;
beforeEach(() => {
  pair = new PlayedPair();
});
afterEach(() => {
  child?.kill("SIGKILL");
  pair.remove();
});

class Follow {
  text = "";
  readonly ended: Promise<number | null>;

  constructor(...more: string[]) {
    const args = [
      "--disable-warning=ExperimentalWarning",
      "cli/ha/main.ts",
      "--stack",
      "prod",
      "logs",
      "--follow",
      ...more,
    ];
    child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a process group, as a terminal gives it one
      env: { ...process.env, TMPDIR: pair.folder },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (this.text += chunk));
    this.ended = new Promise((resolve) => child.on("close", resolve));
  }

  /** As Ctrl-C does it: its ssh hears it too. */
  interrupted(): Promise<number | null> {
    process.kill(-(child.pid ?? 0), "SIGINT");
    return this.ended;
  }

  async says(what: RegExp): Promise<void> {
    await new Promise<void>((said, failed) => {
      const look = () => what.test(this.text) && said();
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", look);
      void this.ended.then(() => failed(new Error(`no ${what} in:\n${this.text}`)));
      look();
    });
  }
}

const at = 1_800_000_000_000_000;

test("lines of both come in the order of time; a node that is gone is named, asked again, and heard again", async () => {
  pair.journal("a", at + 2, "second");
  pair.journal("b", at + 1, "first");
  pair.journal("b", at + 3, "third");
  pair.dies("b");
  const follow = new Follow();
  await follow.says(/^b: .*No route to host; it is asked again every 2 s$/m);
  await follow.says(/ {2}a {2}vip.py {2}second$/m);
  assert.doesNotMatch(follow.text, /^a: /m);
  pair.comesBack("b");
  await follow.says(/^b: is heard again, after \d+ s$/m);
  await follow.says(/ {2}b {2}vip.py {2}third$/m);
  assert.equal(await follow.interrupted(), 0);
});

test("Ctrl-C ends it with how many are heard; --json gives an object for each line", async () => {
  pair.journal("a", at, "alone");
  pair.dies("b");
  const follow = new Follow("--json");
  await follow.says(/"text":"alone"\}$/m);
  assert.equal(await follow.interrupted(), 1);
});

test("a node that stays silent is told at once, then less and less often, with since when", () => {
  const silence = new Silence();
  const at = new Date("2026-11-28T17:00:00Z");
  const told: [number, string][] = [];
  for (let s = 0; s <= 3600; s += 2) {
    const text = silence.lasts(s * 1000, new Date(at.getTime() + s * 1000), "no route");
    if (text !== null) told.push([s, text]);
  }
  assert.deepEqual(told.slice(0, 3), [
    [0, "no route"],
    [30, "no answer for 30 s, since 2026-11-28T17:00:00Z: no route"],
    [90, "no answer for 90 s, since 2026-11-28T17:00:00Z: no route"],
  ]);
  assert.deepEqual(
    told.slice(-2).map(([s]) => s),
    [2730, 3330],
  );
  assert.equal(silence.ends(3_600_000), "is heard again, after 60 min");
  assert.equal(silence.ends(3_601_000), null);
  assert.equal(silence.lasts(3_700_000, at, "no route"), "no route");
});

test("with the lab it ends, and says so", async () => {
  const name = "unitgone";
  const place = join(import.meta.dirname, "../../../.lab", name);
  mkdirSync(place, { recursive: true });
  const known = { ...outputs, schemaVersion: 1, identity: "/none", device: "nosuch0", bastion: null, clients: [] };
  writeFileSync(join(place, "ha.json"), JSON.stringify(known));
  try {
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "cli/ha/main.ts", "--lab", name, "logs", "--follow"],
      { encoding: "utf8", timeout: 60_000 },
    );
    assert.deepEqual([status, stderr.trim()], [3, "The lab is down: nobody is left who could say anything."]);
  } finally {
    rmSync(place, { recursive: true });
  }
});

test("a line waits for older ones of the other node, and no longer", () => {
  const merge = new Merge<{ atUs: number }>(500);
  const take = (nowMs: number, isEnd = false) => merge.take(nowMs, isEnd).map(({ atUs }) => atUs);
  merge.add({ atUs: 20 }, 0);
  assert.deepEqual(take(499), []);
  merge.add({ atUs: 10 }, 499);
  merge.add({ atUs: 30 }, 499);
  assert.deepEqual(take(500), [10, 20]);
  assert.deepEqual(take(500), []);
  assert.deepEqual(take(501, true), [30]);
});

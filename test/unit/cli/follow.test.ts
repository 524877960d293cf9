/** Both nodes' journals as they go on. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, beforeEach, test } from "node:test";
import { Merge } from "../../../cli/ha/pair/merge.ts";
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
  await follow.says(/^b: is heard again$/m);
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

/** Every pair of the backend on one screen. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type PairSeen, worstFirst } from "../../../cli/ha/pair/fleet.ts";
import { someAtOnce } from "../../../cli/ha/reach/someAtOnce.ts";
import { healthy, lost, seen } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

describe("npm run ha -- status --all", () => {
  let pair: PlayedPair;
  beforeEach(() => {
    pair = new PlayedPair();
  });
  afterEach(() => pair.remove());

  const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const argv = ["--disable-warning=ExperimentalWarning", "cli/ha/main.ts", "status", "--all", ...args];
      const env = { ...process.env, TMPDIR: pair.folder };
      execFile(process.execPath, argv, { env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });

  test("takes a line for each pair, of other projects too, and exits as the worst", async () => {
    pair.stacks("prod", "organization/web/none", "stage");
    const well = await run();
    assert.deepEqual([well.code, well.stderr], [0, ""], well.stdout);
    assert.match(well.stdout, /^2 pairs: 2 healthy\n\n.*\n {2}prod +healthy +a .*\n {2}stage +healthy +a .*\n$/);
    pair.stacks("odd");
    const odd = await run();
    assert.deepEqual([odd.code, odd.stderr], [3, ""]);
    assert.match(odd.stdout, /^ {2}odd +could not tell/m);
    pair.stacks("prod", "organization/web/none", "organization/web/others");
    const { code, stdout } = await run();
    assert.equal(code, 3, stdout);
    assert.match(stdout, /^ {2}organization\/web\/others +could not tell .* incorrect passphrase\n {2}prod +healthy /m);
    assert.match(stdout, /^Next: npm run ha -- status --stack organization\/web\/others$/m);
    const there = await run("--cwd", ".");
    assert.match(there.stdout, /^Next: npm run ha -- status --stack organization\/web\/others --cwd \.$/m);
  });

  test("waits for no node that never answers", async () => {
    pair.stacks("prod", "stage", "organization/web/others");
    pair.dies("b", "silent");
    const { code, stdout } = await run("--json");
    const { verdict, pairs } = JSON.parse(stdout) as { verdict: string; pairs: Record<string, unknown>[] };
    assert.deepEqual([code, verdict], [3, "unknown"]);
    assert.deepEqual(
      pairs.map(({ target, verdict: one }) => [target, one]),
      [
        ["stack organization/web/others", "unknown"],
        ["stack prod", "degraded"],
        ["stack stage", "degraded"],
      ],
    );
    assert.deepEqual(pairs[1]?.why, ["b could not be asked: no answer within 4 s"]);
  });

  test("says where there is none, and takes no pair beside all", async () => {
    pair.stacks("organization/web/none");
    const { code, stderr } = await run();
    assert.deepEqual([code, /None of 1 stacks has a pair/.test(stderr)], [3, true], stderr);
    for (const wrong of [["--stack", "prod"], ["--lab"], ["--watch"]]) assert.equal((await run(...wrong)).code, 64);
  });
});

test("an outage that is certain comes first, then what could not be told, by name where they are alike", () => {
  const of = (title: string, change: Parameters<typeof seen>[0] = () => {}): PairSeen => {
    return { title, vip: "10.0.1.100", view: seen(change) };
  };
  const down = of("c", (view) => (view.nodes.b.probe = false));
  const pairs = [of("b"), of("a"), { title: "x", problem: "no\nkey" }, of("d", (view) => lost(view, "b")), down];
  assert.deepEqual(
    worstFirst(pairs).map(({ title, verdict }) => [title, verdict]),
    [
      ["c", "down"],
      ["x", "unknown"],
      ["d", "degraded"],
      ["a", "healthy"],
      ["b", "healthy"],
    ],
  );
  assert.deepEqual(worstFirst([{ title: "x", problem: "no\nkey" }])[0]?.why, ["no key"]);
  assert.equal(worstFirst([of("b")])[0]?.movedS, healthy.at - healthy.nodes.a.report!.moves[0]!.startedAt);
});

test("some at once: never more, and the results in order", async () => {
  let [open, most] = [0, 0];
  const results = await someAtOnce(3, [5, 4, 3, 2, 1, 0], async (n) => {
    open += 1;
    most = Math.max(most, open);
    for (let i = 0; i < n; i += 1) await null;
    open -= 1;
    return n * 2;
  });
  assert.deepEqual([results, most], [[10, 8, 6, 4, 2, 0], 3]);
  assert.deepEqual(await someAtOnce(3, [], async () => 1), []);
});

/** What a user types: the lines that `npm run lab -- cloud` prints, and `npm run up`, in a copy of the project. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { footprint, leftOf } from "../../support/footprint.ts";
import { RealLab, summaryOf } from "../realLab.ts";

const root = join(import.meta.dirname, "../../..");

describe("npm run up, as a user types it", () => {
  const lab = new RealLab("eq", "quickStart");
  const folder = mkdtempSync(join(tmpdir(), "quick-start-"));
  const project = join(folder, "project");
  const keys = "export TENCENTCLOUD_SECRET_ID=id TENCENTCLOUD_SECRET_KEY=key";
  /** What is pasted into a shell before each command. */
  let exports = "";

  /** A shell of the user's, whose stacks are in a folder of the test's own. */
  function type(lines: string, more: NodeJS.ProcessEnv = {}): { status: number | null; text: string } {
    // A user's shell has no launchers of npm's on its PATH; this test's does.
    const folders = (process.env.PATH ?? "").split(delimiter);
    const PATH = folders.filter((dir) => !dir.endsWith("node_modules/.bin")).join(delimiter);
    const env = {
      ...process.env,
      PATH,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "a test's",
      ...more,
    };
    const { status, stdout, stderr } = spawnSync("sh", ["-euc", lines], { cwd: project, env, encoding: "utf8" });
    return { status, text: stdout + stderr };
  }
  function succeed(lines: string): string {
    const { status, text } = type(lines);
    assert.equal(status, 0, text);
    return text;
  }

  before(async () => {
    const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
    for (const file of files) cpSync(join(root, file), join(project, file));
    symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
    const text = await lab.run("cloud");
    exports = text.slice(text.indexOf("# The local Tencent Cloud"));
  });

  after(async () => {
    const own = footprint(lab.name);
    await lab.run("down");
    rmSync(folder, { recursive: true });
    assert.deepEqual(leftOf(own), []);
  });

  test("without keys, a login or a stack it says what to type, and nothing is made", async () => {
    const refusals: [string, NodeJS.ProcessEnv, RegExp][] = [
      ["npm run up", {}, /TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set/],
      [
        `${keys}\nnpm run up`,
        { PULUMI_BACKEND_URL: "", PULUMI_HOME: join(folder, "home") },
        /^ {2}pulumi login --local/m,
      ],
      [`${keys}\nnpm run up`, {}, /No stack is selected[\s\S]*pulumi stack init prod/],
    ];
    for (const [lines, env, says] of refusals) {
      const { status, text } = type(lines, env);
      assert.equal(status, 1, text);
      assert.match(text, says);
    }
    assert.deepEqual(await lab.journal(), []);
  });

  test("the printed lines make the pair; the same once more changes nothing", async () => {
    assert.match(exports, /\nnpm run up\n$/);
    const text = succeed(exports.replace(/\n$/, " -- --yes"));
    assert.ok((summaryOf(text).created ?? 0) > 25, text);
    await lab.whole();
    exports = exports
      .split("\n")
      .filter((line) => line.startsWith("export "))
      .join("\n");
    const again = summaryOf(succeed(`${exports}\nnpm run up -- --yes`));
    assert.deepEqual(Object.keys(again), ["unchanged"]);
  });

  test("pulumi destroy --refresh takes everything down", async () => {
    succeed(`${exports}\npulumi destroy --refresh --yes`);
    assert.deepEqual(await lab.leftInCloud(), { notDeleted: [], forbidden: [] });
  });
});

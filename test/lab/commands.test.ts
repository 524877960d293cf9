/** The operator's commands on a whole pair, where nobody is MASTER, with one node dead and with both. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lab, until } from "../support/lab.ts";
import { Ha } from "./ha.ts";

const lab = new Lab("tco");
const nodes = ["a", "b"] as const;
const folder = mkdtempSync(join(tmpdir(), "commands-"));

before(() => lab.run("up", "--engine", "inline"));
after(() => lab.run("down"));

const follows = async (node: "a" | "b") => (await lab.run("ssh", node, "pgrep -x journalctl || true")).trim() !== "";

/** A line of a node's journal, or that the node is gone. */
const heard = {
  yes: (node: string) => new RegExp(`^\\S+ +${node} `, "m"),
  no: (node: string) => RegExp(`^${node}: .*it is asked again`, "m"),
};

interface Row {
  args: string[];
  code: number;
  says?: RegExp;
}

async function end(rows: Row[]): Promise<void> {
  for (const { args, code, says } of rows) {
    const ha = new Ha(lab, ...args);
    assert.equal(await ha.ended, code, `${args.join(" ")}:\n${ha.text}`);
    if (says) assert.match(ha.text, says);
  }
}

/** `logs --follow` until it has told of both nodes, then Ctrl-C. */
async function followed(alive: ("a" | "b")[], code: number): Promise<void> {
  const ha = new Ha(lab, "logs", "--follow", "--since", "1h");
  for (const node of nodes) await ha.says(heard[alive.includes(node) ? "yes" : "no"](node));
  assert.equal(await ha.interrupted(), code, ha.text);
}

/** `logs --bundle` leaves a file that is whole, whoever answers. */
async function bundled(code: number, files: RegExp): Promise<void> {
  const file = join(folder, `${code}.tar.gz`);
  await end([{ args: ["logs", "--bundle", file], code, says: /only you can read it/ }]);
  assert.ok(existsSync(file));
  assert.match(execFileSync("tar", ["-tzf", file], { encoding: "utf8" }), files);
}

describe("the operator's commands", () => {
  test("on a whole pair give each node's answer, and make nobody MASTER by force", async () => {
    await lab.makeMaster("a");
    await end([
      { args: ["ssh", "b", "echo on $(hostname); exit 7"], code: 7, says: /^on /m },
      { args: ["failover", "b", "--yes"], code: 4, says: /a is MASTER; .*switchover --to b/ },
      { args: ["failover", "a", "--yes"], code: 4, says: /a is MASTER already/ },
      { args: ["failover", "c"], code: 64 },
    ]);
    await bundled(0, /\/b\/etc\/keepalived\/keepalived\.conf$/m);
    await followed(["a", "b"], 0);
  });

  test("leave nothing behind that follows the journal, however their end came", async () => {
    const ha = new Ha(lab, "logs", "--follow");
    for (const node of nodes) await until(`${node} is followed`, () => follows(node));
    ha.kill();
    for (const node of nodes) await until(`nothing follows on ${node}`, async () => !(await follows(node)));
  });

  test("make a node MASTER where nobody is, and tell later who asked and why", async () => {
    for (const node of ["b", "a"]) await lab.run("ssh", node, "systemctl stop keepalived");
    // Told by the node's own service, which has to notice.
    await lab.until((now) => now.nodes.every(({ state }) => state !== "MASTER"), "nobody is MASTER");
    await end([{ args: ["failover", "b", "--yes", "--reason", "a has burnt"], code: 0, says: /agree on b/ }]);
    assert.deepEqual([await lab.holder(), await lab.answer("vpc")], ["b", "b"]);
    const history = new Ha(lab, "history", "--json");
    assert.equal(await history.ended, 0, history.text);
    const { moves } = JSON.parse(history.text) as { moves: { to: string; why: string; askedBy: string | null }[] };
    const last = moves.at(-1);
    assert.equal(last?.to, "b", history.text);
    assert.match(last.why, /a has burnt/);
    assert.match(last.askedBy ?? "", /\S/);
  });

  test("with one node dead tell what the other one knows", async () => {
    await lab.run("fail", "a", "--how", "power");
    await end([
      { args: ["ssh", "a", "true"], code: 255 },
      { args: ["ssh", "b", "true"], code: 0 },
      { args: ["failover", "a", "--yes"], code: 4, says: /b is MASTER/ },
      { args: ["failover", "b", "--yes"], code: 4, says: /b is MASTER already/ },
    ]);
    await bundled(1, /\/b\/etc\/keepalived\/keepalived\.conf$/m);
    await followed(["b"], 1);
  });

  test("with both dead say so, and end", async () => {
    await lab.run("fail", "b", "--how", "power");
    await end([
      { args: ["ssh", "b", "true"], code: 255 },
      { args: ["failover", "b", "--yes"], code: 4, says: /b could not be asked/ },
    ]);
    await bundled(3, /\/CONTENTS\.txt$/m);
    await followed([], 3);
  });
});

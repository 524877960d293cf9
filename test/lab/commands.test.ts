/** Every command of `npm run ha` on a whole pair, with one node dead and with both: what it says, and its exit code. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { commands } from "../../cli/ha/options.ts";
import { Lab, until } from "../support/lab.ts";
import { Ha, pulumiOf } from "./ha.ts";

const lab = new Lab("tco");
const nodes = ["a", "b"] as const;
const folder = mkdtempSync(join(tmpdir(), "commands-"));
/** The same pair as two stacks, for what looks at all of them. */
let stacks = "";

before(async () => {
  await lab.run("up", "--engine", "inline");
  await lab.makeMaster("a");
  stacks = pulumiOf(lab);
});
after(async () => {
  await lab.run("down");
  for (const one of [folder, stacks]) rmSync(one, { recursive: true, force: true });
});

interface Row {
  /** What is typed; `NEW` stands for a file that is not there yet. */
  args: string;
  code: number;
  says?: RegExp;
  /** What its JSON has to have. */
  json?: object;
  /** Ctrl-C once it has said these. */
  until?: RegExp[];
  /** Where the pair is a stack, not a lab. */
  from?: "stacks";
}

let files = 0;
const newFile = () => join(folder, `${++files}.new`);
/** Nodes that live. */
let alive: readonly ("a" | "b")[] = nodes;
const most = 5;

/** JSON in a text that has what was said on standard error, too. */
const jsonOf = (text: string): unknown => JSON.parse(/^\{$[\s\S]*?^\}$/m.exec(text)?.[0] ?? "null");

/** A command until its end. A node that lives, on a machine that does much else, may be given up: it is asked again. */
async function end(
  { args, until: awaited, from }: Row,
  file = newFile(),
): Promise<{ ended: number | null; text: string }> {
  const late = new RegExp(`\\b(${alive.join("|")})\\b.*no answer within`);
  for (let count = 1; ; count += 1) {
    const typed = args.split(" ").map((word) => (word === "NEW" ? `${file}${count}` : word));
    const ha = new Ha(from === "stacks" ? stacks : lab, ...typed);
    for (const what of awaited ?? []) await ha.says(what);
    const ended = await (awaited ? ha.interrupted() : ha.ended);
    if (count === most || alive.length === 0 || !late.test(ha.text)) return { ended, text: ha.text };
  }
}

async function run(row: Row): Promise<void> {
  const { args, code, says, json } = row;
  const { ended, text } = await end(row);
  assert.equal(ended, code, `${args}:\n${text}`);
  if (says) assert.match(text, says, args);
  if (json) assert.partialDeepStrictEqual(jsonOf(text), json, `${args}:\n${text}`);
}

/** A test for each row. */
function each(rows: Row[]): void {
  for (const row of rows) test(row.args, () => run(row));
  test("and that is every command there is", () => {
    const typed = new Set(rows.map(({ args }) => args.split(" ")[0]));
    assert.deepEqual([...typed].sort(), Object.keys(commands).sort());
  });
}

/** `logs --bundle` leaves a file that is whole, whoever answers. */
async function bundled(code: number, ...names: string[]): Promise<void> {
  const { ended, text } = await end({ args: "logs --bundle NEW", code });
  assert.equal(ended, code, text);
  const file = /^Wrote (\S+); only you can read it\.$/m.exec(text)?.[1] ?? "";
  const list = execFileSync("tar", ["-tzf", file], { encoding: "utf8" }).split("\n");
  for (const name of names)
    assert.ok(
      list.some((one) => one.endsWith(`/${name}`)),
      `${name} in:\n${list.join("\n")}`,
    );
}

const heard = (node: string) => new RegExp(`^\\S+ +${node} `, "m");
/** Given up after 4 s, or earlier by what ssh says; the node is named either way. */
const gone = (node: string, next = "") =>
  new RegExp(`\\b${node} could not be asked: .*(no answer|timed out|No route).*${next}`);
const both = /a and b could not be asked: .*; look at both machines in the console/;
const refused = { result: "refused", exitCode: 4 };
describe("on a whole pair", () => {
  each([
    { args: "status", code: 0, says: /: healthy$[\s\S]*keepalived a · cloud a · NIC a · client a[\s\S]*^Next: /m },
    { args: "status --json", code: 0, json: { verdict: "healthy", master: "a" } },
    { args: "status --watch 1", code: 0, until: [/ - {2}healthy: keepalived a /] },
    {
      args: "status --all",
      code: 3,
      says: /others +could not tell[\s\S]*\n {2}one +healthy[\s\S]*\n {2}two +healthy/,
      from: "stacks",
    },
    { args: "history", code: 0, says: /^lab "tco": \d+ moves? of the VIP$/m },
    { args: "history --json", code: 0, json: { problems: [] } },
    { args: "logs --since 1h", code: 0, says: /^\S+ +b +Keepalived_vrrp +.*BACKUP/m },
    { args: "logs --follow --since 1h", code: 0, until: [heard("a"), heard("b")] },
    { args: "self-test", code: 0, says: /: (\d+) of \1 checks pass$/m },
    { args: "self-test --json", code: 0, json: { passed: true } },
    { args: "ssh b echo on $(hostname); exit 7", code: 7, says: /^on keepalived-cluster-tco-b$/m },
    { args: "key NEW", code: 0, says: /^Wrote the private key of lab "tco" .*only you can read it/m },
    { args: "maintenance on b --for 2h --reason disk --yes", code: 0, says: /^b: in maintenance for 7200 s/m },
    { args: "status", code: 1, says: /maintenance, \d+ min left[\s\S]*Next: npm run ha -- maintenance off b/ },
    {
      args: "switchover --yes",
      code: 4,
      says: /b is in maintenance \(disk\); end it first: npm run ha -- maintenance off b/,
    },
    { args: "maintenance on a --yes --json", code: 4, json: { node: "a", maintenance: "on", ...refused } },
    { args: "maintenance off b --json", code: 0, json: { node: "b", maintenance: "off", result: "done", exitCode: 0 } },
    { args: "failover b --yes", code: 4, says: /a is MASTER; .*switchover --to b/ },
    { args: "failover a --yes --json", code: 4, json: { node: "a", ...refused } },
    {
      args: "drill",
      code: 0,
      says: /^Steady state: healthy, MASTER is a[\s\S]*To carry it out: the same with --run$/m,
    },
    { args: "drill --json", code: 0, json: { refusal: null } },
    { args: "switchover --yes", code: 0, says: /^Done: keepalived, cloud, NIC and client agree on b\.$/m },
    { args: "switchover --to a --yes", code: 0, says: /^Done: .* agree on a\.$/m },
  ]);

  test("the bundle has both nodes' files", () =>
    bundled(0, ...nodes.map((node) => `${node}/etc/keepalived/keepalived.conf`)));

  test("nothing is left that follows the journal, however its end came", async () => {
    const follows = async (node: "a" | "b") => (await lab.on(node, "pgrep -x journalctl || true")).trim() !== "";
    const ha = new Ha(lab, "logs", "--follow");
    for (const node of nodes) await until(`${node} is followed`, () => follows(node));
    ha.kill();
    for (const node of nodes) await until(`nothing follows on ${node}`, async () => !(await follows(node)));
  });
});

describe("where nobody is MASTER", () => {
  test("a failover makes one, and the history tells who asked and why", async () => {
    for (const node of ["b", "a"]) await lab.run("ssh", node, "systemctl stop keepalived");
    // Told by the node's own service, which has to notice.
    await lab.until((now) => now.nodes.every(({ state }) => state !== "MASTER"), "nobody is MASTER");
    await run({
      args: "failover b --yes --json --reason burnt",
      code: 0,
      json: { node: "b", result: "done", exitCode: 0 },
    });
    assert.deepEqual([await lab.holder(), await lab.answer("vpc")], ["b", "b"]);
    const history = new Ha(lab, "history", "--json");
    assert.equal(await history.ended, 0, history.text);
    const { moves } = jsonOf(history.text) as { moves: { to: string; why: string; askedBy: string | null }[] };
    assert.partialDeepStrictEqual(moves.at(-1), { to: "b", why: "failover: burnt" }, history.text);
    assert.match(moves.at(-1)?.askedBy ?? "", /\S@\S+ from \S/);
    await lab.run("ssh", "a", "systemctl start keepalived");
    await lab.makeMaster("a");
  });
});

// What waits for a dead node needs no core: three at a time.
describe("with one node dead", { concurrency: 3 }, () => {
  before(async () => {
    alive = ["b"];
    await lab.run("fail", "a", "--how", "power");
    await lab.until(
      ({ nodes: found }) => found.some(({ name, state }) => name === "b" && state === "MASTER"),
      "b is MASTER",
    );
    await until("b has the VIP", async () => (await lab.holder()) === "b" && (await lab.answer("vpc")) === "b");
  });
  const next = "look at the machine of a in the console";
  each([
    {
      args: "status",
      code: 1,
      says: /: degraded$[\s\S]*! a could not be asked: [\s\S]*^Next: look at the machine of a in the console$/m,
    },
    { args: "status --json", code: 1, json: { verdict: "degraded", master: "b" } },
    { args: "status --watch 1", code: 1, until: [/ - {2}degraded: keepalived b .*a could not be asked/] },
    { args: "status --all", code: 3, says: /\n {2}one +degraded.*\n?.*a could not be asked/, from: "stacks" },
    {
      args: "history",
      code: 1,
      says: /a -> b .*a was no longer heard; it cannot be asked now[\s\S]*! a: .*Look at its machine/,
    },
    { args: "history --json", code: 1, json: {} },
    { args: "logs --since 1h", code: 1, says: /^\S+ +b +.*MASTER[\s\S]*^a: .*; look at its machine in the console$/m },
    { args: "logs --follow --since 1h", code: 1, until: [/^a: .*it is asked again every 2 s/m, heard("b")] },
    { args: "self-test", code: 1, says: /! a could not be asked: .*\n +-> look at the machine of a in the console/ },
    { args: "ssh a true", code: 255, says: /If a gave no answer: npm run ha -- status/ },
    { args: "ssh b true", code: 0 },
    { args: "key NEW", code: 0, says: /only you can read it/ },
    { args: "maintenance on b --yes", code: 4, says: gone("a", next) },
    { args: "maintenance on a --yes --json", code: 4, says: gone("a", next), json: refused },
    { args: "maintenance off a --yes", code: 4, says: gone("a", next) },
    { args: "failover a --yes", code: 4, says: /b is MASTER; .*switchover --to a/ },
    { args: "failover b --yes", code: 4, says: /b is MASTER already/ },
    { args: "switchover --yes", code: 4, says: gone("a", next) },
    { args: "drill", code: 4, says: gone("a") },
    { args: "drill --run --yes --json", code: 4, says: gone("a"), json: { schemaVersion: 1 } },
  ]);
  test("the bundle has the living one's files", () => bundled(1, "b/etc/keepalived/keepalived.conf"));
});

describe("with both dead", { concurrency: 3 }, () => {
  before(() => {
    alive = [];
    return lab.run("fail", "b", "--how", "power");
  });
  each([
    {
      args: "status",
      code: 2,
      says: /: down$[\s\S]*! a could not[\s\S]*! b could not[\s\S]*^Next: look at both machines in the console$/m,
    },
    { args: "status --json", code: 2, json: { verdict: "down", master: null } },
    { args: "status --watch 1", code: 2, until: [/ - {2}down: .*a could not be asked.*b could not be asked/] },
    { args: "status --all", code: 3, says: /\n {2}one +could not tell.*\n?.*a could not be asked/, from: "stacks" },
    { args: "history", code: 3, says: /! a: [\s\S]*! b: .*Look at its machine/ },
    { args: "logs --since 1h", code: 3, says: /^a: .*; look at its machine[\s\S]*^b: .*; look at its machine/m },
    { args: "logs --follow", code: 3, until: [/^a: .*it is asked again/m, /^b: .*it is asked again/m] },
    {
      args: "self-test",
      code: 3,
      says: /: no answer$[\s\S]*-> look at the machine of a [\s\S]*-> look at the machine of b /m,
    },
    { args: "ssh b true", code: 255, says: /If b gave no answer/ },
    { args: "key NEW", code: 0, says: /only you can read it/ },
    { args: "maintenance on b --yes", code: 4, says: both },
    { args: "maintenance off b --yes --json", code: 4, says: gone("b"), json: refused },
    { args: "failover b --yes", code: 4, says: gone("b", "look at the machine of b in the console") },
    { args: "switchover --yes", code: 4, says: both },
    { args: "drill", code: 4, says: gone("a") },
  ]);
  test("the bundle says so", () => bundled(3, "CONTENTS.txt"));
});

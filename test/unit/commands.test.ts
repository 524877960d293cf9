/** Every command, option and setting that a page shows is there, and every one that is there is on its page. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { exitCodes as historyCodes } from "../../cli/ha/commands/history.ts";
import { exitCodes as logsCodes } from "../../cli/ha/commands/logs.ts";
import { exitCodes as selfTestCodes } from "../../cli/ha/commands/selfTest.ts";
import { done, incomplete, refused, unknown } from "../../cli/ha/commands/told.ts";
import { usage as haUsage } from "../../cli/ha/main.ts";
import { commands as haCommands, options as haOptions, whereNames } from "../../cli/ha/options.ts";
import { exitCodes as statusCodes } from "../../cli/ha/pair/report.ts";
import { schema } from "../../config/schema.ts";
import { optionsOf } from "../../lab/command/options.ts";
import { readme, tenMinutes } from "../lab/pages/told.ts";
import { blocksOf, typedIn } from "../support/page.ts";

const read = (file: string) => readFileSync(file, "utf8");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
const labUsage = spawnSync(process.execPath, ["lab/main.ts", "help"], { encoding: "utf8" }).stdout;
/** What an older version had may stand in the changelog. */
const pages = [...globSync("*.md"), ...globSync("docs/**/*.md")].filter((page) => page !== "CHANGELOG.md").sort();

interface Shown {
  page: string;
  command: string;
}

/** Every command of a page, from its blocks and its text, without remarks. */
const shown: Shown[] = pages.flatMap((page) => {
  const typed = blocksOf(page).flatMap(({ lines }) => lines.map((line) => line.typed));
  const prose = read(page).replace(/^```[\s\S]*?^```$/gm, "");
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replace(/\s+/g, " "));
  return [...typed, ...inline].map((command) => ({ page, command }));
});

/** What is typed behind `npm run SCRIPT --`. */
const behind = (script: string) =>
  shown.flatMap(({ page, command }) => {
    const [, rest] = new RegExp(`npm run ${script} -- (.*)`).exec(command) ?? [];
    return rest === undefined || /^…/.test(rest) ? [] : [{ page, words: rest.split(" ") }];
  });
const optionsIn = (words: string[]) => words.flatMap((word) => /^\[?--([a-z-]+)/.exec(word)?.[1] ?? []);
const same = (found: Iterable<string>, wanted: Iterable<string>, what?: string) =>
  assert.deepEqual([...new Set(found)].sort(), [...new Set(wanted)].sort(), what);

test("npm run ha: what a page shows is there", () => {
  const all = behind("ha");
  assert.ok(all.length > 40, `${all.length}`);
  for (const { page, words } of all) {
    // A pair's own options may come first, each with its value.
    const at = words.findIndex(
      (word, n) => !word.startsWith("-") && !/^--(stack|lab|cwd|identity)$/.test(words[n - 1] ?? ""),
    );
    const command = words[at];
    const line = `${page}: npm run ha -- ${words.join(" ")}`;
    if (command !== undefined && command !== "help") assert.ok(command in haCommands, line);
    const own = command === "ssh" ? words.slice(0, at) : words;
    const takes = haCommands[command as keyof typeof haCommands]?.options ?? [];
    for (const option of optionsIn(own)) assert.ok([...takes, ...whereNames, "help"].includes(option), line);
  }
});

test("npm run ha: every command and option is told by its help and by docs/ha.md, and no other", () => {
  same(
    [...haUsage.matchAll(/^npm run ha -- ([a-z-]+)/gm)].map(([, command = ""]) => command),
    Object.keys(haCommands),
  );
  same(
    [...haUsage.matchAll(/--([a-z]+)/g)].map(([, option = ""]) => option),
    Object.keys(haOptions).filter((one) => one !== "help"),
  );
  // Up to the next command; the last block says what every command takes.
  const blocks = haUsage.split(/^npm run ha -- (?=[a-z])/m).slice(1);
  const optionsOf = new Map<string, string[]>();
  for (const block of blocks) {
    const [command = ""] = block.split(" ");
    const own = [...(block.split(/^where:/m)[0] ?? "").matchAll(/--([a-z]+)/g)].map(([, option = ""]) => option);
    optionsOf.set(command, [...(optionsOf.get(command) ?? []), ...own]);
  }
  for (const [command, { options: its }] of Object.entries(haCommands))
    same(optionsOf.get(command) ?? [], its, command);
  // A command may have a page of its own as well.
  const of = (page: string) => shown.filter((one) => one.page === page).map(({ command }) => command);
  const options = (all: string[]) => all.flatMap((one) => optionsIn(one.replace(/ha -- ssh .*/, "").split(" ")));
  const page = of("docs/ha.md");
  for (const command of Object.keys(haCommands))
    assert.ok(
      page.some((one) => one.startsWith(`npm run ha -- ${command}`)),
      command,
    );
  for (const option of options(page)) assert.ok(option in haOptions, `docs/ha.md: --${option}`);
  const told = options([...page, ...[...Object.keys(haCommands)].flatMap((command) => of(`docs/${command}.md`))]);
  assert.deepEqual(
    Object.keys(haOptions).filter((option) => !told.includes(option)),
    [],
  );
});

/** Codes by command, of texts as `0 healthy, 1 degraded`. */
const codesOf = (clauses: [names: string, codes: string][]) =>
  new Map(
    clauses.flatMap(([names, text]) => {
      const codes = [...text.matchAll(/(?:^|, )(\d+) /g)].map(([, code]) => Number(code));
      const commands = (names.match(/[a-z-]+/g) ?? []).filter((name) => name in haCommands);
      return commands.map((name): [string, number[]] => [name, codes]);
    }),
  );

test("npm run ha: the exit codes of its help, of docs/ha.md and of the commands are the same", () => {
  const [, sentence = ""] = haUsage.split(/^(?=status exits )/m);
  const clauses = sentence.replaceAll("\n", " ").split(";");
  const inHelp = codesOf(
    clauses
      .map((clause) => /^(.*?) with (\d.*)$/.exec(clause))
      .flatMap((found) => (found ? [[found[1]!, found[2]!]] : [])),
  );
  const rows = read("docs/ha.md")
    .split("## Exit codes")[1]!
    .matchAll(/^\| (`[^|]*) \| (\d[^;|]*)/gm);
  const inPage = codesOf([...rows].map(([, names = "", codes = ""]) => [names, codes]));
  assert.deepEqual([...inPage].sort(), [...inHelp].sort());
  const noPair = 3;
  const switched = [done, noPair, refused, incomplete, unknown];
  const own = {
    status: statusCodes,
    "self-test": selfTestCodes,
    logs: logsCodes,
    history: historyCodes,
    switchover: switched,
  };
  for (const [command, codes] of Object.entries(own))
    assert.deepEqual(inPage.get(command), Object.values(codes), command);
});

test("npm run lab: what a page shows is there", () => {
  const all = behind("lab");
  assert.ok(all.length > 20, `${all.length}`);
  for (const { page, words } of all) {
    const line = `${page}: npm run lab -- ${words.join(" ")}`;
    const [command = ""] = words;
    if (command === "help") continue;
    const name = command.startsWith("--") ? "up" : command;
    assert.ok(name in optionsOf, line);
    const known: readonly string[] | null = optionsOf[name as keyof typeof optionsOf];
    if (known !== null) for (const option of optionsIn(words)) assert.ok(known.includes(option), line);
  }
});

test("npm run lab: every command and option is told by its help and by docs/lab.md, and no other", () => {
  same(
    [...labUsage.matchAll(/^npm run lab -- ([a-z]+)/gm)].map(([, command = ""]) => command),
    Object.keys(optionsOf),
  );
  const all = Object.values(optionsOf).flatMap((options) => options ?? []);
  same(
    [...labUsage.matchAll(/--([a-z]+)/g)].map(([, option = ""]) => option),
    all,
  );
  const [, table = "", ofUp = ""] = read("docs/lab.md").split(/^## (?:Commands|Options of up|Without.*)$/m);
  const rows = [...table.matchAll(/^\| `([a-z]+)((?:[^`])*)` /gm)].map(
    ([, name = "", rest = ""]) => [name, rest] as const,
  );
  same(
    rows.map(([name]) => name),
    Object.keys(optionsOf),
  );
  for (const [name, rest] of rows) {
    const text = name === "up" ? [...ofUp.matchAll(/^\| `(--[^`]*)`/gm)].map(([, one]) => one).join(" ") : rest;
    same(
      [...text.matchAll(/--([a-z]+)/g)].map(([, option = ""]) => option),
      optionsOf[name as keyof typeof optionsOf] ?? [],
      name,
    );
  }
});

test("every setting that a page has typed is a key of the configuration", () => {
  const set = shown.flatMap(({ page, command }) => {
    const keys = [
      ...command.matchAll(/config (?:set|rm) (?:--\w+ )*'?([\w:]+)/g),
      ...command.matchAll(/--set '?([\w:]+)(?=[=.[])/g),
    ];
    return keys.map(([, key = ""]) => ({ page, key }));
  });
  assert.ok(set.length > 15, `${set.length}`);
  for (const { page, key } of set)
    assert.ok(key in schema || key.startsWith("tencentcloud:") || key === "KEY", `${page}: ${key}`);
});

test("every npm script is told of by a page", () => {
  const all = pages.map(read).join("\n");
  const untold = Object.keys(scripts).filter(
    (name) => name !== "postinstall" && name !== "test" && !all.includes(`npm run ${name}`),
  );
  assert.deepEqual(untold, []);
});

test("what the pages say of each command for the lab is looked at where it is typed: test/lab/pages/told.ts", () => {
  same(typedIn("README.md", "lab"), readme.keys());
  assert.deepEqual(
    typedIn("docs/ten-minutes.md", "lab"),
    tenMinutes.map(([line]) => line),
  );
});

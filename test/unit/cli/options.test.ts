/** What belongs behind each command of `npm run ha`, and what is said to who types something else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commands, options, readOptions, whereNames } from "../../../cli/ha/options.ts";
import { Refusal } from "../../../cli/ha/refusal.ts";

const read = (line: string) => readOptions(line.split(" ").filter(Boolean), "USAGE");
const names = Object.keys(commands) as (keyof typeof commands)[];
const typed = (option: string) => {
  const { type } = options[option as keyof typeof options];
  return `--${option}${type === "string" ? "=x" : ""}`;
};

describe("each command", () => {
  for (const name of names) {
    const takes: readonly string[] = [...commands[name].options, ...whereNames];
    test(`${name} takes its own options, and refuses each other by name`, () => {
      for (const option of Object.keys(options).filter((one) => one !== "help")) {
        const line = `${name} ${typed(option)}`;
        if (takes.includes(option)) {
          assert.equal(read(line).command, name, line);
          assert.ok(option in read(line).values, line);
        } else {
          const said = new RegExp(
            `^--${option} is no option of ${name}; it takes .*--stack, --cwd, --identity, --lab\\.$`,
          );
          assert.throws(
            () => read(line),
            (error) => error instanceof Refusal && error.code === 64 && said.test(error.message),
          );
        }
      }
    });
  }
});

test("a refusal lists what the command takes", () => {
  for (const [line, said] of [
    [
      "status --follow",
      "--follow is no option of status; it takes --all, --watch, --json, and as every command --stack, --cwd, --identity, --lab.",
    ],
    ["key -f", "-f is no option of key; it takes what every command --stack, --cwd, --identity, --lab."],
    [
      "--nonsense=1 history",
      "--nonsense is no option of history; it takes --since, --json, and as every command --stack, --cwd, --identity, --lab.",
    ],
    ["status twice", '"twice" is one word too many for status.\n\nUSAGE'],
    ["maintenance on a b", '"b" is one word too many for maintenance.\n\nUSAGE'],
    ["stauts --json", 'There is no command "stauts".\n\nUSAGE'],
    ["constructor", 'There is no command "constructor".\n\nUSAGE'],
    ["--json", "USAGE"],
    ["", "USAGE"],
  ] as const) {
    assert.throws(() => read(line), new Refusal(said, 64), line);
  }
});

test("an option whose value is missing, or that takes none, is named", () => {
  for (const line of ["logs --since", "switchover --to --yes", "status --json=yes"]) {
    assert.throws(() => read(line), new RegExp(/--\w+/.exec(line)![0]), line);
  }
});

test("an option may stand before its command, and some alone", () => {
  const { command, values } = read("--lab --json status --watch");
  assert.deepEqual(
    [command, values.lab, values.json, values.watch],
    ["status", process.env.LAB_NAME ?? "lab", true, "2"],
  );
  assert.equal(read("status --watch 5").values.watch, "5");
  assert.deepEqual(read("drill --from other --from here").values.from, ["other", "here"]);
});

test("what stands behind ssh's node is the node's command, options and help too", () => {
  const { command, words, values, onNode } = read("ssh --lab x a -- journalctl --follow --help");
  assert.deepEqual([command, words, values.lab], ["ssh", ["a"], "x"]);
  assert.deepEqual(onNode, ["journalctl", "--follow", "--help"]);
  assert.deepEqual(read("ssh b uptime --pretty").onNode, ["uptime", "--pretty"]);
  const behind = read("ssh b --lab x --cwd=/srv uptime --lab y");
  assert.deepEqual(behind.onNode, ["uptime", "--lab", "y"]);
  assert.deepEqual([behind.values.lab, behind.values.cwd], ["x", "/srv"]);
  const last = read("ssh b --lab");
  assert.deepEqual([last.values.lab, last.onNode], [process.env.LAB_NAME ?? "lab", []]);
});

test("help is given wherever it is asked for", () => {
  for (const line of ["help", "--help", "status --help", "stauts --help"]) assert.equal(read(line).command, null, line);
});

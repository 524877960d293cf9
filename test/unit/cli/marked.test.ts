/** A command's output in a session whose shell says things of its own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { between, linesBetween, marked } from "../../../cli/ha/reach/marked.ts";

const mark = "0123abcd";
/** What such a session prints: the login's own files, then the command, then whatever comes after. */
function session(command: string, before: string) {
  const script = `${before}\nsh -c '${marked(command, mark).replaceAll("'", "'\\''")}'\ncode=$?; echo goodbye; exit $code`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  return { status, stdout, stderr };
}
const noises = ["", "echo welcome", "printf 'no end of line'", "printf '%s\\n' '---' '{}'", "echo careful >&2"];

test("only the command's own output counts, to the byte, and its exit code", () => {
  for (const noise of noises) {
    const { status, stdout, stderr } = session("printf 'one\\n\\n two'; echo three >&2; exit 7", noise);
    assert.deepEqual([status, between(stdout, mark)], [7, "one\n\n two"], noise);
    assert.equal(between(stderr, mark), "three\n", noise);
  }
  assert.equal(between(session("true", "echo x").stdout, mark), "");
});

test("a command that was never reached has no output, and one that is cut off has what came", () => {
  assert.equal(between("This account is not available\n", mark), null);
  assert.equal(between(`hello\n${mark}\nfirst\nseco`, mark), "first\nseco");
});

test("its lines are passed on as they come, and no others", () => {
  const lines: string[] = [];
  const take = linesBetween(mark, (line) => void lines.push(line));
  for (const line of session("echo '{\"a\":1}'; echo two", "echo noise").stdout.split("\n")) take(line);
  assert.deepEqual(lines, ['{"a":1}', "two"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Column, table } from "../../../terminal/table.ts";

const columns: Column[] = [
  { head: "node" },
  { head: "instance", drop: 2 },
  { head: "took", drop: 1, align: "right" },
  { head: "why", wraps: true },
];
const rows = [
  ["a", "ins-12345678", "3.1 s", "the service fails its check: no process named nginx"],
  ["b", "ins-87654321", "12.0 s", "asked for"],
];
const longest = (lines: string[]) => Math.max(...lines.map((line) => line.length));

test("with room for all, each row is one line, and every column begins where its head does", () => {
  assert.deepEqual(table(columns, rows, Number.POSITIVE_INFINITY), [
    "  node  instance        took  why",
    "  a     ins-12345678   3.1 s  the service fails its check: no process named nginx",
    "  b     ins-87654321  12.0 s  asked for",
  ]);
});

test("the text wraps within what the others leave, before it becomes too narrow to read", () => {
  assert.deepEqual(table(columns, rows, 60), [
    "  node  instance        took  why",
    "  a     ins-12345678   3.1 s  the service fails its check:",
    "                              no process named nginx",
    "  b     ins-87654321  12.0 s  asked for",
  ]);
});

test("text that is cut leaves each row one line", () => {
  const cut = columns.map(({ wraps, ...column }) => (wraps ? { ...column, cuts: true } : column));
  assert.deepEqual(table(cut, rows, 60), [
    "  node  instance        took  why",
    "  a     ins-12345678   3.1 s  the service fails its check: …",
    "  b     ins-87654321  12.0 s  asked for",
  ]);
  assert.deepEqual(table(cut, rows), table(columns, rows));
});

test("columns go before that, the highest first, and no line is wider than the screen", () => {
  assert.deepEqual(table(columns, rows, 46), [
    "  node    took  why",
    "  a      3.1 s  the service fails its check:",
    "                no process named nginx",
    "  b     12.0 s  asked for",
  ]);
  assert.equal(table(columns, rows, 38)[0], "  node  why");
  for (let width = 33; width < 120; width += 1) assert.ok(longest(table(columns, rows, width)) <= width, `${width}`);
});

test("without heads there is no line for them, and without rows nothing", () => {
  assert.deepEqual(table([{ head: "" }, { head: "" }], [["x", "y"]], 80), ["  x  y"]);
  assert.deepEqual(table([{ head: "" }], [], 80), []);
});

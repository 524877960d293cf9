/** The same keys, types and defaults in config/schema.ts, Pulumi.yaml and the README. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { metaOf, schema } from "../../../config/schema.ts";
import { decode } from "../../../config/values.ts";

interface YamlKey {
  type?: string;
  description: string;
  default?: unknown;
  secret?: boolean;
}
const project = parse(readFileSync("Pulumi.yaml", "utf8")) as {
  name: string;
  main: string;
  runtime: { name: string; options: Record<string, unknown> };
  template: { description: string; config: Record<string, { description: string }> };
  config: Record<string, YamlKey>;
};
const names = Object.keys(schema) as (keyof typeof schema)[];

/** Default of a key, undefined for one that is required or derived. */
const defaultOf = (name: keyof typeof schema): unknown => {
  const result = schema[name].safeParse(undefined);
  return result.success ? result.data : undefined;
};

test("Pulumi.yaml has exactly the keys of the schema, described and typed", () => {
  assert.deepEqual(Object.keys(project.config).sort(), [...names].sort());
  for (const name of names) {
    const entry = project.config[name]!;
    // The engine holds a value against its type, and a list may also be a line with commas.
    const { type } = metaOf(name);
    assert.equal(entry.type, type === "array" ? undefined : type, name);
    // The engine takes no default for a secret key, and requires a key without one: a secret is known by the schema alone.
    assert.equal(entry.secret ?? false, false, name);
    assert.ok(entry.description.length > 10, name);
  }
});

test("no key is required by itself; Pulumi.yaml has a default for each, and it means the schema's", () => {
  for (const name of names) {
    const given = project.config[name]!.default;
    assert.ok(given !== undefined && schema[name].safeParse(undefined).success, `${name}: a key without a default`);
    // As the engine hands it over: text, lists and objects as JSON.
    const text = typeof given === "object" ? JSON.stringify(given) : String(given);
    assert.deepEqual(decode(metaOf(name).type, text), defaultOf(name), name);
  }
});

test("the template asks for what a stack can't do without", () => {
  assert.equal(project.main, "index.ts");
  assert.deepEqual(project.runtime, { name: "nodejs", options: { typescript: false } });
  assert.deepEqual(Object.keys(project.template.config), ["tencentcloud:region", "zone", "sshCidrs"]);
});

/** Rows of the README's table: keys of the first column, text of the second. */
function readmeRows(): { keys: string[]; text: string }[] {
  const lines = readFileSync("README.md", "utf8").split("\n");
  const start = lines.indexOf("| key | type, default | changed later |");
  assert.notEqual(start, -1, "the README has no table of keys");
  const end = lines.findIndex((line, i) => i > start && line.trim() === "");
  return lines.slice(start + 2, end === -1 ? undefined : end).map((line) => {
    const [, first = "", text = ""] = line.split(/(?<!\\)\|/);
    const keys = [...first.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name.split(".")[0] ?? "");
    return { keys, text };
  });
}

test("the README's table has exactly the keys of the schema, with their defaults", () => {
  const rows = readmeRows();
  assert.deepEqual(rows.flatMap(({ keys }) => keys).sort(), [...names].sort());
  for (const { keys, text } of rows) {
    for (const name of keys as (keyof typeof schema)[]) {
      const value = defaultOf(name);
      if (value === undefined || typeof value === "object") continue;
      assert.ok(
        text.includes(`\`${String(value)}\``),
        `${name}: the README should show its default, \`${String(value)}\``,
      );
    }
  }
});

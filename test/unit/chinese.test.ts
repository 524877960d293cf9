/** README.zh-CN.md says what README.md says: what is typed, set, counted and linked is the same, section by section. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const sectionsOf = (page: string) => readFileSync(page, "utf8").split(/^## /m);
const [english, chinese] = [sectionsOf("README.md"), sectionsOf("README.zh-CN.md")];

/** What needs no translation: code, link targets into other pages, numbers. */
function facts(text: string): string[] {
  const code = [...text.matchAll(/`([^`]+)`/g)].map(([, one = ""]) => `code ${one.replace(/\s+/g, " ")}`);
  const links = [...text.matchAll(/\]\(([^)#\s][^)\s]*)\)/g)].map(([, to = ""]) => `link ${to}`);
  const words = text.replace(/`[^`]+`/g, "").replace(/\]\([^)]*\)/g, "]");
  const numbers = words.match(/\d+(?:\.\d+)*/g) ?? [];
  return [...code, ...links.filter((to) => !to.startsWith("link README")), ...numbers].sort();
}

const fence = /^```(.*)\n([\s\S]*?)^```$/gm;

/** Blocks of a section as they are typed: tags and lines, without comments. */
const blocksOf = (text: string) =>
  [...text.matchAll(fence)].map(([, info, body = ""]) => [info, body.replace(/(^|\s)+# .*$/gm, "")]);

/** The parts that are compared one by one: rows of a table, points of a list, the rest. */
const rowsOf = (text: string) => text.split("\n").filter((line) => line.startsWith("| "));
const pointsOf = (text: string) => text.match(/^(?:- |\d\. ).*(?:\n +.*)*/gm) ?? [];

test("the Chinese README has the sections of the English one, with the same commands, keys, numbers and links", () => {
  assert.equal(chinese.length, english.length);
  english.forEach((section, n) => {
    const [title = ""] = section.split("\n");
    const other = chinese[n] ?? "";
    assert.deepEqual(blocksOf(other), blocksOf(section), `the commands of "${title}"`);
    for (const partsOf of [rowsOf, pointsOf]) {
      // The first row of a table is its head.
      const [ours, theirs] = [partsOf(section), partsOf(other)];
      assert.equal(theirs.length, ours.length, `rows or points of "${title}"`);
      ours.forEach((part, i) => {
        assert.deepEqual(facts(theirs[i] ?? ""), facts(part), `in "${title}": ${part}`);
      });
    }
    const plain = (text: string) => facts(text.replace(fence, "").replace(/^[^\n]*\n/, ""));
    assert.deepEqual(plain(other), plain(section), `in "${title}"`);
  });
});

test("the keys stand in the first column in the same order", () => {
  const keys = (sections: string[]) => rowsOf(sections.join("\n")).map((row) => row.split("|")[1]);
  assert.deepEqual(keys(chinese).slice(1), keys(english).slice(1));
});

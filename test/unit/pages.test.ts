/** The pages lead where they say: links and anchors, the index, and the README's commands. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { blocksOf } from "../support/page.ts";

const pages = [...globSync("*.md"), ...globSync("docs/**/*.md")].sort();
const texts = new Map(pages.map((page) => [page, readFileSync(page, "utf8")]));
const textOf = (page: string) => texts.get(page) ?? "";

/** A page without its blocks of code: a `# comment` there is no heading, and `](` no link. */
const prose = (text: string) => text.replace(/^( *)(`{3,})[^\n]*\n[\s\S]*?^\1\2$/gm, "");

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = [...prose(textOf(page)).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = ""]) => {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = shown.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(anchors);
}

/** Links into the repository: the file, from its root, and the anchor, empty without one. */
const linksOf = (page: string) =>
  [...prose(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, to = ""]) => {
    if (/^[a-z]+:/.test(to)) return [];
    const [file = "", anchor = ""] = to.split("#");
    return [{ to, file: file === "" ? page : normalize(join(dirname(page), file)), anchor }];
  });

test("every link of the pages leads to a file that is there, and to a heading of it", () => {
  const links = pages.flatMap((page) => linksOf(page).map((link) => ({ page, ...link })));
  assert.ok(links.filter(({ anchor }) => anchor !== "").length > 20, `${links.length} links`);
  const broken = links.filter(
    ({ file, anchor }) => !existsSync(file) || (anchor !== "" && !(texts.has(file) && anchorsOf(file).has(anchor))),
  );
  assert.deepEqual(
    broken.map(({ page, to }) => `${page}: ${to}`),
    [],
  );
});

test("docs/README.md, to which the README points, leads to every page", () => {
  const index = "docs/README.md";
  const reached = new Set([index, ...linksOf(index).map(({ file }) => file)]);
  assert.deepEqual(
    pages.filter((page) => !page.startsWith("README") && !reached.has(page)),
    [],
  );
  assert.ok(linksOf("README.md").some(({ file }) => file === index));
});

/** Where a block of commands is typed: in the lab, on a stack in the cloud, or by who works on the program. */
const tags = ["lab", "cloud", "test"];

test("each block of the README's is tagged with where it is typed, and the README is no longer than one reads", () => {
  const blocks = blocksOf("README.md");
  assert.equal(textOf("README.md").match(/^ *```/gm)?.length, 2 * blocks.length, "a block that is no block");
  const commands = blocks.filter(({ language }) => language !== "text");
  assert.ok(commands.length > 4);
  for (const { language, tags: where } of commands) {
    assert.equal(language, "sh");
    assert.ok(where.length > 0 && where.every((tag) => tags.includes(tag)), `sh ${where.join(" ")}`);
  }
  assert.ok(textOf("README.md").trimEnd().split("\n").length <= 220);
});

test("each npm script that a page names is there", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  // What an older version had may stand in the changelog.
  const named = pages
    .filter((page) => page !== "CHANGELOG.md")
    .flatMap((page) =>
      [...textOf(page).matchAll(/npm run ([a-z]+(?:[:-][a-z]+)*)/g)].map(([, script = ""]) => ({ page, script })),
    );
  assert.ok(named.length > 50);
  assert.deepEqual(
    named.filter(({ script }) => !(script in scripts)),
    [],
  );
});

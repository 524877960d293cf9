/** The blocks of commands in a page, as they stand there: what a test types is what a reader would. */
import { readFileSync } from "node:fs";

export interface Line {
  /** Without the remark behind it. */
  typed: string;
  remark: string;
}

export interface Block {
  /** `sh`, `text`; empty where the page says nothing. */
  language: string;
  /** Where it is typed: the words behind the language. */
  tags: string[];
  lines: Line[];
}

/** Every block between fences. @param page a file of the project's, from its root */
export function blocksOf(page: string): Block[] {
  const fences = readFileSync(page, "utf8").matchAll(/^```(.*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, info = "", body = ""]) => {
    const [language = "", ...tags] = info.split(" ").filter(Boolean);
    const lines = body.split("\n").filter((line) => line.trim() !== "");
    return { language, tags, lines: lines.map(lineOf) };
  });
}

function lineOf(line: string): Line {
  const [, typed = "", remark = ""] = /^(.*?)(?:(?:^|\s+)# (.*))?$/.exec(line) ?? [];
  return { typed: typed.trim(), remark };
}

/** What is typed in a page's blocks with a tag, in order. */
export const typedIn = (page: string, tag: string): string[] =>
  blocksOf(page)
    .filter(({ tags }) => tags.includes(tag))
    .flatMap(({ lines }) => lines.map(({ typed }) => typed))
    .filter((typed) => typed !== "");

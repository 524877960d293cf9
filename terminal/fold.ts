/** Lines that are longer than the screen. */
import { stripVTControlCharacters } from "node:util";
import { screenWidth } from "./width.ts";

const indentOf = (line: string): string => /^ */.exec(line)?.[0] ?? "";

/** A line as several of at most so many characters, the later ones further in; a word that is longer than that stays whole. */
export function fold(line: string, width: number): string[] {
  if (stripVTControlCharacters(line).length <= width) return [line];
  const indent = indentOf(line);
  const lines: string[] = [];
  let current = indent;
  for (const word of line.trim().split(" ")) {
    const longer = current.trim() === "" ? `${current}${word}` : `${current} ${word}`;
    if (stripVTControlCharacters(longer).length > width && current.trim() !== "") {
      lines.push(current);
      current = `${indent}  ${word}`;
    } else {
      current = longer;
    }
  }
  return [...lines, current];
}

/** Its beginning, in so many characters. @param line without colours */
export const cut = (line: string, width: number): string =>
  line.length <= width ? line : `${line.slice(0, width - 1)}…`;

/** A text whose lines fit the screen. @param width without it this terminal's; what goes to a file or a pipe stays as it is */
export const folded = (text: string, width: number = screenWidth()): string =>
  text
    .split("\n")
    .flatMap((line) => fold(line, width))
    .join("\n");

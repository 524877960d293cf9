/** Tables as lines. Columns go before rows wrap; where nothing is left to go, only the column that is text wraps or is cut. */
import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import { faint } from "./colours.ts";
import { screenWidth } from "./width.ts";

export interface Column {
  head: string;
  /** The column with the highest goes first where the screen is too narrow; one without stays. */
  drop?: number;
  /** Text of any length: has what the others leave, and wraps in it, or is cut to it. At most one of a table. */
  wraps?: boolean;
  cuts?: boolean;
  align?: "left" | "right";
}

const above = { top: "", "top-mid": "", "top-left": "", "top-right": "" };
const below = { bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" };
const noLines = { ...above, left: "", "left-mid": "", mid: "", "mid-mid": "", "right-mid": "", right: "", ...below };
const indent = "  ";
const gap = "  ";
/** A column of text that is narrower is no column to read. */
const narrowest = 24;

const isText = (column: Column | undefined): boolean => !!(column?.wraps || column?.cuts);
const widthOf = (text: string): number => stripVTControlCharacters(text).length;

/** Which columns are shown, and how wide the one that wraps then is; null where nothing has to wrap. */
function fit(columns: Column[], cells: string[][], width: number): { shown: number[]; textWidth: number | null } {
  const natural = columns.map((_, n) => Math.max(...cells.map((row) => widthOf(row[n] ?? ""))));
  let shown = columns.map((_, n) => n);
  for (;;) {
    const text = shown.find((n) => isText(columns[n]));
    const all = shown.reduce((sum, n) => sum + natural[n]!, 0) + gap.length * (shown.length - 1);
    const least = text === undefined ? all : all - natural[text]! + Math.min(natural[text]!, narrowest);
    const dropped = least <= width ? undefined : latest(columns, shown);
    if (dropped === undefined) {
      const left = text === undefined || all <= width ? null : width - (all - natural[text]!);
      return { shown, textWidth: left === null ? null : Math.max(left, narrowest) };
    }
    shown = shown.filter((n) => n !== dropped);
  }
}

/** The column that goes next. */
const latest = (columns: Column[], shown: number[]): number | undefined =>
  shown
    .filter((n) => columns[n]?.drop !== undefined)
    .sort((x, y) => columns[y]!.drop! - columns[x]!.drop!)
    .at(0);

/**
 * Rows as lines of equal columns, indented by two, under a head, unless all heads are empty.
 * @param rows cells without line feeds; what others have said comes through printable.ts first
 * @param width of the screen, in characters; without it this terminal's
 */
export function table(columns: Column[], rows: string[][], width: number = screenWidth()): string[] {
  const heads = columns.map(({ head }) => head);
  const withHead = heads.some((head) => head !== "");
  const { shown, textWidth } = fit(columns, withHead ? [heads, ...rows] : rows, width - indent.length);
  const drawn = new Table({
    chars: { ...noLines, middle: gap },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: shown.map((n) => columns[n]?.align ?? "left"),
    colWidths: shown.map((n) => (isText(columns[n]) ? textWidth : null)),
    wordWrap: textWidth !== null && columns.some(({ wraps }) => wraps),
  });
  const kept = (row: string[]) => shown.map((n) => row[n] ?? "");
  if (withHead) drawn.push(kept(heads).map(faint));
  drawn.push(...rows.map(kept));
  return drawn.length === 0
    ? []
    : drawn
        .toString()
        .split("\n")
        .map((line) => `${indent}${line}`.trimEnd());
}

/** The same as Markdown: for a page, and readable as it stands. Its columns are as wide as they are. */
export function markdown(columns: Pick<Column, "head" | "align">[], rows: string[][]): string[] {
  const drawn = new Table({
    chars: { ...noLines, left: "| ", middle: " | ", right: " |" },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: columns.map(({ align }) => align ?? "left"),
  });
  drawn.push(
    columns.map(({ head }) => head),
    columns.map(({ align }) => (align === "right" ? "--:" : "---")),
    ...rows,
  );
  return drawn.toString().split("\n");
}

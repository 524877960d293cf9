/** A screen against its golden text, at two widths. `UPDATE_GOLDEN=1` rewrites these. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "screens");
const widths = [100, 60];

/** @param draw gives the text for a terminal of so many characters */
export function screenTest(name: string, draw: (width: number) => string): void {
  for (const width of widths) {
    test(`${name}, at ${width} columns`, () => {
      const [file, text] = [join(folder, `${name}.${width}.txt`), `${draw(width)}\n`];
      if (process.env.UPDATE_GOLDEN === "1") {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, text);
      }
      assert.ok(existsSync(file), `${file} is missing; UPDATE_GOLDEN=1 writes it`);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }
}

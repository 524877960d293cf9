/** What `npm install` says and does for somebody new. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = <T>(file: string): T => JSON.parse(readFileSync(file, "utf8")) as T;

test("every package that wants to run something at its installation is allowed to, or not: npm warns of others", () => {
  const { allowScripts } = read<{ allowScripts: Record<string, boolean> }>("package.json");
  const { packages } = read<{ packages: Record<string, { hasInstallScript?: boolean; link?: boolean }> }>(
    "package-lock.json",
  );
  const wanting = Object.entries(packages).filter(([path, { hasInstallScript }]) => path !== "" && hasInstallScript);
  // npm names a package by its name, and one of a folder by that.
  const names = wanting.map(([path]) =>
    /node_modules/.test(path) ? path.replace(/.*node_modules\//, "") : `file:${path}`,
  );
  assert.deepEqual(Object.keys(allowScripts).sort(), [...new Set(names)].sort());
});

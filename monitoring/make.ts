/** `npm run monitoring`: writes what is made from code, and committed for those who only take the files. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { dashboard } from "./dashboard.ts";
import { rulesTest } from "./rulesTest.ts";

/** Name in this folder -> what it has to hold. */
export const made = (): Record<string, string> => ({
  "rules_test.yml": rulesTest(),
  "dashboard.json": `${JSON.stringify(dashboard(), null, 2)}\n`,
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, text] of Object.entries(made())) writeFileSync(join(import.meta.dirname, name), text);
}

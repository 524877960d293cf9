/**
 * `npm run monitoring:record -- --lab NAME`: writes down in docs/pictures/dashboard.json what that lab's Prometheus has had to
 * show since `npm run lab -- monitor` started it; `npm run pictures` draws it.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { labCommand } from "../../terminal/typed.ts";
import { pairsOf } from "../pair/inspect.ts";
import { prometheusSays } from "./command.ts";
import { type Shown, shownBy } from "./panels.ts";

const data = join(import.meta.dirname, "..", "..", "docs", "pictures", "dashboard.json");
const stepS = 2;

async function record(lab: string): Promise<Shown> {
  const [pair] = await pairsOf(lab);
  if (!pair) throw new Error(`There is no pair in a lab named "${lab}". Make one with "${labCommand("", lab)}".`);
  const { startTime } = await prometheusSays<{ startTime: string }>(lab, "status/runtimeinfo");
  return shownBy((path, query) => prometheusSays(lab, path, query), pair.pair, Date.parse(startTime) / 1000, stepS);
}

const { lab } = parseArgs({ options: { lab: { type: "string", default: "lab" } } }).values;
const { panels, ...rest } = await record(lab);
const lines = panels.map((panel) => JSON.stringify(panel)).join(",\n");
writeFileSync(data, `${JSON.stringify(rest).slice(0, -1)},"panels":[\n${lines}\n]}\n`);

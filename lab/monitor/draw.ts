/**
 * `npm run monitoring:picture`: draws docs/monitoring.svg from docs/monitoring.json. With --lab NAME it first writes down there
 * what that lab's Prometheus has had to show since `npm run lab -- monitor` started it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pairsOf } from "../pair/inspect.ts";
import { prometheusSays } from "./command.ts";
import { readPanels, type Shown, shownBy } from "./panels.ts";
import { dashboardSvg } from "./picture.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
const stepS = 2;

async function record(lab: string): Promise<Shown> {
  const [pair] = await pairsOf(lab);
  if (!pair) throw new Error(`There is no pair in a lab named "${lab}". Make one with "npm run lab".`);
  const { startTime } = await prometheusSays<{ startTime: string }>(lab, "status/runtimeinfo");
  return shownBy((path, query) => prometheusSays(lab, path, query), pair.pair, Date.parse(startTime) / 1000, stepS);
}

const { lab } = parseArgs({ options: { lab: { type: "string" } } }).values;
const data = join(docs, "monitoring.json");
if (lab !== undefined) {
  const { panels, ...rest } = await record(lab);
  const lines = panels.map((panel) => JSON.stringify(panel)).join(",\n");
  writeFileSync(data, `${JSON.stringify(rest).slice(0, -1)},"panels":[\n${lines}\n]}\n`);
}
const shown = JSON.parse(readFileSync(data, "utf8")) as Shown;
writeFileSync(join(docs, "monitoring.svg"), dashboardSvg(readPanels(), shown));

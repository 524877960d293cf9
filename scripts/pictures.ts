/**
 * npm run pictures [-- --status FILE --svg FILE]
 * Draws the pictures of the pages from what was measured, or a pair of yours from what `npm run ha -- status --json` tells.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { timelineSvg } from "../lab/bench/svg.ts";
import { readPanels } from "../lab/monitor/panels.ts";
import { dashboardSvg } from "../lab/monitor/picture.ts";
import { failoverSvg } from "../picture/failover.ts";
import { topologySvg } from "../picture/topology.ts";
import { messageOf } from "../terminal/problem.ts";

const usage = `npm run pictures                              draws the pictures of the pages again, from what was measured
npm run pictures -- --status FILE --svg FILE  draws a pair of yours: npm run --silent ha -- status --json > FILE`;

const read = (file: string) => JSON.parse(readFileSync(file, "utf8"));

/** The pictures of the pages, by file: each is drawn from the JSON beside it. */
export const made = (): Record<string, string> => ({
  "docs/pictures/topology.svg": topologySvg(read("docs/pictures/topology.json")),
  "docs/pictures/failover.svg": failoverSvg(read("docs/pictures/failover.json")),
  "docs/pictures/dashboard.svg": dashboardSvg(readPanels(), read("docs/pictures/dashboard.json")),
  "docs/bench.svg": timelineSvg(read("docs/bench.json")),
});

function main(): void {
  const options = { status: { type: "string" }, svg: { type: "string" }, help: { type: "boolean" } } as const;
  const { values } = parseArgs({ options });
  const { status, svg } = values;
  if (values.help || (status === undefined) !== (svg === undefined)) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 64;
  } else if (status !== undefined && svg !== undefined) {
    writeFileSync(svg, topologySvg(read(status)));
  } else {
    for (const [file, drawn] of Object.entries(made())) writeFileSync(file, drawn);
  }
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}

/** The project's own rules and example, for the lab's pair and, so that nobody waits for minutes, as if time were shorter. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { CloudPair } from "../pairs.ts";

const folder = join(import.meta.dirname, "..", "..", "monitoring");
const unitsS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration of Prometheus' divided by a number, in whole seconds, two at least: a scrape and an evaluation. */
function divided(duration: string, times: number): string {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const seconds = Number(count) * (unitsS[unit] ?? Number.NaN);
  if (Number.isNaN(seconds)) throw new Error(`monitoring/rules.yml has a duration that is not read here: ${duration}`);
  return `${Math.max(2, Math.round(seconds / times))}s`;
}

interface Rules {
  groups: { interval: string; rules: { expr: string; for?: string }[] }[];
}

/** rules.yml with each `for`, each range and the interval divided; what an expression compares with stays as it is. */
export function fasterRules(times: number): string {
  const rules = parse(readFileSync(join(folder, "rules.yml"), "utf8")) as Rules;
  for (const group of rules.groups) {
    group.interval = divided(group.interval, times);
    for (const rule of group.rules) {
      rule.expr = rule.expr.replaceAll(/\[(\w+)\]/g, (_, range: string) => `[${divided(range, times)}]`);
      if (rule.for) rule.for = divided(rule.for, times);
    }
  }
  return stringify(rules);
}

interface Config {
  global: { scrape_interval: string; scrape_timeout?: string; evaluation_interval: string };
  scrape_configs: { job_name: string; static_configs: { targets: string[]; labels: Record<string, string> }[] }[];
}

/** prometheus.example.yml with this pair in the place of its own. */
export function labConfig(times: number, { pair, vip, nodes }: CloudPair): string {
  const config = parse(readFileSync(join(folder, "prometheus.example.yml"), "utf8")) as Config;
  const interval = divided(config.global.scrape_interval, times);
  config.global = { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval };
  const target = (address: string, labels: Record<string, string>) => ({
    targets: [`${address}:9100`],
    labels: { pair, ...labels },
  });
  for (const job of config.scrape_configs) {
    job.static_configs =
      job.job_name === "keepalived-vip"
        ? (["a", "b"] as const).map((node) => target(nodes[node].address, { node }))
        : [target(vip, {})];
  }
  return stringify(config);
}

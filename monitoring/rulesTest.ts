/** rules_test.yml: every story at once, each with a pair of its own, and at some moments all alerts that fire then. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Document, parse, visit } from "yaml";
import { inputSeries, stepS } from "./pairs.ts";
import { begin, end, type Firing, stories, told } from "./stories.ts";

export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: Record<"summary" | "description" | "runbook_url", string>;
}

export const readRules = (): Rule[] =>
  (
    parse(readFileSync(join(import.meta.dirname, "rules.yml"), "utf8")) as { groups: { rules: Rule[] }[] }
  ).groups.flatMap(({ rules }) => rules);

/** Minutes at which the alerts that fire are compared: well, then each `for` has passed, then well again. */
const moments = [5, 9.5, 10.5, 11.5, 12.5, 13.5, 14, 16, 20.5, 21.5, 23, 25, 28, 30, 35, 44];
/** Minutes at which the words of all alerts are compared. */
const readAt = [14, 23];

/** What the recording rules say. At this second every pair that was not served for 14 minutes was so for half of the time. */
const half = 1665;
const recorded = [
  // Each pair has its line, whatever of it is missing.
  ...["pair:keepalived_vip_serving:bool", "pair:keepalived_vip_masters:sum"].map((metric) => ({
    expr: `count(${metric})`,
    eval_time: "16m",
    exp_samples: [{ labels: "{}", value: stories.length }],
  })),
  {
    expr: "pair:keepalived_vip_serving:bool == 0",
    eval_time: "16m",
    exp_samples: ["asleep", "dark", "deaf", "kept", "served", "silent", "unasked", "unseen"].map((pair) =>
      sample("serving:bool", pair, 0),
    ),
  },
  recordedAs("availability:ratio_1d", "silent", 0.5),
  recordedAs("availability:ratio_30d", "silent", 0.5),
  recordedAs("availability:ratio_1d", "unasked", 0.5),
  recordedAs("availability:ratio_1d", "well", 1),
  recordedAs("time_to_recover_seconds:mean_30d", "silent", (end - begin) * 60),
  { expr: 'pair:keepalived_vip_time_to_recover_seconds:mean_30d{pair="well"}', eval_time: `${half}s`, exp_samples: [] },
  recordedAs("last_move_seconds:sum", "well", 2.75),
  recordedAs("last_move_seconds:max_30d", "well", 2.75),
  recordedAs("last_move_seconds:max_30d", "failover", 9.25),
];

function sample(metric: string, pair: string, value: number) {
  return { labels: `pair:keepalived_vip_${metric}{pair="${pair}"}`, value };
}

function recordedAs(metric: string, pair: string, value: number) {
  const one = sample(metric, pair, value);
  return { expr: one.labels, eval_time: `${half}s`, exp_samples: [one] };
}

const minutesOf = (duration = "0m") => Number(/^(\d+)m$/.exec(duration)?.[1]);

/** The text of rules_test.yml. */
export function rulesTest(): string {
  const rules = new Map(readRules().flatMap((rule) => (rule.alert ? [[rule.alert, rule] as const] : [])));
  const ruleOf = ({ alert }: Firing): Rule => {
    const rule = rules.get(alert);
    if (!rule) throw new Error(`there is no alert ${alert}`);
    return rule;
  };
  const firing = stories.flatMap(({ name: pair, fires }) => fires.map((one) => ({ pair, ...one })));
  const at = (minute: number) =>
    firing.filter((one) => {
      const { from = begin + minutesOf(ruleOf(one).for), until = end } = one;
      return from <= minute && minute < until;
    });
  const labelsOf = (one: (typeof firing)[number]) => ({
    ...one.labels,
    pair: one.pair,
    severity: ruleOf(one).labels.severity,
  });
  const selector = (labels: Record<string, string>) =>
    `{${Object.entries(labels)
      .map(([name, value]) => `${name}="${value}"`)
      .join(", ")}}`;
  const description = ({ alert, pair, labels, says }: (typeof firing)[number]) => says ?? told[alert]?.(pair, labels);

  const firingAt = (minute: number) => ({
    expr: 'ALERTS{alertstate="firing"}',
    eval_time: `${minute * 60}s`,
    exp_samples: at(minute).map((one) => ({
      labels: `ALERTS${selector({ alertname: one.alert, alertstate: "firing", ...labelsOf(one) })}`,
      value: 1,
    })),
  });
  const wordsAt = (minute: number, rule: Rule) => ({
    eval_time: `${minute}m`,
    alertname: rule.alert,
    exp_alerts: at(minute)
      .filter(({ alert }) => alert === rule.alert)
      .map((one) => ({
        exp_labels: labelsOf(one),
        exp_annotations: { ...rule.annotations, description: description(one) },
      })),
  });
  const test = {
    interval: `${stepS}s`,
    input_series: stories.flatMap(({ name, pair }) => inputSeries(name, pair)),
    promql_expr_test: [...moments.map(firingAt), ...recorded],
    alert_rule_test: readAt.flatMap((minute) => [...rules.values()].map((rule) => wordsAt(minute, rule))),
  };
  const text = new Document({ rule_files: ["rules.yml"], evaluation_interval: `${stepS}s`, tests: [test] });
  // A series, a sample and an alert are a line each.
  const lines = ["series", "labels", "exp_labels"];
  visit(text, { Map: (_, map) => void (lines.some((key) => map.has(key)) && Object.assign(map, { flow: true })) });
  text.commentBefore = " Made by `npm run monitoring` from stories.ts. promtool test rules rules_test.yml";
  return text.toString({ lineWidth: 0 });
}

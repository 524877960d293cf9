/** What the rules read exists, and what they say is in the documentation: all of it, and nothing else. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dashboard, queriesOf } from "../../monitoring/dashboard.ts";
import { made } from "../../monitoring/make.ts";
import { readRules } from "../../monitoring/rulesTest.ts";

const page = (name: string) => readFileSync(join("docs", name), "utf8");
const rules = readRules();
const alerts = rules.filter(({ alert }) => alert !== undefined);
/** The rows of the first table after a heading, as cells without their code marks. */
const table = (text: string, heading: string) => {
  const rows =
    text
      .split(`\n${heading}\n`)[1]
      ?.split(/^\|(?:---\|)+\n/m)[1]
      ?.split("\n\n")[0] ?? "";
  return rows.split("\n").map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
};

test("what is made from code is what the code makes: npm run monitoring", () => {
  for (const [name, text] of Object.entries(made())) {
    assert.equal(readFileSync(join("monitoring", name), "utf8"), text, name);
  }
});

test("every alert has what an alert has to have, and its section in the runbook, which has no other", () => {
  for (const { alert = "", labels, annotations } of alerts) {
    assert.match(alert, /^Vip([A-Z][a-z]+)+$/);
    assert.deepEqual(Object.keys(labels), ["severity"], alert);
    assert.match(labels.severity, /^(critical|warning|info)$/, alert);
    assert.deepEqual(Object.keys(annotations), ["summary", "description", "runbook_url"], alert);
    assert.doesNotMatch(annotations.summary, /\{\{/, alert);
    assert.match(annotations.description, /\$labels\.pair/, alert);
    assert.equal(annotations.runbook_url, `docs/runbook.md#${alert.toLowerCase()}`);
  }
  const sections = [...page("runbook.md").matchAll(/^### (Vip\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    sections,
    alerts.map(({ alert }) => alert),
  );
});

test("docs/monitoring.md has every alert and every recorded series, and no other", () => {
  const text = page("monitoring.md");
  assert.deepEqual(
    table(text, "## Alerts").map(([alert, severity, lasts]) => [alert, severity, lasts]),
    alerts.map(({ alert, labels, for: lasts }) => [alert, labels.severity, lasts ?? ""]),
  );
  assert.deepEqual(
    table(text, "## Recorded series").map(([name]) => name),
    rules.flatMap(({ record }) => record ?? []),
  );
});

/** Of others: Prometheus itself, node_exporter, blackbox_exporter. */
const foreign = ["up", "ALERTS", "node_time_seconds", "probe_success"];
/** What node.md says of our own; test/python/test_docs.py holds that against the code. */
const metrics = new Map(table(page("node.md"), "## Metrics").map(([name = "", , , meaning = ""]) => [name, meaning]));
const recorded = rules.flatMap(({ record }) => record ?? []);

/** What rules and dashboard ask Prometheus. */
const queries = [
  ...rules.map(({ expr, annotations }) => `${expr} ${annotations?.description ?? ""}`),
  ...queriesOf(dashboard(), "one"),
];

test("every series that a rule or the dashboard reads is told by the nodes, recorded, or of an exporter that is named", () => {
  assert.ok(metrics.size > 15);
  for (const text of queries) {
    const read = text.match(/(?:pair:)?\bkeepalived_vip_\w+(?::\w+)?|\b(?:up|ALERTS|node_\w+|probe_\w+)(?=\{)/g) ?? [];
    assert.ok(read.length > 0, text);
    for (const name of read) {
      assert.ok(metrics.has(name) || recorded.includes(name) || foreign.includes(name), `${name} in ${text}`);
    }
  }
});

test("every series that a node tells is looked at by an alert or on the dashboard", () => {
  const all = queries.join(" ");
  const unread = [...metrics.keys()].filter((name) => !new RegExp(`\\b${name}\\b`).test(all));
  // For other eyes: whoever asks when it became what it is.
  assert.deepEqual(unread, [
    "keepalived_vip_role_since_timestamp_seconds",
    "keepalived_vip_address_present",
    "keepalived_vip_cloud_owner",
    // Only where connections are kept, which is off by default: a panel of them would be empty for most.
    "keepalived_vip_connections",
    "keepalived_vip_connections_forwarded_packets_total",
    "keepalived_vip_connections_forwarded_bytes_total",
    "keepalived_vip_connections_reset_total",
  ]);
});

test("the dashboard has a row that is repeated for each pair, and every panel under it is about that pair", () => {
  const panels = dashboard().panels ?? [];
  const row = panels.findIndex((panel) => panel.type === "row" && panel.repeat === "pair");
  assert.ok(row > 0);
  const below = queriesOf({ ...dashboard(), panels: panels.slice(row) }, "one");
  assert.equal(below.length, panels.length - row - 1);
  for (const expr of below) assert.match(expr, /pair="one"/);
});

test("every value of a label that a rule asks for is one that the nodes tell", () => {
  const runtime = readFileSync("templates/etc/keepalived/keepalived_vip/metrics.py", "utf8");
  const values = (list: string) =>
    new RegExp(`^${list} = \\(([^)]*)\\)`, "m").exec(runtime)?.[1]?.match(/[a-z-]+/g) ?? [];
  const known: Record<string, string[]> = { role: values("ROLES"), what: values("TROUBLES"), reason: values("DRAINS") };
  let asked = 0;
  for (const { expr } of rules) {
    for (const [, label = "", , value = ""] of expr.matchAll(/\b(role|what|reason)(=|=~|!~)"([^"]*)"/g)) {
      for (const one of value.split("|")) assert.ok(known[label]?.includes(one), `${label} ${one}`);
      asked += 1;
    }
  }
  assert.ok(asked > 10);
});

test("every rule speaks of the jobs that the example has", () => {
  const example = readFileSync("monitoring/prometheus.example.yml", "utf8");
  const jobs = [...example.matchAll(/job_name: (\S+)/g)].map(([, name]) => name);
  assert.equal(jobs.length, 3);
  for (const { expr } of rules) {
    for (const [, job] of expr.matchAll(/job="([^"]*)"/g)) assert.ok(jobs.includes(job), job);
    // Without one, what is asked by the VIP would count as a third node.
    const selectors = expr.match(/(?<!:)\b(keepalived_vip_\w+|up|node_\w+|probe_\w+)\{[^}]*\}/g) ?? [];
    for (const one of selectors) assert.match(one, /job="/, one);
    assert.doesNotMatch(expr, /(?<!:)\bkeepalived_vip_\w+(?![\w{:])/, expr);
  }
});

/** The rules as Prometheus itself takes them, and what they say of pairs to which something happens. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensurePrometheus } from "../../lab/monitor/prometheus.ts";
import { dashboard, queriesOf } from "../../monitoring/dashboard.ts";

const { promtool } = await ensurePrometheus();

function tool(args: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: "monitoring", encoding: "utf8" });
  return { status, said: stdout + stderr };
}

test("Prometheus takes the rules, and finds nothing to complain of", () => {
  const { status, said } = tool(["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"]);
  assert.equal(status, 0, said);
});

test("Prometheus takes the example, which has the rules", () => {
  const { status, said } = tool(["check", "config", "prometheus.example.yml"]);
  assert.equal(status, 0, said);
  assert.match(said, /rule files found/);
});

test("Prometheus understands every query of the dashboard", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dashboard-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const rules = queriesOf(dashboard(), "one").map((expr, index) => ({ record: `query:${index}`, expr }));
  writeFileSync(join(folder, "queries.yml"), JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  const { status, said } = tool(["check", "rules", join(folder, "queries.yml")]);
  assert.equal(status, 0, said);
  assert.match(said, new RegExp(`SUCCESS: ${rules.length} rules found`));
});

test("each alert fires when it has to, says what it has to, resolves, and nothing else fires", () => {
  const { status, said } = tool(["test", "rules", "rules_test.yml"]);
  assert.equal(status, 0, said.slice(0, 5000));
});

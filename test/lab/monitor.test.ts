/** The alerts on a real pair, by Debian's Prometheus and node_exporter: what fires while something is wrong, and nothing else. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { prometheusSays } from "../../lab/monitor/command.ts";
import { dashboard, queriesOf } from "../../monitoring/dashboard.ts";
import { Lab, labCommand, until } from "../support/lab.ts";

const lab = new Lab("tmo");
let prometheus: ChildProcess;
let pair = "";
let startedS = 0;
/** So much shorter is what the rules wait for. They are those of rules.yml but for that. */
const faster = 10;

before(async () => {
  await lab.run("up", "--set", "servicePorts=80,9100");
  const status = await lab.converged();
  pair = status.pair;
  await lab.makeMaster("a");
  prometheus = spawn(process.execPath, labCommand(["monitor", "--faster", String(faster)]), {
    env: { ...process.env, LAB_NAME: lab.name },
    stdio: "inherit",
  });
  startedS = Date.now() / 1000;
  await until("Prometheus sees both nodes and the VIP", async () => {
    const targets = await ask('sum(up) == 3 and sum(keepalived_vip_up{job="keepalived-vip"}) == 2').catch(() => []);
    return targets.length > 0;
  });
});

after(async () => {
  prometheus?.kill("SIGTERM");
  if (prometheus?.exitCode === null) await once(prometheus, "exit");
  await lab.run("down");
});

type Sample = { metric: Record<string, string> };
const ask = async (query: string) => (await prometheusSays<{ result: Sample[] }>(lab.name, "query", { query })).result;

const named = (samples: Sample[]) =>
  samples.map(({ metric: { alertname, node } }) => [alertname, node].filter(Boolean).join(" ")).sort();
/** What fires now, or did since. */
const firing = async () => named(await ask('ALERTS{alertstate="firing"}'));
const fired = async (sinceMs: number) => {
  const seconds = Math.ceil((Date.now() - sinceMs) / 1000);
  return named(await ask(`count by (alertname, node) (count_over_time(ALERTS{alertstate="firing"}[${seconds}s]))`));
};

/** Something is wrong until these fire, then it is undone, and all have to resolve. @param also may fire as well */
async function sees(
  what: string,
  wrong: () => Promise<unknown>,
  undo: () => Promise<unknown>,
  alerts: string[],
  also: string[] = [],
) {
  await until("nothing fires", async () => (await firing()).length === 0);
  const beganMs = Date.now();
  await wrong();
  await until(`${what}: ${alerts.join(", ")} fires`, async () => {
    const now = await firing();
    return alerts.every((alert) => now.includes(alert));
  });
  await undo();
  await until(`${what}: all is well again`, async () => (await firing()).length === 0);
  const others = (await fired(beganMs)).filter((alert) => !alerts.includes(alert) && !also.includes(alert));
  assert.deepEqual(others, [], what);
}

const on = (node: string, command: string) => lab.run("ssh", node, command);
const heal = () => lab.run("heal");

test("the standby's service is stopped", () =>
  sees(
    "service",
    () => on("b", "systemctl stop keepalived-vip"),
    () => on("b", "systemctl start keepalived-vip"),
    ["VipAgentDown b"],
  ));

test("the standby's keepalived is stopped", () =>
  sees("keepalived", () => lab.run("fail", "b", "--how", "keepalived-stop"), heal, ["VipStandbyNotReady b"]));

const link = "/var/lib/prometheus/node-exporter/keepalived_vip.prom";
test("the metrics of the standby are lost", () =>
  sees(
    "link",
    () => on("b", `mv ${link} /root`),
    () => on("b", `mv /root/keepalived_vip.prom ${link}`),
    ["VipMetricsStale b"],
  ));

test("Prometheus loses the MASTER, which serves on", () =>
  sees(
    "node_exporter",
    () => on("a", "systemctl stop prometheus-node-exporter"),
    () => on("a", "systemctl start prometheus-node-exporter"),
    ["VipAgentDown a"],
  ));

test("the cloud's API is down", () =>
  sees("API", () => lab.run("fail", "a", "--how", "api-down"), heal, ["VipCloudApiFailing a", "VipCloudApiFailing b"]));

test("the nodes do not hear each other", () =>
  // Each takes the VIP from the other, now and then.
  sees(
    "partition",
    () => lab.run("fail", "a", "--how", "partition"),
    heal,
    ["VipTwoMasters"],
    ["VipMoved", "VipFlapping"],
  ));

test("every query of the dashboard had something to show", async () => {
  const range = { start: String(startedS), end: String(Date.now() / 1000), step: "2" };
  for (const query of queriesOf(dashboard(), pair)) {
    const { result } = await prometheusSays<{ result: unknown[] }>(lab.name, "query_range", { query, ...range });
    assert.ok(result.length > 0, query);
  }
});

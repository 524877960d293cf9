/** The alerts on a real pair, by Debian's Prometheus and node_exporter: what fires while something is wrong, and nothing else. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { labNames } from "../../lab/fabric/names.ts";
import { prometheusSays } from "../../lab/monitor/command.ts";
import { shownBy } from "../../lab/monitor/panels.ts";
import { dashboard } from "../../monitoring/dashboard.ts";
import { readRules } from "../../monitoring/rulesTest.ts";
import { Lab, labCommand, until } from "../support/lab.ts";
import { Ha } from "./ha.ts";

const lab = new Lab("tmo");
let prometheus: ChildProcess;
let pair = "";
let vip = "";
let startedS = 0;
/** What the command has said. */
let told = "";
/** So much shorter is what the rules wait for. They are those of rules.yml but for that. */
const faster = 10;

before(async () => {
  await lab.run("up", "--set", "servicePorts=80,9100");
  const status = await lab.converged();
  pair = status.pair;
  vip = status.vips[0]?.address ?? "";
  await lab.makeMaster("a");
  prometheus = spawn(process.execPath, labCommand(["monitor", "--faster", String(faster)]), {
    env: { ...process.env, LAB_NAME: lab.name },
    stdio: ["ignore", "pipe", "inherit"],
  });
  prometheus.stdout?.on("data", (chunk: Buffer) => {
    told += chunk;
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

/** It wants a machine that is off for a maintenance and half a minute more: promtool plays that alone. */
const playedOnly = "VipMaintenanceOverdue";
/** Alerts that have fired where they had to. */
const seen = new Set<string>();

/**
 * Something is wrong until these fire, then it is undone, and all have to resolve; nothing else fires.
 * @param also may fire as well, also before and afterwards
 */
async function sees(
  what: string,
  wrong: () => Promise<unknown>,
  undo: () => Promise<unknown>,
  alerts: string[],
  also: string[] = [],
) {
  const calm = async () => (await firing()).every((alert) => also.includes(alert));
  await until("nothing fires", calm);
  const beganMs = Date.now();
  await wrong();
  await until(`${what}: ${alerts.join(", ")} fires`, async () => {
    const now = await firing();
    return alerts.every((alert) => now.includes(alert));
  });
  await undo();
  await until(`${what}: all is well again`, calm);
  const others = (await fired(beganMs)).filter((alert) => !alerts.includes(alert) && !also.includes(alert));
  assert.deepEqual(others, [], what);
  for (const alert of alerts) seen.add(alert.split(" ")[0] ?? "");
}

const on = (node: string, command: string) => lab.run("ssh", node, command);
const fail = (node: string, how: string) => lab.run("fail", node, "--how", how);
const heal = () => lab.run("heal");
const link = "/var/lib/prometheus/node-exporter/keepalived_vip.prom";
test("a firewall of the MASTER keeps clients from the VIP, and the metrics of the standby are lost", async () => {
  const { nodes } = await lab.converged();
  const space = labNames(lab.name).machine(nodes.find(({ name }) => name === "a")?.instanceId ?? "");
  const nft = (rules: string) => execFileSync("ip", ["netns", "exec", space, "nft", rules]);
  const hook = "type filter hook input priority 0";
  await sees(
    "firewall and link",
    async () => {
      nft(`table ip exporter { chain input { ${hook}; ip daddr ${vip} tcp dport 9100 drop; }; }`);
      await on("b", `mv ${link} /root`);
    },
    async () => {
      nft("delete table ip exporter");
      await on("b", `mv /root/keepalived_vip.prom ${link}`);
    },
    ["VipNotAnswering", "VipMetricsStale b"],
  );
});

test("the standby's service is stopped", () =>
  sees(
    "service",
    () => on("b", "systemctl stop keepalived-vip"),
    () => on("b", "systemctl start keepalived-vip"),
    ["VipAgentDown b"],
  ));

/** As if they had been given out an hour ago: good for 200 s, by the clock that the service goes by. */
const agedCredentials = `systemctl stop keepalived-vip
python3 - <<'END'
import json, time
path = "/run/keepalived-vip/credentials.json"
with open(path) as file:
    values = json.load(file)
with open(path, "w") as file:
    json.dump(dict(values, goodUntil=time.monotonic() + 200), file)
END
systemctl start keepalived-vip`;

test("Prometheus loses the MASTER, which serves on, and the standby gets no new credentials", () =>
  sees(
    "node_exporter and metadata",
    async () => {
      await fail("b", "metadata-down");
      await on("b", agedCredentials);
      await on("a", "systemctl stop prometheus-node-exporter");
    },
    async () => {
      await on("a", "systemctl start prometheus-node-exporter");
      await heal();
    },
    ["VipAgentDown a", "VipCredentialsExpiring b"],
  ));

test("the cloud's API is down, and the standby's keepalived", () =>
  sees(
    "API and keepalived",
    async () => {
      await fail("a", "api-down");
      await fail("b", "keepalived-stop");
      // Else the standby, which asks nothing, keeps its open connection for a minute.
      await on("b", "systemctl restart keepalived-vip");
    },
    heal,
    ["VipCloudApiFailing a", "VipCloudApiFailing b", "VipStandbyNotReady b"],
  ));

async function switchOver(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const ha = new Ha(lab, "switchover", "--yes");
    assert.equal(await ha.ended, 0, ha.text);
  }
}

/** They look back on minutes: from here on one move follows another, and they go on. The last test wants them resolved. */
const afterMoves = ["VipFlapping", "VipMoved"];
const nothing = async () => {};

test("the VIP is handed over, as it should be", () =>
  sees("a switch", () => switchOver(1), nothing, ["VipMoved"], ["VipMoved"]));

test("the VIP is handed over again and again", () =>
  sees("switches", () => switchOver(5), nothing, ["VipFlapping"], afterMoves));

test("the MASTER gives up while the cloud's API is down: the cloud delivers to the node that was", async () => {
  await lab.makeMaster("a");
  await sees(
    "no way to move",
    async () => {
      await fail("a", "api-down");
      await fail("a", "keepalived-stop");
    },
    heal,
    ["VipCloudOwnerMismatch b"],
    afterMoves,
  );
});

test("the nodes do not hear each other", () =>
  // Each takes the VIP from the other, now and then.
  sees("partition", () => fail("a", "partition"), heal, ["VipTwoMasters"], afterMoves));

test("keepalived is stopped on both nodes", async () => {
  const master = lab.master(await lab.converged());
  await sees(
    "nobody",
    async () => {
      for (const node of [master === "a" ? "b" : "a", master]) await fail(node, "keepalived-stop");
    },
    heal,
    ["VipNoMaster"],
    // Where this machine is slow: the lent address answers for 25 s.
    [...afterMoves, "VipNotAnswering"],
  );
});

test("each alert of the rules has fired and resolved, and the command has told so", async () => {
  const alerts = readRules().flatMap(({ alert }) => (alert && alert !== playedOnly ? alert : []));
  assert.deepEqual([...seen].sort(), alerts.toSorted());
  await until("nothing fires any more", async () => (await firing()).length === 0);
  const tells = (word: string, alert: string) => new RegExp(`^[\\d:]{8} ${word} +${alert} \\(`, "m").test(told);
  for (const alert of alerts) {
    await until(`${alert} is told`, () => tells("firing", alert) && tells("resolved", alert));
  }
});

test("every panel of the dashboard has something to show, asked as Grafana asks", async () => {
  const [, variable] = dashboard().templating?.list ?? [];
  const [, match = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(String(variable?.query)) ?? [];
  const values = await prometheusSays<string[]>(lab.name, `label/${label}/values`, { "match[]": match });
  assert.deepEqual([variable?.name, values], ["pair", [pair]]);
  const { panels } = await shownBy((path, query) => prometheusSays(lab.name, path, query), pair, startedS, 2);
  const empty = panels.filter(({ series }) => series.length === 0).map(({ title }) => title);
  assert.deepEqual(empty, ["All pairs", "$pair"], "the rows");
});

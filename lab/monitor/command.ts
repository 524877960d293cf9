/** `npm run lab -- monitor`: Debian's Prometheus beside the VPC's client, node_exporter on both nodes, our rules. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { labCommand } from "../../terminal/typed.ts";
import { ask } from "../control.ts";
import { clientArgv } from "../pair/inspect.ts";
import type { CloudPair } from "../pair/pairs.ts";
import { labPaths } from "../state.ts";
import { fasterRules, labConfig } from "./faster.ts";
import { ensurePrometheus } from "./prometheus.ts";

const run = promisify(execFile);
/** In the client's namespace, where nobody else listens. */
const address = "127.0.0.1:9090";
const exporter = "prometheus-node-exporter";
/** As docs/monitoring.md has it, for a pair that was there first. */
const install = `[ -e /usr/bin/${exporter} ] || { apt-get update -q && apt-get install -q -y --no-install-recommends ${exporter}; }
ln -sfT /run/keepalived-vip/keepalived_vip.prom /var/lib/prometheus/node-exporter/keepalived_vip.prom
echo "$(systemctl is-active ${exporter})"`;

/** One alert that fires: its labels. */
export type Firing = Record<string, string>;

/** Asks the lab's Prometheus: path and query of its API. Rejects while it does not answer. */
export async function prometheusSays<T>(lab: string, path: string, query: Record<string, string> = {}): Promise<T> {
  const url = `http://${address}/api/v1/${path}?${new URLSearchParams(query)}`;
  const [file = "", ...args] = await clientArgv(lab, "vpc", ["curl", "-sS", "-m", "10", url]);
  const { status, data, error } = JSON.parse((await run(file, args, { maxBuffer: 64 << 20 })).stdout);
  if (status !== "success") throw new Error(`Prometheus: ${error}`);
  return data as T;
}

/** What fires now. */
export async function firing(lab: string): Promise<Firing[]> {
  const { alerts } = await prometheusSays<{ alerts: { state: string; labels: Firing }[] }>(lab, "alerts");
  return alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels);
}

const shown = ({ alertname, severity, pair, ...labels }: Firing) =>
  `${alertname} (${severity}) ${Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ")}`.trim();

async function prepare(lab: string, pair: CloudPair): Promise<void> {
  for (const { instanceId } of Object.values(pair.nodes)) {
    const said = await ask<string>(labPaths(lab).control, "exec", { instanceId, argv: ["sh", "-euc", install] });
    if (!/^active$/m.test(said)) throw new Error(`${exporter} does not run on ${instanceId}: ${said.trim()}`);
  }
}

/** Runs it until it is ended, telling which alerts fire and resolve. @param times how much faster than the rules say */
export async function monitor(lab: string, pair: CloudPair, times: number): Promise<number> {
  const { prometheus } = await ensurePrometheus();
  console.log("Installing node_exporter on both nodes ...");
  await prepare(lab, pair);
  const dir = join(labPaths(lab).dir, "prometheus");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  writeFileSync(join(dir, "rules.yml"), fasterRules(times));
  writeFileSync(join(dir, "prometheus.yml"), labConfig(times, pair));
  const options = [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`];
  options.push(`--web.listen-address=${address}`, "--log.level=warn");
  const [file = "", ...args] = await clientArgv(lab, "vpc", [prometheus, ...options], pair.vpcId);
  const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"] });
  const stop = () => void child.kill("SIGTERM");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  const ended = once(child, "exit").then(() => true);
  const query = labCommand(`client vpc curl -s http://${address}/api/v1/alerts`);
  console.log(`Prometheus runs; Ctrl-C ends it. Alerts are told as they fire; ask it by: ${query}`);
  let before = new Set<string>();
  while (!(await Promise.race([ended, sleep(1000, false)]))) {
    const now = await firing(lab).then(
      (alerts) => new Set(alerts.map(shown)),
      () => before,
    );
    const time = new Date().toLocaleTimeString("en-GB");
    for (const one of now) if (!before.has(one)) console.log(`${time} firing    ${one}`);
    for (const one of before) if (!now.has(one)) console.log(`${time} resolved  ${one}`);
    before = now;
  }
  return child.exitCode ?? 0;
}

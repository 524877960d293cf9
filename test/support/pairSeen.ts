/** A pair as the operator's command sees it, for tests of what it says and decides. */
import type { NodeReport } from "../../cli/ha/pair/answer.ts";
import type { View } from "../../cli/ha/pair/report.ts";
import type { Outputs } from "../../cli/ha/reach/target.ts";

export const at = 1_800_000_000;

const node = (name: string, host: number) => ({
  instanceId: `ins-${name.repeat(8)}`,
  eniId: `eni-${name}`,
  address: `10.0.1.${host}`,
  publicIp: null,
  sshUser: "root",
  hostKey: null,
});
export const outputs: Outputs = {
  vip: "10.0.1.100",
  publicIp: null,
  mode: "stable",
  nodes: { a: node("a", 16), b: node("b", 17) },
};
export const master: NodeReport = {
  state: "MASTER",
  since: at - 3600,
  serviceAlive: true,
  vipOnNic: true,
  cloudHolder: "self",
  available: true,
  checkedAt: at - 12,
  problems: [],
  moves: [],
};
export const backup: NodeReport = {
  ...master,
  state: "BACKUP",
  vipOnNic: false,
  cloudHolder: "unknown",
  available: false,
};
export const move = {
  trigger: "keepalived",
  from: "eni-b",
  to: "eni-a",
  startedAt: at - 3600,
  phasesMs: { request: 60, cloud: 2500 },
};
export const healthy: View = {
  at,
  nodes: {
    a: { report: { ...master, moves: [move] }, problem: null, probe: null },
    b: { report: backup, problem: null, probe: true },
  },
  clients: [],
};

export function seen(change: (view: View) => void): View {
  const view = structuredClone(healthy);
  change(view);
  return view;
}
export const lost = (view: View, name: "a" | "b"): void => {
  view.nodes[name] = { report: null, problem: "no answer within 4 s", probe: null };
};
export const inMaintenance = (report: NodeReport): NodeReport =>
  Object.assign(report, {
    state: "FAULT",
    maintenance: { why: "new kernel", leftS: 1800 },
    problems: [{ found: "kept from being MASTER by maintenance: new kernel", cure: "vip.py maintenance off" }],
  });

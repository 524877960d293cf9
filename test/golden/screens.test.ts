/** The screens of the operator's commands, as they are read. */
import { contents } from "../../cli/ha/commands/bundle.ts";
import { historyLines } from "../../cli/ha/commands/history.ts";
import { logLines } from "../../cli/ha/commands/logs.ts";
import { checksScreen } from "../../cli/ha/commands/selfTest.ts";
import { drillText } from "../../cli/ha/drill/plan.ts";
import { failoverText, planFailover } from "../../cli/ha/pair/failover.ts";
import { fleetScreen, type PairSeen, worstFirst } from "../../cli/ha/pair/fleet.ts";
import { maintenanceText, planMaintenance, planSwitch, planText } from "../../cli/ha/pair/plan.ts";
import { screen } from "../../cli/ha/pair/screen.ts";
import { watchScreen } from "../../cli/ha/pair/watch.ts";
import { judge as judgeLab, screen as labScreen } from "../../lab/pair/status.ts";
import { folded } from "../../terminal/fold.ts";
import { plan } from "../support/drillRecord.ts";
import { at, healthy, inMaintenance, lost, outputs, seen } from "../support/pairSeen.ts";
import { screenTest } from "./screens.ts";

/** A plan that was not refused. */
function planned<T extends object>(plan: T | string): T {
  if (typeof plan === "string") throw new Error(plan);
  return plan;
}
const status = (change: Parameters<typeof seen>[0]) => (width: number) =>
  screen("stack prod", outputs, seen(change), width);

screenTest("status-healthy", (width) => screen("stack prod", outputs, healthy, width));
screenTest(
  "status-one-dead",
  status((view) => lost(view, "b")),
);
screenTest(
  "status-both-dead",
  status((view) => {
    lost(view, "a");
    lost(view, "b");
  }),
);
screenTest(
  "status-maintenance",
  status((view) => inMaintenance(view.nodes.b.report!)),
);

screenTest(
  "status-scheduled",
  status((view) => {
    view.nodes.a.report!.scheduled = { at: at + 7200, by: "alice@laptop from 203.0.113.7", why: "new kernel" };
  }),
);

const watched = {
  view: seen((view) => inMaintenance(view.nodes.b.report!)),
  events: [
    { node: "a", time: at - 3602, event: "state", fields: { state: "MASTER", trigger: "keepalived" } },
    { node: "a", time: at - 3599, event: "moved", fields: { from: "eni-b", to: "eni-a", trigger: "keepalived" } },
    { node: "b", time: at - 1800, event: "drained", fields: { reasons: { maintenance: "new kernel" } } },
    {
      node: "a",
      time: at - 60,
      event: "trouble",
      fields: { what: "peer", message: `no answer ${"for long ".repeat(8)}` },
    },
    { node: "a", time: at - 9, event: "well-again", fields: { what: "peer" } },
    { node: "b", time: at - 3, event: "hook", fields: { state: "standby", script: "10-demote", exit: 0 } },
  ] as const,
  late: [{ name: "b", forS: 3 }],
};
const live = (height: number) => (width: number) =>
  watchScreen("stack prod", outputs, { ...watched, events: [...watched.events] }, 2, { width, height }).join("\n");
screenTest("watch", live(40));
screenTest("watch-low", live(20));
screenTest("watch-lower", live(10));

const fleet: PairSeen[] = [
  { title: "stack prod", vip: "10.0.1.100", view: healthy },
  { title: "stack stage", vip: "10.0.2.100", view: watched.view },
  { title: "stack organization/web/prod", problem: "incorrect passphrase; please set PULUMI_CONFIG_PASSPHRASE" },
  {
    title: "stack eu",
    vip: "10.0.3.100",
    view: seen((view) => {
      lost(view, "a");
      view.nodes.b.probe = false;
    }),
  },
  { title: "stack dev", vip: "10.0.4.100", view: healthy },
];
screenTest("status-all", (width) => fleetScreen(worstFirst(fleet), width));
screenTest("status-all-healthy", (width) => fleetScreen(worstFirst(fleet.slice(0, 1)), width));

const away = seen((view) => (view.nodes.a.report!.preferred = true));
screenTest("switchover", (width) => folded(planText(planned(planSwitch(away, "b")), outputs, "2h"), width));
screenTest("maintenance", (width) =>
  folded(maintenanceText(planned(planMaintenance(away, "a")), outputs, "2h"), width),
);
const nobody = seen((view) => {
  lost(view, "a");
  inMaintenance(view.nodes.b.report!);
  view.nodes.b.probe = false;
});
screenTest("failover", (width) => folded(failoverText(planned(planFailover(nobody, "b")), outputs), width));

screenTest("logs-bundle", (width) =>
  folded(
    contents(
      "stack prod",
      new Date(at * 1000),
      new Map([
        ["status.txt", "healthy"],
        ["a/etc/keepalived/vip.json", "{}"],
      ]),
      ["b could not be asked: no answer within 4 s"],
    ),
    width,
  ),
);
screenTest("logs", (width) =>
  logLines([
    { node: "a", atUs: at * 1e6, by: "Keepalived_vrrp", text: "(VI_1) Entering MASTER STATE" },
    { node: "b", atUs: at * 1e6 + 2500, by: "vip.py", text: 'state state="BACKUP" trigger="keepalived"' },
  ])
    .map((line) => folded(line, width))
    .join("\n"),
);

screenTest("self-test", (width) =>
  checksScreen(
    "stack prod",
    {
      a: {
        checks: [
          { name: "nic", result: "pass", found: "eth1 is as it should be", cure: null },
          { name: "clock", result: "fail", found: "7 min behind the API's", cure: "systemctl restart chrony" },
        ],
        problem: null,
      },
      b: { checks: null, problem: "no answer within 20 s" },
    },
    width,
  ),
);

screenTest("lab-status", (width) => {
  const nodes = (["a", "b"] as const).map((name) => ({
    name,
    ...outputs.nodes[name],
    publicIp: "198.18.0.20",
    state: name === "a" ? ("MASTER" as const) : ("FAULT" as const),
    since: at,
    vipOnNic: name === "a",
    maintenance: name === "b",
  }));
  const { vip, publicIp, mode } = outputs;
  const facts = { pair: "keepalived-cluster-lab", mode, preferredNode: "a" as const, vip, publicIp, nodes };
  const answers = [{ client: "vpc", target: vip, answer: "timeout" }];
  const found = judgeLab("inline", { ...facts, cloudHolder: "a", answers });
  return labScreen(found, ["npm run ha -- status"], width);
});

screenTest("history", (width) => {
  const move = {
    startedAt: at - 86_400,
    from: "a",
    to: "b",
    by: "b" as const,
    trigger: "keepalived",
    why: "the service on a failed its check: no process named nginx",
    asked: "nobody" as const,
    askedBy: null,
    tookMs: 2561,
    phasesMs: { decision: 1, request: 60, cloud: 2500 },
    requestId: "8ffe2759-e76b-4b19-97e8-f58801e5e086",
  };
  const back = {
    ...move,
    from: "b",
    to: "a",
    trigger: "switch",
    why: "new kernel",
    asked: "operator" as const,
    askedBy: "alice@laptop from 203.0.113.7",
  };
  const left = {
    ...move,
    startedAt: at,
    tookMs: null,
    phasesMs: { decision: 1, request: 60 },
    why: "keepalived died on a",
  };
  return historyLines([move, { ...back, startedAt: at - 3600 }, left], width).join("\n");
});

screenTest("drill-plan", (width) => drillText(plan, width));
